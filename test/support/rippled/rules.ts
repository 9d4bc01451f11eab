/** What holds for the ledger that a transaction is applied to: amendments, fees, times. */

/** Amendments that change how channels behave. `fixCleanup3_2_0` and `TokenPaychan` are off on mainnet, so both ways need tests. */
export type Amendment = 'Credentials' | 'TokenPaychan' | 'fixCleanup3_2_0' | 'fixIncludeKeyletFields' | 'fixPayChanCancelAfter'

/** As mainnet has them. */
export const MAINNET_AMENDMENTS: readonly Amendment[] = ['Credentials', 'fixIncludeKeyletFields', 'fixPayChanCancelAfter']

export interface Fees {
  /** Drops. */
  readonly base: bigint
  readonly reserveBase: bigint
  readonly reserveIncrement: bigint
}

/** xrpl.org, "reserves" and "transaction cost". */
export const MAINNET_FEES: Fees = { base: 10n, reserveBase: 1_000_000n, reserveIncrement: 200_000n }

/** A ledger that is being built. */
export interface Building {
  readonly networkId: number
  readonly amendments: ReadonlySet<Amendment>
  readonly fees: Fees
  /** What a loaded server asks of transactions at least, as a multiple of the base fee. */
  readonly loadFactor: number
  readonly index: number
  /** Seconds since 2000. */
  readonly parentCloseTime: number
  /** True for the open ledger, which also asks for enough of a fee. */
  readonly isOpen: boolean
  /** Whether a transaction stands in it already. */
  has (hash: string): boolean
}

/** What an account has to keep, in drops. */
export function reserveFor (fees: Fees, ownerCount: number): bigint {
  return fees.reserveBase + fees.reserveIncrement * BigInt(ownerCount)
}
