/**
 * Remembers the answers to the latest packets in flat arrays. An object per packet would outlive the young generation of the garbage
 * collector, and moving thousands of objects out of it costs more than everything else that is done with a packet.
 *
 * There are two generations. When the younger one is full, in packets or in bytes, the older one is emptied and takes its place. So at
 * least the newest half of what the bounds allow is remembered, and forgetting costs nothing.
 */
import { hash, randomBytes } from 'node:crypto'
import type { PrepareView } from '../../src/packet/prepare.js'

/** 128 bits of SHA-256 over a secret and all that makes a packet the same, in words of 32: nobody can make another packet with the same. */
const KEY_WORDS = 4
const SECRET_BYTES = 16
const SMALLEST_CAPACITY = 64
const SMALLEST_BYTES = 4096
/** Packets can be made to meet in one chain; past this many the search is given up. */
const CHAIN_STEPS_MAX = 32

/** A place in the memory. It is lost when its generation is emptied, as the epoch shows. */
export interface Place {
  readonly generation: Generation
  readonly epoch: number
  readonly slot: number
}

/** What makes a packet the same packet, and how much it was sent with. */
export type Sent = Pick<PrepareView, 'invariant' | 'checksum' | 'amount' | 'expiresAt'>

export interface MemoryLimits {
  /** A power of two from 128 on. */
  packets: number
  bytes: number
}

export class PacketMemory {
  private readonly key = new Uint32Array(KEY_WORDS)
  /** The packet whose key that is. */
  private keyed: Buffer | undefined
  /** The secret, and behind it room for a packet. */
  private hashed = randomBytes(SECRET_BYTES)
  private young: Generation
  private old: Generation

  /** Grows up to its limits as it is used. */
  constructor (private readonly limits: MemoryLimits) {
    this.young = new Generation(SMALLEST_CAPACITY)
    this.old = new Generation(SMALLEST_CAPACITY)
  }

  /** The answer to the same packet that was sent before, or the promise of one. The first must have covered amount and expiry. */
  find (packet: Sent): Promise<Buffer> | undefined {
    this.readKey(packet)
    return this.young.find(this.key, packet) ?? this.old.find(this.key, packet)
  }

  /** Makes a place for a packet that is about to be sent. It is not found before `answering` was called. */
  add (packet: Sent): Place {
    this.readKey(packet)
    if (this.young.isFull) this.rotate()
    const slot = this.young.add(this.key, packet)
    return { generation: this.young, epoch: this.young.epoch, slot }
  }

  answering ({ generation, epoch, slot }: Place, answer: Promise<Buffer>): void {
    if (generation.epoch === epoch) generation.pending[slot] = answer
  }

  keep ({ generation, epoch, slot }: Place, answer: Buffer): void {
    if (generation.epoch !== epoch || generation.pending[slot] === undefined) return
    generation.pending[slot] = undefined
    if (generation.keep(slot, answer, this.limits.bytes / 2)) return
    if (generation === this.young) this.rotate() // in bytes it is full
  }

  forget ({ generation, epoch, slot }: Place): void {
    if (generation.epoch === epoch) generation.forget(slot)
  }

  /** Forgets packets that expired before `time` (ms). */
  forgetExpired (time: number): void {
    this.young.forgetExpired(time)
    this.old.forgetExpired(time)
  }

  clear (): void {
    this.young.empty(SMALLEST_CAPACITY)
    this.old.empty(SMALLEST_CAPACITY)
  }

  private rotate (): void {
    const capacity = Math.min(this.young.capacity * 2, this.limits.packets / 2)
    const emptied = this.old
    this.old = this.young
    this.young = emptied
    emptied.empty(capacity)
  }

  private readKey ({ invariant }: Sent): void {
    if (invariant === this.keyed) return
    const end = SECRET_BYTES + invariant.length
    if (end > this.hashed.length) this.hashed = Buffer.concat([this.hashed], 2 * end)
    invariant.copy(this.hashed, SECRET_BYTES)
    const digest = hash('sha256', this.hashed.subarray(0, end), 'binary')
    for (let i = 0; i < KEY_WORDS; i++) this.key[i] = wordAt(digest, 4 * i)
    this.keyed = invariant
  }
}

