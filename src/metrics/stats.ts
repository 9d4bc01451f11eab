/** What a connector counts about its accounts: fed by middlewares, served by the admin API as JSON and as Prometheus metrics. */
import { register as globalRegistry, Registry } from 'prom-client'
import type { Stats } from '../contracts/stats.js'
import { SeriesCounter, SeriesGauge, type MetricStatus } from './account-metrics.js'
import { listDefaultMetrics } from './default-metrics.js'
import { ACCOUNT_METRICS } from './names.js'

/** One per connector. */
export class AccountStats implements Stats {
  private readonly registry = new Registry()
  private delistDefaultMetrics: (() => void) | undefined

  readonly incomingDataPackets = new SeriesCounter(ACCOUNT_METRICS.incomingDataPackets, this.registry)
  readonly incomingDataPacketValue = new SeriesCounter(ACCOUNT_METRICS.incomingDataPacketValue, this.registry)
  readonly outgoingDataPackets = new SeriesCounter(ACCOUNT_METRICS.outgoingDataPackets, this.registry)
  readonly outgoingDataPacketValue = new SeriesCounter(ACCOUNT_METRICS.outgoingDataPacketValue, this.registry)
  readonly incomingMoney = new SeriesGauge(ACCOUNT_METRICS.incomingMoney, this.registry)
  readonly outgoingMoney = new SeriesGauge(ACCOUNT_METRICS.outgoingMoney, this.registry)
  readonly rateLimitedPackets = new SeriesCounter(ACCOUNT_METRICS.rateLimitedPackets, this.registry)
  readonly rateLimitedMoney = new SeriesCounter(ACCOUNT_METRICS.rateLimitedMoney, this.registry)
  readonly balance = new SeriesGauge(ACCOUNT_METRICS.balance, this.registry)
  readonly rejects = new SeriesCounter(ACCOUNT_METRICS.rejects, this.registry)

  /** In the order in which GET /stats lists them; `rejects` is ours, and for Prometheus alone. */
  private readonly metrics = [
    this.incomingDataPackets,
    this.incomingDataPacketValue,
    this.outgoingDataPackets,
    this.outgoingDataPacketValue,
    this.incomingMoney,
    this.outgoingMoney,
    this.rateLimitedPackets,
    this.rateLimitedMoney,
    this.balance
  ]

  /** The account metrics as JSON. Process metrics are not part of it. */
  getStatus (): MetricStatus[] {
    return this.metrics.map(metric => metric.getStatus())
  }

  /** The connector's own registry; values are brought up to date whenever it is read. */
  getRegistry (): Registry {
    return this.registry
  }

  /**
   * Everything in the Prometheus text format (version 0.0.4): this connector's registry, and what else lives in prom-client's global
   * registry, because custom middlewares put their metrics there. Of two metrics with one name the connector's is served.
   */
  async scrape (): Promise<string> {
    const own = new Set(this.registry.getMetricsAsArray().map(metric => metric.name))
    const foreign = globalRegistry.getMetricsAsArray().map(metric => metric.name).filter(name => !own.has(name))
    const texts = await Promise.all(foreign.map(name => globalRegistry.getSingleMetricAsString(name)))
    return [await this.registry.metrics(), ...texts.map(text => `${text}\n`)].join('\n')
  }

  /** Forgets an account's series. Answers that still come for it start no new ones. */
  removeAccount (accountId: string): void {
    for (const metric of [...this.metrics, this.rejects]) metric.removeAccount(accountId)
  }

  /** Counts for an account again that was removed before. */
  admitAccount (accountId: string): void {
    for (const metric of [...this.metrics, this.rejects]) metric.admitAccount(accountId)
  }

  /** Adds process metrics to the registry until `stopDefaultMetrics`. Calling it twice is fine, as are several connectors. */
  startDefaultMetrics (): void {
    this.delistDefaultMetrics ??= listDefaultMetrics(this.registry)
  }

  stopDefaultMetrics (): void {
    this.delistDefaultMetrics?.()
    this.delistDefaultMetrics = undefined
  }
}
