/** Nodes on this machine, each with ports and books of its own; everything is stopped and removed after the test. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../examples/free-port.js'
import { ConnectorNode } from '../../src/index.js'
import type { ConnectorConfig, ILPFulfillPacket, ILPRejectPacket, NodeLogger, PaymentRequest, SendPacketParams } from '../../src/index.js'

/** The root of the repository, wherever the compiled test is. */
export const ROOT = rootOf(dirname(fileURLToPath(import.meta.url)))
export const SEEDS = join(ROOT, 'test/support/node/seeds')

export interface LogLine {
  level: string
  message: string
  fields: object
}

export class TestLogger implements NodeLogger {
  readonly lines: LogLine[] = []
  readonly debug = this.at('debug')
  readonly info = this.at('info')
  readonly warn = this.at('warn')
  readonly error = this.at('error')

  has (message: string): boolean {
    return this.lines.some(line => line.message.includes(message))
  }

  /** What the connector inside has written, of these levels. */
  inner (...levels: string[]): LogLine[] {
    return this.lines.filter(({ level, fields }) => 'logger' in fields && levels.includes(level))
  }

  private at (level: string): (first: object | string, message?: string) => void {
    return (first, message = '') => {
      this.lines.push(typeof first === 'string' ? { level, message: first, fields: {} } : { level, message, fields: first })
    }
  }
}

export class World {
  readonly log = new TestLogger()
  private readonly cleanups: Array<() => Promise<unknown>> = []
  private readonly environment = new Map<string, string | undefined>()

  /** A node that is not started, on free ports unless told otherwise. */
  async make (nodeId: string, more: Partial<ConnectorConfig> = {}): Promise<ConnectorNode> {
    const node = new ConnectorNode({
      nodeId,
      btpServerPort: await freePort(),
      healthCheckPort: await freePort(),
      logLevel: 'error',
      peers: [],
      explorer: { enabled: false },
      dataPath: await this.directory(),
      ...more
    }, this.log)
    this.after(() => node.stop())
    return node
  }

  async start (nodeId: string, more: Partial<ConnectorConfig> = {}): Promise<ConnectorNode> {
    const node = await this.make(nodeId, more)
    await node.start()
    return node
  }

  async directory (): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'sluice-node-'))
    this.cleanups.push(() => rm(path, { recursive: true, force: true }))
    return path
  }

  /** Until the end of the test. */
  setEnv (name: string, value: string): void {
    if (!this.environment.has(name)) this.environment.set(name, process.env[name])
    process.env[name] = value
  }

  after (cleanup: () => Promise<unknown>): void {
    this.cleanups.push(cleanup)
  }

  async end (): Promise<void> {
    for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup()
    for (const [name, value] of this.environment) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
    this.environment.clear()
  }

  /** A web server with this answer to everything. Resolves to its URL. */
  async server (handler: (request: IncomingMessage, response: ServerResponse, body: string) => void): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => { handler(request, response, Buffer.concat(chunks).toString()) })
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    this.after(() => new Promise(resolve => {
      server.close(resolve)
      server.closeAllConnections()
    }))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** A business logic server that answers like `decide`, and what it was told. */
  async businessLogic (decide: (request: PaymentRequest) => object): Promise<{ url: string, requests: PaymentRequest[] }> {
    const requests: PaymentRequest[] = []
    const url = await this.server((request, response, body) => {
      if (request.url === '/health') return response.end('{}')
      const payment = JSON.parse(body) as PaymentRequest
      requests.push(payment)
      return response.setHeader('content-type', 'application/json').end(JSON.stringify(decide(payment)))
    })
    return { url, requests }
  }
}

export const urlOf = (node: ConnectorNode): string => `ws://127.0.0.1:${node.config.btpServerPort}`

export function packet (destination: string, more: Partial<SendPacketParams> = {}): SendPacketParams {
  return { destination, amount: 1000n, expiresAt: new Date(Date.now() + 30_000), ...more }
}

/** `fulfill`, or the code of the reject. */
export function outcome (answer: ILPFulfillPacket | ILPRejectPacket): string {
  return answer.type === 13 ? 'fulfill' : answer.code
}

/** What the peer (or `local`) owes the node; negative when the node owes it. */
export async function owed (node: ConnectorNode, peerId: string): Promise<bigint> {
  const { balances } = await node.getBalance(peerId)
  return -BigInt(balances[0]!.netBalance)
}

function rootOf (directory: string): string {
  return existsSync(join(directory, 'package.json')) ? directory : rootOf(dirname(directory))
}
