/**
 * The REST API of a node of Aptos. Every request ends: with an answer, or in a ChainError after a deadline and a few tries. Errors name the
 * host and never the whole URL, which often holds an access key. Each answer says of which network it is, and how far that had come.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { withoutOverlayNames } from '../../../src/lib/socks-proxy.js'
import { pause } from '../../../src/lib/timers.js'
import { ChainError } from '../../lib/channels/types.js'
import { recordOf } from '../../lib/rpc/json-rpc.js'
import { boundedText, FIRST_PAUSE_MS, MAX_TEXT, nodeAddress, TRIES, type NodeAddress } from '../../lib/rpc/node-address.js'
import { ProxiedPosts } from '../../lib/rpc/post.js'

export interface RestOptions {
  /** With `/v1`; http or https; may carry `user:password@`. Of several, the next one is asked where one does not answer. */
  url: string | readonly string[]
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
  readonly #nodes: readonly NodeAddress[]
  #node: NodeAddress
  readonly #lost: () => void
  readonly #proxied: ProxiedPosts | undefined
  readonly #underWay = new Set<AbortController>()
  #isClosed = false

  /** @throws Error when a URL is none */
  constructor ({ url, socksProxy, timeoutMs, lost = () => undefined }: RestOptions) {
    this.#nodes = [url].flat().map(each => {
      const address = nodeAddress(each, socksProxy, timeoutMs)
      return { ...address, url: address.url.replace(/\/$/, '') }
    })
    const [first] = this.#nodes
    if (first === undefined) throw new Error('no node of Aptos is named')
    this.#node = first
    this.#proxied = socksProxy === undefined ? undefined : new ProxiedPosts(socksProxy)
    this.#lost = lost
  }

  /** That is asked now. */
  get host (): string {
    return this.#node.host
  }

  /** One that was asked is not to be relied on: the next one is asked from now on, unless that is so already. Says whether there is one. */
  next (host = this.host): boolean {
    const others = this.#nodes.length > 1
    if (others && host === this.host) {
      this.#node = this.#nodes[this.#nodes.indexOf(this.#node) + 1] ?? this.#nodes[0] ?? this.#node
      this.#lost()
    }
    return others
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
      const { host } = this
      try {
        return await this.#once(method, path, body, type)
      } catch (error) {
        const isForGood = error instanceof RestError && error.status < 500 && error.status !== TOO_MANY_REQUESTS
        if (isForGood || this.#isClosed) throw error
        this.next(host)
        if (tries >= Math.max(TRIES, this.#nodes.length)) throw error
        await pause(pauseMs)
      }
    }
  }

  async #once (method: Sent['method'], path: string, body?: string | Uint8Array, type?: string): Promise<RestAnswer> {
    const asked = `${method} ${path.split('?')[0]?.replaceAll(/0x[0-9a-f]{64}/g, short) ?? ''}`
    if (this.#isClosed) throw unreachable(this.#node, asked, 'disconnected')
    const node = this.#node
    const request = new AbortController()
    this.#underWay.add(request)
    const deadline = setTimeout(() => { request.abort() }, node.timeoutMs).unref()
    try {
      const headers = { ...node.headers, accept: JSON_TYPE, ...type !== undefined && { 'content-type': type } }
      const { status, text, header } = await this.#send(`${node.url}${path}`, { method, headers, body, signal: request.signal })
      const answer = { ...momentOf(header), body: jsonOf(text) }
      if (status >= 200 && status < 300 && answer.body !== undefined) return answer
      const { message, error_code: code } = recordOf(answer.body)
      const said = typeof message === 'string' ? `: ${message.slice(0, MAX_TEXT)}` : ''
      throw new RestError(`the node at ${node.host} refuses ${asked}: HTTP status ${status}${said}`, status, typeof code === 'string' ? code : '', answer)
    } catch (error) {
      if (error instanceof RestError) throw error
      this.#lost()
      if (request.signal.aborted) throw unreachable(node, asked, this.isClosed ? 'disconnected' : `no answer within ${node.timeoutMs} ms`)
      throw unreachable(node, asked, describeError(error instanceof Error && error.cause !== undefined ? error.cause : error))
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
}

function unreachable ({ host, url }: NodeAddress, asked: string, why: string): ChainError {
  return new ChainError(`no answer of the node at ${host} to ${asked}: ${withoutOverlayNames(why.slice(0, MAX_TEXT).replaceAll(url, host))}`, false)
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
