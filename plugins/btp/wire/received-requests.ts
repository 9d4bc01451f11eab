/**
 * The peer's latest requests and our answers to them, so that a connection that breaks loses neither: an answer that may not have arrived
 * goes out again on the next connection, and a request that comes again is not carried out again.
 *
 * Kept in flat arrays, for the reason given in requests.ts. There are two generations. When the younger one is full, in requests or in
 * bytes, or the window is over, the older one is emptied and takes its place. So what came within the window is remembered as far as the
 * bounds allow, and forgetting costs nothing.
 */

const SLOT_BITS = 14
const SLOTS_MAX = 2 ** SLOT_BITS
const BYTES_MAX = 4 * 1024 * 1024
/** Per account, both generations together. Past these the oldest are forgotten. */
export const MAX_REMEMBERED_REQUESTS = 2 * SLOTS_MAX
export const MAX_REMEMBERED_BYTES = 2 * BYTES_MAX

const SMALLEST_CAPACITY = 16
const SMALLEST_BYTES = 4096
/** A peer can choose ids that meet in one chain; past this many steps the search is given up. */
const CHAIN_STEPS_MAX = 32
/** A generation that was used less than this part shrinks by half when it is emptied. */
const SHRINK_PART = 4
/** A place is a slot and the epoch of its generation, in 30 bits: a small integer. */
const EPOCHS = 2 ** (30 - SLOT_BITS)

const EMPTY: Buffer = Buffer.alloc(0)

/** Four bytes in so many are looked at to tell requests apart, and not many more than 32 times four. */
const MARK_STEP = 8
const MARK_STEPS_BITS = 5
/** Of a frame: type and id stand before. */
const CONTENTS_AT = 5
const PRIME = 0x01000193

/**
 * Tells two requests with the same id apart: ids of npm's plugin are random, so that those of different requests may meet. A peer could
 * make requests whose marks meet too, and would get the first one's answer for both.
 */
export function markOf (frame: Buffer): number {
  const last = frame.length - 4
  const step = Math.max(MARK_STEP, frame.length >>> MARK_STEPS_BITS)
  let mark = frame.length
  for (let at = CONTENTS_AT; at < last; at += step) mark = Math.imul(mark ^ frame.readUInt32BE(at), PRIME)
  if (last > 0) mark = Math.imul(mark ^ frame.readUInt32BE(last), PRIME)
  return mark >>> 0
}

/** What is to be said of a request to answer it. */
export interface ReceivedRequest {
  readonly requestId: number
  /** See markOf. */
  readonly mark: number
  /** As returned by `add`. */
  readonly place: number
}

export class ReceivedRequests {
  #young = new Generation()
  #old = new Generation()
  #bytes = EMPTY
  #order = 0
  #timer: NodeJS.Timeout | undefined

  /** Requests and answers are remembered for `windowMs` at least, and for twice as long at most. */
  constructor (private readonly windowMs: number) {}

  /** Counts the answers. */
  get order (): number {
    return this.#order
  }

  /** What the latest answer is to be written into. */
  get bytes (): Buffer {
    return this.#bytes
  }

  /** The answer to a request that has come before, empty while there is none. Undefined: the request is new. */
  find (requestId: number, mark: number): Buffer | undefined {
    return this.#young.find(requestId, mark) ?? this.#old.find(requestId, mark)
  }

  /** Whether a request with this id may have come before. */
  has (requestId: number): boolean {
    return (this.#young.find(requestId) ?? this.#old.find(requestId)) !== undefined
  }

  /** Remembers a new request, and returns its place. */
  add (requestId: number, mark: number): number {
    if (this.#young.isFull) this.#rotate()
    this.#timer ??= setInterval(() => { this.#age() }, this.windowMs).unref()
    return this.#young.add(requestId, mark)
  }

  /** Makes room for a frame of `size` bytes that answers the request: in `bytes`, from the returned place on. A huge one is not kept. */
  answer ({ requestId, mark, place }: ReceivedRequest, size: number): number {
    if (size > BYTES_MAX) {
      this.#bytes = Buffer.allocUnsafe(size)
      return 0
    }
    if (!this.#young.hasRoomFor(size)) this.#rotate()
    let slot = this.#young.slotAt(place)
    if (slot < 0) slot = this.#young.slotAt(this.add(requestId, mark))
    const start = this.#young.answer(slot, size, ++this.#order)
    this.#bytes = this.#young.bytes
    return start
  }

  /** The answers that were given after `order` was what it is given as. Each is to be used before the next request comes. */
  * since (order: number): Generator<Buffer> {
    yield * this.#old.since(order)
    yield * this.#young.since(order)
  }

  clear (): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#young = new Generation()
    this.#old = new Generation()
    this.#bytes = EMPTY
  }

  #age (): void {
    this.#rotate()
    if (this.#old.isEmpty) this.clear()
  }

  #rotate (): void {
    const emptied = this.#old
    this.#old = this.#young
    this.#young = emptied
    emptied.empty()
  }
}

/** Numbers of 32 bits that are kept of a request. */
const WORDS = 5
const ID = 0
const MARK = 1
/** Where the answer is; a length of 0 means that there is none yet. */
const START = 2
const LENGTH = 3
/** The slot that was added to the same bucket before; like all links one more than the slot, 0 is none. */
const BEFORE = 4

let epochs = 0

class Generation {
  #epoch = 0
  #count = 0
  #used = 0
  #capacity = 0
  #bytes = EMPTY
  #records = new Uint32Array(0)
  #orders = new Float64Array(0)
  /** For each bucket the slot that was added last. */
  #heads = new Uint32Array(0)

