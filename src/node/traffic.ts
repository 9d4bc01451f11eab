/**
 * What goes through the node, by account: fed by the middleware `observer` on the packet path, so feeding is a few additions to an object
 * that was looked up when the account was added.
 *
 * What accounts did that are gone is in one sum, so that names do not add up: a new account makes room first.
 */
import type { TrafficCounts } from '../contracts/node-figures.js'
import type { PrepareView } from '../packet/prepare.js'
import { codeOf, isFulfill } from '../packet/reply.js'
import { LOCAL_ACCOUNT } from './peer-account.js'
import { PacketLog } from './packet-log.js'

const TIMED_OUT = 'R00'

/** Of one account. The middleware calls it on the packet path. */
export class AccountTraffic implements TrafficCounts {
  packetsForwarded = 0
  packetsRejected = 0
  bytesSent = 0
  packetsLocallyDelivered = 0
  lastPacketAt: number | undefined

  constructor (readonly accountId: string, private readonly traffic: Traffic) {}

  /** A packet of the account was answered. `packet` is undefined if nobody has read it; `reply` if there was none. */
  ended (packet: PrepareView | undefined, reply: Buffer | undefined): void {
    this.lastPacketAt = Date.now()
    this.traffic.ended(this, packet, reply)
  }

  /** A packet goes to the account. */
  sent (bytes: number): void {
    this.bytesSent += bytes
    this.lastPacketAt = Date.now()
  }

  /** It was answered. `origin`: the account that it came from. */
  answered (isFulfilled: boolean, amount: bigint, origin: string | undefined): void {
    if (!isFulfilled) {
      this.packetsRejected++
      return
    }
    if (this.accountId === LOCAL_ACCOUNT) this.traffic.delivered(origin)
    else this.packetsForwarded++
    if (origin !== undefined) this.traffic.fees -= amount
  }
}

export class Traffic {
  readonly log = new PacketLog()
  /** What fulfilled packets brought more than they took along, in base units. */
  fees = 0n
  readonly #accounts = new Map<string, AccountTraffic>()
  readonly #gone = new Set<string>()
  readonly #departed = emptyCounts()
  #rejected = 0

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

  /** The account was removed. One that is replaced comes back at once, and goes on where it was. */
  removed (accountId: string): void {
    this.#gone.add(accountId)
  }

  of (accountId: string): Readonly<AccountTraffic> | undefined {
    return this.#accounts.get(accountId)
  }

  /** Over all accounts. */
  aggregate (): TrafficCounts {
    const sum = { ...this.#departed }
    for (const [accountId, account] of this.#accounts) {
      if (accountId === LOCAL_ACCOUNT) sum.packetsLocallyDelivered += account.packetsLocallyDelivered
      else add(sum, account)
    }
    return { ...sum, packetsRejected: this.#rejected }
  }

  ended ({ accountId, lastPacketAt = 0 }: AccountTraffic, packet: PrepareView | undefined, reply: Buffer | undefined): void {
    const isFulfilled = reply !== undefined && isFulfill(reply)
    if (!isFulfilled) this.#rejected++
    if (packet === undefined) return
    const { destination, amount } = packet
    if (isFulfilled) this.fees += amount
    this.log.add(lastPacketAt, accountId, destination, amount, isFulfilled ? 'fulfill' : isTimeout(reply) ? 'timeout' : 'reject')
  }

  /** The application has fulfilled a packet of the account. */
  delivered (origin = LOCAL_ACCOUNT): void {
    const counts = this.#accounts.get(origin) ?? this.#departed
    counts.packetsLocallyDelivered++
  }

  #forget (accountId: string): void {
    const account = this.#accounts.get(accountId)
    if (account !== undefined) add(this.#departed, account)
    this.#accounts.delete(accountId)
    this.#gone.delete(accountId)
  }
}

function isTimeout (reply: Buffer | undefined): boolean {
  return reply !== undefined && codeOf(reply) === TIMED_OUT
}

function emptyCounts (): TrafficCounts {
  return { packetsForwarded: 0, packetsRejected: 0, bytesSent: 0, packetsLocallyDelivered: 0 }
}

function add (sum: TrafficCounts, counts: TrafficCounts): void {
  sum.packetsForwarded += counts.packetsForwarded
  sum.packetsRejected += counts.packetsRejected
  sum.bytesSent += counts.bytesSent
  sum.packetsLocallyDelivered += counts.packetsLocallyDelivered
}
