/**
 * The last packets that the node has answered, for dashboards. It is written on the packet path, so a place is a few stores into arrays
 * that are there already, and what costs something (whose address is it?) is done when somebody reads.
 *
 * Packets that matter and those that cost their sender nothing have half of the places each. What one kind leaves free, the other uses.
 */
import type { PacketResult } from '../contracts/node-figures.js'

/** Packets that are remembered; each new one takes the place of the oldest of the kind that has more than its half. */
export const MAX_PACKETS = 10_000
const HALF = MAX_PACKETS / 2

/** `accountId`: where the packet came from. `at`: ms since the epoch. */
export interface LoggedPacket {
  at: number
  accountId: string
  destination: string
  amount: bigint
  result: PacketResult
}

const RESULTS: readonly PacketResult[] = ['fulfill', 'reject', 'timeout']

/** The places of one kind of packets. `oldest` means nothing while it is empty, and neither does `newest`. */
interface Queue {
  size: number
  oldest: number
  newest: number
}

export class PacketLog {
  readonly #times = new Float64Array(MAX_PACKETS)
  readonly #results = new Uint8Array(MAX_PACKETS)
  readonly #accounts: string[] = []
  readonly #destinations: string[] = []
  /** Values, not objects: those would outlive the packets and have to be collected. */
  readonly #amounts = new BigUint64Array(MAX_PACKETS)
  /** How many packets came before. */
  readonly #serials = new Float64Array(MAX_PACKETS)
  /** The place of the next packet of the same kind. */
  readonly #next = new Uint16Array(MAX_PACKETS)
  readonly #mattering: Queue = { size: 0, oldest: 0, newest: 0 }
  readonly #costless: Queue = { size: 0, oldest: 0, newest: 0 }
  #count = 0

  add (at: number, accountId: string, destination: string, amount: bigint, result: PacketResult, matters: boolean): void {
    const queue = matters ? this.#mattering : this.#costless
    const place = this.#accounts.length < MAX_PACKETS ? this.#accounts.length : this.#free(queue)
    this.#times[place] = at
    this.#results[place] = RESULTS.indexOf(result)
    this.#accounts[place] = accountId
    this.#destinations[place] = destination
    this.#amounts[place] = amount
    this.#serials[place] = this.#count++
    if (queue.size++ === 0) queue.oldest = place
    else this.#next[queue.newest] = place
    queue.newest = place
  }

  /** The newest first. */
  * newest (): Generator<LoggedPacket> {
    const [mattering, costless] = [this.#placesOf(this.#mattering), this.#placesOf(this.#costless)]
    const serialOf = (place: number | undefined): number => place === undefined ? -1 : this.#serials[place] ?? -1
    for (let left = mattering.length + costless.length; left > 0; left--) {
      const place = (serialOf(mattering.at(-1)) > serialOf(costless.at(-1)) ? mattering : costless).pop() ?? -1
      const [accountId, destination, amount] = [this.#accounts[place], this.#destinations[place], this.#amounts[place]]
      const result = RESULTS[this.#results[place] ?? -1]
      if (accountId === undefined || destination === undefined || amount === undefined || result === undefined) return
      yield { at: this.#times[place] ?? 0, accountId, destination, amount, result }
    }
  }

  /** The place that a packet of this kind gets when all are taken. */
  #free (own: Queue): number {
    const queue = this.#mattering.size > HALF ? this.#mattering : this.#costless.size > HALF ? this.#costless : own
    const place = queue.oldest
    queue.oldest = this.#next[place] ?? 0
    queue.size--
    return place
  }

  /** The oldest first. */
  #placesOf ({ size, oldest }: Queue): number[] {
    const places: number[] = []
    for (let place = oldest; places.length < size; place = this.#next[place] ?? 0) places.push(place)
    return places
  }
}
