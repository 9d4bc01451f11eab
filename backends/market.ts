/**
 * Market prices from public services: CoinGecko, Kraken and Coinbase, with the European Central Bank as a witness for currencies. A rate is
 * only given while enough of them agree.
 */
import type { BackendApi } from '../src/contracts/backend.js'
import { nearest } from '../src/lib/nearest.js'
import { assetsOf, CurrencyBackend } from './lib/currency-backend.js'
import { countOption, partOption, periodOptions, proxyOption, refuse } from './lib/options.js'
import type { Options } from './lib/options.js'
import { assetsOption, sourcesOption } from './lib/market/assets.js'
import { MarketFeed } from './lib/market/market-feed.js'
import { priceSource } from './lib/market/sources.js'

const MINUTE_MS = 60_000

/** A misspelt limit must not be one that is not there. */
const OPTIONS = [
  'spread', 'spreads', 'assets', 'sources', 'minSources', 'maxDeviation', 'maxJump', 'jumpRounds', 'refreshInterval', 'maxRateAge', 'coingeckoUrl',
  'coingeckoApiKey', 'krakenUrl', 'coinbaseUrl', 'ecbUrl', 'socksProxy'
]

/** Options: see docs/backends.md. */
export default class MarketBackend extends CurrencyBackend {
  private readonly feed: MarketFeed
  private readonly codeOf: (accountId: string) => string

  constructor (options: Options, api: BackendApi) {
    for (const name of Object.keys(options)) if (!OPTIONS.includes(name)) refuse(name, '(not shown)', expectedOption(name))
    const periods = periodOptions(options, { refreshIntervalMs: MINUTE_MS, maxRateAgeMs: 5 * MINUTE_MS })
    if (periods.refreshIntervalMs < 1000) refuse('refreshInterval', periods.refreshIntervalMs, 'at least 1000 ms: prices that are never refreshed get too old')
    const names = sourcesOption(options)
    const minSources = countOption(options, 'minSources', Math.min(2, names.length), 1)
    if (minSources > names.length) refuse('minSources', minSources, `at most the number of sources, which is ${names.length}`)
    const feed = new MarketFeed({
      sources: names.map(name => priceSource(name, options)),
      terms: {
        ...periods,
        minSources,
        maxDeviation: partOption(options, 'maxDeviation', 0.02),
        maxJump: partOption(options, 'maxJump', 0.2),
        jumpRounds: countOption(options, 'jumpRounds', 3, 1)
      },
      known: assetsOption(options),
      codes: () => assetsOf(api),
      socksProxy: proxyOption(options, api),
      log: api.log
    })
    super(options, api, [feed])
    this.feed = feed
    this.codeOf = accountId => api.getInfo(accountId).assetCode
  }

  /** As of CurrencyBackend. For an asset that no account had until now, it asks the sources first. */
  override getRate (sourceAccount: string, destinationAccount: string): Promise<string> {
    const asked = [this.askFor(sourceAccount), this.askFor(destinationAccount)].filter(asking => asking !== undefined)
    const rate = (): Promise<string> => super.getRate(sourceAccount, destinationAccount)
    return asked.length === 0 ? rate() : Promise.all(asked).then(rate)
  }

  /** Undefined if nothing has to be asked, also for an unknown account. */
  private askFor (accountId: string): Promise<void> | undefined {
    try {
      return this.feed.need(this.codeOf(accountId))
    } catch {
      return undefined
    }
  }
}

function expectedOption (name: string): string {
  const near = nearest(name, OPTIONS)
  return near === undefined ? `one of the options ${OPTIONS.join(', ')}` : `another option (did you mean ${near}?)`
}
