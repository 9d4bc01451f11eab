/** Runs the daemon as its users do: a process of its own, configured by environment variables. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../src/commands/daemon/main.js', import.meta.url))

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

export class Daemon {
  output = ''
  errors = ''
  readonly exited: Promise<Exit>
  private readonly child: ChildProcess
  private readonly watchers = new Set<() => void>()

  /** `program` is what is run instead of this build's daemon. */
  constructor (env: Record<string, string>, options: { args?: string[], cwd?: string, program?: string } = {}) {
    const { args = [], cwd = tmpdir(), program } = options
    const [command, ours] = program === undefined ? [process.execPath, [MAIN]] : [program, []]
    // A newcomer's explorer looks for a free port, which two tests could find at the same time.
    const quiet = args.includes('--quickstart') ? { CONNECTOR_EXPLORER: 'false' } : {}
    this.child = spawn(command, [...ours, ...args], { cwd, env: { PATH: process.env.PATH, ...quiet, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.on('data', (text: Buffer) => { this.output += text.toString(); this.look() })
    this.child.stderr?.on('data', (text: Buffer) => { this.errors += text.toString(); this.look() })
    this.exited = new Promise(resolve => this.child.once('close', (code, signal) => {
      resolve({ code, signal })
      this.look()
    }))
  }

  get running (): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Resolves when the output has `text`; rejects with what there is instead when the process ends before. */
  async prints (text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (this.output.includes(text)) resolve()
        else if (!this.running) reject(new Error(`the daemon ended without printing "${text}":\n${this.output}${this.errors}`))
        else return
        this.watchers.delete(look)
      }
      this.watchers.add(look)
      look()
    })
  }

  kill (signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  async stop (): Promise<Exit> {
    if (this.running) this.child.kill('SIGKILL')
    return await this.exited
  }

  private look (): void {
    for (const watcher of this.watchers) watcher()
  }
}

/** A folder that is removed with `remove`. */
export async function temporaryFolder (): Promise<{ path: string, remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
