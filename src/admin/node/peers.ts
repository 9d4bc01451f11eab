/** The admin API's routes for peers and for the routing table. */
import { z } from 'zod'
import { isPrefix } from '../../packet/address.js'
import type { NodeChannels } from '../../contracts/node-channels.js'
import type {
  NodeConfig, PeerChange, PeerInfo, PeerRegistrationRequest, PeerRelation, RemovePeerResult, RouteInfo
} from '../../contracts/node.js'
import { SluiceError } from '../../contracts/errors.js'
import { json } from '../../http/responses.js'
import { param, route, type Route } from '../../http/route.js'
import { RELATIONS } from '../../config/node/relations.js'
import { TRANSPORTS } from '../../config/node/transport.js'
import { peerUpdateSchema, registrationSchema } from '../../config/node/peer.js'

/** What these routes ask of the node. */
export interface PeersNode {
  /** Which kinds of chains requests may speak of, besides who the node is. */
  readonly config: Pick<NodeConfig, 'nodeId' | 'chainKinds'>
  readonly channelManager: Pick<NodeChannels, 'isEnabled'>
  listPeers (): PeerInfo[]
  hasPeer (peerId: string): boolean
  /** Adds a peer, or merges routes and settlement into the one with this id. Resolves when it is connected, or after a second. */
  registerPeer (request: PeerRegistrationRequest): Promise<PeerInfo>
  /** Changes how the node dials a peer or settles with it, and reconnects it if need be. Rejects with 404 for an unknown peer. */
  updatePeer (peerId: string, changes: PeerChange): Promise<PeerInfo>
  /** Throws for a child with a route that is not below the node's own addresses. */
  setPeerRelation (peerId: string, relation: PeerRelation): void
  removePeer (peerId: string, removeRoutes: boolean): Promise<RemovePeerResult>
  listRoutes (): RouteInfo[]
  /** Throws for what cannot be a route; in production, also when the next hop is a stranger. */
  addRoute (prefix: string, nextHop: string, priority: number): void
  /** Whether a peer that nobody configured is here under this name without a secret. */
  isStranger (peerId: string): boolean
  /** Removes every route for exactly this prefix. */
  removeRoute (prefix: string): void
}

const OBJECT = 'Request body must be a JSON object'

const priority = z.int('priority must be an integer').optional().describe('Higher wins. Default 0.')
const prefix = z.string('Missing or invalid prefix').min(1, 'Missing or invalid prefix').describe('ILP address prefix, such as g.connector-b')
const newRoute = z.strictObject({
  prefix, nextHop: z.string('Missing or invalid nextHop').min(1, 'Missing or invalid nextHop').describe('A peer\'s id, or local'), priority
}, OBJECT)

const success = z.literal(true)
const peerStatus = z.strictObject({
  id: z.string(),
  connected: z.boolean(),
  ilpAddresses: z.array(z.string()),
  routeCount: z.int(),
  relation: z.enum(RELATIONS).optional(),
  transport: z.enum(TRANSPORTS).optional(),
  settlement: z.record(z.string(), z.unknown()).optional(),
  asset: z.strictObject({ code: z.string(), scale: z.int() }).optional().describe('What amounts with the peer are in, where the configuration names an asset'),
  paused: z.literal(true).optional().describe('Its packets are refused, until it is resumed')
})
const routeStatus = z.strictObject({ prefix: z.string(), nextHop: z.string(), priority: z.int() })
const registered = {
  success,
  peer: z.strictObject({ id: z.string(), url: z.string(), connected: z.boolean() }),
  routes: z.array(z.string()),
  message: z.string()
}

