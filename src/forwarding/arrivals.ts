/**
 * Remembers which accounts the latest packets came from, so that one that comes round in a circle is noticed. The loop guard of routing
 * keeps circles out of the tables, but a packet is on its way for a while: what was the way back when it left may be the way on when it
 * arrives elsewhere. And routes that operators have set know nothing of each other.
 *
 * A packet comes round when it was here before, from another account, and had at least as much time left: each hop takes some away. One
 * that is sent again comes from the same account, or with a later expiry. It is remembered also when it was answered: a connector that
 * loses the connection to its next hop gives an answer at once, while the packet may still be under way behind it.
 *
 * All is kept in flat arrays of two generations, as few bytes as will do: when the younger one is full, the older one is emptied and
 * takes its place.
 */
import type { PrepareView } from '../packet/prepare.js'

/** A power of two. At least the latest half of them are remembered, which is more than can be in flight. */
export const ARRIVALS_MAX = 131_072
const SMALLEST_CAPACITY = 64
/** Packets can be made to meet in one chain; past this many the search is given up. At worst a packet makes one more round. */
const CHAIN_STEPS_MAX = 32

export class Arrivals {
  private young = new Generation()
  private old = new Generation()

  /** Whether the packet was here before, from another account. Otherwise it is remembered now. */
  comesRound (packet: PrepareView, accountId: string): boolean {
    const mark = packet.invariant.readInt32LE(0)
    if (this.young.has(packet, mark, accountId) || this.old.has(packet, mark, accountId)) return true
    if (this.young.isFull) this.makeRoom()
    this.young.add(packet, mark, accountId)
    return false
  }

  private makeRoom (): void {
    if (this.young.capacity < ARRIVALS_MAX / 2) {
      this.young.grow()
      return
    }
    [this.young, this.old] = [this.old, this.young]
    this.young.empty()
  }
}

class Generation {
  capacity = SMALLEST_CAPACITY
  private count = 0
  /** For each bucket the slot that was added last, and for each slot the one before it in its bucket; one more than the slot, 0 is none. */
  private heads = new Int32Array(SMALLEST_CAPACITY)
  private before = new Int32Array(SMALLEST_CAPACITY)
  /** Checksum and first bytes of the condition: 64 bits that nobody hits by chance, and on purpose only who has the packet. */
  private checksums = new Uint32Array(SMALLEST_CAPACITY)
  private marks = new Int32Array(SMALLEST_CAPACITY)
  private expiries = new Float64Array(SMALLEST_CAPACITY)
  private readonly accounts: string[] = []

  get isFull (): boolean {
    return this.count === this.capacity
  }

  /** Whether it is here from another account, with at least as much time left. */
  has ({ checksum, expiresAt }: PrepareView, mark: number, accountId: string): boolean {
    let slot = (this.heads[checksum & (this.capacity - 1)] ?? 0) - 1
    for (let steps = 0; slot >= 0 && steps < CHAIN_STEPS_MAX; steps++) {
      const isSame = this.checksums[slot] === checksum && this.marks[slot] === mark
      if (isSame && this.accounts[slot] !== accountId && (this.expiries[slot] ?? 0) >= expiresAt) return true
      slot = (this.before[slot] ?? 0) - 1
    }
    return false
  }

  add ({ checksum, expiresAt }: PrepareView, mark: number, accountId: string): void {
    const slot = this.count++
    this.checksums[slot] = checksum
    this.marks[slot] = mark
    this.expiries[slot] = expiresAt
    this.accounts[slot] = accountId
    this.link(slot)
  }

  grow (): void {
    const capacity = this.capacity *= 2
    this.heads = new Int32Array(capacity)
    this.before = new Int32Array(capacity)
    this.checksums = larger(this.checksums, new Uint32Array(capacity))
    this.marks = larger(this.marks, new Int32Array(capacity))
    this.expiries = larger(this.expiries, new Float64Array(capacity))
    for (let slot = 0; slot < this.count; slot++) this.link(slot)
  }

  empty (): void {
    this.count = 0
    this.heads.fill(0)
  }

  private link (slot: number): void {
    const bucket = (this.checksums[slot] ?? 0) & (this.capacity - 1)
    this.before[slot] = this.heads[bucket] ?? 0
    this.heads[bucket] = slot + 1
  }
}

function larger<A extends { set (from: A): void }> (from: A, to: A): A {
  to.set(from)
  return to
}