  constructor () {
    this.#newEpoch()
  }

  get isFull (): boolean {
    return this.#count === SLOTS_MAX
  }

  get isEmpty (): boolean {
    return this.#count === 0
  }

  get bytes (): Buffer {
    return this.#bytes
  }

  hasRoomFor (size: number): boolean {
    return this.#used + size <= BYTES_MAX
  }

  /** With a mark, the answer to that very request. */
  find (requestId: number, mark?: number): Buffer | undefined {
    if (this.#count === 0) return undefined
    const records = this.#records
    let link = this.#heads[requestId & (this.#capacity - 1)] ?? 0
    for (let steps = 0; link > 0 && steps < CHAIN_STEPS_MAX; steps++) {
      const record = (link - 1) * WORDS
      if (records[record + ID] === requestId && (mark === undefined || records[record + MARK] === mark)) return this.#answerOf(record)
      link = records[record + BEFORE] ?? 0
    }
    return undefined
  }

  /** Returns the place of the request. The caller has seen that there is room. */
  add (requestId: number, mark: number): number {
    if (this.#count === this.#capacity) this.#grow()
    const slot = this.#count++
    const record = slot * WORDS
    const records = this.#records
    records[record + ID] = requestId
    records[record + MARK] = mark
    records[record + LENGTH] = 0
    this.#link(slot, requestId)
    return this.#epoch * SLOTS_MAX + slot
  }

  /** -1: that place is not here, or not any more. */
  slotAt (place: number): number {
    return (place >>> SLOT_BITS) === this.#epoch ? place & (SLOTS_MAX - 1) : -1
  }

  answer (slot: number, size: number, order: number): number {
    const start = this.#used
    const end = start + size
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(2 * this.#bytes.length, end, SMALLEST_BYTES), BYTES_MAX))
      this.#bytes.copy(larger, 0, 0, start)
      this.#bytes = larger
    }
    this.#used = end
    this.#records[slot * WORDS + START] = start
    this.#records[slot * WORDS + LENGTH] = size
    this.#orders[slot] = order
    return start
  }

  * since (order: number): Generator<Buffer> {
    for (let slot = 0; slot < this.#count; slot++) {
      const answer = this.#answerOf(slot * WORDS)
      if (answer.length > 0 && (this.#orders[slot] ?? 0) > order) yield answer
    }
  }

  empty (): void {
    if (this.#used * SHRINK_PART < this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(this.#bytes.length / 2)
    if (this.#count * SHRINK_PART < this.#capacity) this.#allocate(this.#capacity / 2)
    else this.#heads.fill(0)
    this.#count = this.#used = 0
    this.#newEpoch()
  }

  #newEpoch (): void {
    this.#epoch = epochs = (epochs + 1) % EPOCHS
  }

  #link (slot: number, requestId: number): void {
    const bucket = requestId & (this.#capacity - 1)
    this.#records[slot * WORDS + BEFORE] = this.#heads[bucket] ?? 0
    this.#heads[bucket] = slot + 1
  }

  #answerOf (record: number): Buffer {
    const start = this.#records[record + START] ?? 0
    const length = this.#records[record + LENGTH] ?? 0
    return length === 0 ? EMPTY : this.#bytes.subarray(start, start + length)
  }

  #grow (): void {
    const [records, orders] = [this.#records, this.#orders]
    this.#allocate(Math.max(2 * this.#capacity, SMALLEST_CAPACITY))
    this.#records.set(records)
    this.#orders.set(orders)
    for (let slot = 0; slot < this.#count; slot++) this.#link(slot, records[slot * WORDS + ID] ?? 0)
  }

  #allocate (capacity: number): void {
    this.#capacity = capacity
    this.#records = new Uint32Array(capacity * WORDS)
    this.#orders = new Float64Array(capacity)
    this.#heads = new Uint32Array(capacity)
  }
}
