/** Routing as Prometheus metrics. The router counts plain numbers, which are read when Prometheus scrapes. */
import { Counter, Gauge, type Registry } from 'prom-client'
import { described, ROUTING_METRICS } from '../metrics/names.js'
import type { RoutingMetrics } from './router.js'

type AccountFigure = keyof RoutingMetrics['accounts'][string]

/** What is so now. */
const LEVELS = ['routes'] as const

/** What only goes up, for as long as the account is there. */
const COUNTS = ['updatesSent', 'updatesFailed', 'updatesReceived', 'updatesRefused', 'routesRefused'] as const

/** Registers the metrics; `read` is called at each scrape. */
export function registerRoutingMetrics (registry: Registry, read: () => RoutingMetrics): void {
  const registers = [registry]
  const perAccount = (figure: AccountFigure, show: (account: string, value: number) => void): void => {
    for (const [account, figures] of Object.entries(read().accounts)) show(account, figures[figure])
  }
  for (const figure of LEVELS) {
    new Gauge({
      ...described(ROUTING_METRICS[figure]),
      registers,
      collect () {
        this.reset() // accounts come and go
        perAccount(figure, (account, value) => this.set({ account }, value))
      }
    })
  }
  for (const figure of COUNTS) {
    new Counter({
      ...described(ROUTING_METRICS[figure]),
      registers,
      collect () {
        this.reset()
        perAccount(figure, (account, value) => this.inc({ account }, value))
      }
    })
  }
  new Gauge({
    ...described(ROUTING_METRICS.prefixes),
    registers,
    collect () { this.set(read().prefixes) }
  })
  new Gauge({
    ...described(ROUTING_METRICS.convergence),
    registers,
    collect () { this.set((read().convergenceMs ?? 0) / 1000) }
  })
}
