/**
 * Questions to a node of a chain by POST over HTTP. Every try ends: with an answer, or in a ChainError after a deadline. Errors name the
 * host and never the whole URL, which often holds an access key.
 */
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { withoutOverlayNames } from '../../../src/lib/socks-proxy.js'
import { ChainError } from '../channels/types.js'
import { boundedText, FIRST_PAUSE_MS, MAX_TEXT, nodeAddress, TRIES } from './node-address.js'
import { ProxiedPosts } from './post.js'

export interface NodeClientOptions {
  /** http or https; may carry `user:password@`. */
  url: string
  /** `socks5h://...`, through which alone the node is asked. Undefined: directly. */
  socksProxy?: string | undefined
  /** For each try, ms. */
  timeoutMs?: number | undefined
  /** Each try waits for this first. */
  turn?: (() => Promise<void>) | undefined
}

export class NodeClient {
  readonly host: string
  readonly #url: string
  readonly #headers: Record<string, string>
  readonly #timeoutMs: number
  readonly #turn: () => Promise<void>
  readonly #proxied: ProxiedPosts | undefined
  readonly #underWay = new Set<AbortController>()
  #isClosed = false

  /** @throws Error when the URL is none */
  constructor ({ url, socksProxy, timeoutMs, turn = () => Promise.resolve() }: NodeClientOptions) {
    const address = nodeAddress(url, socksProxy, timeoutMs)
    this.host = address.host
    this.#url = address.url
    this.#headers = { 'content-type': 'application/json', ...address.headers }
    this.#timeoutMs = address.timeoutMs
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

  /** Asks up to three times, until there is an answer, or an error for which `isForGood` holds. */
  protected async patiently<T> (once: () => Promise<T>, isForGood: (error: unknown) => boolean): Promise<T> {
    for (let tries = 1, pauseMs = FIRST_PAUSE_MS; ; tries++, pauseMs *= 2) {
      try {
        await this.#turn()
        return await once()
      } catch (error) {
        if (isForGood(error) || tries === TRIES || this.#isClosed) throw error
        await pause(pauseMs)
      }
    }
  }

  /** One try. @param what is asked, for errors. Resolves to what the answer is, as JSON; rejects with ChainError. */
  protected async post (what: string, body: string): Promise<unknown> {
    if (this.#isClosed) throw this.unreachable(what, 'disconnected')
    const request = new AbortController()
    this.#underWay.add(request)
    const deadline = setTimeout(() => { request.abort() }, this.#timeoutMs).unref()
    try {
      const { signal } = request
      const { status, text } = await this.#send(body, signal)
      // Nodes send errors with many a status.
      if ((status < 200 || status > 299) && !text.startsWith('{')) throw new Error(`HTTP status ${status}`)
      return JSON.parse(text) as unknown
    } catch (error) {
      if (request.signal.aborted) throw this.unreachable(what, this.isClosed ? 'disconnected' : `no answer within ${this.#timeoutMs} ms`)
      throw this.unreachable(what, describeError(error instanceof Error && error.cause !== undefined ? error.cause : error))
    } finally {
      clearTimeout(deadline)
      this.#underWay.delete(request)
    }
  }

  async #send (body: string, signal: AbortSignal): Promise<{ status: number, text: string }> {
    if (this.#proxied !== undefined) return await this.#proxied.post(this.#url, { headers: this.#headers, body, signal })
    const response = await fetch(this.#url, { method: 'POST', headers: this.#headers, body, signal, redirect: 'error' })
    return { status: response.status, text: await boundedText(response.body) }
  }

  protected unreachable (what: string, why: string): ChainError {
    return new ChainError(`no answer of the node at ${this.host} to ${what}: ${withoutOverlayNames(why.slice(0, MAX_TEXT).replaceAll(this.#url, this.host))}`, false)
  }
}
