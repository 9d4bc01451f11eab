/** What a node serves over HTTP beside its packets: how it is, and (where it is enabled) the admin API. */
import type { NodeConfig, NodeService } from '../../contracts/node.js'
import type { Logger } from '../../contracts/logger.js'
import { HttpServer, type FetchHandler, type HttpServerOptions } from '../../http/server.js'
import { nodeAdminApp } from './api.js'
import { healthApp } from './health.js'
import type { HealthHost, NodeAdminHost } from './host.js'

/** Container health checks and orchestrators ask from outside. There is nothing to change there, and no secret to read. */
const HEALTH_HOST = '0.0.0.0'

/** Started and stopped by the node it tells about. */
export class HttpService implements NodeService {
  readonly name: string
  /** Where it listens; 0 while it does not. */
  port = 0
  private readonly server: HttpServer

  constructor (handler: FetchHandler, options: HttpServerOptions, log: Logger) {
    this.name = options.name
    this.server = new HttpServer(handler, options, log)
  }

  /** Rejects when it cannot listen, naming host, port and what to change. */
  async start (): Promise<void> {
    this.port = (await this.server.listen()).port
  }

  /** Lets answers in flight finish for a bounded time. Never rejects. */
  async stop (): Promise<void> {
    await this.server.close()
    this.port = 0
  }
}

type ServedConfig = Pick<NodeConfig, 'adminApi' | 'environment' | 'healthCheckPort'>

/**
 * The node's HTTP services in the order in which they start. Throws for an address or key in `config.adminApi` that cannot be one.
 *
 * In development and without a key the admin API answers on the health port as well, where older clients look for it.
 */
export function httpServices (host: NodeAdminHost & HealthHost, config: ServedConfig, log: Logger): HttpService[] {
  const { adminApi, environment, healthCheckPort } = config
  const admin = adminApi.enabled ? nodeAdminApp(host, adminApi, log) : undefined
  const hasKey = adminApi.apiKey !== undefined && adminApi.apiKey !== ''
  const mirrored = environment === 'development' && !hasKey ? admin : undefined
  const health = healthApp(host, log, mirrored)

  const services = [new HttpService((request, env) => health.fetch(request, env), {
    name: 'health server', host: HEALTH_HOST, port: healthCheckPort, settings: { host: 'the host', port: 'healthCheckPort (HEALTH_CHECK_PORT)' }
  }, log)]
  if (admin !== undefined) {
    services.push(new HttpService((request, env) => admin.fetch(request, env), {
      name: 'admin API',
      host: adminApi.host,
      port: adminApi.port,
      settings: { host: 'adminApi.host (ADMIN_API_HOST)', port: 'adminApi.port (ADMIN_API_PORT)' }
    }, log))
  }
  return services
}
