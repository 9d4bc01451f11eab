/**
 * Longest-prefix matching of ILP addresses (RFC 0015), the lookup that every packet makes. A trie with one Map per address segment:
 * a lookup costs as many steps as the address has known segments, however many prefixes are stored.
 *
 *     test ── alice ── bob        holds test.alice.bob; a prefix matches an address that is equal to it
 *        └─── carol               or goes on with a dot, so `test.al` does not match `test.alice`
 */

export interface Match<T> {
  readonly prefix: string
  readonly value: T
}

/** One segment of the trie. It carries its match, if a prefix ends here, and is that match: one memory access less per lookup. */
interface Node<T> {
  prefix: string
  value: T | undefined
  stored: boolean
  children: Map<string, Node<T>> | undefined
}
type StoredNode<T> = Node<T> & { value: T }

const newNode = <T>(): Node<T> => ({ prefix: '', value: undefined, stored: false, children: undefined })
const isStored = <T>(node: Node<T>): node is StoredNode<T> => node.stored

export class PrefixTable<T> {
  #root = newNode<T>()
  #size = 0

  /** How many prefixes are stored. */
  get size (): number {
    return this.#size
  }

  /** The value stored for exactly this prefix. */
  get (prefix: string): T | undefined {
    return this.#find(prefix)?.value
  }

  /** The longest stored prefix of the address, with its value. There is no catch-all: the prefix '' matches only the address ''. */
  resolve (address: string): Match<T> | undefined {
    let node = this.#root
    let best: Match<T> | undefined
    for (let start = 0; ;) {
      const dot = address.indexOf('.', start)
      const child = node.children?.get(dot === -1 ? address.slice(start) : address.slice(start, dot))
      if (child === undefined) return best
      if (isStored(child)) best = child
      if (dot === -1) return best
      node = child
      start = dot + 1
    }
  }

  /** All stored prefixes of the address, itself included, shortest first. */
  covering (address: string): Array<Match<T>> {
    const found: Array<Match<T>> = []
    let node: Node<T> | undefined = this.#root
    for (const segment of address.split('.')) {
      node = node.children?.get(segment)
      if (node === undefined) break
      if (isStored(node)) found.push(node)
    }
    return found
  }

  /** Everything stored strictly below the prefix (it and a dot and more), a prefix before those below it. */
  below (prefix: string): Array<Match<T>> {
    const node = this.#find(prefix)
    return node === undefined ? [] : descendants(node)
  }

  /** Everything stored, a prefix before those below it. */
  [Symbol.iterator] (): Iterator<Match<T>> {
    return descendants(this.#root)[Symbol.iterator]()
  }

  set (prefix: string, value: T): void {
    let node = this.#root
    for (const segment of prefix.split('.')) {
      node.children ??= new Map()
      let child = node.children.get(segment)
      if (child === undefined) node.children.set(segment, child = newNode())
      node = child
    }
    if (!node.stored) this.#size++
    node.prefix = prefix
    node.value = value
    node.stored = true
  }

  /** Removes exactly this prefix, and the branches that lead nowhere any more. Returns whether it was stored. */
  delete (prefix: string): boolean {
    const segments = prefix.split('.')
    const parents: Array<Node<T>> = []
    let node: Node<T> | undefined = this.#root
    for (const segment of segments) {
      parents.push(node)
      node = node.children?.get(segment)
      if (node === undefined) return false
    }
    if (!node.stored) return false
    node.value = undefined
    node.stored = false
    this.#size--
    while (!node.stored && node.children === undefined) {
      const parent = parents.pop()
      if (parent === undefined) break
      parent.children?.delete(segments[parents.length] ?? '')
      if (parent.children?.size === 0) parent.children = undefined
      node = parent
    }
    return true
  }

  #find (prefix: string): Node<T> | undefined {
    let node: Node<T> | undefined = this.#root
    for (const segment of prefix.split('.')) node = node?.children?.get(segment)
    return node
  }
}

/** Depth first without recursion: an address may have hundreds of segments. */
function descendants<T> (top: Node<T>): Array<Match<T>> {
  const found: Array<Match<T>> = []
  const levels = [(top.children ?? new Map<string, Node<T>>()).values()]
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { done, value: node } = level.next()
    if (done === true) {
      levels.pop()
      continue
    }
    if (isStored(node)) found.push(node)
    if (node.children !== undefined) levels.push(node.children.values())
  }
  return found
}
