/** Connectors as processes of their own, and what the system knows of them (Linux: /proc). */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'

/** The unit of times in /proc, on every Linux. */
const TICK_US = 10_000
const OUTPUT_MAX = 10_000

export class Process {
  private readonly child: ChildProcess
  private readonly ended: Promise<unknown>
  private output = ''
  /** Set once nothing more can come out of its pipes, which may be a while after its exit. */
  private closed = false

  constructor (script: string, options: { args?: string[], env?: Record<string, string>, nodeArgs?: string[] } = {}) {
    const { args = [], env = {}, nodeArgs = [] } = options
    const variables = { PATH: process.env.PATH ?? '', ...env }
    this.child = spawn(process.execPath, [...nodeArgs, script, ...args], { env: variables, stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = once(this.child, 'close')
    this.child.once('close', () => { this.closed = true })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (text: Buffer) => { this.output = (this.output + text.toString()).slice(-OUTPUT_MAX) })
    }
  }

  /** The last of what it printed. */
  get printed (): string {
    return this.output
  }

  get isRunning (): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Resolves to what was printed, once `pattern` is in it; rejects when the process ends without. */
  async prints (pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      if (this.closed) throw new Error(`a process ended without printing ${String(pattern)}:\n${this.output}`)
      await Promise.race([once(this.child.stdout ?? this.child, 'data'), this.ended])
    }
  }

  /** CPU time since its start, user and system, in us. */
  cpuUs (): number {
    const fields = this.proc('stat').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * TICK_US
  }

  /** Resident memory, in MiB. */
  rssMiB (): number {
    return Number(/VmRSS:\s+(\d+)/.exec(this.proc('status'))?.[1]) / 1024
  }

  /** Bytes that are alive after a garbage collection; the process was started with heap-probe.js. */
  async alive (): Promise<number> {
    this.output = ''
    this.child.kill('SIGUSR2')
    const [, bytes] = await this.prints(/alive=(\d+)\./)
    return Number(bytes)
  }

  /** How many files and sockets it has open. */
  openFiles (): number {
    return readdirSync(`/proc/${this.child.pid ?? ''}/fd`).length
  }

  /** Resolves when it has ended. */
  async stop (): Promise<void> {
    if (this.isRunning) this.child.kill('SIGKILL')
    await this.ended
  }

  /** Resolves when it has ended by itself. */
  async finished (): Promise<void> {
    await this.ended
    if (this.child.exitCode !== 0) throw new Error(`a process failed:\n${this.output}`)
  }

  private proc (file: 'stat' | 'status'): string {
    return readFileSync(`/proc/${this.child.pid ?? ''}/${file}`, 'utf8')
  }
}
