/** The book of one account: its balance, what is on hold, and what moved it on which day. */
import { InsufficientLiquidityError, withDetails } from '../packet/errors.js'
import type { Day, Limits, Movement, MovementKind, Settlement } from '../contracts/ledger.js'
import { RunningTotals, type TotalKind } from './running-totals.js'

/** Days of the journal that are kept; their opening balances stand for what was before. */
export const JOURNAL_DAYS_MAX = 90
/** Ids of incoming payments that are remembered. A plugin repeats its latest after a crash, not old ones. */
export const RECEIVED_IDS_MAX = 256

const DAY_MS = 86_400_000
const NO_IDS: ReadonlySet<string> = new Set()

/** A movement as it goes on being counted. */
export interface Count {
  count: number
  amount: bigint
}

export interface OpenDay extends Day {
  readonly movements: Record<MovementKind, Count>
}

export class Book {
  balance = 0n
  incomingHolds = 0n
  outgoingHolds = 0n
  settlement: Settlement | undefined
  /** Paid ahead of packets, no part of the balance. */
  prepaid = 0n
  limits: Limits = {}
  unit = ''
  /** The account is not there any more. */
  removed = false
  /** Nothing of it is worth keeping. */
  forgotten = false
  /** Anybody may come under its name. */
  isStranger = false
  /** The book that has its money since it was forgotten. */
  mergedInto: Book | undefined
  readonly lateFulfills: Count = nothing()
  readonly reversals: Count = nothing()
  readonly totals: Record<TotalKind, RunningTotals> = { received: new RunningTotals(), prepaid: new RunningTotals() }
  readonly pastDays: Day[] = []
  /** Undefined until the first of the account's days has something in it: most of thousands of accounts never have one. */
  private day: OpenDay | undefined
  private dayNumber: number
  /** Ids of incoming payments, oldest first. Undefined before the first. */
  private ids: Set<string> | undefined

  constructor (readonly accountId: string, today?: OpenDay) {
    this.day = today
    this.dayNumber = today === undefined ? dayNumberAt(Date.now()) : Date.parse(today.date) / DAY_MS
  }

  get today (): OpenDay {
    return this.day ??= emptyDay(this.dayNumber, 0n)
  }

  /** Ids of incoming payments, oldest first. */
  get received (): ReadonlySet<string> {
    return this.ids ?? NO_IDS
  }

  get settling (): bigint {
    return this.settlement?.amount ?? 0n
  }

  get isEven (): boolean {
    return this.balance === 0n && this.incomingHolds === 0n && this.outgoingHolds === 0n && this.settlement === undefined &&
      this.prepaid === 0n
  }

  /** It is owed to us, and nothing is under way that changes it. */
  get isSettledDebt (): boolean {
    return this.balance > 0n && this.incomingHolds === 0n && this.outgoingHolds === 0n && this.settlement === undefined &&
      this.prepaid === 0n && !this.mayBeToldAgain
  }

  /** There are running totals, in its unit. */
  get hasTotals (): boolean {
    return this.totals.received.size > 0 || this.totals.prepaid.size > 0
  }

  /** Money was reported that may be reported again. */
  get mayBeToldAgain (): boolean {
    return this.received.size > 0 || this.hasTotals
  }

  /** Changes the balance by `amount`. Returns whether a new day began with that. */
  move (kind: MovementKind, amount: bigint): boolean {
    const newDay = this.turnPage(Date.now())
    this.balance += amount
    add(this.today.movements[kind], amount)
    return newDay
  }

  /** Takes over what is in another book of the same unit, whose own days are then forgotten. Returns whether a new day began with that. */
  take (other: Book): boolean {
    other.mergedInto = this
    for (const [own, others] of [[this.lateFulfills, other.lateFulfills], [this.reversals, other.reversals]] as const) {
      own.count += others.count
      own.amount += others.amount
    }
    return this.move('adjusted', other.balance)
  }

  /** False when the id is there already. */
  remember (id: string): boolean {
    const ids = this.ids ??= new Set<string>()
    if (ids.has(id)) return false
    ids.add(id)
    for (const oldest of ids) {
      if (ids.size <= RECEIVED_IDS_MAX) break
      ids.delete(oldest)
    }
    return true
  }

  /** A clock that goes backwards does not open a day again: what happens then counts on the latest day. */
  private turnPage (now: number): boolean {
    const dayNumber = dayNumberAt(now)
    if (dayNumber <= this.dayNumber) return false
    this.pastDays.push(this.today)
    if (this.pastDays.length >= JOURNAL_DAYS_MAX) this.pastDays.shift()
    this.day = emptyDay(dayNumber, this.balance)
    this.dayNumber = dayNumber
    return true
  }
}

/** Throws T04 when `proposed` is beyond a limit. Only the limit that the change moves towards can refuse it. */
export function checkLimits ({ limits }: { limits: Limits }, proposed: bigint, change: bigint): void {
  if (change > 0n && limits.maximum !== undefined && proposed > limits.maximum) {
    throw new InsufficientLiquidityError('exceeded maximum balance.')
  }
  if (change < 0n && limits.minimum !== undefined && proposed < limits.minimum) {
    throw new InsufficientLiquidityError('exceeded minimum balance.')
  }
}

/** Throws T04 when a settlement would take the balance to `proposed`, above what it may. */
export function checkCeiling (proposed: bigint, ceiling: bigint | undefined): void {
  if (ceiling !== undefined && proposed > ceiling) throw new InsufficientLiquidityError('exceeded what is due.')
}

/** Throws T04 when more would be prepaid ahead of the packets under way than `limit`. */
export function checkPrepaid (ahead: bigint, limit: bigint): void {
  if (ahead > limit) throw withDetails(message => new InsufficientLiquidityError(message), 'exceeded what may be prepaid.', `ahead=${ahead} limit=${limit}`)
}

export function add (total: Count, amount: bigint): void {
  total.count++
  total.amount += amount
}

export function nothing (): Count {
  return { count: 0, amount: 0n }
}

/** What a day's movements make of its opening balance. */
export function closingOf ({ opening, movements }: Day): bigint {
  return Object.values(movements).reduce((balance, { amount }) => balance + amount, opening)
}

/** A value for each kind of movement. */
export function forEachKind<T> (value: (kind: MovementKind) => T): Record<MovementKind, T> {
  return {
    incoming: value('incoming'),
    outgoing: value('outgoing'),
    settled: value('settled'),
    received: value('received'),
    adjusted: value('adjusted'),
    reversed: value('reversed')
  }
}

export function copyOf ({ count, amount }: Movement): Movement {
  return { count, amount }
}

function dayNumberAt (ms: number): number {
  return Math.floor(ms / DAY_MS)
}

function emptyDay (dayNumber: number, opening: bigint): OpenDay {
  return { date: new Date(dayNumber * DAY_MS).toISOString().slice(0, 10), opening, movements: forEachKind(nothing) }
}
