/**
 * Runs `connector` as its users do: a process of its own in a folder of its own. Commands that do no more than read files share one
 * process; test/e2e/first-hour shows them in their own, too.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../examples/free-port.js'
import type { Asked, Ran } from './cli-host.js'

/** The program. */
export const MAIN = fileURLToPath(new URL('../../src/commands/cli/main.js', import.meta.url))

const HOST = fileURLToPath(new URL('./cli-host.js', import.meta.url))
/** They leave no socket or timer behind. */
const READERS: ReadonlySet<string | undefined> = new Set(['audit', 'validate', 'import', 'wallet'])

export interface Result {
  code: number | null
  out: string
  err: string
}

/** A folder to run commands in. `remove` ends what still runs there, waits for it, and removes the folder. */
export class Workplace {
  readonly #running = new Map<ChildProcess, Promise<unknown>>()

  private constructor (readonly path: string) {}

  static async make (files: Record<string, string> = {}): Promise<Workplace> {
    const place = new Workplace(await mkdtemp(join(tmpdir(), 'sluice-cli-')))
    for (const [name, text] of Object.entries(files)) await place.write(name, text)
    return place
  }

  async write (name: string, text: string): Promise<void> {
    const file = join(this.path, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }

  start (args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: this.path, env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' })
    this.#running.set(child, new Promise(resolve => child.once('exit', resolve)).finally(() => this.#running.delete(child)))
    return child
  }

  /** Runs a command to its end. @param input what is typed, or piped in */
  async run (args: readonly string[], { env = {}, input = '' }: { env?: Record<string, string>, input?: string } = {}): Promise<Result> {
    if (READERS.has(args[0]) && input === '') return inHost({ args, cwd: this.path, env: { PATH: process.env.PATH, ...env } })
    const child = this.start(args, env)
    const result: Result = { code: null, out: '', err: '' }
    child.stdout?.on('data', (text: Buffer) => { result.out += text.toString() })
    child.stderr?.on('data', (text: Buffer) => { result.err += text.toString() })
    child.stdin?.on('error', () => undefined) // a command that fails early does not read
    child.stdin?.end(input)
    const [code] = await once(child, 'close') as [number | null]
    return { ...result, code }
  }

  async remove (): Promise<void> {
    for (const child of this.#running.keys()) child.kill('SIGKILL')
    await Promise.all(this.#running.values())
    await rm(this.path, { recursive: true, force: true })
  }
}

let host: ChildProcess | undefined
let last: Promise<unknown> = Promise.resolve()

/** When those that came before are done. */
function inHost (asked: Asked): Promise<Result> {
  const ran = last.then(() => new Promise<Ran>((resolve, reject) => {
    const child = host ??= fork(HOST, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const died = (code: number | null): void => {
      host = undefined
      reject(new Error(`the process that runs commands ended. code=${code} command=${asked.args.join(' ')}`))
    }
    child.once('exit', died).once('message', (answer: Ran) => {
      child.off('exit', died)
      resolve(answer)
    })
    child.send(asked)
  }))
  last = ran.catch(() => undefined)
  return ran
}

/** Ports that were free a moment ago, for configurations that must name one. */
export function freePorts (count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => freePort()))
}
