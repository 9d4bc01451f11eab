/**
 * What we announce to other connectors: the advertised route of each prefix, and a log of changes that brings every peer up to date.
 * Each change takes the next epoch number; only the last change of a prefix stays in the log, so that its length follows the number of
 * live prefixes. A withdrawal stays until every peer that may have known the route has confirmed it.
 */
import { MAX_PENDING_WITHDRAWALS } from './limits.js'
import { PrefixTable } from './prefix-table.js'
import { sameRoute } from './route.js'
import type { Route } from './route.js'

export interface ForwardingEntry {
  readonly prefix: string
  /** Undefined: withdrawn. */
  readonly route: Route | undefined
  readonly epoch: number
}

/** A log this short is not worth compacting. */
const MIN_LOG_LENGTH = 64

export class ForwardingTable {
  #entries = new PrefixTable<ForwardingEntry>()
  /** Ordered by epoch. Superseded entries stay until there are more of them than live ones. */
  #log: ForwardingEntry[] = []
  /** The live entries without a route, oldest first. */
  #withdrawals = new Map<string, ForwardingEntry>()
  #currentEpoch = 0
  #forgottenEpoch = -1

  constructor (readonly routingTableId: string) {}

  /** The epoch of the next change: one more than that of the last. */
  get currentEpoch (): number {
    return this.#currentEpoch
  }

  /**
   * The newest withdrawal that is no longer in the log, or -1. A peer that stopped reading before it cannot be brought up to date from
   * there.
   */
  get forgottenEpoch (): number {
    return this.#forgottenEpoch
  }

  /** Entries that the log keeps in memory. */
  get logLength (): number {
    return this.#log.length
  }

  get (prefix: string): ForwardingEntry | undefined {
    return this.#entries.get(prefix)
  }

  /** The entries of all prefixes that cover the given one, itself included, shortest first. */
  covering (prefix: string): ForwardingEntry[] {
    return this.#entries.covering(prefix)
  }

  /** Advertises the route, or withdraws the prefix. Returns the new entry, or undefined if that changes nothing. */
  set (prefix: string, route: Route | undefined): ForwardingEntry | undefined {
    const before = this.#entries.get(prefix)
    if (sameRoute(before?.route, route)) return undefined
    const entry = { prefix, route, epoch: this.#currentEpoch++ }
    this.#entries.set(entry)
    this.#log.push(entry)
    this.#withdrawals.delete(prefix)
    if (route === undefined) this.#withdrawals.set(prefix, entry)
    this.#compact()
    return entry
  }

  /** Live entries from the given epoch on, oldest first. */
  since (epoch: number, limit: number): ForwardingEntry[] {
    const found: ForwardingEntry[] = []
    for (let i = this.#indexOf(epoch); i < this.#log.length && found.length < limit; i++) {
      const entry = this.#log[i]
      if (entry !== undefined && this.#isLive(entry)) found.push(entry)
    }
    return found
  }

  /** Forgets the withdrawals before the given epoch, which everybody has confirmed, and the oldest ones when there are too many. */
  forget (confirmedEpoch: number): void {
    for (const [prefix, entry] of this.#withdrawals) {
      if (entry.epoch >= confirmedEpoch && this.#withdrawals.size <= MAX_PENDING_WITHDRAWALS) break
      this.#withdrawals.delete(prefix)
      this.#entries.delete(prefix)
      this.#forgottenEpoch = entry.epoch
    }
    this.#compact()
  }

  /** All live entries, in the order of the log. */
  entries (): ForwardingEntry[] {
    return this.since(0, Infinity)
  }

  #isLive (entry: ForwardingEntry): boolean {
    return this.#entries.get(entry.prefix) === entry
  }

  #compact (): void {
    if (this.#log.length <= Math.max(MIN_LOG_LENGTH, 2 * this.#entries.size)) return
    this.#log = this.#log.filter(entry => this.#isLive(entry))
  }

  /** Index of the first entry of this epoch or later. */
  #indexOf (epoch: number): number {
    let low = 0
    let high = this.#log.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#log[middle]?.epoch ?? Infinity) < epoch) low = middle + 1
      else high = middle
    }
    return low
  }
}
