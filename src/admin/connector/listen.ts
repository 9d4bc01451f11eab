/** The HTTP server of a connector's admin API. */
import type { Logger } from '../../contracts/logger.js'
import { HttpServer } from '../../http/server.js'
import { connectorAccess } from './access.js'
import { connectorApi, type ConnectorParts } from './api.js'

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

/** A server that is not started. Throws when `options` would leave the API open to the network, naming the host and what to set. */
export function connectorAdminServer (parts: ConnectorParts, options: AdminServerOptions, log: Logger): HttpServer {
  const { host, port, apiKey, requestTimeoutMs } = options
  const api = connectorApi(parts, connectorAccess(host, apiKey), log)
  return new HttpServer((request, env) => api.fetch(request, env), { name: 'admin API', host, port, requestTimeoutMs, settings: SETTINGS }, log)
}
