/**
 * Exact counts of what packets did, by account: for each second, for each minute, and for the last 300 seconds. A packet costs a few
 * additions. Only accounts that did something in an interval have an entry in it, so idle ones cost nothing, and those that are gone leave
 * nothing behind.
 */
import type { AccountTraffic, InAsset, Traffic } from '../contracts/explorer-events.js'
import { unitOf } from '../lib/amounts.js'
import { Latencies } from './latencies.js'

const RECENT_SECONDS = 300
const SECONDS_PER_MINUTE = 60
/** Accounts that an interval names. The others are in one sum for each asset. */
export const ACCOUNTS_NAMED_MAX = 100
/** Codes of Rejects that an account is counted by: the node that rejects chooses them. RFC 0027 knows about 25. */
export const CODES_MAX = 64
const CODE = /^[A-Z][0-9]{2}$/
const OTHER_CODE = 'other'

/** What an account did in one interval. */
class AccountCounts {
  readonly received = { fulfilled: 0, rejected: 0, amount: 0n }
  readonly sent = { fulfilled: 0, rejected: 0, amount: 0n }
  readonly latencies = new Latencies()
  #codes: Map<string, number> | undefined
  /** What its packets brought more than they took along, to accounts of the same asset. */
  earned = 0n

  constructor (readonly peerId: string, readonly asset: InAsset) {}

  get packets (): number {
    return this.received.fulfilled + this.received.rejected + this.sent.fulfilled + this.sent.rejected
  }

  rejected (code: string, count = 1): void {
    const codes = this.#codes ??= new Map<string, number>()
    const isKnown = codes.has(code) || (CODE.test(code) && codes.size < CODES_MAX)
    const name = isKnown ? code : OTHER_CODE
    codes.set(name, (codes.get(name) ?? 0) + count)
  }

