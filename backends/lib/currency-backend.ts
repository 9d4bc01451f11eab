/** Shared by all backends with real exchange rates: finds two rates and turns them into one between two accounts' base units. */
import type { Backend, BackendApi } from '../../src/contracts/backend.js'
import { divide, multiply, shiftDecimal, toDecimalString } from '../../src/lib/fraction.js'
import type { Fraction } from '../../src/lib/fraction.js'
import { keptAfterSpread } from './options.js'
import type { Options } from './options.js'
import { RateUnavailableError } from './rate-source.js'
import type { RateSource } from './rate-source.js'

/** More pairs of assets and scales than a connector trades between; at the bound the cache starts afresh. */
const CACHED_RATES_MAX = 10_000

interface CachedRate {
  source: Fraction
  destination: Fraction
  rate: string
}

export class CurrencyBackend implements Backend {
  private readonly kept: Fraction
  private readonly cache = new Map<string, CachedRate>()

  /** @param sources all relative to one base; the first that has a currency wins */
  constructor (options: Options, private readonly api: BackendApi, private readonly sources: readonly RateSource[]) {
    this.kept = keptAfterSpread(options)
  }

  /** Rejects when any source cannot be loaded; then none stays open. */
  async connect (): Promise<void> {
    try {
      for (const source of this.sources) await source.connect()
    } catch (error) {
      await this.disconnect()
      throw error
    }
  }

  /** `(destination * 10^destinationScale) / (source * 10^sourceScale) * (1 - spread)`. Rejects with `ilpErrorCode` T00 without a rate. */
  getRate (sourceAccount: string, destinationAccount: string): Promise<string> {
    return new Promise(resolve => { resolve(this.rateBetween(sourceAccount, destinationAccount)) })
  }

  disconnect (): Promise<void> {
    for (const source of this.sources) source.disconnect()
    return Promise.resolve()
  }

  private rateBetween (sourceAccount: string, destinationAccount: string): string {
    const from = this.api.getInfo(sourceAccount)
    const to = this.api.getInfo(destinationAccount)
    const source = this.find(from.assetCode)
    const destination = this.find(to.assetCode)

    // A refresh brings new fractions, so an entry made from the same two is still right.
    const key = `${from.assetScale} ${to.assetScale} ${from.assetCode} ${to.assetCode}`
    const cached = this.cache.get(key)
    if (cached?.source === source && cached.destination === destination) return cached.rate

    const exact = multiply(shiftDecimal(divide(destination, source), to.assetScale - from.assetScale), this.kept)
    const rate = toDecimalString(exact)
    if (this.cache.size >= CACHED_RATES_MAX) this.cache.clear()
    this.cache.set(key, { source, destination, rate })
    return rate
  }

  private find (currency: string): Fraction {
    for (const source of this.sources) {
      const rate = source.find(currency)
      if (rate !== undefined) return rate
    }
    throw new RateUnavailableError(`no rate available. currency=${currency}`)
  }
}
