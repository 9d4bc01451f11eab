/**
 * Keeps packets from going in circles while news of a change is still on its way.
 *
 * Each connector that follows our announcement of a path of n hops counts on the packet being at its goal after n more hops. When our
 * route gets longer or goes, a neighbour that has not confirmed the news yet still counts on the old length. If we forwarded its packet
 * along the longer path, the packet could come back to us over a neighbour that is just as far behind. So we do not, until that
 * neighbour has confirmed the news (about 150 ms and a round trip later): its packet gets a temporary error instead.
 *
 *     what N was told by us  >  what we were told by the next hop  >  what that one was told by its next hop ...
 *
 * At every moment the number falls from hop to hop, so that there is no circle to go in. This holds among connectors that all keep to
 * it, for routes that were learnt; a default or configured route is the operator's word. The same idea keeps Babel (RFC 8966, section
 * 2.4, feasibility) and EIGRP (RFC 7868) free of loops. A packet that is on its way while tables change may still come round: that is
 * noticed when it does (see the loop detector of forwarding).
 */
import type { ForwardingEntry } from './forwarding-table.js'
import { MAX_GUARDED_PREFIXES } from './limits.js'
import { PrefixTable } from './prefix-table.js'
import type { Candidate } from './route.js'

/** What some neighbours may still believe about a prefix. */
interface Guarded {
  readonly prefix: string
  /** The shortest path that they may count on. */
  readonly hops: number
  /** They know better once they have confirmed this epoch. */
  readonly epoch: number
}

/** How far a neighbour has followed our announcements: it may know those before `told`, and has confirmed those before `confirmed`. */
export interface Progress {
  readonly told: number
  readonly confirmed: number
}

export class LoopGuard {
  #guarded = new PrefixTable<Guarded>()
  /** The same, ordered by epoch. */
  #byEpoch = new Map<string, Guarded>()

  get size (): number {
    return this.#guarded.size
  }

  /** Our announcement of a prefix changed. `route` is what we now use ourselves for exactly this prefix. */
  changed (before: ForwardingEntry | undefined, after: ForwardingEntry, route: Candidate | undefined): void {
    const { prefix, epoch } = after
    const known = this.#guarded.get(prefix)
    const hops = Math.min(known?.hops ?? Infinity, before?.route?.path.length ?? Infinity)
    if (hops === Infinity || (route !== undefined && route.path.length < hops)) return
    const guarded = { prefix, hops, epoch }
    this.#guarded.set(guarded)
    this.#byEpoch.delete(prefix)
    this.#byEpoch.set(prefix, guarded)
  }

  /** Forgets what every neighbour has confirmed, and the oldest when there are too many. */
  forget (confirmedEpoch: number): void {
    for (const [prefix, guarded] of this.#byEpoch) {
      if (guarded.epoch >= confirmedEpoch && this.#byEpoch.size <= MAX_GUARDED_PREFIXES) break
      this.#byEpoch.delete(prefix)
      this.#guarded.delete(prefix)
    }
  }

  /** Whether a packet from a neighbour must not be forwarded now. `route` is the longest match for its destination. */
  holds (destination: string, route: Candidate, neighbour: Progress): boolean {
    if (neighbour.told === 0) return false
    return this.#guarded.covering(destination).some(({ prefix, hops, epoch }) => {
      if (prefix.length < route.prefix.length || neighbour.confirmed > epoch) return false
      return prefix !== route.prefix || route.path.length >= hops
    })
  }
}
