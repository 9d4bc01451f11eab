/** One node of the chain, as HTTP clients see it: what it knows of the chain, its faults, and its socket. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Refusal, type Block, type Chain } from './chain.js'
import { Faults } from './faults.js'
import { answerRest, type Answer } from './rest.js'
import type { Reading } from './ledger.js'

const REQUESTS_KEPT = 1000
const BODY_AT_MOST = 8 * 1024 * 1024
/** `0` is the id of no epoch, and only the first is ever there. */
const EPOCH = '1'

export interface Told {
  /** Method and path, such as `GET /accounts/0x1`. */
  readonly request: string
  readonly body: Uint8Array
}

export interface NodeOptions {
  /** Accounts that have never been used have sequence number 0 (AIP-115), instead of being not found. */
  readonly statelessAccounts: boolean
}

export class AptosNode {
  readonly faults = new Faults()
  /** What was asked of it, the newest last. */
  readonly requests: Told[] = []
  private server: Server | undefined

  constructor (readonly chain: Chain, readonly options: NodeOptions) {}

  /** With the `/v1` that clients expect. */
  get url (): string {
    const { port } = this.server?.address() as AddressInfo
    return `http://127.0.0.1:${port}/v1`
  }

  async start (port = 0): Promise<void> {
    this.server = createServer((request, response) => { void this.serve(request, response) })
    this.server.listen(port, '127.0.0.1')
    await once(this.server, 'listening')
  }

  async stop (): Promise<void> {
    const { server } = this
    this.server = undefined
    if (server === undefined) return
    server.closeAllConnections()
    await new Promise<void>(resolve => { server.close(() => { resolve() }) })
  }

  /** The newest block that it knows of. */
  get head (): Block {
    const { behind, standsAt } = this.faults
    const block = this.chain.blockBehind(behind)
    return standsAt === undefined || standsAt >= block.version ? block : this.chain.blockAt(standsAt)
  }

  /** It knows no newer block than the present one, until its faults are cleared. */
  standStill (): void {
    this.faults.standsAt = this.chain.ledger.version
  }

  /** @throws Refusal if the version is not there, or not any more */
  stateAt (version = this.head.version): Reading {
    if (version > this.head.version) throw new Refusal(404, 'version_not_found', `Ledger version(${version}) not found`)
    if (version < this.chain.ledger.oldest) throw new Refusal(410, 'version_pruned', `Ledger version(${version}) has been pruned`)
    return this.chain.ledger.at(version)
  }

  get chainId (): number {
    return this.faults.chainId ?? this.chain.chainId
  }

  private async serve (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://node')
    const path = url.pathname.replace(/^\/v1(?=\/|$)/, '').replace(/\/$/, '')
    const told = { request: `${request.method ?? ''} ${path}`, body: await bodyOf(request) }
    this.requests.push(told)
    if (this.requests.length > REQUESTS_KEPT) this.requests.shift()
    const does = this.faults.next(told.request)
    if (does === 'hang') return
    if (does === 'loseRequest') {
      request.socket.destroy()
      return
    }
    const answer = typeof does === 'number' ? refused(failing(does)) : await this.answer(told, url, path, request)
    if (does === 'loseAnswer') request.socket.destroy()
    else this.send(response, answer)
  }

  private async answer (told: Told, url: URL, path: string, { method = '', headers }: IncomingMessage): Promise<Answer> {
    try {
      const contentType = headers['content-type'] ?? ''
      return await answerRest({ method, path: path.split('/').slice(1).map(decodeURIComponent), query: url.searchParams, contentType, body: told.body }, this)
    } catch (error) {
      return refused(error instanceof Refusal ? error : new Refusal(500, 'internal_error', String(error)))
    }
  }

  private send (response: ServerResponse, { status, body }: Answer): void {
    const { height } = this.head
    const { version, timestamp } = { ...this.head, ...this.faults.head }
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-aptos-chain-id': this.chainId,
      'x-aptos-epoch': EPOCH,
      'x-aptos-ledger-version': String(version),
      'x-aptos-ledger-oldest-version': this.chain.ledger.oldest,
      'x-aptos-ledger-timestampusec': String(timestamp),
      'x-aptos-block-height': height,
      'x-aptos-oldest-block-height': 0
    })
    response.end(JSON.stringify(body))
  }
}

/** `AptosError` (api/types/src/error.rs). */
function refused ({ status, errorCode, message, vmCode }: Refusal): Answer {
  return { status, body: { message, error_code: errorCode, vm_error_code: vmCode ?? null } }
}

function failing (status: number): Refusal {
  switch (status) {
  case 429: return new Refusal(429, 'rate_limited', 'Too many requests')
  case 503: return new Refusal(503, 'node_not_bootstrapped', 'The node is not bootstrapped')
  case 507: return new Refusal(507, 'mempool_is_full', 'Mempool is full')
  default: return new Refusal(status, 'internal_error', 'The node fails')
  }
}

async function bodyOf (request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Uint8Array>) {
    size += piece.length
    if (size <= BODY_AT_MOST) pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
