/** Routing as Prometheus metrics. The router counts plain numbers; they are read when somebody scrapes. */
import { Gauge, type Registry } from 'prom-client'
import type { RoutingMetrics } from '../routing/router.js'

type AccountFigure = keyof RoutingMetrics['accounts'][string]

/** Metric name and help of each figure that is kept per account. */
const ACCOUNT_FIGURES: Record<AccountFigure, [name: string, help: string]> = {
  routes: ['ilp_connector_peer_routes', 'Prefixes learnt from the peer'],
  updatesSent: ['ilp_connector_route_updates_sent', 'Route updates sent to the peer'],
  updatesFailed: ['ilp_connector_route_updates_failed', 'Route updates that the peer did not accept'],
  updatesReceived: ['ilp_connector_route_updates_received', 'Route updates received from the peer'],
  updatesRefused: ['ilp_connector_route_updates_refused', 'Route updates from the peer that were refused'],
  routesRefused: ['ilp_connector_routes_refused', 'Routes in accepted updates that policy did not take']
}

/** Registers the metrics; `read` is called at each scrape. */
export function registerRoutingMetrics (registry: Registry, read: () => RoutingMetrics): void {
  const registers = [registry]
  for (const [figure, [name, help]] of Object.entries(ACCOUNT_FIGURES) as Array<[AccountFigure, [string, string]]>) {
    new Gauge({
      name,
      help,
      labelNames: ['account'],
      registers,
      collect () {
        this.reset() // accounts come and go
        for (const [account, figures] of Object.entries(read().accounts)) this.set({ account }, figures[figure])
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
