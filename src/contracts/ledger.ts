/**
 * The books. One balance per account, in base units of its asset, from the connector's side: positive means that the peer owes us.
 * A Prepare takes a hold; the hold ends exactly once, posted by a Fulfill or voided by anything else.
 *
 * Prepaid money was paid to the peer ahead of packets. It is not part of the balance until packets use it up: an outgoing packet that is
 * posted lowers the balance, and as far as prepaid money covers it, the balance rises again in the same step, as `settled`.
 */
import type { RunningTotal } from './plugin.js'

/** An absent limit means that there is no limit. */
export interface Limits {
  minimum?: bigint | undefined
  maximum?: bigint | undefined
}

/** Money reserved for one Prepare or one settlement. Positive raises the balance when posted, negative lowers it. */
export interface Hold {
  readonly accountId: string
  readonly amount: bigint
}

/**
 * A hold for money that we pay outside ILP, recorded before it is paid. The id identifies a repeated payment as the same payment. An
 * account has at most one.
 */
export interface Settlement extends Hold {
  readonly id: string
  /** ms since the epoch. */
  readonly createdAt: number
  /**
   * `sending`: it is being paid, and will be posted or voided. `unknown`: it may or may not have been paid (the process ended in between,
   * or the plugin did not say); it is paid again under the same id, or an operator decides.
   */
  readonly state: 'sending' | 'unknown'
  /** The plugin that pays it and knows it by its id, so that it may be asked again. Absent if no plugin does, or none says so. */
  readonly by?: string | undefined
}

/** The limits of a settlement. */
export interface SettlementTerms {
  /** The balance, with the payment and everything that may still come in, must not pass this. Absent: it is paid whatever is owed. */
  readonly ceiling?: bigint | undefined
  readonly by?: string | undefined
}

/** How often, and how much of it all in base units, signed as it changed the balance. */
export interface Movement {
  readonly count: number
  readonly amount: bigint
}

/**
 * What changes a balance: `incoming` and `outgoing` packets that were fulfilled, `settled` is money we paid, `received` money we were paid,
 * `adjusted` an operator's correction, `reversed` an incoming packet that was fulfilled but whose answer could not be sent.
 */
export type MovementKind = 'incoming' | 'outgoing' | 'settled' | 'received' | 'adjusted' | 'reversed'

/** One day (UTC) of an account. The opening balance and all movements make the next day's opening balance. */
export interface Day {
  /** YYYY-MM-DD. */
  readonly date: string
  readonly opening: bigint
  readonly movements: Readonly<Record<MovementKind, Movement>>
}

export interface AccountBalance {
  /** What the amounts are, as `openAccount` was told: `USD/9`. Absent in ledgers that do not say. */
  readonly unit?: string
  /** Posted: what Fulfills, settlements and adjustments made of it. */
  readonly balance: bigint
  /** Sum of the open holds for incoming Prepares (at least 0). */
  readonly incomingHolds: bigint
  /** Sum of the open holds for outgoing Prepares (at most 0). */
  readonly outgoingHolds: bigint
  /** Amount of the open settlement, 0 without one. */
  readonly settling: bigint
  readonly settlement: Settlement | undefined
  /** Paid ahead, and not used by a packet yet. At least 0. */
  readonly prepaid: bigint
  readonly limits: Limits
  /** The account was removed, but its money is still here. */
  readonly removed: boolean
  /** Fulfills of the peer that came after our reject. They are not owed (the packet had expired), so not booked. Amounts at least 0. */
  readonly lateFulfills: Movement
  /** Fulfills that we could not pass on to this peer. The next hop was paid, so this is what we lost. Amounts at least 0. */
  readonly reversals: Movement
}

/** The book of what strangers owe who are gone, in one sum. No account has this id. */
export const DEPARTED_STRANGERS = 'departed strangers'

