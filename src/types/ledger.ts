/**
 * The books. One balance per account, in base units of its asset, from the connector's side: positive means that the peer owes us.
 * A Prepare takes a hold; the hold ends exactly once, posted by a Fulfill or voided by anything else.
 */

/** An absent limit is no limit. */
export interface Limits {
  minimum?: bigint | undefined
  maximum?: bigint | undefined
}

/** Money reserved for one Prepare or one settlement. Positive raises the balance when posted, negative lowers it. */
export interface Hold {
  readonly accountId: string
  readonly amount: bigint
}

/** A hold for money that we pay outside ILP. The id makes a repeated payment the same payment. */
export interface Settlement extends Hold {
  readonly id: string
}

export interface AccountBalance {
  /** Posted: what Fulfills, settlements and adjustments made of it. */
  readonly balance: bigint
  /** Sum of the open holds for incoming Prepares (at least 0). */
  readonly incomingHolds: bigint
  /** Sum of the open holds for outgoing Prepares (at most 0). */
  readonly outgoingHolds: bigint
  /** Sum of the open settlements (at least 0). */
  readonly settling: bigint
  readonly limits: Limits
}

export interface Ledger {
  /** Starts keeping an account's balance, or changes its limits. */
  openAccount (accountId: string, limits: Limits): void
  /** Forgets an account that is even and quiet; one that is not keeps its balance for when it comes back. */
  closeAccount (accountId: string): void
  /**
   * Reserves `amount` (positive: a Prepare arrived; negative: one is about to leave).
   * Throws T04 InsufficientLiquidityError and changes nothing when balance and holds of that direction would pass a limit.
   */
  hold (accountId: string, amount: bigint): Hold
  /** Reserves a payment of `amount` > 0 to the peer. Throws like `hold` at the maximum. */
  settle (accountId: string, amount: bigint): Settlement
  /** Ends a hold: its amount becomes balance. Throws when the hold has ended already. */
  post (hold: Hold): void
  /** Ends a hold without a trace. Throws when the hold has ended already. */
  void (hold: Hold): void
  /** Money that the peer paid us outside ILP: lowers the balance by `amount`. Never refused, the money is already here. */
  credit (accountId: string, amount: bigint): void
  /** An operator's correction. Throws T04 and changes nothing when the new balance would pass a limit. Returns the new balance. */
  adjust (accountId: string, amount: bigint): bigint
  /** Resolves when everything posted so far survives a crash, as far as this ledger promises that. */
  committed (): Promise<void>
  /** Undefined for an account without a balance. */
  balanceOf (accountId: string): AccountBalance | undefined
  accountIds (): Iterable<string>
}
