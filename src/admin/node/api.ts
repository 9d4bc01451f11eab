/** The node's admin API over HTTP: checks who asks, reads bodies, and writes every answer, errors included, as JSON. */
import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import type { Logger } from '../../contracts/logger.js'
import { readJson } from '../../http/body.js'
import { SluiceError } from '../../contracts/errors.js'
import { statusOf, toError } from '../../http/errors.js'
import { nodeAccess, type AccessOptions } from './access.js'
import { failed, HEADERS, json, noSuchRoute } from '../../http/responses.js'
import { balanceRoutes } from './balances.js'
import { channelRoutes } from './channels.js'
import { docsPage } from '../../http/docs-page.js'
import type { NodeAdminHost } from './host.js'
import { ilpSendRoute } from './packets.js'
import { openApiDocument } from '../../http/openapi.js'
import { peerAndRouteRoutes } from './peers.js'
import type { Route } from '../../http/route.js'

const DOCUMENT_PATH = '/admin/openapi.json'
const DOCS_PATH = '/admin/docs'

/** The page has no scripts, and nothing from elsewhere. */
const PAGE_HEADERS = { ...HEADERS, 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'", 'X-Frame-Options': 'DENY' }

export type NodeAdminApp = Hono<{ Bindings: HttpBindings }>

/** Every route of the admin API, in the order in which the document shows them. */
export function adminRoutesOf (host: NodeAdminHost, log: Logger): Route[] {
  return [...peerAndRouteRoutes(host), ...balanceRoutes(host), ilpSendRoute(host, log), ...channelRoutes(host)]
}

/** Throws when `access` has an address or a key that cannot be one. */
export function nodeAdminApp (host: NodeAdminHost, access: AccessOptions, log: Logger): NodeAdminApp {
  const { address, key } = nodeAccess(access)
  const routes = adminRoutesOf(host, log)
  const document = openApiDocument(routes, host.getHealthStatus().version)
  const page = docsPage(document)
  const app: NodeAdminApp = new Hono()

  app.onError((err, c) => {
    const status = statusOf(err)
    if (status >= 500 && !(err instanceof SluiceError)) log.warn('error in admin api request handler. path=%s error=%s', c.req.path, err.stack)
    else log.debug('admin api request refused. path=%s status=%s error=%s', c.req.path, status, err.message)
    return failed(err)
  })
  app.notFound(c => noSuchRoute(c.req.method, c.req.path, ` ${DOCUMENT_PATH} lists all.`))

  // For load balancers and container health checks: says only that the API answers.
  app.get('/health', () => json(200, {
    status: 'healthy', service: 'admin-api', nodeId: host.getHealthStatus().nodeId, timestamp: new Date().toISOString()
  }))
  app.use('/admin/*', address)
  // A browser that opens the page cannot send a key, and there are no secrets in it.
  app.get(DOCUMENT_PATH, () => json(200, document))
  app.get(DOCS_PATH, () => new Response(page, { headers: { ...PAGE_HEADERS, 'Content-Type': 'text/html; charset=utf-8' } }))
  app.use('/admin/*', key, accessLog(log))
  for (const route of routes) app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, ':$1'), handlerOf(route))
  return app
}

function accessLog (log: Logger): MiddlewareHandler {
  return async (c, next) => {
    await next()
    log.debug('admin api request. method=%s path=%s status=%s', c.req.method, c.req.path, c.res.status)
  }
}

function handlerOf (route: Route): (c: Context) => Promise<Response> {
  return async c => {
    try {
      const body = route.body === undefined ? undefined : await readJson(c.req.raw, route.maxBodySize)
      const answer = await route.handle({ params: c.req.param(), query: c.req.query(), body })
      return json(answer.status, answer.body)
    } catch (thrown) {
      throw toError(thrown) // Hono hands only Errors to onError
    }
  }
}
