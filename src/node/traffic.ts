/**
 * What goes through the node, by account. What packets bring the connector counts already; what it does not count is added here, on the
 * packet path, by a few additions to an object that is there from when the account was added.
 *
 * What accounts did that are gone is in one sum, so that names do not add up: only an account that we know comes back to its figures.
 */
import type { TrafficCounts } from '../contracts/node-figures.js'
import type { AccountStats } from '../metrics/stats.js'
import type { PrepareView } from '../packet/prepare.js'
import { codeOf, isFulfill } from '../packet/reply.js'
import { PacketLog } from './packet-log.js'
import { LOCAL_ACCOUNT } from './peer-account.js'

const TIMED_OUT = 'R00'
const FULFILLED = 'fulfilled'

/** With what fulfilled packets of the account brought more than those took along that went to it. Base units. */
export interface AccountFigures extends TrafficCounts {
  fees: bigint
  /** ms since the epoch. */
  lastPacketAt?: number | undefined
}

type Counters = Pick<AccountStats, 'incomingDataPacketValue' | 'outgoingDataPacketValue'>

/** Of one account. The middleware `observer` calls it on the packet path. */
class AccountTraffic {
  lastPacketAt: number | undefined
  /** Its fees are those from before the account was replaced by another one with its id. */
  readonly figures = nothing()
  /** Whether we know who it is. */
  isKnown = false

  constructor (private readonly accountId: string, private readonly traffic: Traffic) {}

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
  #rejected = 0

  /** @param isKnown whether an account is that of the application, of a peer (also while it is replaced), or of a guest with a secret */
  constructor (private readonly counters: Counters, private readonly isKnown: (accountId: string) => boolean) {}

  /** From now on the account is counted, or counted again. */
  account (accountId: string): AccountTraffic {
    this.#away.delete(accountId)
    const account = this.#accounts.get(accountId) ?? this.#newcomer(accountId)
    account.isKnown = this.isKnown(accountId)
    return account
  }

  /** The account is being removed, and with it what the connector has counted. One that is known may come back, and then goes on. */
  removed (accountId: string): void {
    const account = this.#accounts.get(accountId)
    if (account === undefined || this.#away.has(accountId)) return
    account.figures.fees += this.#feesOf(accountId)
    this.#away.add(accountId)
    if (!this.isKnown(accountId)) this.forget(accountId)
  }

  /** If the account comes back, it begins at zero. What it did stays in the sum. */
  forget (accountId: string): void {
    if (!this.#away.delete(accountId)) return
    const account = this.#accounts.get(accountId)
    if (account !== undefined) add(this.#departed, account.figures)
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
    if (isFulfilled) this.#departed.fees += amount
    else this.#rejected++
  }

  of (accountId: string): AccountFigures | undefined {
    const account = this.#accounts.get(accountId)
    return account && this.#figuresOf(accountId, account)
  }

  /** Over all accounts. */
  aggregate (): AccountFigures {
    const sum = { ...this.#departed }
    for (const [accountId, account] of this.#accounts) add(sum, this.#figuresOf(accountId, account))
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
    const account = new AccountTraffic(accountId, this)
    this.#accounts.set(accountId, account)
    return account
  }

  #figuresOf (accountId: string, { figures, lastPacketAt }: AccountTraffic): AccountFigures {
    const feesNow = this.#away.has(accountId) ? 0n : this.#feesOf(accountId)
    return { ...figures, fees: figures.fees + feesNow, lastPacketAt }
  }

  /** Of the account as it is now. */
  #feesOf (accountId: string): bigint {
    const { incomingDataPacketValue, outgoingDataPacketValue } = this.counters
    const isFulfilled = (result: string | undefined): boolean => result === FULFILLED
    return incomingDataPacketValue.sumOf(accountId, isFulfilled) - outgoingDataPacketValue.sumOf(accountId, isFulfilled)
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
