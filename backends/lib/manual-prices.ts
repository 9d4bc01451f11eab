/**
 * Prices that an operator has set by hand, for a time. They stand before all sources, and survive a restart: the market price that the
 * operator did not trust would otherwise be back after a crash.
 */
import { z } from 'zod'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import type { AssetReport } from '../../src/contracts/prices.js'
import { divide, ONE, positiveRate } from '../../src/lib/fraction.js'
import type { Fraction } from '../../src/lib/fraction.js'
import type { RateSource } from './rate-source.js'
import { shownPrice } from './shown-price.js'

const KEY = 'manual-prices'
const Kept = z.record(z.string(), z.strictObject({ price: z.string(), setAt: z.number(), until: z.number() }))

interface ManualPrice {
  /** As the operator wrote it. */
  price: string
  /** Units of the asset per unit of the quote currency. */
  rate: Fraction
  /** ms since 1970. */
  setAt: number
  until: number
}

export class ManualPrices implements RateSource {
  private readonly prices = new Map<string, ManualPrice>()
  private writing: Promise<unknown> = Promise.resolve()

  constructor (readonly base: string, private readonly store: PluginStore | undefined, private readonly log: Logger) {}

  /** Reads those that were set before the last stop. */
  async connect (): Promise<void> {
    const text = await this.store?.get(KEY)
    if (text === undefined) return
    for (const [asset, { price, setAt, until }] of Object.entries(Kept.parse(JSON.parse(text)))) {
      const rate = rateOf(price)
      if (rate === undefined) throw new Error(`the price of ${asset} that was set by hand cannot be read. found=${price}`)
      this.prices.set(asset, { price, rate, setAt, until })
      if (this.current(asset) === undefined) continue
      this.log.warn('price set by hand is in force. asset=%s price=%s until=%s', asset, price, iso(until))
    }
  }

  find (currency: string): Fraction | undefined {
    return this.current(currency)?.rate
  }

  describe (currency: string): AssetReport | undefined {
    const found = this.current(currency)
    if (found === undefined) return undefined
    const { rate, setAt, until } = found
    return { price: shownPrice(divide(ONE, rate)), from: 'manual', ageMs: Math.max(0, Date.now() - setAt), until: iso(until) }
  }

  /** The assets that have one. */
  assets (): string[] {
    return [...this.prices.keys()].filter(asset => this.current(asset) !== undefined)
  }

  /**
   * It is in force and kept when this resolves. Rejects, with nothing changed, if it cannot be kept.
   * @param price a decimal above 0
   */
  async set (asset: string, price: string, lifetimeMs: number): Promise<void> {
    const rate = rateOf(price)
    if (rate === undefined) throw new RangeError(`not a price: ${price}`)
    const setAt = Date.now()
    await this.change(asset, { price, rate, setAt, until: setAt + lifetimeMs })
    this.log.warn('price set by hand. asset=%s price=%s until=%s', asset, price, iso(setAt + lifetimeMs))
  }

  /** Whether there was one. */
  async clear (asset: string): Promise<boolean> {
    if (this.current(asset) === undefined) return false
    await this.change(asset, undefined)
    this.log.warn('price set by hand was taken back. asset=%s', asset)
    return true
  }

  disconnect (): void {
    this.prices.clear()
  }

  /** A clock that was set back to before it was set says nothing about its end: then it has ended. */
  private current (asset: string): ManualPrice | undefined {
    const found = this.prices.get(asset)
    if (found === undefined) return undefined
    const now = Date.now()
    if (now < found.until && now >= found.setAt - (found.until - found.setAt)) return found
    this.prices.delete(asset)
    this.log.warn('price set by hand has ended. asset=%s price=%s until=%s', asset, found.price, iso(found.until))
    return undefined
  }

  /** One after the other, so that what is kept is what is in force. */
  private change (asset: string, price: ManualPrice | undefined): Promise<void> {
    const changing = this.writing.then(async () => {
      const next = new Map(this.prices)
      if (price === undefined) next.delete(asset)
      else next.set(asset, price)
      await this.keep(next)
      if (price === undefined) this.prices.delete(asset)
      else this.prices.set(asset, price)
    })
    this.writing = changing.catch(() => undefined)
    return changing
  }

  private async keep (prices: ReadonlyMap<string, ManualPrice>): Promise<void> {
    const entries = Array.from(prices, ([asset, { price, setAt, until }]) => [asset, { price, setAt, until }] as const)
    const text = JSON.stringify(Object.fromEntries(entries))
    if (this.store?.putAll !== undefined) await this.store.putAll({ [KEY]: text })
    else await this.store?.put(KEY, text)
  }
}

function rateOf (price: string): Fraction | undefined {
  const value = positiveRate(price)
  return value && divide(ONE, value)
}

function iso (time: number): string {
  return new Date(time).toISOString()
}
