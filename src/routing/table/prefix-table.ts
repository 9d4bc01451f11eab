/**
 * Longest-prefix matching of ILP addresses (RFC 0015), the lookup that every packet makes. A trie over address segments: a lookup costs
 * as many steps as the address has known segments, however many prefixes are stored.
 *
 *     test ── alice ── bob        holds test.alice.bob; a prefix matches an address that is equal to it
 *        └─── carol               or goes on with a dot, so `test.al` does not match `test.alice`
 *
 * Where nothing lies below a prefix, its value stands in its branch itself: one thing less to fetch from memory.
 */
import { SegmentMap } from './segment-map.js'

/** What is stored knows its own prefix. */
export interface Prefixed {
  readonly prefix: string
}

/** A place with something below it, and perhaps a value of its own. */
class Branch<T> {
  readonly children = new SegmentMap<T | Branch<T>>()

  constructor (public value: T | undefined) {}
}

export class PrefixTable<T extends Prefixed> {
  readonly #root = new Branch<T>(undefined)
  #size = 0

  /** How many prefixes are stored. */
  get size (): number {
    return this.#size
  }

  /** What is stored for exactly this prefix. */
  get (prefix: string): T | undefined {
    const found = this.#find(prefix)
    return found instanceof Branch ? found.value : found
  }

  /** What is stored for the longest prefix of the address. There is no catch-all: the prefix '' matches only the address ''. */
  resolve (address: string): T | undefined {
    let branch = this.#root
    let best: T | undefined
    for (let start = 0; ;) {
      const child = branch.children.get(address, start)
      if (child === undefined) return best
      if (!(child instanceof Branch)) return child
      if (child.value !== undefined) best = child.value
      start = address.indexOf('.', start) + 1
      if (start === 0) return best
      branch = child
    }
  }

  /** What is stored for all prefixes of the address, itself included, shortest first. */
  covering (address: string): T[] {
    const found: T[] = []
    let branch = this.#root
    for (const segment of address.split('.')) {
      const child = branch.children.get(segment)
      const value = child instanceof Branch ? child.value : child
      if (value !== undefined) found.push(value)
      if (!(child instanceof Branch)) break
      branch = child
    }
    return found
  }

  /** What is stored strictly below the prefix (it and a dot and more), a prefix before those below it. */
  below (prefix: string): T[] {
    const found = this.#find(prefix)
    return found instanceof Branch ? descendants(found) : []
  }

  /** Everything stored, a prefix before those below it. */
  [Symbol.iterator] (): Iterator<T> {
    return descendants(this.#root)[Symbol.iterator]()
  }

  /** Stores the value for its prefix, in place of what was there. */
  set (value: T): void {
    const segments = value.prefix.split('.')
    const last = segments.pop() ?? ''
    let branch = this.#root
    for (const segment of segments) {
      let child = branch.children.get(segment)
      if (!(child instanceof Branch)) branch.children.set(segment, child = new Branch<T>(child))
      branch = child
    }
    const place = branch.children.get(last)
    if (place === undefined || (place instanceof Branch && place.value === undefined)) this.#size++
    if (place instanceof Branch) place.value = value
    else branch.children.set(last, value)
  }

  /** Removes exactly this prefix, and the branches that lead nowhere any more. Returns whether it was stored. */
  delete (prefix: string): boolean {
    if (this.get(prefix) === undefined) return false
    this.#size--
    remove(this.#root, prefix.split('.'), 0)
    return true
  }

  #find (prefix: string): T | Branch<T> | undefined {
    let found: T | Branch<T> | undefined = this.#root
    for (const segment of prefix.split('.')) found = found instanceof Branch ? found.children.get(segment) : undefined
    return found
  }
}

/** Depth first without recursion: an address may have hundreds of segments. */
function descendants<T> (top: Branch<T>): T[] {
  const found: T[] = []
  const levels = [top.children.values().values()]
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { done, value: child } = level.next()
    if (done === true) {
      levels.pop()
    } else if (child instanceof Branch) {
      if (child.value !== undefined) found.push(child.value)
      levels.push(child.children.values().values())
    } else found.push(child)
  }
  return found
}

/** Removes what the segments from `depth` on lead to. A branch with nothing below becomes a plain value again, or goes. */
function remove<T> (branch: Branch<T>, segments: readonly string[], depth: number): void {
  const segment = segments[depth] ?? ''
  const child = branch.children.get(segment)
  if (child instanceof Branch) {
    if (depth === segments.length - 1) child.value = undefined
    else remove(child, segments, depth + 1)
    if (child.children.size > 0) return
    if (child.value !== undefined) {
      branch.children.set(segment, child.value)
      return
    }
  }
  branch.children.delete(segment)
}
