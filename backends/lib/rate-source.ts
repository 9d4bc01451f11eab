/** Where exchange rates come from. Rates of one source are units of each currency for one and the same base. */
import type { Fraction } from '../../src/lib/fraction.js'

export type Rates = ReadonlyMap<string, Fraction>

export interface RateSource {
  /** Loads the rates. Rejects with a clear reason if none are available, and is tried again only after `disconnect`. */
  connect (): Promise<void>
  /** @returns undefined for a currency it does not have. Throws a RateUnavailableError for one it has no recent rate of. */
  find (currency: string): Fraction | undefined
  disconnect (): void
}

/** The sender may try again later: rates are missing or too old, and that passes. RFC 0027, T00. */
export class RateUnavailableError extends Error {
  override readonly name = 'RateUnavailableError'
  readonly ilpErrorCode = 'T00'
}

/** Rates that were given in the configuration. They never change and never grow old. */
export class FixedRates implements RateSource {
  constructor (private readonly rates: Rates) {}

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
