/**
 * The health of a node, for load balancers, container health checks and Prometheus. Answers are not cached.
 *
 * `/health` depends on the peers; `/health/ready` does not: an orchestrator sends traffic only to nodes that are ready, and a node whose
 * peers dial in would wait for them forever.
 */
import type { Context } from 'hono'
import { Registry } from 'prom-client'
import type { Logger } from '../../contracts/logger.js'
import type { HealthStatus } from '../../contracts/node.js'
import { EXPLORER_PATH } from '../../explorer/explorer.js'
import { METRICS_PATH } from '../../http/access.js'
import { json, jsonError, text } from '../../http/responses.js'
import { withoutNames } from '../../metrics/nameless.js'
import { createRouter, type Router } from '../../http/router.js'
import { ADMIN_PATHS } from './access.js'

/** What these routes ask of the node. */
export interface HealthNode {
  /** True at this moment: asked anew for every answer. */
  getHealthStatus (): HealthStatus
  /** Everything that is counted, in the Prometheus text format. */
  getMetrics (): Promise<string>
}

export interface HealthOptions {
  /** Who may read the ids of accounts and peers in `/metrics`. */
  mayReadNames: (c: Context) => Promise<boolean>
  /** Mirrored, behind its own access rules. */
  admin?: Router | undefined
  /** For what is below EXPLORER_PATH, behind its own access rules. */
  explorer?: Router | undefined
}

/** In the text format of Prometheus, this is a comment. */
const NAMELESS = '# Series with the ids of accounts and peers are left out: send the key of the admin API (adminApi.apiKey, ADMIN_API_KEY) ' +
  'as a bearer token. See docs/metrics.md.\n'

export function healthApp (node: HealthNode, log: Logger, { mayReadNames, admin, explorer }: HealthOptions): Router {
  const app = createRouter({ name: 'health', log, errorResponse: jsonError, noSuchPath })

  app.get('/health', () => {
    const health = node.getHealthStatus()
    return json(health.status === 'healthy' || health.status === 'degraded' ? 200 : 503, health)
  })
  app.get('/health/live', () => json(200, { status: 'alive', timestamp: new Date().toISOString() }))
  app.get('/health/ready', () => {
    const { status, timestamp } = node.getHealthStatus()
    return isRunning(node) ? json(200, { status: 'ready', timestamp }) : json(503, { status: 'not_ready', reason: status, timestamp })
  })
  app.get(METRICS_PATH, async c => {
    const isNamed = await mayReadNames(c)
    const metrics = await node.getMetrics()
    return text(200, isNamed ? metrics : NAMELESS + withoutNames(metrics), Registry.PROMETHEUS_CONTENT_TYPE)
  })
  if (admin !== undefined) for (const path of ADMIN_PATHS) app.all(path, c => admin.fetch(c.req.raw, c.env))
  if (explorer !== undefined) for (const path of [EXPLORER_PATH, `${EXPLORER_PATH}/*`]) app.all(path, c => explorer.fetch(c.req.raw, c.env))
  return app
}

function noSuchPath (method: string, path: string): string {
  return `No such route: ${method} ${path}. This is a node's health port: it has /health, /health/live, /health/ready and /metrics. The admin API is on ` +
    'adminApi.port (default 8081), if it is enabled.'
}

/** Whether the node runs: it takes and sends packets, whatever its peers do. */
export function isRunning (node: Pick<HealthNode, 'getHealthStatus'>): boolean {
  const { status } = node.getHealthStatus()
  return status !== 'starting' && status !== 'stopped'
}
