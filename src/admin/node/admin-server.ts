/** The admin API on a port of the application's own: for a node whose configuration has none, or besides the one it has. */
import { createLogger } from '../../lib/log.js'
import type { Logger } from '../../contracts/logger.js'
import { HttpServer } from '../../http/server.js'
import type { AccessOptions } from './access.js'
import { nodeApi, type AdministeredNode } from './api.js'

export interface AdminServerOptions extends AccessOptions {
  /** 0 takes a free one; `port` tells which. */
  port: number
  /** Default: this machine alone. */
  host?: string | undefined
}

export class AdminServer extends HttpServer {
  /** @param node a ConnectorNode. Throws for an address or key that cannot be one. */
  constructor (node: AdministeredNode, { port, host = '127.0.0.1', ...access }: AdminServerOptions, log: Logger = createLogger('node-http')) {
    const api = nodeApi(node, { ...access, allowedHosts: [host, ...access.allowedHosts ?? []] }, log)
    super((request, env) => api.fetch(request, env), { name: 'admin API', host, port, settings: { host: 'the host', port: 'the port' } }, log)
  }
}
