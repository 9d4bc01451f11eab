/** Programs as processes of their own: published code blocks and examples. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import type { World } from '../node.js'
import { ROOT, SEEDS } from '../node.js'

export interface Program {
  output (): string
  /** Resolves once the output has this in it; rejects when the program ends before. */
  says (text: string): Promise<void>
  /** Resolves to the exit code. */
  ended: Promise<number | null>
  kill (signal: NodeJS.Signals): void
}

/** Each name is replaced by its value, as it stands in the text. */
type Replacements = Record<string, string>

export function seed (name: string, replacements: Replacements = {}): string {
  return Object.entries(replacements).reduce((text, [from, to]) => text.replaceAll(from, to), readFileSync(join(SEEDS, name), 'utf8'))
}

/** Runs a published block of TypeScript or JavaScript in `directory`, as printed but for the ports and where its imports are. */
export async function runBlock (world: World, directory: string, source: string, env: Replacements = {}): Promise<Program> {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true }
  })
  const file = join(directory, `block-${Math.random().toString(36).slice(2)}.mjs`)
  const modules = join(ROOT, 'test/support/node/modules')
  await writeFile(file, outputText
    .replaceAll(/'@(crosstown|toon-protocol)\/connector'/g, `'${new URL('../../../src/index.js', import.meta.url).href}'`)
    .replaceAll("'express'", `'${pathToFileURL(join(modules, 'express.mjs')).href}'`)
    .replaceAll("'pino'", `'${pathToFileURL(join(modules, 'pino.mjs')).href}'`))
  return run(world, process.execPath, [file], directory, env)
}

export function run (world: World, command: string, args: string[], cwd: string, env: Replacements = {}): Program {
  const child = spawn(command, args, { cwd, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const listeners = new Set<() => void>()
  const add = (chunk: Buffer): void => {
    output += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout.on('data', add)
  child.stderr.on('data', add)
  const ended = new Promise<number | null>(resolve => { child.once('close', resolve) })
  world.after(async () => { await kill(child, ended) })
  const says = (text: string): Promise<void> => new Promise((resolve, reject) => {
    const look = (): void => { if (output.includes(text)) resolve() }
    listeners.add(look)
    look()
    ended.then(() => { reject(new Error(`the program ended without saying ${JSON.stringify(text)}. output:\n${output}`)) }, reject)
  })
  return { output: () => output, says, ended, kill: signal => { child.kill(signal) } }
}

async function kill (child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await ended
}
