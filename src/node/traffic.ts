/**
 * What goes through the node, by account. What packets bring the connector counts already; what it does not count is added here, on the
 * packet path, by a few additions to an object that is there from when the account was added.
 *
 * What accounts did that are gone is in one sum, so that names do not add up: only an account that we know comes back to its figures.
 */
import type { Asset } from '../contracts/account.js'
import type { Fraction } from '../lib/fraction.js'
import type { TrafficCounts } from '../contracts/node-figures.js'
import { isSameAsset } from '../config/node/assets.js'
import type { AccountStats } from '../metrics/stats.js'
import type { PrepareView } from '../packet/prepare.js'
import { codeOf, isFulfill } from '../packet/reply.js'
import { PacketLog } from './packet-log.js'
import { LOCAL_ACCOUNT } from './peer-account.js'

const TIMED_OUT = 'R00'
const FULFILLED = 'fulfilled'

export interface AccountFigures extends TrafficCounts {
  /** ms since the epoch. */
  lastPacketAt?: number | undefined
}

/** What fulfilled packets brought more than they took along: with the account, in its asset. */
interface Fees {
  asset: Asset
  total: bigint
}

type Counters = Pick<AccountStats, 'incomingDataPacketValue' | 'outgoingDataPacketValue'>

/** Of one account. The middleware `observer` calls it on the packet path. */
class AccountTraffic {
  lastPacketAt: number | undefined
  readonly figures = nothing()
  /** What the account brought before it was replaced by another one with its id. */
  feesBefore = 0n
  /** Whether we know who it is. */
  isKnown = false

  constructor (private readonly accountId: string, public asset: Asset, private readonly traffic: Traffic) {}

  /** A packet of the account was answered. `packet` is undefined if nobody has read it; `reply` if there was none. */
  ended (packet: PrepareView | undefined, reply: Buffer | undefined): void {
    const now = Date.now()
    this.lastPacketAt = now
    this.traffic.ended(this.accountId, this.isKnown, now, packet, reply)
  }
}

export class Traffic {
  readonly log = new PacketLog()
  readonly #accounts = new Map<string, AccountTraffic>()
  /** Accounts that were removed, and that may come back because we know whose they are. */
  readonly #away = new Set<string>()
  readonly #departed = nothing()
  /** By asset: of accounts that are gone, and what an exchange moved from one asset to another, less what is kept of it. */
  readonly #otherFees = new Map<string, Fees>()
  #rejected = 0

  /**
   * @param isKnown whether an account is that of the application, of a peer (also while it is replaced), or of a guest with a secret
   * @param assetOf what an account that is there counts in
   * @param kept what is left of an amount after the fee
   */
  constructor (
    private readonly counters: Counters,
    private readonly isKnown: (accountId: string) => boolean,
    private readonly assetOf: (accountId: string) => Asset,
    private readonly kept: Fraction
  ) {}

  /** From now on the account is counted, or counted again. */
  account (accountId: string): AccountTraffic {
    this.#away.delete(accountId)
    const account = this.#accounts.get(accountId) ?? this.#newcomer(accountId)
    account.isKnown = this.isKnown(accountId)
    const asset = this.assetOf(accountId)
    if (!isSameAsset(asset, account.asset)) {
      this.#addFees(account.asset, account.feesBefore)
      account.feesBefore = 0n
      account.asset = asset
    }
    return account
  }

