/** The routes for routing: what the table holds and why, and routes by hand. */
import { z } from 'zod'
import { ADDRESS_LENGTH_MAX, PREFIX } from '../../packet/address.js'
import { SluiceError } from '../../contracts/errors.js'
import type { Accounts } from '../../accounts/accounts.js'
import type { ConfiguredRoute } from '../../routing/fixed-routes.js'
import { json, nothing } from '../../http/responses.js'
import { route, type Route } from '../../http/route.js'
import { unknownAccount } from './accounts.js'
import { bodyOf } from './body.js'

export interface RoutingParts {
  accounts: Pick<Accounts, 'accounts'>
  routing: {
    /** All state of the router; and for each prefix every known route. */
    status (): object
    candidates (): object
    configuredRoutes (): readonly ConfiguredRoute[]
    /** Adds a route, or changes the priority of the one with the same prefix and peer. */
    addRoute (route: ConfiguredRoute): void
    /** Returns the routes that existed. */
    removeRoute (route: { targetPrefix: string, peerId: string }): readonly ConfiguredRoute[]
  }
}

const routeKey = { targetPrefix: z.string().max(ADDRESS_LENGTH_MAX).regex(PREFIX, 'should be an ILP address prefix'), peerId: z.string() }
const newRoute = z.strictObject({ ...routeKey, priority: z.int().optional().describe('Of several routes for one prefix the highest wins. Default 0') })
const oldRoute = z.strictObject(routeKey)
const configuredRoute = z.strictObject({ targetPrefix: z.string(), peerId: z.string(), priority: z.number().optional() })
const EXAMPLE = { targetPrefix: 'g.alice', peerId: 'alice' }

export function routingRoutes ({ accounts, routing }: RoutingParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/routing',
      summary: 'Shows all routing state: the table, what peers were told, and for each prefix every known route and why the first is preferred',
      responses: { 200: z.looseObject({}) },
      errors: {}
    }, () => json(200, { ...routing.status(), candidates: routing.candidates() })),

    route({
      method: 'get',
      path: '/routes',
      summary: 'Lists the configured routes',
      responses: { 200: z.strictObject({ routes: z.array(configuredRoute) }) },
      errors: {}
    }, () => json(200, { routes: routing.configuredRoutes() })),

    route({
      method: 'post',
      path: '/routes',
      summary: 'Adds a route, or changes the priority of the one with the same prefix and peer',
      body: bodyOf(newRoute, 'invalid route', { ...EXAMPLE, priority: 1 }),
      responses: { 204: 'nothing' },
      errors: { 400: 'A field is missing or wrong', 404: 'No such account' }
    }, ({ body }) => {
      if (!accounts.accounts.has(body.peerId)) throw unknownAccount(body.peerId)
      routing.addRoute(body)
      return nothing()
    }),

    route({
      method: 'delete',
      path: '/routes',
      summary: 'Removes a route',
      body: bodyOf(oldRoute, 'invalid route', EXAMPLE),
      responses: { 204: 'nothing' },
      errors: { 400: 'A field is missing or wrong', 404: 'No such route' }
    }, ({ body: { targetPrefix, peerId } }) => {
      if (routing.removeRoute({ targetPrefix, peerId }).length > 0) return nothing()
      throw new SluiceError('SLUICE_ROUTE_UNKNOWN', `route not found. targetPrefix=${targetPrefix} peerId=${peerId}`)
    })
  ]
}
