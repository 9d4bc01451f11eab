/** What Prometheus reads of prices: those that are traded at, how old they are, and how often a source has failed. */
import { expect } from 'chai'
import { Registry } from 'prom-client'
import type { PricesReport } from '../../src/contracts/prices.js'
import { registerPriceMetrics } from '../../src/metrics/price-metrics.js'

const samples = async (report: PricesReport | undefined): Promise<string[]> => {
  const registry = new Registry()
  registerPriceMetrics(registry, () => report)
  return (await registry.metrics()).split('\n').filter(line => line !== '' && !line.startsWith('#')).sort()
}

describe('metrics of prices', () => {
  it('show each asset and each source', async () => {
    expect(await samples({
      quote: 'USD',
      assets: {
        USD: { price: '1', from: 'quote' },
        XRP: { price: '0.52', ageMs: 1500, from: 'manual', until: '2026-01-01T00:00:00.000Z' },
        BTC: { price: '50000', ageMs: 400_000, from: 'market', trouble: 'the sources disagree' }
      },
      sources: { kraken: { failures: 3, trouble: 'unexpected HTTP status 503' }, coinbase: { failures: 0 } }
    })).to.deep.equal([
      'ilp_connector_price_age_seconds{asset="BTC"} 400',
      'ilp_connector_price_age_seconds{asset="XRP"} 1.5',
      'ilp_connector_price_manual{asset="BTC"} 0',
      'ilp_connector_price_manual{asset="USD"} 0',
      'ilp_connector_price_manual{asset="XRP"} 1',
      'ilp_connector_price_source_failures{source="coinbase"} 0',
      'ilp_connector_price_source_failures{source="kraken"} 3',
      'ilp_connector_price{asset="USD",quote="USD"} 1',
      'ilp_connector_price{asset="XRP",quote="USD"} 0.52'
    ])
  })

  it('are nothing for a backend without prices', async () => {
    expect(await samples(undefined)).to.deep.equal([])
  })
})
