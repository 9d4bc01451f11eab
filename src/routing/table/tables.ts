/**
 * From candidates to decisions: the table that packets are routed by, and the table that other connectors are told.
 * Whatever changes, `update` is called with the prefixes concerned and brings both in order.
 */
import { isBelow, isPrefix } from '../../packet/address.js'
import { Candidates } from './candidates.js'
import { ForwardingTable } from './forwarding-table.js'
import { LoopGuard } from './loop-guard.js'
import { bestOf, priorityOf } from './policy.js'
import type { Network } from './policy.js'
import { PrefixTable } from './prefix-table.js'
import { advertisement, sameRoute } from './route.js'
import type { Candidate, Route } from './route.js'

export class RoutingTables {
  readonly candidates = new Candidates()
  /** The best candidate of each prefix. */
  readonly local = new PrefixTable<Candidate>()
  readonly forwarding: ForwardingTable
  readonly guard = new LoopGuard()

  /** @param changed told of a prefix that leads to another next hop from now on, or to none */
  constructor (
    private readonly network: Network, routingTableId: string,
    private readonly changed: (prefix: string, nextHop: string | undefined) => void = () => undefined
  ) {
    this.forwarding = new ForwardingTable(routingTableId)
  }

  /** Chooses anew for these prefixes. Returns how many advertisements that changed. */
  update (prefixes: Iterable<string>): number {
    let changes = 0
    for (const prefix of prefixes) {
      const best = bestOf(this.candidates.of(prefix), this.network)
      const current = this.local.get(prefix)
      if (best !== undefined && best === current) continue
      if (best === undefined) this.local.delete(prefix)
      else this.local.set(best)
      if (best?.nextHop !== current?.nextHop) this.changed(prefix, best?.nextHop)
      if (!sameRoute(best, current)) changes += this.#readvertise(prefix)
    }
    return changes
  }

  /** Decides anew what is advertised, everywhere. Called when our own address changed, which stands in every path. */
  readvertiseAll (): number {
    let changes = 0
    for (const { prefix } of this.forwarding.entries()) changes += this.#advertise(prefix)
    for (const { prefix } of this.local) changes += this.#advertise(prefix)
    return changes
  }

  /** A change of a prefix may release or suppress what lies below it. */
  #readvertise (prefix: string): number {
    const before = this.#suppressionBy(this.forwarding.get(prefix)?.route)
    let changes = this.#advertise(prefix)
    if (this.#suppressionBy(this.forwarding.get(prefix)?.route) === before) return changes
    for (const below of this.local.below(prefix)) changes += this.#advertise(below.prefix)
    return changes
  }

  #advertise (prefix: string): number {
    const route = this.local.get(prefix)
    const before = this.forwarding.get(prefix)
    const entry = this.forwarding.set(prefix, this.#advertised(prefix, route))
    if (entry === undefined) return 0
    this.guard.changed(before, entry, route)
    return 1
  }

  /** What others are told about a prefix. Our own children are part of our own prefix, and need no mention. */
  #advertised (prefix: string, route: Candidate | undefined): Route | undefined {
    const ownAddress = this.network.ownAddress()
    const globalPrefix = this.network.globalPrefix()
    if (route === undefined || !isPrefix(prefix) || prefix === globalPrefix || !isBelow(globalPrefix, prefix)) return undefined
    if (prefix !== ownAddress && isBelow(ownAddress, prefix) && route.path.length === 0) return undefined
    if (this.#isSuppressed(prefix, route)) return undefined
    return advertisement(route, ownAddress)
  }

  /**
   * DRAGON (Sobrinho et al., 2014): a prefix need not be told where a shorter one that covers it is told and its next hop is at least
   * as good to us: what is sent to the shorter prefix finds the longer one here. A shorter prefix of our own does not count.
   */
  #isSuppressed (prefix: string, route: Route): boolean {
    const priority = priorityOf(route.nextHop, this.network)
    return this.forwarding.covering(prefix).some(cover => cover.prefix !== prefix && this.#suppressionBy(cover.route) >= priority)
  }

  /** Prefixes below a route with this next hop are suppressed up to this priority; -1 for none. */
  #suppressionBy (route: Route | undefined): number {
    return route === undefined || route.nextHop === '' ? -1 : priorityOf(route.nextHop, this.network)
  }
}
