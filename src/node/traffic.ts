/**
 * What goes through the node, by account. Most of it the connector counts already; what it does not count is added here, on the packet
 * path, by a few additions to an object that is there from when the account was added.
 *
 * What accounts did that are gone is in one sum, so that names do not add up: a new account makes room first.
 */
import type { TrafficCounts } from '../contracts/node-figures.js'
import type { AccountStats } from '../metrics/stats.js'
import type { PrepareView } from '../packet/prepare.js'
import { codeOf, isFulfill } from '../packet/reply.js'
import { LOCAL_ACCOUNT } from './peer-account.js'
import { PacketLog } from './packet-log.js'

const TIMED_OUT = 'R00'
const FULFILLED = 'fulfilled'

/** With what fulfilled packets of the account brought more than those took along that went to it. Base units. */
export interface AccountFigures extends TrafficCounts {
  fees: bigint
  /** ms since the epoch. */
  lastPacketAt?: number | undefined
}

type Counters = Pick<AccountStats, 'outgoingDataPackets' | 'incomingDataPacketValue' | 'outgoingDataPacketValue'>

/** Of one account. The middleware `observer` calls it on the packet path. */
class AccountTraffic {
  bytesSent = 0
  packetsLocallyDelivered = 0
  lastPacketAt: number | undefined
  /** What was counted before the account was replaced by another one with its id. */
  before = nothing()

  constructor (private readonly accountId: string, private readonly traffic: Traffic) {}

  /** A packet of the account was answered. `packet` is undefined if nobody has read it; `reply` if there was none. */
  ended (packet: PrepareView | undefined, reply: Buffer | undefined): void {
    const now = Date.now()
    this.lastPacketAt = now
    this.traffic.ended(this.accountId, now, packet, reply)
  }
}

export class Traffic {
  readonly log = new PacketLog()
  readonly #accounts = new Map<string, AccountTraffic>()
  readonly #gone = new Set<string>()
  readonly #departed = nothing()
  #rejected = 0

  constructor (private readonly counters: Counters) {}

  /** From now on the account is counted, or counted again. */
  account (accountId: string): AccountTraffic {
    this.#gone.delete(accountId)
    const known = this.#accounts.get(accountId)
    if (known !== undefined) return known
    for (const gone of this.#gone) this.#forget(gone)
    const account = new AccountTraffic(accountId, this)
    this.#accounts.set(accountId, account)
    return account
  }

  /** The account is being removed, and with it what the connector has counted. One that is replaced comes back at once, and goes on. */
  removed (accountId: string): void {
    const account = this.#accounts.get(accountId)
    if (account === undefined || this.#gone.has(accountId)) return
    add(account.before, this.#counted(accountId))
    this.#gone.add(accountId)
  }

  /** A packet is on its way to the account. */
  sent (accountId: string, bytes: number): void {
    const account = this.#accounts.get(accountId)
    if (account === undefined) return
    account.bytesSent += bytes
    account.lastPacketAt = Date.now()
  }

  /** The application has fulfilled a packet of the account. */
  delivered (origin = LOCAL_ACCOUNT): void {
    const counts = this.#accounts.get(origin) ?? this.#departed
    counts.packetsLocallyDelivered++
  }

  /** The node has paid a peer by itself: nobody else has paid for that, so it counts against no fee. */
  paid (amount: bigint): void {
    this.#departed.fees += amount
  }

  of (accountId: string): AccountFigures | undefined {
    const account = this.#accounts.get(accountId)
    return account && this.#figuresOf(accountId, account)
  }

  /** Over all accounts. */
  aggregate (): AccountFigures {
    const sum = { ...this.#departed }
    for (const [accountId, account] of this.#accounts) {
      const figures = this.#figuresOf(accountId, account)
      if (accountId === LOCAL_ACCOUNT) figures.packetsForwarded = 0 // what goes to the application is delivered
      add(sum, figures)
    }
    return { ...sum, packetsRejected: this.#rejected }
  }

  ended (accountId: string, now: number, packet: PrepareView | undefined, reply: Buffer | undefined): void {
    const isFulfilled = reply !== undefined && isFulfill(reply)
    if (!isFulfilled) this.#rejected++
    if (packet === undefined) return
    const result = isFulfilled ? 'fulfill' : reply !== undefined && codeOf(reply) === TIMED_OUT ? 'timeout' : 'reject'
    this.log.add(now, accountId, packet.destination, packet.amount, result)
  }

  #figuresOf (accountId: string, { before, bytesSent, packetsLocallyDelivered, lastPacketAt }: AccountTraffic): AccountFigures {
    const figures = { ...before }
    if (!this.#gone.has(accountId)) add(figures, this.#counted(accountId))
    add(figures, { ...nothing(), bytesSent, packetsLocallyDelivered })
    return { ...figures, lastPacketAt }
  }

  #counted (accountId: string): AccountFigures {
    const { outgoingDataPackets, incomingDataPacketValue, outgoingDataPacketValue } = this.counters
    const isFulfilled = (result: string | undefined): boolean => result === FULFILLED
    return {
      ...nothing(),
      packetsForwarded: Number(outgoingDataPackets.sumOf(accountId, isFulfilled)),
      packetsRejected: Number(outgoingDataPackets.sumOf(accountId, result => !isFulfilled(result))),
      fees: incomingDataPacketValue.sumOf(accountId, isFulfilled) - outgoingDataPacketValue.sumOf(accountId, isFulfilled)
    }
  }

  #forget (accountId: string): void {
    const account = this.#accounts.get(accountId)
    if (account !== undefined) add(this.#departed, this.#figuresOf(accountId, account))
    this.#accounts.delete(accountId)
    this.#gone.delete(accountId)
  }
}

function nothing (): Omit<AccountFigures, 'lastPacketAt'> {
  return { packetsForwarded: 0, packetsRejected: 0, bytesSent: 0, packetsLocallyDelivered: 0, fees: 0n }
}

function add (sum: Omit<AccountFigures, 'lastPacketAt'>, figures: AccountFigures): void {
  sum.packetsForwarded += figures.packetsForwarded
  sum.packetsRejected += figures.packetsRejected
  sum.bytesSent += figures.bytesSent
  sum.packetsLocallyDelivered += figures.packetsLocallyDelivered
  sum.fees += figures.fees
}
