/**
 * A map from address segments to what lies there, for tables that are too large for the processor's caches: among 100,000 routes a
 * lookup costs what it has to fetch from memory. A Map has the segment cut out of the address, and fetches a bucket, an entry, the key
 * and the value one after the other; here nearly all of the searching is done in one small array.
 *
 *     slots    · · 4821·2 · 977·1 ·     open addressing: the upper bits of the hash, and in the lower ones the place
 *     segments  1: alice   2: bob       in the order in which they were added
 *     values    1: …       2: …
 */
import { randomInt } from 'node:crypto'

const DOT = 46
/** A power of two. */
const SMALLEST_CAPACITY = 4
/** Of slots to entries: fewer make searches longer. */
const SPARSENESS = 2
/** So that nobody can choose names that meet in one slot. */
const SEED = randomInt(2 ** 32)

export class SegmentMap<V> {
  #slots = new Int32Array(SMALLEST_CAPACITY)
  /** Place 0 stands for none. Where a segment was removed there is a gap, until the next rebuilding. */
  #segments: Array<string | undefined> = [undefined]
  #values: Array<V | undefined> = [undefined]
  #size = 0

  get size (): number {
    return this.#size
  }

  /** What lies at the segment that begins at `start` and ends before the next dot. */
  get (address: string, start = 0): V | undefined {
    return this.#values[this.#find(address, start, hashOf(address, start))]
  }

  /** The segment must not contain a dot. */
  set (segment: string, value: V): void {
    const hash = hashOf(segment, 0)
    const place = this.#find(segment, 0, hash)
    if (place > 0) {
      this.#values[place] = value
      return
    }
    if (this.#segments.length * SPARSENESS >= this.#slots.length) this.#rebuild()
    this.#link(hash, this.#segments.length)
    this.#segments.push(inOnePiece(segment))
    this.#values.push(value)
    this.#size++
  }

  delete (segment: string): void {
    const place = this.#find(segment, 0, hashOf(segment, 0))
    if (place === 0) return
    this.#segments[place] = undefined
    this.#values[place] = undefined
    this.#size--
    if (this.#size * SPARSENESS < this.#segments.length) this.#rebuild()
  }

  /** In the order in which their segments were added. */
  values (): V[] {
    return this.#values.filter(value => value !== undefined)
  }

  #find (address: string, start: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const slot = slots[i] ?? 0
      if (slot === 0) return 0
      if (((slot ^ hash) & ~mask) !== 0) continue
      const place = slot & mask
      const segment = this.#segments[place]
      if (segment !== undefined && isAt(address, start, segment)) return place
    }
  }

  #link (hash: number, place: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let i = hash & mask
    while (slots[i] !== 0) i = (i + 1) & mask
    slots[i] = (hash & ~mask) | place
  }

  /** Without the gaps, and with room for as many more. */
  #rebuild (): void {
    let capacity = SMALLEST_CAPACITY
    while (capacity < 2 * SPARSENESS * (this.#size + 1)) capacity *= 2
    this.#slots = new Int32Array(capacity)
    this.#values = [undefined, ...this.values()]
    this.#segments = [undefined, ...this.#segments.filter(segment => segment !== undefined)]
    this.#segments.forEach((segment, place) => { if (segment !== undefined) this.#link(hashOf(segment, 0), place) })
  }
}

/** Bob Jenkins' one-at-a-time hash, up to the next dot. */
function hashOf (address: string, start: number): number {
  let hash = SEED
  for (let i = start; i < address.length; i++) {
    const code = address.charCodeAt(i)
    if (code === DOT) break
    hash = (hash + code) | 0
    hash = (hash + (hash << 10)) | 0
    hash ^= hash >>> 6
  }
  hash = (hash + (hash << 3)) | 0
  hash ^= hash >>> 11
  return (hash + (hash << 15)) | 0
}

function isAt (address: string, start: number, segment: string): boolean {
  const end = start + segment.length
  return (end === address.length || address.charCodeAt(end) === DOT) && address.slice(start, end) === segment
}

/** A part of a longer string is read by way of that string: one more thing to fetch from memory. */
function inOnePiece (segment: string): string {
  return Buffer.from(segment).toString()
}
