/**
 * The REST API of a node of Aptos. Every request ends: with an answer, or in a ChainError after a deadline and a few tries. Errors name the
 * host and never the whole URL, which often holds an access key. Each answer says of which network it is, and how far that had come.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { withoutOverlayNames } from '../../../src/lib/socks-proxy.js'
import { pause } from '../../../src/lib/timers.js'
import { ChainError } from '../../lib/channels/types.js'
import { recordOf } from '../../lib/rpc/json-rpc.js'
import { boundedText, FIRST_PAUSE_MS, MAX_TEXT, nodeAddress, TRIES } from '../../lib/rpc/node-address.js'
import { ProxiedPosts } from '../../lib/rpc/post.js'

export interface RestOptions {
  /** With `/v1`; http or https; may carry `user:password@`. */
  url: string
  /** `socks5h://...`, through which alone the node is asked. Undefined: directly. */
  socksProxy?: string | undefined
  /** For each try, ms. */
  timeoutMs?: number | undefined
  /** Told of each request that got no answer: the next node behind the URL may be another one. */
  lost?: (() => void) | undefined
}

/** How far the network had come when a node answered. */
export interface Moment {
  version: bigint
  /** Of the last block, ms since the epoch. */
  timeMs: number
}

export interface RestAnswer extends Moment {
  network: number
  body: unknown
}

/** What the node answered instead of what was asked for. */
export class RestError extends ChainError {
  /** @param code of the API: `vm_error`; empty where the node gives none */
  constructor (message: string, readonly status: number, readonly code: string, readonly answer: RestAnswer) {
    super(message, false)
  }
}

const BCS_TRANSACTION = 'application/x.aptos.signed_transaction+bcs'
const JSON_TYPE = 'application/json'
/** More than any answer that is asked for: a module, or the states of a hundred channels. */
const MAX_BYTES = 8 * 1024 * 1024
const TOO_MANY_REQUESTS = 429

interface Sent {
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body: string | Uint8Array | undefined
  signal: AbortSignal
}

/** A header of an answer, by its name in lower case. */
type Header = (name: string) => string

export class Rest {
  readonly host: string
  readonly #url: string
  readonly #headers: Record<string, string>
  readonly #timeoutMs: number
  readonly #lost: () => void
  readonly #proxied: ProxiedPosts | undefined
  readonly #underWay = new Set<AbortController>()
  #isClosed = false

  /** @throws Error when the URL is none */
  constructor ({ url, socksProxy, timeoutMs, lost = () => undefined }: RestOptions) {
    const address = nodeAddress(url, socksProxy, timeoutMs)
    this.host = address.host
    this.#url = address.url.replace(/\/$/, '')
    this.#headers = address.headers
    this.#timeoutMs = address.timeoutMs
    this.#proxied = socksProxy === undefined ? undefined : new ProxiedPosts(socksProxy)
    this.#lost = lost
  }

  get isClosed (): boolean {
    return this.#isClosed
  }

  /** Ends what is under way, and refuses what comes. */
  close (): void {
    this.#isClosed = true
    for (const request of this.#underWay) request.abort()
    this.#proxied?.close()
  }

  /** Rejects with RestError when the node refuses, and with ChainError when it cannot be reached. */
  async get (path: string): Promise<RestAnswer> {
    return await this.#ask('GET', path)
  }

  /** The same; undefined where the node says that there is none. */
  async find (path: string): Promise<RestAnswer | undefined> {
    return await this.get(path).catch((error: unknown) => {
      if (error instanceof RestError && error.status === 404) return undefined
      throw error
    })
  }

  async post (path: string, body: object | Uint8Array): Promise<RestAnswer> {
    return body instanceof Uint8Array
      ? await this.#ask('POST', path, body, BCS_TRANSACTION)
      : await this.#ask('POST', path, JSON.stringify(body), JSON_TYPE)
  }

  async #ask (method: Sent['method'], path: string, body?: string | Uint8Array, type?: string): Promise<RestAnswer> {
    for (let tries = 1, pauseMs = FIRST_PAUSE_MS; ; tries++, pauseMs *= 2) {
      try {
        return await this.#once(method, path, body, type)
      } catch (error) {
        const isForGood = error instanceof RestError && error.status < 500 && error.status !== TOO_MANY_REQUESTS
        if (isForGood || tries === TRIES || this.#isClosed) throw error
        await pause(pauseMs)
      }
    }
  }

  async #once (method: Sent['method'], path: string, body?: string | Uint8Array, type?: string): Promise<RestAnswer> {
    const asked = `${method} ${path.split('?')[0]?.replaceAll(/0x[0-9a-f]{64}/g, short) ?? ''}`
    if (this.#isClosed) throw this.#unreachable(asked, 'disconnected')
    const request = new AbortController()
    this.#underWay.add(request)
    const deadline = setTimeout(() => { request.abort() }, this.#timeoutMs).unref()
    try {
      const headers = { ...this.#headers, accept: JSON_TYPE, ...type !== undefined && { 'content-type': type } }
      const { status, text, header } = await this.#send(`${this.#url}${path}`, { method, headers, body, signal: request.signal })
      const answer = { ...momentOf(header), body: jsonOf(text) }
      if (status >= 200 && status < 300 && answer.body !== undefined) return answer
      const { message, error_code: code } = recordOf(answer.body)
      const said = typeof message === 'string' ? `: ${message.slice(0, MAX_TEXT)}` : ''
      throw new RestError(`the node at ${this.host} refuses ${asked}: HTTP status ${status}${said}`, status, typeof code === 'string' ? code : '', answer)
    } catch (error) {
      if (error instanceof RestError) throw error
      this.#lost()
      if (request.signal.aborted) throw this.#unreachable(asked, this.isClosed ? 'disconnected' : `no answer within ${this.#timeoutMs} ms`)
      throw this.#unreachable(asked, describeError(error instanceof Error && error.cause !== undefined ? error.cause : error))
    } finally {
      clearTimeout(deadline)
      this.#underWay.delete(request)
    }
  }

  async #send (url: string, { method, headers, body, signal }: Sent): Promise<{ status: number, text: string, header: Header }> {
    if (this.#proxied !== undefined) {
      const answer = await this.#proxied.post(url, { method, headers, body, signal, bytesMax: MAX_BYTES })
      return { ...answer, header: name => String(answer.headers[name]) }
    }
    const response = await fetch(url, { method, headers, signal, redirect: 'error', ...body !== undefined && { body } })
    return { status: response.status, text: await boundedText(response.body, MAX_BYTES), header: name => response.headers.get(name) ?? '' }
  }

  #unreachable (asked: string, why: string): ChainError {
    return new ChainError(`no answer of the node at ${this.host} to ${asked}: ${withoutOverlayNames(why.slice(0, MAX_TEXT).replaceAll(this.#url, this.host))}`, false)
  }
}

/** Undefined when it is not JSON. */
function jsonOf (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Of the headers that every answer has. What is missing or no number counts as nothing, so that it is older than anything. */
function momentOf (header: Header): Moment & { network: number } {
  const number = (name: string): bigint => {
    const text = header(name)
    return /^\d{1,20}$/.test(text) ? BigInt(text) : 0n
  }
  return {
    network: Number(number('x-aptos-chain-id')),
    version: number('x-aptos-ledger-version'),
    timeMs: Number(number('x-aptos-ledger-timestampusec') / 1000n)
  }
}

function short (address: string): string {
  return `${address.slice(0, 10)}...`
}
