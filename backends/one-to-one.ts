/** One unit of any asset is worth one unit of any other: for connectors that deal in one currency. */
import type { Backend, BackendApi } from '../src/contracts/backend.js'
import { shiftDecimal, toDecimalString } from '../src/lib/fraction.js'
import type { Fraction } from '../src/lib/fraction.js'
import { keptAfterSpread } from './lib/options.js'
import type { Options } from './lib/options.js'

/** Options: `spread`. */
export default class OneToOneBackend implements Backend {
  private readonly kept: Fraction
  /** By difference of scales, which are 0 to 255: at most 511 entries. */
  private readonly rates = new Map<number, Promise<string>>()

  constructor (options: Options, private readonly api: BackendApi) {
    this.kept = keptAfterSpread(options)
  }

  connect (): Promise<void> {
    return Promise.resolve()
  }

  /** `(1 - spread) * 10^(destinationScale - sourceScale)`, exactly. */
  getRate (sourceAccount: string, destinationAccount: string): Promise<string> {
    try {
      return this.rateFor(this.api.getInfo(destinationAccount).assetScale - this.api.getInfo(sourceAccount).assetScale)
    } catch (error) {
      return Promise.reject(error) // an account that is not there
    }
  }

  private rateFor (scaleDifference: number): Promise<string> {
    const known = this.rates.get(scaleDifference)
    if (known !== undefined) return known
    const rate = Promise.resolve(toDecimalString(shiftDecimal(this.kept, scaleDifference)))
    this.rates.set(scaleDifference, rate)
    return rate
  }
}
