/** The HTTP server of a connector's admin API. */
import type { Logger } from '../../contracts/logger.js'
import { HttpServer } from '../../http/server.js'
import { connectorAccess, type ConnectorAccess } from './access.js'
import { connectorApi, type ConnectorParts } from './api.js'

export interface AdminServerOptions extends ConnectorAccess {
  /** 0 takes any free port. */
  port: number
  /** Default 30 s. */
  requestTimeoutMs?: number | undefined
}

const SETTINGS = { host: 'adminApiHost (CONNECTOR_ADMIN_API_HOST)', port: 'adminApiPort (CONNECTOR_ADMIN_API_PORT)' }

/** A server that is not started. Throws when `options` would leave the API open to the network, naming the host and what to set. */
export function connectorAdminServer (parts: ConnectorParts, options: AdminServerOptions, log: Logger): HttpServer {
  const { host, port, requestTimeoutMs } = options
  const api = connectorApi(parts, connectorAccess(options, log), log)
  return new HttpServer((request, env) => api.fetch(request, env), { name: 'admin API', host, port, requestTimeoutMs, settings: SETTINGS }, log)
}