  /** The account is being removed, and with it what the connector has counted. One that is known may come back, and then goes on. */
  removed (accountId: string): void {
    const account = this.#accounts.get(accountId)
    if (account === undefined || this.#away.has(accountId)) return
    account.feesBefore += this.#feesOf(accountId)
    this.#away.add(accountId)
    if (!this.isKnown(accountId)) this.forget(accountId)
  }

  /** If the account comes back, it begins at zero. What it did stays in the sum. */
  forget (accountId: string): void {
    if (!this.#away.delete(accountId)) return
    const account = this.#accounts.get(accountId)
    if (account !== undefined) {
      add(this.#departed, account.figures)
      this.#addFees(account.asset, account.feesBefore)
    }
    this.#accounts.delete(accountId)
  }

  /** A packet is on its way to the account. */
  sent (accountId: string, bytes: number): void {
    const account = this.#accounts.get(accountId)
    if (account === undefined) return
    account.figures.bytesSent += bytes
    account.lastPacketAt = Date.now()
  }

  /** A packet that was meant for the account was answered, by whomever. */
  answered (accountId: string, isFulfilled: boolean): void {
    const { figures } = this.#accounts.get(accountId) ?? { figures: this.#departed }
    if (isFulfilled) figures.packetsForwarded++
    else figures.packetsRejected++
  }

  /** The application has fulfilled a packet of the account. */
  delivered (origin = LOCAL_ACCOUNT): void {
    const { figures } = this.#accounts.get(origin) ?? { figures: this.#departed }
    figures.packetsLocallyDelivered++
  }

  /** The node has sent a peer `amount` by itself, and it was answered: nobody else has paid for that, so it counts against no fee. */
  answeredDirectly (accountId: string, isFulfilled: boolean, amount: bigint): void {
    this.answered(accountId, isFulfilled)
    if (isFulfilled) this.#addFees(this.#accounts.get(accountId)?.asset ?? this.assetOf(accountId), amount)
    else this.#rejected++
  }

  /**
   * A packet was fulfilled that came with `amount` and left with `outgoing`. In two assets, what came in is exchanged for what went out,
   * and the fee is in the asset that went out: as much as is certain, as amounts are rounded.
   */
  exchanged (source: string, nextHop: string, amount: bigint, outgoing: bigint): void {
    const [from, to] = [this.#accounts.get(source)?.asset, this.#accounts.get(nextHop)?.asset]
    if (from === undefined || to === undefined || isSameAsset(from, to)) return
    const { numerator, denominator } = this.kept
    const whole = nextHop === LOCAL_ACCOUNT ? outgoing : outgoing * denominator / numerator
    this.#addFees(from, -amount)
    this.#addFees(to, whole)
  }

  /** Since the start, by asset: what is kept of what packets brought. */
  fees (): Fees[] {
    const sums = new Map([...this.#otherFees].map(([unit, fees]) => [unit, { ...fees }]))
    for (const [accountId, { asset, feesBefore }] of this.#accounts) {
      const total = feesBefore + (this.#away.has(accountId) ? 0n : this.#feesOf(accountId))
      const sum = sums.get(unitOf(asset)) ?? { asset, total: 0n }
      sums.set(unitOf(asset), { asset, total: sum.total + total })
    }
    return [...sums.values()]
  }

  of (accountId: string): AccountFigures | undefined {
    const account = this.#accounts.get(accountId)
    return account && { ...account.figures, lastPacketAt: account.lastPacketAt }
  }

  /** Over all accounts. */
  aggregate (): AccountFigures {
    const sum = { ...this.#departed }
    for (const { figures } of this.#accounts.values()) add(sum, figures)
    return { ...sum, packetsRejected: this.#rejected }
  }

  ended (accountId: string, isKnown: boolean, now: number, packet: PrepareView | undefined, reply: Buffer | undefined): void {
    const isFulfilled = reply !== undefined && isFulfill(reply)
    if (!isFulfilled) this.#rejected++
    if (packet === undefined) return
    const result = isFulfilled ? 'fulfill' : reply !== undefined && codeOf(reply) === TIMED_OUT ? 'timeout' : 'reject'
    this.log.add(now, accountId, packet.destination, packet.amount, result, isKnown || (isFulfilled && packet.amount > 0n))
  }

  #newcomer (accountId: string): AccountTraffic {
    for (const away of this.#away) if (!this.isKnown(away)) this.forget(away) // of a peer that could not be added
    const account = new AccountTraffic(accountId, this.assetOf(accountId), this)
    this.#accounts.set(accountId, account)
    return account
  }

  /** There are as many assets as accounts had. */
  #addFees (asset: Asset, amount: bigint): void {
    const fees = this.#otherFees.get(unitOf(asset)) ?? { asset, total: 0n }
    if (amount !== 0n) this.#otherFees.set(unitOf(asset), { asset, total: fees.total + amount })
  }

  /** Of the account as it is now. */
  #feesOf (accountId: string): bigint {
    const { incomingDataPacketValue, outgoingDataPacketValue } = this.counters
    const isFulfilled = (result: string | undefined): boolean => result === FULFILLED
    return incomingDataPacketValue.sumOf(accountId, isFulfilled) - outgoingDataPacketValue.sumOf(accountId, isFulfilled)
  }
}

function nothing (): Omit<AccountFigures, 'lastPacketAt'> {
  return { packetsForwarded: 0, packetsRejected: 0, bytesSent: 0, packetsLocallyDelivered: 0 }
}

function add (sum: Omit<AccountFigures, 'lastPacketAt'>, figures: AccountFigures): void {
  sum.packetsForwarded += figures.packetsForwarded
  sum.packetsRejected += figures.packetsRejected
  sum.bytesSent += figures.bytesSent
  sum.packetsLocallyDelivered += figures.packetsLocallyDelivered
}

function unitOf ({ code, scale }: Asset): string {
  return `${code}/${scale}`
}
