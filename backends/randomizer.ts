/** Rates that change with every packet, to test how senders cope. Never for real money. */
import type { Backend, BackendApi } from '../src/contracts/backend.js'
import { fromNumber, multiply, ONE, shiftDecimal, subtract, toDecimalString } from '../src/lib/fraction.js'
import type { Fraction } from '../src/lib/fraction.js'
import { keptAfterSpread, numberOption } from './lib/options.js'
import type { Options } from './lib/options.js'

const VARIATION_DEFAULT = 0.1

/** Options: `spread`, and `variation` from 0 (none) to 1 (from nothing to double); its sign does not matter and more than 1 is 1. */
export default class RandomizerBackend implements Backend {
  private readonly spread: Fraction
  private readonly variation: number

  constructor (options: Options, private readonly api: BackendApi) {
    this.spread = subtract(ONE, keptAfterSpread(options))
    this.variation = Math.min(Math.abs(numberOption(options, 'variation', VARIATION_DEFAULT)), 1)
    api.log.warn('using the randomizer backend. variation=%s', this.variation)
  }

  connect (): Promise<void> {
    return Promise.resolve()
  }

  /** `(1 + r - spread) * 10^(destinationScale - sourceScale)`, with `r` between -variation and +variation; never below 0. */
  getRate (sourceAccount: string, destinationAccount: string): Promise<string> {
    return new Promise(resolve => {
      const scaleDifference = this.api.getInfo(destinationAccount).assetScale - this.api.getInfo(sourceAccount).assetScale
      const gain = subtract(this.randomFactor(), this.spread)
      resolve(gain.numerator < 0n ? '0' : toDecimalString(shiftDecimal(gain, scaleDifference)))
    })
  }

  /** `1 + r`, to five decimal places. */
  private randomFactor (): Fraction {
    const r = (0.5 - Math.random()) * this.variation * 2
    return multiply(fromNumber(Math.round((1 + r) * 100_000)), { numerator: 1n, denominator: 100_000n })
  }
}
