/** The routes for how the connector does: its state in short, counters, metrics, alerts. */
import { Registry } from 'prom-client'
import { z } from 'zod'
import type { Alert } from '../../contracts/alert.js'
import { SluiceError } from '../../contracts/errors.js'
import type { Accounts } from '../../accounts/accounts.js'
import type { LedgerService } from '../../ledger/service.js'
import type { AccountStats } from '../../metrics/stats.js'
import { METRICS_PATH } from '../../http/access.js'
import { json, nothing, text } from '../../http/responses.js'
import { param, route, type Route } from '../../http/route.js'
import { mapValues } from './accounts.js'
import { balancesOf, type BalanceParts } from './balances.js'

export interface StatsParts {
  accounts: Pick<Accounts, 'accounts'>
  middlewares: BalanceParts['middlewares']
  ledger: Pick<LedgerService, 'getStatus'>
  routing: { localTable (): object }
  stats: Pick<AccountStats, 'getStatus' | 'scrape'>
}

/** What the middleware named `alert` offers, built in or a user's own. */
interface Alerts {
  getAlerts (): Alert[]
  dismissAlert? (id: number): void
}

const alert = z.strictObject({
  id: z.int(),
  accountId: z.string(),
  triggeredBy: z.string(),
  message: z.string(),
  count: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime()
})
const status = z.strictObject({
  balances: z.record(z.string(), z.string()),
  connected: z.record(z.string(), z.boolean()),
  localRoutingTable: z.record(z.string(), z.strictObject({ nextHop: z.string(), path: z.string().describe('The hops, joined by spaces') })),
  ledger: z.strictObject({
    kind: z.enum(['embedded', 'tigerbeetle']), durability: z.string(), trouble: z.string().optional().describe('Why packets with money are refused')
  })
})
const metric = z.looseObject({ name: z.string(), help: z.string(), type: z.string(), values: z.array(z.looseObject({})) })

export function statsRoutes ({ accounts, middlewares, ledger, routing, stats }: StatsParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/status',
      summary: 'Shows the connector in short: balances, connections, routes, and what its books promise',
      responses: { 200: status },
      errors: {}
    }, () => json(200, {
      balances: mapValues(Object.entries(balancesOf(middlewares)?.getStatus().accounts ?? {}), ({ balance }) => balance.toString()),
      connected: mapValues(accounts.accounts, ({ plugin }) => plugin.isConnected()),
      localRoutingTable: routing.localTable(),
      ledger: ledger.getStatus()
    })),

    route({
      method: 'get',
      path: '/stats',
      summary: 'Shows the counters of packets and money by account',
      responses: { 200: z.array(metric) },
      errors: {}
    }, () => json(200, stats.getStatus())),

    route({
      method: 'get',
      path: METRICS_PATH,
      summary: 'Everything that is counted, in the Prometheus text format',
      responses: { 200: 'text' },
      errors: {}
    }, async () => text(200, await stats.scrape(), Registry.PROMETHEUS_CONTENT_TYPE)),

    route({
      method: 'get',
      path: '/alerts',
      summary: 'Lists alerts: peers that refused packets because we owe them too much; {} while nobody raises any',
      responses: { 200: z.strictObject({ alerts: z.array(alert).optional() }) },
      errors: {}
    }, () => {
      const alerts = alertsOf(middlewares)
      return json(200, alerts === undefined ? {} : { alerts: alerts.getAlerts() })
    }),

    route({
      method: 'delete',
      path: '/alerts/{id}',
      summary: 'Dismisses an alert, if it exists',
      params: { id: 'The alert\'s id' },
      responses: { 200: z.strictObject({}).describe('While nobody raises alerts'), 204: 'nothing' },
      errors: { 400: 'The id is not a number' }
    }, request => {
      const alerts = alertsOf(middlewares)
      if (alerts === undefined) return json(200, {}) // as ilp-connector does
      const id = param(request, 'id')
      if (!/^\d+$/.test(id)) throw new SluiceError('SLUICE_ALERT_ID_INVALID', 'invalid alert id')
      alerts.dismissAlert?.(Number(id))
      return nothing()
    })
  ]
}

function alertsOf (middlewares: StatsParts['middlewares']): Alerts | undefined {
  const middleware = middlewares.getMiddleware('alert')
  return middleware !== undefined && isAlerts(middleware) ? middleware : undefined
}

function isAlerts (middleware: object): middleware is Alerts {
  return 'getAlerts' in middleware
}
