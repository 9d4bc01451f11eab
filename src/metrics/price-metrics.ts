/** The prices behind exchange rates as Prometheus metrics. They are looked up when Prometheus scrapes. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { PricesReport } from '../contracts/prices.js'
import { described, PRICE_METRICS } from './names.js'

/** Registers the metrics; `read` is called at each scrape, and gives undefined if the backend has no prices. */
export function registerPriceMetrics (registry: Registry, read: () => PricesReport | undefined): void {
  const registers = [registry]
  const perAsset = (show: (asset: string, report: PricesReport['assets'][string], quote: string) => void): void => {
    const { assets = {}, quote = '' } = read() ?? {}
    for (const [asset, report] of Object.entries(assets)) show(asset, report, quote)
  }
  new Gauge({
    ...described(PRICE_METRICS.price),
    registers,
    collect () {
      this.reset() // assets come and go
      perAsset((asset, { price, trouble }, quote) => {
        if (price !== undefined && trouble === undefined) this.set({ asset, quote }, Number(price))
      })
    }
  })
  new Gauge({
    ...described(PRICE_METRICS.age),
    registers,
    collect () {
      this.reset()
      perAsset((asset, { ageMs }) => { if (ageMs !== undefined) this.set({ asset }, ageMs / 1000) })
    }
  })
  new Gauge({
    ...described(PRICE_METRICS.manual),
    registers,
    collect () {
      this.reset()
      perAsset((asset, { from }) => { this.set({ asset }, from === 'manual' ? 1 : 0) })
    }
  })
  new Counter({
    ...described(PRICE_METRICS.failures),
    registers,
    collect () {
      this.reset()
      for (const [source, { failures }] of Object.entries(read()?.sources ?? {})) this.inc({ source }, failures)
    }
  })
}
