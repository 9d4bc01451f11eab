/** Routing as Prometheus metrics. The router counts plain numbers, which are read when Prometheus scrapes. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { RoutingMetrics } from './router.js'

type AccountFigure = keyof RoutingMetrics['accounts'][string]

type Described = [figure: AccountFigure, name: string, help: string]

/** What is so now. */
const LEVELS: Described[] = [['routes', 'ilp_connector_peer_routes', 'Prefixes learnt from the peer']]

/** What only goes up, for as long as the account is there. */
const COUNTS: Described[] = [
  ['updatesSent', 'ilp_connector_route_updates_sent', 'Route updates sent to the peer'],
  ['updatesFailed', 'ilp_connector_route_updates_failed', 'Route updates that the peer did not accept'],
  ['updatesReceived', 'ilp_connector_route_updates_received', 'Route updates received from the peer'],
  ['updatesRefused', 'ilp_connector_route_updates_refused', 'Route updates from the peer that were refused'],
  ['routesRefused', 'ilp_connector_routes_refused', 'Routes in accepted updates that policy did not take']
]

/** Registers the metrics; `read` is called at each scrape. */
export function registerRoutingMetrics (registry: Registry, read: () => RoutingMetrics): void {
  const registers = [registry]
  const labelNames = ['account']
  const perAccount = (figure: AccountFigure, show: (account: string, value: number) => void): void => {
    for (const [account, figures] of Object.entries(read().accounts)) show(account, figures[figure])
  }
  for (const [figure, name, help] of LEVELS) {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect () {
        this.reset() // accounts come and go
        perAccount(figure, (account, value) => this.set({ account }, value))
      }
    })
  }
  for (const [figure, name, help] of COUNTS) {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect () {
        this.reset()
        perAccount(figure, (account, value) => this.inc({ account }, value))
      }
    })
  }
  new Gauge({
    name: 'ilp_connector_prefixes',
    help: 'Prefixes that packets can be routed to',
    registers,
    collect () { this.set(read().prefixes) }
  })
  new Gauge({
    name: 'ilp_connector_routing_convergence_seconds',
    help: 'Time from the last change of routes until every peer had confirmed it',
    registers,
    collect () { this.set((read().convergenceMs ?? 0) / 1000) }
  })
}
