/** The nodes of a topology as processes on this machine: started, watched until they are healthy, asked, and stopped. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ConfigLoader } from '../src/index.js'
import { OVERRIDES } from '../src/config/node/env.js'
import type { NodeConfig } from '../src/contracts/node.js'
import { freePort, isFree } from './free-port.js'

const MAIN = fileURLToPath(new URL('../src/commands/cli/main.js', import.meta.url))
const HEALTHY_WITHIN_MS = 60_000
const POLL_MS = 100
const STOP_WITHIN_MS = 15_000
/** What a node said last is shown when it fails. */
const MAX_REMEMBERED_LINES = 20

/** Amounts in base units, by peer. */
export interface Books {
  owedBy: Map<string, bigint>
  owedTo: Map<string, bigint>
}

export interface Answer {
  accepted: boolean
  code?: string
  message?: string
}

export class Nodes {
  private readonly children = new Map<string, ChildProcess>()
  private failure: string | undefined
  private isStarted = false
  private isStopping = false

  private constructor (readonly configs: readonly NodeConfig[], private readonly files: readonly string[], private readonly data: string) {}

  /**
   * The nodes that the YAML files of a folder describe. Throws for what cannot be read, and for a node that cannot be asked.
   * @param anyPorts ports that are in use are replaced by free ones, in copies of the files
   */
  static async of (folder: string, { anyPorts = false } = {}): Promise<Nodes> {
    const written = (await readdir(folder)).filter(name => /\.ya?ml$/.test(name)).sort().map(name => resolve(folder, name))
    if (written.length === 0) throw new Error(`There are no .yaml files in ${folder}`)
    const read = (file: string): NodeConfig => ConfigLoader.read(file, environment()).config
    const data = await mkdtemp(join(tmpdir(), 'sluice-network-'))
    const files = anyPorts ? await withFreePorts(written, written.map(read), data) : written
    const configs = files.map(read)
    const mute = configs.find(({ adminApi }) => !adminApi.enabled)
    if (mute !== undefined) throw new Error(`${mute.nodeId} needs adminApi.enabled: true, or it cannot be asked to pay`)
    return new Nodes(configs, files, data)
  }

  /** Resolves when all are healthy and see their peers. Rejects with what a node said that could not start. */
  async start (isVerbose: boolean): Promise<void> {
    for (const [index, { nodeId }] of this.configs.entries()) await this.spawn(nodeId, this.files[index] ?? '', isVerbose)
    const deadline = Date.now() + HEALTHY_WITHIN_MS
    for (const config of this.configs) {
      while (!await isHealthy(config)) {
        if (this.failure !== undefined) throw new Error(this.failure)
        if (Date.now() > deadline) throw new Error(`${config.nodeId} is not healthy after ${HEALTHY_WITHIN_MS / 1000} s`)
        await new Promise(done => setTimeout(done, POLL_MS))
      }
    }
    this.isStarted = true
  }

  /** Lets packets under way finish, and removes what the nodes kept. */
  async stop (): Promise<void> {
    this.isStopping = true
    await Promise.all([...this.children.values()].map(stop))
    await rm(this.data, { recursive: true, force: true })
  }

  /** For the end of this process: nothing is left running, whatever the end. */
  kill (): void {
    for (const child of this.children.values()) child.kill('SIGKILL')
  }

  async pay (from: NodeConfig, destination: string, amount: bigint, data: string): Promise<Answer> {
    const body = JSON.stringify({ destination, amount: String(amount), data: Buffer.from(data).toString('base64') })
    return await ask(from, '/admin/ilp/send', { method: 'POST', body }) as Answer
  }

  async booksOf (config: NodeConfig): Promise<Books> {
    const { peers } = await ask(config, '/admin/peers') as { peers: Array<{ id: string }> }
    const books: Books = { owedBy: new Map(), owedTo: new Map() }
    for (const { id } of peers) {
      const { balances: [balance] } = await ask(config, `/admin/balances/${id}`) as {
        balances: Array<{ debitBalance: string, creditBalance: string }>
      }
      books.owedBy.set(id, BigInt(balance?.debitBalance ?? 0))
      books.owedTo.set(id, BigInt(balance?.creditBalance ?? 0))
    }
    return books
  }

  private async spawn (nodeId: string, file: string, isVerbose: boolean): Promise<void> {
    const cwd = join(this.data, nodeId)
    await mkdir(cwd)
    const env = { ...environment(), LOG_LEVEL: isVerbose ? 'info' : 'warn' }
    // A process group of its own: Ctrl-C is ours to handle, and a node that got it twice would stop at once.
    const child = spawn(process.execPath, [MAIN, 'start', file], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    this.children.set(nodeId, child)
    const lines: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', line => {
        lines.push(line)
        if (lines.length > MAX_REMEMBERED_LINES) lines.shift()
        // What a node says before it runs is part of the error, if it cannot.
        if (isVerbose || (this.isStarted && !this.isStopping && / (warn|error) /.test(line))) process.stderr.write(`[${nodeId}] ${line}\n`)
      })
    }
    child.once('close', code => {
      if (this.isStopping) return
      this.failure ??= `${nodeId} ended with exit code ${code ?? 'none'}. It said:\n  ${lines.join('\n  ')}`
      if (this.isStarted) process.stderr.write(`${this.failure}\n`)
    })
  }
}

/** Peers name each other's ports, so one that is replaced is replaced in all files. */
async function withFreePorts (files: readonly string[], configs: readonly NodeConfig[], folder: string): Promise<string[]> {
  const ports = configs.flatMap(({ btpServerPort, healthCheckPort, adminApi, explorer }) =>
    [btpServerPort, healthCheckPort, adminApi.port, explorer.port])
  const instead = new Map<string, string>()
  for (const port of new Set(ports)) if (!await isFree(port)) instead.set(String(port), String(await freePort()))
  return await Promise.all(files.map(async file => {
    const copy = join(folder, basename(file))
    await writeFile(copy, (await readFile(file, 'utf8')).replace(/\b\d{4,5}\b/g, number => instead.get(number) ?? number))
    return copy
  }))
}

async function stop (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => { child.kill('SIGKILL') }, STOP_WITHIN_MS)
  await ended
  clearTimeout(force)
}

/** Our environment without what would override every node's file, such as NODE_ID. */
function environment (): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OVERRIDES.has(name)))
}

async function isHealthy ({ healthCheckPort }: NodeConfig): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${healthCheckPort}/health`)
    return (await response.json() as { status: string }).status === 'healthy'
  } catch {
    return false // it does not listen yet
  }
}

async function ask ({ nodeId, adminApi: { port, apiKey } }: NodeConfig, path: string, init: RequestInit = {}): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...(apiKey !== undefined && { 'x-api-key': apiKey }) }
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers })
  const body: unknown = await response.json()
  if (!response.ok) throw new Error(`${nodeId} answers ${response.status} to ${path}: ${JSON.stringify(body)}`)
  return body
}
