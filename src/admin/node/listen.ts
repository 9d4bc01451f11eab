/** What a node serves over HTTP besides its packets: its health, and (where it is enabled) the admin API. */
import type { NodeConfig } from '../../contracts/node.js'
import type { Logger } from '../../contracts/logger.js'
import type { Router } from '../../http/router.js'
import { HttpServer } from '../../http/server.js'
import { isLoopbackAddress } from '../../lib/loopback.js'
import { namesAccess } from './access.js'
import { nodeApi, type AdministeredNode } from './api.js'
import { healthApp, type HealthNode } from './health.js'

type ServedConfig = Pick<NodeConfig, 'adminApi' | 'environment' | 'healthCheckPort' | 'healthCheckHost'>

/**
 * The node's HTTP servers in the order in which they start. Throws for an address or key in `config.adminApi` that cannot be one.
 *
 * In development and without a key the admin API answers on the health port as well, where older clients look for it: but not if the
 * operator said where it is to be.
 * @param explorer answers what is below `/explorer` of the health port
 */
export function httpServers (node: AdministeredNode & HealthNode, config: ServedConfig, log: Logger, explorer?: Router): HttpServer[] {
  const { adminApi, environment, healthCheckPort, healthCheckHost } = config
  const allowedHosts = [adminApi.host, ...adminApi.allowedHosts]
  const admin = adminApi.enabled ? nodeApi(node, { ...adminApi, allowedHosts }, log) : undefined
  const hasKey = adminApi.apiKey !== undefined && adminApi.apiKey !== ''
  const mirrored = environment === 'development' && !hasKey && !adminApi.isHostGiven ? admin : undefined
  const mayReadNames = namesAccess({ apiKey: adminApi.apiKey, isProduction: environment === 'production' }, log)
  const health = healthApp(node, log, { mayReadNames, admin: mirrored, explorer })

  const servers = [new HttpServer((request, env) => health.fetch(request, env), {
    name: 'health server',
    host: healthCheckHost,
    port: healthCheckPort,
    settings: { host: 'healthCheckHost (HEALTH_CHECK_HOST)', port: 'healthCheckPort (HEALTH_CHECK_PORT)' },
    upgrades: explorer !== undefined
  }, log)]
  if (admin !== undefined) {
    if (!hasKey && adminApi.allowedIPs.length === 0 && !isLoopbackAddress(adminApi.host)) {
      log.info('the admin API has no key. Anyone who can reach it from this machine or a private network can send money: set adminApi.apiKey (ADMIN_API_KEY), ' +
        'or adminApi.host (ADMIN_API_HOST) to 127.0.0.1. host=%s', adminApi.host)
    }
    servers.push(new HttpServer((request, env) => admin.fetch(request, env), {
      name: 'admin API',
      host: adminApi.host,
      port: adminApi.port,
      settings: { host: 'adminApi.host (ADMIN_API_HOST)', port: 'adminApi.port (ADMIN_API_PORT)' }
    }, log))
  }
  return servers
}