export function peerAndRouteRoutes (node: PeersNode): Route[] {
  const kinds = node.config.chainKinds
  return [
    route({
      method: 'get',
      path: '/admin/peers',
      summary: 'Lists the peers and whether they are connected',
      responses: { 200: z.strictObject({ nodeId: z.string(), peerCount: z.int(), connectedCount: z.int(), peers: z.array(peerStatus) }) },
      errors: {}
    }, () => {
      const peers = node.listPeers()
      const connectedCount = peers.filter(peer => peer.connected).length
      return json(200, { nodeId: node.config.nodeId, peerCount: peers.length, connectedCount, peers })
    }),

    route({
      method: 'post',
      path: '/admin/peers',
      summary: 'Adds a peer and connects to it, or adds routes to the peer that has this id',
      body: {
        schema: registrationSchema(kinds),
        example: { id: 'peer-b', url: 'ws://peer-b:3001', authToken: 'secret-token', routes: [{ prefix: 'g.peer-b' }] }
      },
      responses: {
        200: z.strictObject({ ...registered, updated: success }),
        201: z.strictObject({ ...registered, created: success })
      },
      errors: { 400: 'A field is missing or wrong' }
    }, async ({ body }) => {
      const { id, url, routes = [] } = body
      const existed = node.hasPeer(id)
      const { connected } = await node.registerPeer(body)
      const shown = { success: true, peer: { id, url: withoutCredentials(url), connected }, routes: routes.map(({ prefix }) => prefix) }
      if (existed) return json(200, { ...shown, updated: true, message: `Peer '${id}' updated` })
      const message = connected ? `Peer '${id}' added and connected` : `Peer '${id}' added (connection pending)`
      return json(201, { ...shown, created: true, message })
    }),

    route({
      method: 'put',
      path: '/admin/peers/{peerId}',
      summary: 'Adds routes to a peer, and changes what it is to the node, and how the node dials it and settles with it',
      params: { peerId: 'The peer\'s id' },
      body: { schema: peerUpdateSchema(kinds), example: { routes: [{ prefix: 'g.peer-b.shop', priority: 1 }] } },
      responses: { 200: z.strictObject({ success, peerId: z.string(), updated: success }) },
      errors: { 400: 'A field is wrong', 404: 'No such peer', 503: 'Settlement infrastructure not enabled' }
    }, async request => {
      const peerId = param(request, 'peerId')
      const { routes, relation, ...changes } = request.body
      if (changes.settlement !== undefined && !node.channelManager.isEnabled()) throw new SluiceError('SLUICE_NO_CHAIN', 'Settlement infrastructure not enabled')
      if (!node.hasPeer(peerId)) throw new SluiceError('SLUICE_PEER_UNKNOWN', 'Peer not found')
      if (Object.keys(changes).length > 0) await node.updatePeer(peerId, changes)
      if (relation !== undefined) node.setPeerRelation(peerId, relation)
      for (const { prefix, priority = 0 } of routes ?? []) node.addRoute(prefix, peerId, priority)
      return json(200, { success: true, peerId, updated: true })
    }),

    route({
      method: 'delete',
      path: '/admin/peers/{peerId}',
      summary: 'Removes a peer, and its routes',
      params: { peerId: 'The peer\'s id' },
      query: { removeRoutes: 'false keeps the routes that lead to the peer' },
      responses: { 200: z.strictObject({ success, peerId: z.string(), removedRoutes: z.array(z.string()), message: z.string() }) },
      errors: { 404: 'No such peer' }
    }, async request => {
      const peerId = param(request, 'peerId')
      if (!node.hasPeer(peerId)) throw new SluiceError('SLUICE_PEER_UNKNOWN', `Peer '${peerId}' not found`)
      const { removedRoutes } = await node.removePeer(peerId, request.query.removeRoutes !== 'false')
      return json(200, { success: true, peerId, removedRoutes, message: `Peer '${peerId}' removed` })
    }),

    route({
      method: 'get',
      path: '/admin/routes',
      summary: 'Lists the routing table',
      responses: { 200: z.strictObject({ nodeId: z.string(), routeCount: z.int(), routes: z.array(routeStatus) }) },
      errors: {}
    }, () => {
      const routes = node.listRoutes()
      return json(200, { nodeId: node.config.nodeId, routeCount: routes.length, routes })
    }),

    route({
      method: 'post',
      path: '/admin/routes',
      summary: 'Adds a route',
      body: { schema: newRoute, example: { prefix: 'g.peer-b', nextHop: 'peer-b', priority: 0 } },
      responses: { 201: z.strictObject({ success, route: routeStatus, warning: z.string().optional(), message: z.string() }) },
      errors: { 400: 'A field is missing or wrong' }
    }, ({ body: { prefix, nextHop, priority = 0 } }) => {
      if (!isPrefix(prefix)) throw new SluiceError('SLUICE_ROUTE_INVALID', `Invalid ILP address prefix: ${prefix}`)
      const known = nextHop === 'local' || nextHop === node.config.nodeId || node.hasPeer(nextHop)
      node.addRoute(prefix, nextHop, priority)
      const warning = !known
        ? { warning: `Peer '${nextHop}' does not exist yet` }
        : node.isStranger(nextHop) ? { warning: `Peer '${nextHop}' has come without a secret, so it could be anyone. Once it is gone, it needs one to come back.` } : {}
      const message = `Route '${prefix}' -> '${nextHop}' added`
      return json(201, { success: true, route: { prefix, nextHop, priority }, ...warning, message })
    }),

    route({
      method: 'delete',
      path: '/admin/routes/{prefix}',
      summary: 'Removes the routes for exactly this prefix',
      params: { prefix: 'ILP address prefix' },
      responses: { 200: z.strictObject({ success, prefix: z.string(), message: z.string() }) },
      errors: { 404: 'No such route' }
    }, request => {
      const prefix = param(request, 'prefix')
      if (!node.listRoutes().some(route => route.prefix === prefix)) throw new SluiceError('SLUICE_ROUTE_UNKNOWN', `Route with prefix '${prefix}' not found`)
      node.removeRoute(prefix)
      return json(200, { success: true, prefix, message: `Route '${prefix}' removed` })
    })
  ]
}

function withoutCredentials (url: string): string {
  return url.replace(/\/\/[^/]*@/, '//')
}
