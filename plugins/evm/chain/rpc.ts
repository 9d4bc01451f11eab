/**
 * JSON-RPC to an Ethereum node. Every request ends: with an answer, or in a ChainError after a deadline and a few tries. Errors name the
 * host and never the whole URL, which often holds an access key.
 */
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { ChainError } from '../../lib/channels/types.js'

export interface RpcOptions {
  /** http or https; may carry `user:password@`. */
  url: string
  /** For each try, ms. */
  timeoutMs?: number | undefined
}

export interface Head {
  number: number
  hash: string
  /** ms since the epoch. */
  timestampMs: number
  /** Undefined on chains without EIP-1559. */
  baseFee: bigint | undefined
}

/** What the node answered instead of a result. `data` is what a contract reverted with. */
export class RpcError extends ChainError {
  constructor (message: string, readonly code: number, readonly data: string | undefined) {
    super(message, false)
  }
}

/** An address without code, by the node. */
export class NoContractError extends ChainError {
  constructor (host: string, address: string) {
    super(`there is no such contract, or the node at ${host} does not know it yet. address=${address}`, false)
  }
}

const DEFAULT_TIMEOUT_MS = 10_000
const TRIES = 3
const FIRST_PAUSE_MS = 250
/** Of a node's error text, this much is repeated. */
const MAX_TEXT = 300
/** JSON-RPC's "limit exceeded", and what public nodes say for "too many requests". */
const OVERLOADED = new Set([-32005, 429])

export class Rpc {
  readonly host: string
  readonly #url: string
  readonly #headers: Record<string, string>
  readonly #timeoutMs: number
  readonly #underWay = new Set<AbortController>()
  #isClosed = false
  #id = 0

  /** @throws Error when the URL is none */
  constructor ({ url, timeoutMs = DEFAULT_TIMEOUT_MS }: RpcOptions) {
    if (!URL.canParse(url) || !/^https?:/i.test(url)) throw new Error('the RPC URL is not one of http or https')
    const parsed = new URL(url)
    const { username, password } = parsed
    parsed.username = parsed.password = ''
    this.host = parsed.host
    this.#url = parsed.href
    this.#headers = { 'content-type': 'application/json' }
    if (username !== '') {
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
      this.#headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    }
    this.#timeoutMs = timeoutMs
  }

  get isClosed (): boolean {
    return this.#isClosed
  }

  /** Ends what is under way, and refuses what comes, until it is opened again. */
  close (): void {
    this.#isClosed = true
    for (const request of this.#underWay) request.abort()
  }

  open (): void {
    this.#isClosed = false
  }

  /** Rejects with RpcError when the node refuses, and with ChainError when it cannot be reached. */
  async call (method: string, ...params: unknown[]): Promise<unknown> {
    for (let tries = 1, pauseMs = FIRST_PAUSE_MS; ; tries++, pauseMs *= 2) {
      try {
        return await this.#once(method, params)
      } catch (error) {
        const isForGood = error instanceof RpcError && !OVERLOADED.has(error.code)
        if (isForGood || tries === TRIES || this.#isClosed) throw error
        await pause(pauseMs)
      }
    }
  }

  async head (): Promise<Head> {
    const head = await this.block('latest')
    if (head === undefined) throw new ChainError(`the node at ${this.host} knows no latest block`, false)
    return head
  }

  async block (block: number | 'latest'): Promise<Head | undefined> {
    const found = await this.call('eth_getBlockByNumber', quantity(block), false)
    if (found === null) return undefined
    const { number, hash, timestamp, baseFeePerGas } = recordOf(found)
    return {
      number: Number(number),
      hash: String(hash),
      timestampMs: Number(timestamp) * 1000,
      baseFee: typeof baseFeePerGas === 'string' ? BigInt(baseFeePerGas) : undefined
    }
  }

  /** For what the node answers with a number in hex. */
  async quantity (method: string, ...params: unknown[]): Promise<bigint> {
    const answer = await this.call(method, ...params)
    if (typeof answer !== 'string' || !/^0x[0-9a-f]+$/i.test(answer)) throw new ChainError(`the node at ${this.host} answers ${method} without a number`, false)
    return BigInt(answer)
  }

  async #once (method: string, params: unknown[]): Promise<unknown> {
    const answer = recordOf(await this.#post(method, JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params })))
    if (answer.error === undefined || answer.error === null) {
      if (answer.result === undefined) throw this.#unreachable(method, 'neither a result nor an error')
      return answer.result
    }
    const { code, message, data } = recordOf(answer.error)
    throw new RpcError(`the node at ${this.host} refuses ${method}: ${String(message).slice(0, MAX_TEXT)}`, Number(code), revertData(data))
  }

  async #post (method: string, body: string): Promise<unknown> {
    if (this.#isClosed) throw this.#unreachable(method, 'disconnected')
    const request = new AbortController()
    this.#underWay.add(request)
    const deadline = setTimeout(() => { request.abort() }, this.#timeoutMs).unref()
    try {
      const { signal } = request
      const response = await fetch(this.#url, { method: 'POST', headers: this.#headers, body, signal, redirect: 'error' })
      const text = await response.text()
      // Nodes send errors of JSON-RPC with many a status.
      if (!response.ok && !text.startsWith('{')) throw new Error(`HTTP status ${response.status}`)
      return JSON.parse(text) as unknown
    } catch (error) {
      if (request.signal.aborted) throw this.#unreachable(method, this.isClosed ? 'disconnected' : `no answer within ${this.#timeoutMs} ms`)
      throw this.#unreachable(method, describeError(error instanceof Error && error.cause !== undefined ? error.cause : error))
    } finally {
      clearTimeout(deadline)
      this.#underWay.delete(request)
    }
  }

  #unreachable (method: string, why: string): ChainError {
    return new ChainError(`no answer of the node at ${this.host} to ${method}: ${why.slice(0, MAX_TEXT).replaceAll(this.#url, this.host)}`, false)
  }
}

/** As the RPC writes numbers. */
export function quantity (value: number | bigint | 'latest' | 'pending'): string {
  return typeof value === 'string' ? value : `0x${value.toString(16)}`
}

export function recordOf (value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}

/** Nodes put it into `data` of the error, or one level deeper, or behind a word. */
function revertData (data: unknown): string | undefined {
  if (typeof data === 'string') return /0x[0-9a-f]*/i.exec(data)?.[0]
  const inner = recordOf(data).data
  return inner === undefined ? undefined : revertData(inner)
}
