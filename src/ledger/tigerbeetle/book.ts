/** What a connector knows about one account in TigerBeetle: the cluster's last answer, and the requests since then. */
import { createHash } from 'node:crypto'
import type { AccountBalance, Hold, Limits, Settlement } from '../../contracts/ledger.js'
import { copyOf, nothing, type Count } from '../book.js'
import { RunningTotals } from '../running-totals.js'
import type { TigerBeetleAccount } from './client.js'

/** From the connector's side, in base units. An open settlement is part of what is incoming: it raises the balance when it is paid. */
export interface Totals {
  readonly balance: bigint
  readonly incoming: bigint
  readonly outgoing: bigint
  readonly prepaid: bigint
}

export const ZERO: Totals = { balance: 0n, incoming: 0n, outgoing: 0n, prepaid: 0n }

/** What a hold of that amount adds to the totals. */
export function heldBy (amount: bigint): Totals {
  return amount < 0n ? { ...ZERO, outgoing: amount } : { ...ZERO, incoming: amount }
}

export function postedBy (amount: bigint): Totals {
  return { ...ZERO, balance: amount }
}

export function prepaidBy (amount: bigint): Totals {
  return { ...ZERO, prepaid: amount }
}

export function plus (a: Totals, b: Totals): Totals {
  return {
    balance: a.balance + b.balance, incoming: a.incoming + b.incoming, outgoing: a.outgoing + b.outgoing, prepaid: a.prepaid + b.prepaid
  }
}

export function minus (a: Totals, b: Totals): Totals {
  return {
    balance: a.balance - b.balance, incoming: a.incoming - b.incoming, outgoing: a.outgoing - b.outgoing, prepaid: a.prepaid - b.prepaid
  }
}

/** A number of 128 bits for a name: the same name gives the same number at every connector. */
export function u128 (name: string): bigint {
  return BigInt(`0x${createHash('sha256').update(name).digest('hex').slice(0, 32)}`)
}

/** The transfer of a payment that was reported under an id: the same at every connector. */
export function receivedId ({ account }: SharedBook, id: string): bigint {
  return u128(`received ${account} ${id}`)
}

export class SharedHold implements Hold {
  stage: 'asked' | 'held' | 'posted' | 'ended' = 'asked'
  /** Within the limits, as the cluster's answer showed. Undefined before there is one, and when the cluster did not take it. */
  isWithinLimits: boolean | undefined

  constructor (readonly book: SharedBook, readonly amount: bigint, readonly transferId: bigint) {}

  get accountId (): string {
    return this.book.accountId
  }
}

export class SharedSettlement extends SharedHold implements Settlement {
  state: 'sending' | 'unknown' = 'sending'

  /** What the balance may not pass with it, where there is such a thing. */
  ceiling: bigint | undefined

  constructor (book: SharedBook, amount: bigint, readonly id: string, readonly createdAt: number, readonly by?: string) {
    super(book, amount, u128(`settlement ${id}`))
    this.stage = 'held'
  }
}

export class SharedBook {
  limits: Limits = {}
  removed = false
  /** Whether the cluster has its account: it gets one when money moves, because it never forgets one, and strangers' names cost nothing. */
  exists = false
  /** Another connector was first to move money on it, in another unit: nothing can be booked here. */
  isForeign = false
  settlement: SharedSettlement | undefined
  readonly lateFulfills: Count = nothing()
  readonly reversals: Count = nothing()
  readonly account: bigint
  /** TigerBeetle's ledgers are units: transfers between two units are impossible. */
  readonly ledger: number
  readonly clearing: bigint
  /** What this connector has prepaid; others have accounts of their own for that. */
  readonly prepaidAccount: bigint
  hasPrepaidAccount = false
  /** How far totals of prepaid money were asked for. */
  readonly prepaidTotals = new RunningTotals()
  /** The outgoing holds of this connector. At most 0. */
  ownOutgoing = 0n
  private confirmed = ZERO
  private asked = ZERO

  constructor (readonly accountId: string, readonly unit: string, namespace: string, connector: string) {
    this.account = u128(JSON.stringify(['account', namespace, accountId]))
    this.prepaidAccount = u128(JSON.stringify(['prepaid', namespace, accountId, connector]))
    this.ledger = Number(u128(`unit ${unit}`) % 0xffff_ffffn) + 1
    this.clearing = u128(JSON.stringify(['clearing', namespace, unit]))
  }

  get totals (): Totals {
    return plus(this.confirmed, this.asked)
  }

  get isEven (): boolean {
    const { balance, incoming, outgoing, prepaid } = this.totals
    return balance === 0n && incoming === 0n && outgoing === 0n && prepaid === 0n
  }

  ask (effect: Totals): void {
    this.asked = plus(this.asked, effect)
  }

  /** The cluster has taken `effects`, and these are the accounts with them. */
  confirm (account: TigerBeetleAccount, prepaid: TigerBeetleAccount | undefined, effects: readonly Totals[]): void {
    this.confirmed = {
      balance: account.debits_posted - account.credits_posted,
      incoming: account.debits_pending,
      outgoing: -account.credits_pending,
      prepaid: prepaid === undefined ? 0n : prepaid.debits_posted - prepaid.credits_posted
    }
    this.asked = effects.reduce(minus, this.asked)
  }

  /** The cluster will never take it. */
  withdraw (effect: Totals): void {
    this.asked = minus(this.asked, effect)
  }

  /** What is prepaid as far as the cluster has said. */
  get confirmedPrepaid (): bigint {
    return this.confirmed.prepaid
  }

  /** Says of new holds, in their order, which ones the limits have room for besides what was held before them. */
  admit (holds: readonly SharedHold[]): void {
    const { minimum, maximum } = this.limits
    let totals = holds.reduce((before, hold) => minus(before, heldBy(hold.amount)), this.confirmed)
    for (const hold of holds) {
      const proposed = plus(totals, heldBy(hold.amount))
      const { balance, incoming, outgoing } = proposed
      hold.isWithinLimits = hold.amount < 0n
        ? minimum === undefined || balance + outgoing >= minimum
        : isAtMost(maximum, balance + incoming) && (!(hold instanceof SharedSettlement) || isAtMost(hold.ceiling, balance + incoming))
      if (hold.isWithinLimits) totals = proposed
    }
  }

  view (): AccountBalance {
    const { balance, incoming, outgoing, prepaid } = this.totals
    const settling = this.settlement?.amount ?? 0n
    return {
      unit: this.unit,
      balance,
      incomingHolds: incoming - settling,
      outgoingHolds: outgoing,
      settling,
      settlement: this.settlement,
      prepaid,
      limits: this.limits,
      removed: this.removed,
      lateFulfills: copyOf(this.lateFulfills),
      reversals: copyOf(this.reversals)
    }
  }
}

function isAtMost (limit: bigint | undefined, amount: bigint): boolean {
  return limit === undefined || amount <= limit
}
