/** Shared by all backends with real exchange rates: finds two rates and turns them into one between two accounts' base units. */
import type { Backend, BackendApi } from '../../src/contracts/backend.js'
import { SluiceError } from '../../src/contracts/errors.js'
import type { AssetReport, Prices, PricesReport } from '../../src/contracts/prices.js'
import { divide, multiply, ONE, shiftDecimal, toDecimalString } from '../../src/lib/fraction.js'
import type { Fraction } from '../../src/lib/fraction.js'
import { ManualPrices } from './manual-prices.js'
import { keptAfterSpread, pairOf, spreadsOption } from './options.js'
import type { Options } from './options.js'
import { RateUnavailableError } from './rate-source.js'
import type { RateSource } from './rate-source.js'
import { shownPrice } from './shown-price.js'

/** More pairs of assets and scales than a connector trades between; at the bound the cache starts afresh. */
const CACHED_RATES_MAX = 10_000

interface CachedRate {
  source: Fraction
  destination: Fraction
  rate: string
}

export class CurrencyBackend implements Backend {
  readonly prices: Prices
  private readonly kept: Fraction
  /** By pair: what is kept there instead. */
  private readonly keptOf: ReadonlyMap<string, Fraction>
  private readonly quote: string
  private readonly manual: ManualPrices
  private readonly sources: readonly RateSource[]
  private readonly cache = new Map<string, CachedRate>()

  /** @param sources all relative to one base; the first that has a currency wins, after what an operator has set by hand */
  constructor (options: Options, private readonly api: BackendApi, sources: readonly RateSource[]) {
    this.kept = keptAfterSpread(options)
    this.keptOf = spreadsOption(options)
    this.quote = sources[0]?.base ?? 'EUR'
    this.manual = new ManualPrices(this.quote, api.store, api.log)
    this.sources = [this.manual, ...sources]
    this.prices = {
      report: () => this.report(),
      set: (asset, price, lifetimeMs) => this.setPrice(asset, price, lifetimeMs),
      clear: asset => this.manual.clear(asset)
    }
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

  /**
   * `(destination * 10^destinationScale) / (source * 10^sourceScale) * (1 - spread)`; between accounts of one asset, no rate is needed.
   * Rejects with `ilpErrorCode` T00 without a rate.
   */
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
    const isSame = from.assetCode === to.assetCode
    const source = isSame ? ONE : this.find(from.assetCode)
    const destination = isSame ? ONE : this.find(to.assetCode)

    // A refresh brings new fractions, so an entry made from the same two is still right.
    const key = `${from.assetScale} ${to.assetScale} ${from.assetCode} ${to.assetCode}`
    const cached = this.cache.get(key)
    if (cached?.source === source && cached.destination === destination) return cached.rate

    const kept = this.keptOf.get(pairOf(from.assetCode, to.assetCode)) ?? this.kept
    const exact = multiply(shiftDecimal(divide(destination, source), to.assetScale - from.assetScale), kept)
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

  private report (): PricesReport {
    const assets = [...new Set([...assetsOf(this.api), ...this.manual.assets()])].sort()
    return {
      quote: this.quote,
      assets: Object.fromEntries(assets.map(asset => [asset, this.describe(asset)])),
      sources: Object.assign({}, ...this.sources.map(source => source.describeSources?.())) as PricesReport['sources']
    }
  }

  private describe (asset: string): AssetReport {
    const byHand = this.manual.describe(asset)
    const otherwise = this.describeOtherwise(asset)
    return byHand === undefined ? otherwise : { ...byHand, otherwise }
  }

  private describeOtherwise (asset: string): AssetReport {
    if (asset === this.quote) return { price: '1', from: 'quote' }
    const from = 'rates'
    for (const source of this.sources) {
      if (source === this.manual) continue
      const told = source.describe?.(asset)
      if (told !== undefined) return told
      try {
        const rate = source.find(asset)
        if (rate !== undefined) return { price: shownPrice(divide(ONE, rate)), from }
      } catch (error) {
        return { from, trouble: error instanceof Error ? error.message : String(error) }
      }
    }
    return { from, trouble: `no rate available. currency=${asset}` }
  }

  private async setPrice (asset: string, price: string, lifetimeMs: number): Promise<AssetReport> {
    if (asset === this.quote) throw new SluiceError('SLUICE_PRICE_REFUSED', `prices are in ${asset}, so its own is always 1. Set that of another asset.`)
    const assets = assetsOf(this.api)
    if (!assets.has(asset)) {
      throw new SluiceError('SLUICE_ASSET_UNKNOWN', `no account has the asset ${asset}. Accounts have ${[...assets].sort().join(', ')}.`)
    }
    await this.manual.set(asset, price, lifetimeMs)
    return this.describe(asset)
  }
}

/** The codes of all accounts' assets. */
export function assetsOf (api: BackendApi): Set<string> {
  return new Set(api.getAccountIds?.().map(id => api.getInfo(id).assetCode))
}
