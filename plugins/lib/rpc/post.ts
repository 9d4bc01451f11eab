/**
 * Requests through a SOCKS5 proxy, over node:http and node:https: what `fetch` cannot do is to go through an agent. All that use one proxy
 * with the same credentials share its connections, because each new one costs a circuit several round trips. Few requests are under way
 * at a time, and the others wait for their turn.
 */
import { request as overHttp, type IncomingHttpHeaders } from 'node:http'
import { request as overHttps } from 'node:https'
import { parseSocksProxy } from '../../../src/lib/socks-proxy.js'
import { SocksAgent } from '../../../src/lib/socks-agent.js'
import { boundedText } from './node-address.js'

/** At a time, and so connections, too. */
const UNDER_WAY_MAX = 16
const KEPT_MAX = 4
/** For the proxy to reach the other side. Requests have deadlines of their own. */
const DIAL_MS = 30_000

export interface Post {
  /** POST by default. */
  method?: 'GET' | 'POST' | undefined
  headers: Record<string, string>
  body?: string | Uint8Array | undefined
  signal: AbortSignal
  /** The most that is read of an answer. */
  bytesMax?: number | undefined
}

export interface Posted {
  status: number
  text: string
  headers: IncomingHttpHeaders
}

/** The way of one client. What it needs is there from its first request on, until it is closed. */
export class ProxiedPosts {
  #shared: Shared | undefined

  /** @throws TypeError when it is none. @param proxy `socks5h://user:password@host:port` */
  constructor (private readonly proxy: string) {
    parseSocksProxy(proxy)
  }

  /** Follows no redirect. Rejects when there is no answer, or one that is too long. */
  async post (url: string, post: Post): Promise<Posted> {
    this.#shared ??= join(this.proxy)
    return await this.#shared.post(url, post)
  }

  /** The last one with these credentials closes their connections. Another request opens them again. */
  close (): void {
    this.#shared?.leave()
    this.#shared = undefined
  }
}

const everything = new Map<string, Shared>()

function join (proxy: string): Shared {
  const shared = everything.get(proxy) ?? new Shared(proxy, () => { everything.delete(proxy) })
  everything.set(proxy, shared)
  shared.users++
  return shared
}

class Shared {
  users = 0
  readonly #plain: SocksAgent
  readonly #secure: SocksAgent
  readonly #waiting = new Set<() => void>()
  #free = UNDER_WAY_MAX

  constructor (proxy: string, private readonly ended: () => void) {
    const options = { timeoutMs: DIAL_MS, keptMax: KEPT_MAX }
    this.#plain = new SocksAgent(parseSocksProxy(proxy), { ...options, isSecure: false })
    this.#secure = new SocksAgent(parseSocksProxy(proxy), { ...options, isSecure: true })
  }

  leave (): void {
    if (--this.users > 0) return
    this.ended()
    this.#plain.destroy()
    this.#secure.destroy()
  }

  async post (url: string, post: Post): Promise<Posted> {
    await this.#turn(post.signal)
    try {
      return await this.#send(url, post)
    } finally {
      const [next] = this.#waiting
      if (next === undefined) this.#free++
      else next()
    }
  }

  async #turn (signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(go)
        signal.removeEventListener('abort', giveUp)
      }
      const go = (): void => { end(); resolve() }
      const giveUp = (): void => { end(); reject(new Error('given up before its turn')) }
      this.#waiting.add(go)
      signal.addEventListener('abort', giveUp)
    })
  }

  async #send (url: string, { method = 'POST', headers, body, signal, bytesMax }: Post): Promise<Posted> {
    const isSecure = url.startsWith('https:')
    const send = isSecure ? overHttps : overHttp
    return await new Promise((resolve, reject) => {
      const request = send(url, { method, headers, agent: isSecure ? this.#secure : this.#plain, signal }, response => {
        boundedText(response, bytesMax).then(text => {
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers })
        }, (error: unknown) => {
          request.destroy()
          reject(error instanceof Error ? error : new Error(String(error)))
        })
      })
      request.on('error', reject)
      request.end(body)
    })
  }
}