  add (other: AccountCounts): void {
    for (const way of ['received', 'sent'] as const) {
      this[way].fulfilled += other[way].fulfilled
      this[way].rejected += other[way].rejected
      this[way].amount += other[way].amount
    }
    for (const [code, count] of other.#codes ?? []) this.rejected(code, count)
    this.latencies.add(other.latencies)
    this.earned += other.earned
  }

  traffic (): AccountTraffic {
    const { peerId, asset, received, sent, latencies } = this
    const [p50, p99] = [latencies.quantile(0.5), latencies.quantile(0.99)]
    return {
      peerId,
      ...asset,
      received: { ...received, amount: String(received.amount) },
      sent: { ...sent, amount: String(sent.amount) },
      codes: Object.fromEntries(this.#codes ?? []),
      ...(p50 !== undefined && { p50 }),
      ...(p99 !== undefined && { p99 })
    }
  }
}

/** All accounts that did something in one interval. */
class Interval {
  readonly #accounts = new Map<string, AccountCounts>()

  constructor (private readonly assetOf: (accountId: string) => InAsset) {}

  get isEmpty (): boolean {
    return this.#accounts.size === 0
  }

  of (accountId: string): AccountCounts {
    return this.#accounts.get(accountId) ?? this.#admit(accountId, new AccountCounts(accountId, this.assetOf(accountId)))
  }

  /** An account that came back with another asset has two entries. */
  add (interval: Interval): void {
    for (const [key, counts] of interval.#accounts) {
      const known = this.#accounts.get(key)
      const ownKey = known === undefined || isSameAsset(known.asset, counts.asset) ? key : `${key} ${unitOf(counts.asset)}`
      const sum = this.#accounts.get(ownKey) ?? this.#admit(ownKey, new AccountCounts(counts.peerId, counts.asset))
      sum.add(counts)
    }
  }

  addEarned (earned: Earnings): void {
    for (const { asset, earned: amount } of this.#accounts.values()) earned.add(asset, amount)
  }

  traffic (): Pick<Traffic, 'accounts' | 'others' | 'earned'> {
    const accounts = [...this.#accounts.values()]
    const earned = new Earnings()
    this.addEarned(earned)
    if (accounts.length <= ACCOUNTS_NAMED_MAX) return { earned: earned.list(), accounts: accounts.map(account => account.traffic()) }
    accounts.sort((a, b) => b.packets - a.packets)
    return {
      earned: earned.list(),
      accounts: accounts.slice(0, ACCOUNTS_NAMED_MAX).map(account => account.traffic()),
      others: sumsOf(accounts.slice(ACCOUNTS_NAMED_MAX)).map(sum => sum.traffic())
    }
  }

  #admit (key: string, counts: AccountCounts): AccountCounts {
    this.#accounts.set(key, counts)
    return counts
  }
}

/** Sums by asset: as many as accounts had. */
class Earnings {
  readonly #sums = new Map<string, { asset: InAsset, amount: bigint }>()

  add (asset: InAsset, amount: bigint): void {
    if (amount === 0n) return
    const sum = this.#sums.get(unitOf(asset)) ?? { asset, amount: 0n }
    this.#sums.set(unitOf(asset), { asset, amount: sum.amount + amount })
  }

  list (): Traffic['earned'] {
    return [...this.#sums.values()].map(({ asset, amount }) => ({ ...asset, amount: String(amount) }))
  }
}

/** A packet that was answered. Amounts in base units of the two accounts. */
export interface AnsweredPacket {
  from: string
  amount: bigint
  isFulfilled: boolean
  /** Of the Reject; empty if there was no answer at all. */
  code: string
  tookMs: number
  /** Undefined: none was found. */
  nextHop: string | undefined
  outgoing: bigint
  /** What came of it at the next hop. It may be paid there although it was rejected here. */
  isPaid: boolean
}

export class Counts {
  #second: Interval
  #minute: Interval
  #secondsInMinute = 0
  readonly #recent: Traffic[] = []
  readonly #earned = new Earnings()

  /** @param assetOf what an account counts in; asked once in each interval, also for accounts that have just gone */
  constructor (private readonly assetOf: (accountId: string) => InAsset) {
    this.#second = new Interval(assetOf)
    this.#minute = new Interval(assetOf)
  }

  /** Called on the packet path. */
  answered ({ from, amount, isFulfilled, code, tookMs, nextHop, outgoing, isPaid }: AnsweredPacket): void {
    const source = this.#second.of(from)
    source.latencies.count(tookMs)
    if (isFulfilled) {
      source.received.fulfilled++
      source.received.amount += amount
    } else {
      source.received.rejected++
      source.rejected(code)
    }
    if (nextHop === undefined) return
    const target = this.#second.of(nextHop)
    if (isPaid) {
      target.sent.fulfilled++
      target.sent.amount += outgoing
    } else target.sent.rejected++
    if (isSameAsset(source.asset, target.asset)) source.earned += (isFulfilled ? amount : 0n) - (isPaid ? outgoing : 0n)
  }

  /** Called on the packet path: a packet of the account was refused before it was looked at. */
  refusedEarly (accountId: string, code: string): void {
    const source = this.#second.of(accountId)
    source.received.rejected++
    source.rejected(code)
  }

  /**
   * Ends a second. Returns its counts, if any packet was answered in it, and those of the minute that ends with it.
   * @param now ms since the epoch
   */
  endSecond (nodeId: string, now: number): { second?: Traffic, minute?: Traffic } {
    this.#forgetOld(now)
    const second = this.#second.isEmpty ? undefined : this.#take(this.#second, nodeId, 1, now)
    if (second !== undefined) {
      this.#minute.add(this.#second)
      this.#second.addEarned(this.#earned)
      this.#second = new Interval(this.assetOf)
      this.#recent.push(second)
    }
    if (++this.#secondsInMinute < SECONDS_PER_MINUTE) return { ...(second !== undefined && { second }) }
    const minute = this.endMinute(nodeId, now)
    return { ...(second !== undefined && { second }), ...(minute !== undefined && { minute }) }
  }

  /** Ends a minute, early at the end of all. Returns undefined if no packet was answered in it. */
  endMinute (nodeId: string, now: number): Traffic | undefined {
    this.#secondsInMinute = 0
    if (this.#minute.isEmpty) return undefined
    const minute = this.#take(this.#minute, nodeId, SECONDS_PER_MINUTE, now)
    this.#minute = new Interval(this.assetOf)
    return minute
  }

  /** See EventFeed. */
  recent (now: number): Traffic[] {
    this.#forgetOld(now)
    return [...this.#recent]
  }

  /** See EventFeed. */
  earned (): Traffic['earned'] {
    return this.#earned.list()
  }

  #take (interval: Interval, nodeId: string, seconds: number, timestamp: number): Traffic {
    return { type: 'TRAFFIC', nodeId, seconds, ...interval.traffic(), timestamp }
  }

  #forgetOld (now: number): void {
    const firstKept = this.#recent.findIndex(({ timestamp }) => timestamp > now - RECENT_SECONDS * 1000)
    this.#recent.splice(0, firstKept < 0 ? this.#recent.length : firstKept)
    this.#recent.splice(0, this.#recent.length - RECENT_SECONDS) // the clock may have been set back
  }
}

function sumsOf (accounts: AccountCounts[]): AccountCounts[] {
  const sums = new Map<string, AccountCounts>()
  for (const account of accounts) {
    const unit = unitOf(account.asset)
    const sum = sums.get(unit) ?? new AccountCounts('', account.asset)
    sum.add(account)
    sums.set(unit, sum)
  }
  return [...sums.values()]
}

function isSameAsset (a: InAsset, b: InAsset): boolean {
  return a.assetCode === b.assetCode && a.assetScale === b.assetScale
}
