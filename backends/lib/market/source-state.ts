/** One price source: its last prices, and its failures. A failed request keeps the prices that there were, until they are too old. */
import type { Logger } from '../../../src/contracts/logger.js'
import type { Fraction } from '../../../src/lib/fraction.js'
import { fetchText } from '../fetch-text.js'
import { reasonOf } from '../rate-feed.js'
import type { Assets } from './assets.js'
import { Moment } from './moment.js'
import type { PriceSource, Quote } from './sources.js'

interface Loaded {
  quotes: ReadonlyMap<string, Quote>
  at: Moment
}

export class SourceState {
  failures = 0
  /** Why the last request failed; undefined if it did not. */
  trouble: string | undefined
  private loaded: Loaded | undefined
  private isNew = false
  private readonly socksProxy: string | undefined
  private readonly log: Logger

  /** @param maxAgeMs how old a price of this source may be */
  constructor (
    readonly source: PriceSource, private readonly maxAgeMs: number, { socksProxy, log }: { socksProxy: string | undefined, log: Logger }
  ) {
    this.socksProxy = socksProxy
    this.log = log
  }

  get name (): string {
    return this.source.name
  }

  /** Asks the service, once. Never rejects. It is not asked if it has none of `assets`. */
  async load (assets: Assets, signal: AbortSignal): Promise<'answered' | 'failed' | 'not asked'> {
    const url = this.source.urlFor(assets)
    this.isNew = false
    if (url === undefined) return 'not asked'
    try {
      const answer = await fetchText(url, { signal, headers: this.source.headers, socksProxy: this.socksProxy })
      signal.throwIfAborted()
      this.loaded = { quotes: this.source.parse(answer, assets), at: new Moment() }
      this.isNew = true
      if (this.trouble !== undefined) this.log.info('price source answers again. source=%s failures=%s', this.name, this.failures)
      this.trouble = undefined
      return 'answered'
    } catch (error) {
      if (!signal.aborted) this.failed(url, reasonOf(error))
      return 'failed'
    }
  }

  /** A price that is young enough. `isNew`: it came with the last request. */
  fresh (asset: string): { price: Fraction, ageMs: number, isNew: boolean } | undefined {
    const price = this.loaded?.quotes.get(asset)?.price
    const ageMs = this.ageMs(asset)
    return price === undefined || ageMs === undefined || ageMs > this.maxAgeMs ? undefined : { price, ageMs, isNew: this.isNew }
  }

  /** What the source last said of an asset, and what is wrong with that. */
  describe (asset: string): { price: Fraction | undefined, ageMs: number | undefined, trouble: string | undefined } {
    const price = this.loaded?.quotes.get(asset)?.price
    const ageMs = this.ageMs(asset)
    const trouble = this.trouble ?? (price === undefined ? 'no usable price in its answer'
      : ageMs === undefined ? 'its time is in the future: check the clock of this machine' : ageMs > this.maxAgeMs ? 'too old' : undefined)
    return { price, ageMs, trouble }
  }

  /** Undefined if there is no price, or if it is from so far in the future that one of the two clocks is wrong. */
  private ageMs (asset: string): number | undefined {
    const { quotes, at } = this.loaded ?? {}
    const quote = quotes?.get(asset)
    if (quote === undefined || at === undefined || quote.ageMs < -this.maxAgeMs) return undefined
    return Math.max(0, quote.ageMs) + at.ageMs()
  }

  /** A service that is down for a day is said once. */
  private failed (url: URL, reason: string): void {
    this.failures++
    if (this.trouble === undefined) {
      this.log.warn('price source failed, keeping its last prices until they are too old. source=%s url=%s reason=%s',
        this.name, url.origin + url.pathname, reason)
    } else this.log.debug('price source still fails. source=%s failures=%s reason=%s', this.name, this.failures, reason)
    this.trouble = reason
  }
}
