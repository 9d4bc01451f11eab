/** Where exchange rates come from. Rates of one source are units of each currency for one and the same base. */
import type { AssetReport, SourceReport } from '../../src/contracts/prices.js'
import type { Fraction } from '../../src/lib/fraction.js'

export type Rates = ReadonlyMap<string, Fraction>

export interface RateSource {
  /** The currency that its rates are relative to. */
  readonly base: string
  /** Loads the rates. Rejects with a clear reason if none are available, and is tried again only after `disconnect`. */
  connect (): Promise<void>
  /** @returns undefined for a currency it does not have. Throws a RateUnavailableError for one it has no recent rate of. */
  find (currency: string): Fraction | undefined
  /** Where the rate of a currency comes from, for operators. Undefined for a currency that it does not have. Optional. */
  describe? (currency: string): AssetReport | undefined
  /** The services behind it, for operators. Optional. */
  describeSources? (): Record<string, SourceReport>
  disconnect (): void
}

/** The sender may try again later: rates are missing or too old, and that passes. RFC 0027, T00. */
export class RateUnavailableError extends Error {
  override readonly name = 'RateUnavailableError'
  readonly ilpErrorCode = 'T00'
}

/** Rates that were given in the configuration. They never change and never grow old. */
export class FixedRates implements RateSource {
  constructor (readonly base: string, private readonly rates: Rates) {}

  connect (): Promise<void> {
    return Promise.resolve()
  }

  find (currency: string): Fraction | undefined {
    return this.rates.get(currency)
  }

  disconnect (): void {
    // nothing runs
  }
}
