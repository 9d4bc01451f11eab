/** The HTTP server of the admin API: binds, bounds what a client may cost, and stops without dropping answers. */
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from '../types/logger.js'
import { accessRule } from './access.js'
import { adminRoutes } from './admin-routes.js'
import { toError } from './errors.js'
import type { AdminHost } from './host.js'

const MAX_CONNECTIONS = 256
const HEADERS_TIMEOUT_MS = 10_000
/** From the first byte of a request to the last of its body. */
const REQUEST_TIMEOUT_MS = 30_000
const KEEP_ALIVE_TIMEOUT_MS = 5_000
/** How long `close` waits for answers in flight. */
export const CLOSE_TIMEOUT_MS = 5_000

export interface AdminServerOptions {
  /** Address to bind. Anything but loopback needs an `apiKey`. */
  host: string
  /** 0 takes any free port. */
  port: number
  /** What clients must send as `X-Api-Key`. Empty is none. */
  apiKey?: string | undefined
  /** Default 30 s. */
  requestTimeoutMs?: number | undefined
}

/** What to change when the server cannot bind, by error code. */
const REMEDIES: Record<string, string> = {
  EADDRINUSE: 'The port is in use: stop the other program, or set adminApiPort (CONNECTOR_ADMIN_API_PORT) to a free port.',
  EACCES: 'This user may not use that port: set adminApiPort (CONNECTOR_ADMIN_API_PORT) to one above 1023.',
  EADDRNOTAVAIL: 'This machine does not have that address: correct adminApiHost (CONNECTOR_ADMIN_API_HOST).',
  ENOTFOUND: 'That name does not resolve: correct adminApiHost (CONNECTOR_ADMIN_API_HOST).'
}

export class AdminServer {
  private readonly listener: ReturnType<typeof getRequestListener>
  private server: Server | undefined

  /** Throws when `options` would leave the API open to the network, naming the host and what to set. */
  constructor (host: AdminHost, private readonly options: AdminServerOptions, private readonly log: Logger) {
    const routes = adminRoutes(host, accessRule(options.host, options.apiKey), log)
    // The adaptor would replace the process's Request and Response, which belong to the application around us.
    this.listener = getRequestListener(async (request, env) => {
      const response = await routes.fetch(request, env)
      // An answer in flight while we close takes its connection with it.
      if (this.server === undefined) response.headers.set('Connection', 'close')
      return response
    }, { overrideGlobalObjects: false })
  }

  /** Resolves to where it listens. Rejects when it cannot, naming host, port and what to change. */
  async listen (): Promise<{ host: string, port: number }> {
    if (this.server !== undefined) throw new Error('admin API is listening already.')
    const { host, port } = this.options
    const server = this.server = this.createServer()
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('listening', resolve).once('error', reject)
        server.once('close', () => { reject(new Error('it was closed while it was starting')) })
        server.listen(port, host)
      })
    } catch (thrown) {
      if (this.server === server) this.server = undefined
      throw cannotListen(host, port, thrown)
    }
    server.on('error', err => this.log.error('admin api server error. error=%s', err.message))
    const address = server.address()
    const bound = { host, port: typeof address === 'object' && address !== null ? address.port : port }
    this.log.info('admin api listening. host=%s port=%s', bound.host, bound.port)
    return bound
  }

  /** Stops taking connections, lets answers in flight finish for at most CLOSE_TIMEOUT_MS, then cuts what is left. Never rejects. */
  async close (): Promise<void> {
    const server = this.server
    if (server === undefined) return
    this.server = undefined
    const timer = setTimeout(() => { server.closeAllConnections() }, CLOSE_TIMEOUT_MS)
    timer.unref()
    await new Promise<void>(resolve => { server.close(() => { resolve() }) })
    clearTimeout(timer)
  }

  private createServer (): Server {
    const requestTimeout = this.options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
    const server = createServer({
      requestTimeout,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: requestTimeout / 10
    }, (request, response) => { void this.listener(request, response) })
    server.maxConnections = MAX_CONNECTIONS
    return server
  }
}

function cannotListen (host: string, port: number, thrown: unknown): Error {
  const err = toError(thrown)
  const code = 'code' in err && typeof err.code === 'string' ? err.code : ''
  return new Error(`admin API cannot listen on ${host}:${port}: ${err.message}. ${REMEDIES[code] ?? ''}`.trimEnd(), { cause: thrown })
}
