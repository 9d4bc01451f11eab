/**
 * How a node is, for load balancers, container health checks and Prometheus. Every answer is made when it is asked for.
 *
 * `/health` follows the peers; `/health/ready` does not: an orchestrator sends traffic only to nodes that are ready, and a node whose peers
 * dial in would wait for them for ever.
 */
import { Hono } from 'hono'
import { Registry } from 'prom-client'
import type { Logger } from '../../contracts/logger.js'
import type { NodeAdminApp } from './api.js'
import { failed, HEADERS, json, noSuchRoute } from '../../http/responses.js'
import { isRunning, type HealthHost } from './host.js'

/** @param admin mirrored under `/admin`, behind its own access rules */
export function healthApp (host: HealthHost, log: Logger, admin?: NodeAdminApp): NodeAdminApp {
  const app: NodeAdminApp = new Hono()

  app.onError((err, c) => {
    log.warn('error in health request handler. path=%s error=%s', c.req.path, err.stack)
    return failed(err)
  })
  app.notFound(c => noSuchRoute(c.req.method, c.req.path))

  app.get('/health', () => {
    const health = host.getHealthStatus()
    return json(health.status === 'healthy' || health.status === 'degraded' ? 200 : 503, health)
  })
  app.get('/health/live', () => json(200, { status: 'alive', timestamp: new Date().toISOString() }))
  app.get('/health/ready', () => {
    const { status, timestamp } = host.getHealthStatus()
    return isRunning(host) ? json(200, { status: 'ready', timestamp }) : json(503, { status: 'not_ready', reason: status, timestamp })
  })
  app.get('/metrics', async () => new Response(await host.getMetrics(), {
    headers: { ...HEADERS, 'Content-Type': Registry.PROMETHEUS_CONTENT_TYPE }
  }))
  if (admin !== undefined) app.all('/admin/*', c => admin.fetch(c.req.raw, c.env))
  return app
}
