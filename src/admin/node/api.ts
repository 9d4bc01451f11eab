/** The admin API of a node: who may ask what, and how answers are written. Every one is JSON, errors included. */
import type { MiddlewareHandler } from 'hono'
import type { Logger } from '../../contracts/logger.js'
import type { Prices } from '../../contracts/prices.js'
import { JSON_ERRORS, type ApiDescription } from '../../http/openapi.js'
import { json, jsonError } from '../../http/responses.js'
import { createRouter, serveDocument, serveRoutes, type Router } from '../../http/router.js'
import type { Route } from '../../http/route.js'
import { ADMIN_PATHS, nodeAccess, type AccessOptions } from './access.js'
import { auditRequests, auditRoutes, type AuditedNode } from './audit.js'
import { balanceRoutes, type BalancesNode } from './balances.js'
import { channelRoutes, type ChannelsNode } from './channels.js'
import { dashboardRoutes, type DashboardNode } from './dashboard.js'
import { ilpSendRoutes, type PacketsNode } from './packets.js'
import { peerAndRouteRoutes, type PeersNode } from './peers.js'
import { pausingRoutes, type PausingNode } from './pausing.js'
import { priceRoutes } from '../prices.js'

/** Bytes of a request body. */
const MAX_BODY_SIZE = 100 * 1024

const DESCRIPTION: Omit<ApiDescription, 'version'> = {
  title: 'Sluice node: admin API',
  description: 'Manages the peers, routes and balances of a running node, and sends packets. Amounts are decimal strings in base units.',
  baseUrl: 'http://localhost:8081',
  documentPath: '/admin/openapi.json',
  pagePath: '/admin/docs',
  otherPaths: ['/admin', '/admin/'],
  keyInShell: '$ADMIN_API_KEY',
  errors: JSON_ERRORS
}

/**
 * What the admin API asks of the node: a part of ConnectorNode's public face. Errors that these methods throw become answers: the status is
 * the error's `httpErrorCode` if it has one, and 500 otherwise; the text is the first line of its message. So a message must not hold a
 * secret.
 */
export type AdministeredNode = PeersNode & BalancesNode & PacketsNode & ChannelsNode & DashboardNode & PausingNode & AuditedNode & {
  /** Throws if the node does not run, or its backend has no prices. */
  readonly prices: Prices
}

/** Every route of the admin API, in the order in which the document shows them. */
export function nodeRoutes (node: AdministeredNode, log: Logger): Route[] {
  return [
    ...peerAndRouteRoutes(node), ...balanceRoutes(node), ...ilpSendRoutes(node, log), ...channelRoutes(node),
    ...priceRoutes('/admin/prices', () => node.prices), ...dashboardRoutes(node), ...pausingRoutes(node), ...auditRoutes(node)
  ]
}

/** Throws when `access` has an address or a key that cannot be one. */
export function nodeApi (node: AdministeredNode, access: AccessOptions, log: Logger): Router {
  const { address, pages, key } = nodeAccess(access, log)
  const routes = nodeRoutes(node, log)
  const app = createRouter({
    name: 'admin api',
    log,
    errorResponse: jsonError,
    noSuchPath: (method, path) => `No such route: ${method} ${path}. This is the admin API of the node ${node.config.nodeId}: ` +
      `${DESCRIPTION.documentPath} lists all, and ${DESCRIPTION.pagePath} shows them in a browser.`
  })
  // For load balancers and container health checks: says only that the API answers.
  app.get('/health', () => json(200, {
    status: 'healthy', service: 'admin-api', nodeId: node.config.nodeId, timestamp: new Date().toISOString()
  }))
  for (const path of ADMIN_PATHS) for (const rule of address) app.use(path, rule)
  // A browser that opens the page cannot send a key, and there are no secrets in it.
  for (const path of [DESCRIPTION.documentPath, DESCRIPTION.pagePath]) app.use(path, pages)
  const { nodeId } = node.config
  serveDocument(app, routes, {
    ...DESCRIPTION,
    version: node.getHealthStatus().version,
    whose: () => `This node is ${nodeId}, with the ILP address g.${nodeId}.`,
    samples: {
      nodeId, id: 'peer-b', peerId: 'peer-b', url: 'ws://peer-b:3001', prefix: 'g.peer-b', nextHop: 'peer-b', ilpAddress: 'g.peer-b', route: 'g.peer-b',
      tokenId: 'M2M', ilpAddressFrom: 'g.peer-b', ilpAddressTo: `g.${nodeId}.shop`, assetCode: 'USDC', assetScale: 6, asset: 'EUR', price: '0.52', ts: 1_767_225_600_000
    }
  })
  const watching = [accessLog(log), auditRequests(node, { trustProxy: access.trustProxy ?? false })]
  for (const path of ADMIN_PATHS) for (const rule of [...key, ...watching]) app.use(path, rule)
  serveRoutes(app, routes, { maxBodySize: MAX_BODY_SIZE })
  return app
}

function accessLog (log: Logger): MiddlewareHandler {
  return async (c, next) => {
    await next()
    log.debug('admin api request. method=%s path=%s status=%s', c.req.method, c.req.path, c.res.status)
  }
}
