/**
 * The last packets that the node has answered, for dashboards. It is written on the packet path, so a place is a few stores into arrays
 * that are there already, and what costs something (whose address is it?) is done when somebody reads.
 */
import type { PacketResult } from '../contracts/node-figures.js'

/** Packets that are remembered; each new one takes the place of the oldest. */
export const MAX_PACKETS = 10_000

/** `accountId`: where the packet came from. `at`: ms since the epoch. */
export interface LoggedPacket {
  at: number
  accountId: string
  destination: string
  amount: bigint
  result: PacketResult
}

const RESULTS: readonly PacketResult[] = ['fulfill', 'reject', 'timeout']

export class PacketLog {
  readonly #times = new Float64Array(MAX_PACKETS)
  readonly #results = new Uint8Array(MAX_PACKETS)
  readonly #accounts: string[] = []
  readonly #destinations: string[] = []
  /** Values, not objects: those would outlive the packets and have to be collected. */
  readonly #amounts = new BigUint64Array(MAX_PACKETS)
  #next = 0

  add (at: number, accountId: string, destination: string, amount: bigint, result: PacketResult): void {
    const place = this.#next
    this.#times[place] = at
    this.#results[place] = RESULTS.indexOf(result)
    this.#accounts[place] = accountId
    this.#destinations[place] = destination
    this.#amounts[place] = amount
    this.#next = place + 1 === MAX_PACKETS ? 0 : place + 1
  }

  /** The newest first. */
  * newest (): Generator<LoggedPacket> {
    const size = this.#accounts.length
    for (let age = 1; age <= size; age++) {
      const place = (this.#next - age + size) % size
      const [accountId, destination, amount] = [this.#accounts[place], this.#destinations[place], this.#amounts[place]]
      const result = RESULTS[this.#results[place] ?? -1]
      if (accountId === undefined || destination === undefined || amount === undefined || result === undefined) return
      yield { at: this.#times[place] ?? 0, accountId, destination, amount, result }
    }
  }
}
