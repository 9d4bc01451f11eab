/**
 * JSON-RPC over HTTP to a node of a chain. Every request ends: with an answer, or in a ChainError after a deadline and a few tries. Errors
 * name the host and never the whole URL, which often holds an access key.
 */
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { isOverlayHost, withoutOverlayNames } from '../../../src/lib/socks-proxy.js'
import { ChainError } from '../channels/types.js'
import { ProxiedPosts } from './post.js'

export interface JsonRpcOptions {
  /** http or https; may carry `user:password@`. */
  url: string
  /** `socks5h://...`, through which alone the node is asked. Undefined: directly. */
  socksProxy?: string | undefined
  /** For each try, ms. */
  timeoutMs?: number | undefined
  /** Each try waits for this first. */
  turn?: (() => Promise<void>) | undefined
}

/** What the node answered instead of a result. */
export class RpcError extends ChainError {
  constructor (message: string, readonly code: number, readonly data: unknown) {
    super(message, false)
  }
}

const DEFAULT_TIMEOUT_MS = 10_000
/** The same through a proxy, which may have to build a circuit first. */
const PROXIED_TIMEOUT_MS = 30_000
const TRIES = 3
const FIRST_PAUSE_MS = 250
/** Of a node's error text, this much is repeated. */
const MAX_TEXT = 300
/** JSON-RPC's "limit exceeded", and what public nodes say for "too many requests". */
const OVERLOADED = new Set([-32005, 429])

export class JsonRpc {
  readonly host: string
  readonly #url: string
  readonly #headers: Record<string, string>
  readonly #timeoutMs: number
  readonly #turn: () => Promise<void>
  readonly #proxied: ProxiedPosts | undefined
  readonly #underWay = new Set<AbortController>()
  #isClosed = false
  #id = 0

  /** @throws Error when the URL is none */
  constructor ({ url, socksProxy, timeoutMs, turn = () => Promise.resolve() }: JsonRpcOptions) {
    if (!URL.canParse(url) || !/^https?:/i.test(url)) throw new Error('the RPC URL is not one of http or https')
    const parsed = new URL(url)
    const { username, password } = parsed
    if (isOverlayHost(parsed.hostname) && socksProxy === undefined) throw new Error('the RPC URL is that of a hidden service: set "transport" of the chain to socks5')
    parsed.username = parsed.password = ''
    this.host = withoutOverlayNames(parsed.host)
    this.#url = parsed.href
    this.#headers = { 'content-type': 'application/json' }
    if (username !== '') {
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
      this.#headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    }
    this.#timeoutMs = timeoutMs ?? (socksProxy === undefined ? DEFAULT_TIMEOUT_MS : PROXIED_TIMEOUT_MS)
    this.#proxied = socksProxy === undefined ? undefined : new ProxiedPosts(socksProxy)
    this.#turn = turn
  }

  get isClosed (): boolean {
    return this.#isClosed
  }

  /** Ends what is under way, and refuses what comes, until it is opened again. */
  close (): void {
    this.#isClosed = true
    for (const request of this.#underWay) request.abort()
    this.#proxied?.close()
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

  /** The error for an answer of the node that is one. */
  protected refusal (message: string, code: number, data: unknown): RpcError {
    return new RpcError(message, code, data)
  }

  async #once (method: string, params: unknown[]): Promise<unknown> {
    await this.#turn()
    const answer = recordOf(await this.#post(method, JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params })))
    if (answer.error === undefined || answer.error === null) {
      if (answer.result === undefined) throw this.#unreachable(method, 'neither a result nor an error')
      return answer.result
    }
    const { code, message, data } = recordOf(answer.error)
    throw this.refusal(`the node at ${this.host} refuses ${method}: ${String(message).slice(0, MAX_TEXT)}`, Number(code), data)
  }

  async #post (method: string, body: string): Promise<unknown> {
    if (this.#isClosed) throw this.#unreachable(method, 'disconnected')
    const request = new AbortController()
    this.#underWay.add(request)
    const deadline = setTimeout(() => { request.abort() }, this.#timeoutMs).unref()
    try {
      const { signal } = request
      const { status, text } = await this.#send(body, signal)
      // Nodes send errors of JSON-RPC with many a status.
      if ((status < 200 || status > 299) && !text.startsWith('{')) throw new Error(`HTTP status ${status}`)
      return JSON.parse(text) as unknown
    } catch (error) {
      if (request.signal.aborted) throw this.#unreachable(method, this.isClosed ? 'disconnected' : `no answer within ${this.#timeoutMs} ms`)
      throw this.#unreachable(method, describeError(error instanceof Error && error.cause !== undefined ? error.cause : error))
    } finally {
      clearTimeout(deadline)
      this.#underWay.delete(request)
    }
  }

  async #send (body: string, signal: AbortSignal): Promise<{ status: number, text: string }> {
    if (this.#proxied !== undefined) return await this.#proxied.post(this.#url, { headers: this.#headers, body, signal })
    const response = await fetch(this.#url, { method: 'POST', headers: this.#headers, body, signal, redirect: 'error' })
    return { status: response.status, text: await response.text() }
  }

  #unreachable (method: string, why: string): ChainError {
    return new ChainError(`no answer of the node at ${this.host} to ${method}: ${withoutOverlayNames(why.slice(0, MAX_TEXT).replaceAll(this.#url, this.host))}`, false)
  }
}

/** The fields of an answer; none for anything but an object. */
export function recordOf (value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}
