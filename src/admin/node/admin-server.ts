/** The admin API on a port of the application's own: for a node whose configuration has none, or beside the one it has. */
import { createLogger } from '../../lib/log.js'
import type { Logger } from '../../contracts/logger.js'
import type { AccessOptions } from './access.js'
import { nodeAdminApp } from './api.js'
import type { NodeAdminHost } from './host.js'
import { HttpService } from './listen.js'

export interface AdminServerOptions extends AccessOptions {
  /** 0 takes a free one; `port` tells which. */
  port: number
  /** Default: this machine alone. */
  host?: string | undefined
}

export class AdminServer {
  private readonly service: HttpService

  /** @param node a ConnectorNode. Throws for an address or key that cannot be one. */
  constructor (node: NodeAdminHost, { port, host = '127.0.0.1', ...access }: AdminServerOptions, log: Logger = createLogger('node-http')) {
    const app = nodeAdminApp(node, access, log)
    const settings = { host: 'the host', port: 'the port' }
    this.service = new HttpService((request, env) => app.fetch(request, env), { name: 'admin API', host, port, settings }, log)
  }

  /** Where it listens; 0 while it does not. */
  get port (): number {
    return this.service.port
  }

  /** Rejects when it cannot listen. */
  start (): Promise<void> {
    return this.service.start()
  }

  /** Lets answers in flight finish for a bounded time. Never rejects. */
  stop (): Promise<void> {
    return this.service.stop()
  }
}