function wordAt (digest: string, at: number): number {
  return digest.charCodeAt(at) | digest.charCodeAt(at + 1) << 8 | digest.charCodeAt(at + 2) << 16 | digest.charCodeAt(at + 3) << 24
}

class Generation {
  epoch = 0
  /** The answers that are not there yet. */
  pending: Array<Promise<Buffer> | undefined> = []
  private count = 0
  private used = 0
  /** For each bucket the slot that was added last, and for each slot the one before it in its bucket; one more than the slot, 0 is none. */
  private heads!: Int32Array
  private before!: Int32Array
  private keys!: Uint32Array
  private amounts!: BigUint64Array
  private expiries!: Float64Array
  private starts!: Uint32Array
  private lengths!: Uint32Array
  private bytes = Buffer.alloc(0)

  constructor (public capacity: number) {
    this.allocate()
  }

  get isFull (): boolean {
    return this.count === this.capacity
  }

  find (key: Uint32Array, { checksum, amount, expiresAt }: Sent): Promise<Buffer> | undefined {
    let slot = (this.heads[checksum & (this.capacity - 1)] ?? 0) - 1
    for (let steps = 0; slot >= 0 && steps < CHAIN_STEPS_MAX; steps++) {
      if (this.isAt(slot, key) && (this.amounts[slot] ?? 0n) >= amount && (this.expiries[slot] ?? 0) >= expiresAt) {
        const answer = this.pending[slot] ?? this.answerAt(slot)
        if (answer !== undefined) return answer
      }
      slot = (this.before[slot] ?? 0) - 1
    }
    return undefined
  }

  add (key: Uint32Array, { checksum, amount, expiresAt }: Sent): number {
    const slot = this.count++
    const head = checksum & (this.capacity - 1)
    this.before[slot] = this.heads[head] ?? 0
    this.heads[head] = slot + 1
    this.keys.set(key, slot * KEY_WORDS)
    this.amounts[slot] = amount
    this.expiries[slot] = expiresAt
    this.lengths[slot] = 0
    return slot
  }

  /** False where there is no room left. */
  keep (slot: number, answer: Buffer, bytesMax: number): boolean {
    const end = this.used + answer.length
    if (end > this.bytes.length) {
      const larger = Math.min(Math.max(2 * this.bytes.length, end, SMALLEST_BYTES), bytesMax)
      if (end > larger) return false
      const bytes = Buffer.allocUnsafeSlow(larger)
      this.bytes.copy(bytes, 0, 0, this.used)
      this.bytes = bytes
    }
    answer.copy(this.bytes, this.used)
    this.starts[slot] = this.used
    this.lengths[slot] = answer.length
    this.used = end
    return true
  }

  forget (slot: number): void {
    this.pending[slot] = undefined
    this.lengths[slot] = 0
  }

  forgetExpired (time: number): void {
    for (let slot = 0; slot < this.count; slot++) if ((this.expiries[slot] ?? 0) < time) this.forget(slot)
  }

  empty (capacity: number): void {
    this.epoch++
    this.count = 0
    this.used = 0
    this.pending = []
    if (capacity === this.capacity) {
      this.heads.fill(0)
      return
    }
    this.capacity = capacity
    this.bytes = Buffer.alloc(0)
    this.allocate()
  }

  private allocate (): void {
    const { capacity } = this
    this.heads = new Int32Array(capacity)
    this.before = new Int32Array(capacity)
    this.keys = new Uint32Array(capacity * KEY_WORDS)
    this.amounts = new BigUint64Array(capacity)
    this.expiries = new Float64Array(capacity)
    this.starts = new Uint32Array(capacity)
    this.lengths = new Uint32Array(capacity)
  }

  private isAt (slot: number, key: Uint32Array): boolean {
    const start = slot * KEY_WORDS
    for (let i = KEY_WORDS - 1; i >= 0; i--) if (this.keys[start + i] !== key[i]) return false
    return true
  }

  private answerAt (slot: number): Promise<Buffer> | undefined {
    const start = this.starts[slot] ?? 0
    const length = this.lengths[slot] ?? 0
    return length === 0 ? undefined : Promise.resolve(Buffer.from(this.bytes.subarray(start, start + length)))
  }
}
