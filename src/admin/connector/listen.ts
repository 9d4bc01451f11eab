/** The HTTP server of the admin API. */
import type { Logger } from '../../contracts/logger.js'
import { accessRule } from '../../http/access.js'
import { adminRoutes } from './api.js'
import type { AdminHost } from './host.js'
import { HttpServer } from '../../http/server.js'

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

const SETTINGS = { host: 'adminApiHost (CONNECTOR_ADMIN_API_HOST)', port: 'adminApiPort (CONNECTOR_ADMIN_API_PORT)' }

export class AdminServer {
  private readonly server: HttpServer

  /** Throws when `options` would leave the API open to the network, naming the host and what to set. */
  constructor (host: AdminHost, options: AdminServerOptions, log: Logger) {
    const routes = adminRoutes(host, accessRule(options.host, options.apiKey), log)
    const { port, requestTimeoutMs } = options
    this.server = new HttpServer((request, env) => routes.fetch(request, env), {
      name: 'admin API', host: options.host, port, requestTimeoutMs, settings: SETTINGS
    }, log)
  }

  /** Resolves to where it listens. Rejects when it cannot, naming host, port and what to change. */
  listen (): Promise<{ host: string, port: number }> {
    return this.server.listen()
  }

  /** Lets answers in flight finish for a bounded time, then cuts what is left. Never rejects. */
  close (): Promise<void> {
    return this.server.close()
  }
}