export interface Ledger {
  /**
   * The identity of these books: different books have different ids, and the same books always have the same. Throws while they are not
   * open.
   */
  readonly id: string
  /**
   * Starts keeping an account's balance, or changes its limits. `unit` says what the amounts are (`USD/9`).
   * Throws when the account has money in another unit, or running totals: one number cannot mean both.
   */
  openAccount (accountId: string, limits: Limits, unit: string): void | Promise<void>
  /**
   * Forgets a removed account as soon as it is even and has no holds; until then its balance waits for the account to come back. Ids of
   * received payments, and running totals, are never forgotten: the account may come back and report them again.
   */
  closeAccount (accountId: string): void
  /**
   * Optional, for ledgers that keep a book for each account. Says of an open account whether anybody may come under its name. When many
   * such accounts are gone, only the largest debts are kept under their names, and the others are added to the book DEPARTED_STRANGERS.
   * What they are owed is kept.
   */
  markStranger? (accountId: string, isStranger: boolean): void
  /**
   * What we owe, or have prepaid, to somebody in particular under this name, whether or not there is such an account now: at least 0. A
   * ledger that cannot tell strangers' money from that of others says all.
   */
  owedTo (accountId: string): bigint | Promise<bigint>
  /**
   * Reserves `amount` (positive: a Prepare arrived; negative: one is about to leave).
   * Throws T04 InsufficientLiquidityError when balance and holds of that direction would pass a limit, and T00 InternalError while what is
   * posted cannot be kept; either changes nothing. A promise where the books are elsewhere: nothing is sent until it resolves.
   */
  hold (accountId: string, amount: bigint): Hold | Promise<Hold>
  /**
   * Reserves a payment of `amount` > 0 to the peer. Pay it once it is committed and still open: if the books are shared, they may show by
   * then that another connector pays, and it ends. Throws T04 like `hold` at the maximum and at the ceiling of its terms, and Error while
   * another settlement of the account is open; the id and amount of one that is `unknown` take that up again.
   */
  settle (accountId: string, amount: bigint, id: string, terms?: SettlementTerms): Settlement
  /** Ends a hold: its amount becomes balance, and stays that from `committed` on. Throws when the hold has ended already. */
  post (hold: Hold): void
  /** Ends a hold without a trace. Throws when the hold has ended already. */
  void (hold: Hold): void
  /** Takes back a posted hold whose answer could not be sent. Never refused. Throws when the hold is not posted. */
  reverse (hold: Hold): void
  /** Marks a settlement as unknown: nobody knows whether it was paid. Does nothing to one that has ended. */
  markUnknown (settlement: Settlement): void
  /**
   * Money that the peer paid us outside ILP: lowers the balance by `amount`. It is never refused, because the money is already here. It
   * changes nothing if it was credited before under the same id; false if that is known at once. With a total, `amount` is its step, and
   * what is credited is the part of it that was not credited before. Throws RangeError for a total that shrinks.
   */
  credit (accountId: string, amount: bigint, id?: string, total?: RunningTotal): boolean
  /** See `prepay` of PluginBooks. Throws RangeError for a total that shrinks. */
  prepay (accountId: string, total: RunningTotal, limit?: bigint): void | Promise<void>
  /** An operator's correction. Throws T04 and changes nothing when the new balance would pass a limit. Returns the new balance. */
  adjust (accountId: string, amount: bigint): bigint
  /** Counts a Fulfill for `amount` that came too late to be booked. */
  lateFulfill (accountId: string, amount: bigint): void
  /**
   * Resolves when everything posted so far survives a crash, as far as this ledger promises that. Rejects with T00 when it cannot be kept
   * in time for an answer; it stays in the books then, and is kept as soon as possible.
   */
  committed (): Promise<void>
  /** Reloads the account if the books are shared and others may have changed it. Rejects with T00 if they cannot be reached. */
  refresh (accountId: string): Promise<void>
  /** As of the last time it was loaded. Undefined for an account without a balance. */
  balanceOf (accountId: string): AccountBalance | undefined
  /** The days of an account's journal, oldest first; the last one is today. Empty if the ledger keeps its history elsewhere. */
  journalOf (accountId: string): Day[]
  accountIds (): Iterable<string>
}
