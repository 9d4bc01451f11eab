/** Runs `connector` as its users do: a process of its own in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../examples/free-port.js'

const MAIN = fileURLToPath(new URL('../../src/commands/cli/main.js', import.meta.url))

export interface Result {
  code: number | null
  out: string
  err: string
}

/** A folder to run commands in, removed with `remove`. */
export class Workplace {
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
    return spawn(process.execPath, [MAIN, ...args], { cwd: this.path, env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' })
  }

  /** Runs a command to its end. @param input what is typed, or piped in */
  async run (args: readonly string[], { env = {}, input = '' }: { env?: Record<string, string>, input?: string } = {}): Promise<Result> {
    const child = this.start(args, env)
    const result: Result = { code: null, out: '', err: '' }
    child.stdout?.on('data', (text: Buffer) => { result.out += text.toString() })
    child.stderr?.on('data', (text: Buffer) => { result.err += text.toString() })
    child.stdin?.on('error', () => undefined) // a command that fails early does not read
    child.stdin?.end(input)
    const [code] = await once(child, 'close') as [number | null]
    return { ...result, code }
  }

  remove (): Promise<void> {
    return rm(this.path, { recursive: true, force: true })
  }
}

/** Ports that were free a moment ago, for configurations that must name one. */
export function freePorts (count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => freePort()))
}
