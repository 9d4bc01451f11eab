/** A node as its operator has it: a file of configuration, a process that can end at any time, an admin API, and books on a disk. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ConnectorConfig } from '../../../src/index.js'
import { Daemon } from '../daemon.js'
import { askAdmin, type Answer } from '../admin.js'
import { booksIn, type Books } from './books.js'

const CLI = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))

/** From when to when a process may have been dying, in ms since the epoch. */
export interface Death {
  nodeId: string
  fromMs: number
  toMs: number
}

export class NodeProcess {
  readonly adminUrl: string
  readonly nodeId: string
  /** What it said in former lives. */
  #said = ''
  #daemon: Daemon | undefined

  /** @param directory its own. The configuration's `dataPath` is below it. */
  constructor (private readonly config: ConnectorConfig, private readonly directory: string, private readonly env: Record<string, string>) {
    this.nodeId = config.nodeId
    this.adminUrl = `http://127.0.0.1:${String(config.adminApi?.port)}/admin`
  }

  /** Everything that it has printed. */
  get output (): string {
    return this.#said + (this.#daemon === undefined ? '' : this.#daemon.output + this.#daemon.errors)
  }

  get isRunning (): boolean {
    return this.#daemon?.running === true
  }

  /** Resolves when it says that it runs. `change` is made to the configuration first, for good. */
  async start (change: (config: ConnectorConfig) => void = () => undefined): Promise<void> {
    change(this.config)
    const file = join(this.directory, 'config.yaml')
    await mkdir(this.directory, { recursive: true })
    await writeFile(file, JSON.stringify({ ...this.config, dataPath: join(this.directory, 'data') })) // JSON is YAML
    this.#said = this.output
    const daemon = this.#daemon = new Daemon(this.env, { program: process.execPath, args: [CLI, 'start', file], cwd: this.directory })
    await daemon.prints('is running as')
  }

  /** As SIGKILL does it. */
  async kill (): Promise<Death> {
    const fromMs = Date.now()
    this.#daemon?.kill('SIGKILL')
    await this.#daemon?.exited
    return { nodeId: this.nodeId, fromMs, toMs: Date.now() }
  }

  /** As its operator does it. */
  async stop (): Promise<void> {
    if (!this.isRunning) return
    this.#daemon?.kill('SIGTERM')
    const { code, signal } = await this.#daemon?.exited ?? {}
    if (code !== 0) throw new Error(`${this.nodeId} ended with ${String(code ?? signal)} when it was asked to stop:\n${this.output}`)
  }

  /** For the end of a test that failed. */
  async abandon (): Promise<void> {
    await this.#daemon?.stop()
  }

  /** Asks the admin API. Rejects when there is no answer. */
  async ask (method: string, path: string, body?: object): Promise<Answer> {
    return await askAdmin(this.adminUrl, method, path, body)
  }

  /** The answer to what cannot go wrong. */
  async get<T> (path: string): Promise<T> {
    const { status, body } = await this.ask('GET', path)
    if (status !== 200) throw new Error(`${this.nodeId} answers ${status} to ${path}: ${JSON.stringify(body)}`)
    return body as T
  }

  /** What the peer, or `local`, owes the node; negative when the node owes it. */
  async balance (accountId: string): Promise<bigint> {
    const { balances: [balance] } = await this.get<{ balances: Array<{ netBalance: string }> }>(`/balances/${accountId}`)
    return -BigInt(balance?.netBalance ?? 0)
  }

  /** The books of a node that does not run, from its disk. */
  async books (): Promise<Books> {
    return await booksIn(join(this.directory, 'data', this.nodeId))
  }
}

