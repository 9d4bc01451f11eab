/**
 * Remembers which accounts the packets in flight came from, so that a packet that loops is noticed. The loop guard of routing keeps loops
 * out of the tables, but packets take time: the route that led back when a packet left may lead forward when it arrives elsewhere. And
 * routes that operators have set know nothing about each other.
 *
 * A packet counts as looping if the same one is in flight, came from another account, and was forwarded with at least as much time left. A
 * packet that is sent again comes from the same account; one that somebody else sends most likely has another condition or data, or more
 * time. A packet is in flight until it is answered. If the answer says that nobody was reached, it is in flight until it expires: a
 * connector that loses its connection says so at once, while beyond it the packet may still travel on.
 *
 * Everything is kept in flat arrays that form a ring: each packet takes the place of the one that came `ARRIVALS_MAX` before it.
 */
import type { PrepareView } from '../packet/prepare.js'

/** A power of two, and more than can be in flight. */
export const ARRIVALS_MAX = 65_536
/** Packets can be made to meet in one chain; past this many the search is given up. At worst a packet makes one more round. */
const CHAIN_STEPS_MAX = 32
/** T01 peer unreachable, F02 unreachable (RFC 0027). */
const NOBODY_REACHED = new Set(['T01', 'F02'])

/** Whether a packet that was rejected with this code is under way no more. */
export const isEndedBy = (code: string): boolean => !NOBODY_REACHED.has(code)

const slotOf = (serial: number): number => serial & (ARRIVALS_MAX - 1)

export class LoopDetector {
  /** The serial number of the next packet, up to 2^32-1 and then from 0. It begins where the zeros of empty arrays are too old. */
  private next = ARRIVALS_MAX + 1
  /** For each bucket the serial number of its latest packet, and for each packet that of the one before it in its bucket. */
  private readonly heads = new Uint32Array(ARRIVALS_MAX)
  private readonly before = new Uint32Array(ARRIVALS_MAX)
  /** Checksum and first bytes of the condition: 64 bits that nobody hits by chance, and on purpose only who has the packet. */
  private readonly checksums = new Uint32Array(ARRIVALS_MAX)
  private readonly marks = new Int32Array(ARRIVALS_MAX)
  /** When the packet expires for the next hop, ms; 0 once it has ended. */
  private readonly expiries = new Float64Array(ARRIVALS_MAX)
  private readonly accounts: string[] = []

  /** Whether the packet is under way already, from another account. */
  comesRound (packet: PrepareView, accountId: string): boolean {
    const { checksum, expiresAt } = packet
    const mark = markOf(packet)
    let serial = this.heads[slotOf(checksum)] ?? 0
    for (let steps = 0; steps < CHAIN_STEPS_MAX && this.isKept(serial); steps++) {
      const slot = slotOf(serial)
      const isSame = this.checksums[slot] === checksum && this.marks[slot] === mark
      if (isSame && (this.expiries[slot] ?? 0) >= expiresAt && this.accounts[slot] !== accountId) return true
      serial = this.before[slot] ?? 0
    }
    return false
  }

  /** Remembers a packet that came from the account and is sent on with this expiry (ms). Returns its number, for `ended`. */
  sent (packet: PrepareView, accountId: string, expiresAt: number): number {
    const { checksum } = packet
    const serial = this.next
    const slot = slotOf(serial)
    const bucket = slotOf(checksum)
    this.before[slot] = this.heads[bucket] ?? 0
    this.heads[bucket] = serial
    this.checksums[slot] = checksum
    this.marks[slot] = markOf(packet)
    this.expiries[slot] = expiresAt
    this.accounts[slot] = accountId
    this.next = (serial + 1) >>> 0
    return serial
  }

  /** The packet is under way no more. */
  ended (serial: number): void {
    if (this.isKept(serial)) this.expiries[slotOf(serial)] = 0
  }

  /** Whether nothing has taken the place of that packet. */
  private isKept (serial: number): boolean {
    return ((this.next - 1 - serial) >>> 0) < ARRIVALS_MAX
  }
}

function markOf ({ invariant }: PrepareView): number {
  return invariant.readInt32LE(0)
}
