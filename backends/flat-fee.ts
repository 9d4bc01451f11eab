/** One currency, and one fee on everything that leaves for another party: packets to our own accounts are free. */
import type { Backend, BackendApi } from '../src/contracts/backend.js'
import { ONE, shiftDecimal, toDecimalString } from '../src/lib/fraction.js'
import type { Fraction } from '../src/lib/fraction.js'
import { keptAfterSpread, refuse } from './lib/options.js'
import type { Options } from './lib/options.js'

/** Options: `spread`, the fee as a fraction (amounts are rounded down, so the fee is rounded up); `free`, ids of accounts that get all. */
export default class FlatFeeBackend implements Backend {
  private readonly kept: Fraction
  private readonly free: ReadonlySet<unknown>
  /** By fraction kept and difference of scales: at most 2 x 511 entries. */
  private readonly rates = new Map<string, string>()

  constructor (options: Options, private readonly api: BackendApi) {
    this.kept = keptAfterSpread(options)
    const { free = [] } = options
    if (!Array.isArray(free)) refuse('free', free, 'an array of account ids')
    this.free = new Set<unknown>(free)
  }

  connect (): Promise<void> {
    return Promise.resolve()
  }

  /** `kept * 10^(destinationScale - sourceScale)`, exactly; all of it is kept for a free destination. Rejects for an unknown account. */
  async getRate (sourceAccount: string, destinationAccount: string): Promise<string> {
    const scaleDifference = this.api.getInfo(destinationAccount).assetScale - this.api.getInfo(sourceAccount).assetScale
    return Promise.resolve(this.rateFor(this.free.has(destinationAccount), scaleDifference))
  }

  private rateFor (isFree: boolean, scaleDifference: number): string {
    const key = `${isFree} ${scaleDifference}`
    const known = this.rates.get(key)
    if (known !== undefined) return known
    const rate = toDecimalString(shiftDecimal(isFree ? ONE : this.kept, scaleDifference))
    this.rates.set(key, rate)
    return rate
  }
}
