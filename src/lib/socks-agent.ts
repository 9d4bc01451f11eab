/**
 * Opens connections through a SOCKS5 proxy (RFC 1928): an agent for `ws` and for node:http(s). The proxy is told the name and resolves it
 * (address type 3), so nothing here asks a resolver about whom we speak to. There is no way past it: when the proxy cannot be used, the
 * connection fails.
 *
 * The bytes of SOCKS are those of the package `socks`. Its usual agent gives up only after a time of its own, which would outlive the
 * attempt that it is for, so this one brings the socket itself, and closes it when the attempt is over.
 */
import { Agent, type ClientRequestArgs } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { SocksClient } from 'socks'
import { z } from 'zod'
import { describeError } from './describe-error.js'
import { isOverlayHost, parseSocksProxy, socksProxyFault, type SocksProxy } from './socks-proxy.js'

interface Destination {
  host?: string | null | undefined
  port?: number | string | null | undefined
}

export interface SocksAgentOptions {
  /** Whether TLS is spoken to the destination, inside the connection. */
  isSecure: boolean
  /** Until the proxy has reached the destination, ms. */
  timeoutMs: number
  /** How many connections are kept for the next request when nothing uses them. By default none. */
  keptMax?: number
}

/** A kept connection that nothing uses for so long is closed. */
const KEPT_MS = 15_000

/** The option of plugins that reach something through a proxy, and through nothing else. */
export const SOCKS_PROXY_OPTION = z.string().refine(text => socksProxyFault(text) === undefined, 'expected socks5h://host:port').optional()

/**
 * The agent that a connection to `url` needs. Undefined: it goes directly.
 * @param socksProxy `socks5h://...`, or undefined for none
 * @throws Error where the URL is that of a hidden service and there is no proxy: nothing is asked of a resolver then
 */
export function agentFor (url: URL, socksProxy: string | undefined, timeoutMs: number): SocksAgent | undefined {
  if (socksProxy !== undefined) return new SocksAgent(parseSocksProxy(socksProxy), { isSecure: /^(https|wss):$/.test(url.protocol), timeoutMs })
  if (isOverlayHost(url.hostname)) throw new Error('the URL is that of a hidden service, which is reached only through a proxy: set "transport" to socks5')
  return undefined
}

/** One for each peer: what it still dials ends with `destroy()`. */
export class SocksAgent extends Agent {
  readonly #dialling = new Set<Socket>()
  readonly #timeoutMs: number
  readonly #isSecure: boolean

  constructor (private readonly proxy: SocksProxy, { isSecure, timeoutMs, keptMax = 0 }: SocksAgentOptions) {
    super(keptMax > 0 ? { keepAlive: true, maxFreeSockets: keptMax, timeout: KEPT_MS } : {})
    this.#isSecure = isSecure
    this.#timeoutMs = timeoutMs
    Object.assign(this, { protocol: isSecure ? 'https:' : 'http:', defaultPort: isSecure ? 443 : 80 }) // which requests compare with theirs
  }

  /** For node:http. Gives the connection, or why there is none, to `callback`. */
  override createConnection (options: ClientRequestArgs, callback: (err: Error | null, stream: Duplex) => void): undefined {
    this.#dial(options).then(socket => {
      callback(null, this.#isSecure ? connectTls({ ...options, socket } as ConnectionOptions) : socket)
    }, (error: unknown) => {
      // The types ask for a stream beside an error, which nothing reads.
      (callback as (err: unknown) => void)(error)
    })
  }

  override destroy (): void {
    for (const socket of this.#dialling) socket.destroy()
    super.destroy()
  }

  async #dial ({ host, port }: Destination): Promise<Socket> {
    const { host: proxyHost, port: proxyPort, user, password } = this.proxy
    const socket = connectTcp({ host: proxyHost, port: proxyPort })
    socket.on('error', () => undefined) // the dial below is told, and later the request that uses it
    this.#dialling.add(socket)
    const deadline = setTimeout(() => { socket.destroy(new Error(`no connection within ${this.#timeoutMs} ms`)) }, this.#timeoutMs).unref()
    try {
      await connected(socket)
      await SocksClient.createConnection({
        command: 'connect',
        proxy: { host: proxyHost, port: proxyPort, type: 5, ...(user !== undefined && { userId: user, password: password ?? '' }) },
        destination: { host: host ?? '', port: Number(port) },
        existing_socket: socket,
        timeout: 2 * this.#timeoutMs // ours comes first
      })
      return socket
    } catch (error) {
      socket.destroy()
      // Not as its cause: the error of the package holds the credentials.
      throw new Error(`the SOCKS5 proxy at ${proxyHost}:${proxyPort} did not connect us: ${describeError(error)}`)
    } finally {
      clearTimeout(deadline)
      this.#dialling.delete(socket)
    }
  }
}

async function connected (socket: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
    socket.once('close', () => { reject(new Error('the connection was given up')) })
  })
}
