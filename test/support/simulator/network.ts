/** Connectors and links, and what can be said about packets in them at any moment. */
import { CUSTOMERS, SimulatedConnector } from './connector.js'
import { Link } from './link.js'
import type { Quality } from './link.js'
import type { Random } from './random.js'
import { Timeline } from './timeline.js'

export const GOOD: Quality = { loss: 0, doubling: 0, delayMs: { least: 1, most: 50 } }

/** What became of a packet that was sent through the network in no time at all. */
export interface Journey {
  outcome: 'delivered' | 'no route' | 'held back' | 'link down' | 'circles'
  /** The connectors that had it, in order. */
  connectors: SimulatedConnector[]
}

export class Network {
  readonly timeline = new Timeline()
  readonly connectors: SimulatedConnector[] = []
  readonly links: Link[] = []

  constructor (readonly random: Random) {}

  addConnector (address: string): SimulatedConnector {
    const connector = new SimulatedConnector(address, this.timeline)
    this.connectors.push(connector)
    return connector
  }

  /** `relation` is what b is to a. */
  addLink (a: SimulatedConnector, b: SimulatedConnector, relation: 'peer' | 'child', options = {}): Link {
    const link = new Link(
      { connector: a, accountId: b.address }, { connector: b, accountId: a.address }, this.timeline, this.random, GOOD)
    a.accounts.set(b.address, { relation, options, link })
    b.accounts.set(a.address, { relation: relation === 'peer' ? 'peer' : 'parent', options, link })
    this.links.push(link)
    return link
  }

  areLinked (a: SimulatedConnector, b: SimulatedConnector): boolean {
    return a.accounts.has(b.address)
  }

  start (): void {
    for (const connector of this.connectors) connector.start()
    for (const link of this.links) link.connect()
  }

  /** Follows a packet while time stands still: whoever has it forwards it as its tables say at this moment. */
  follow (start: SimulatedConnector, destination: string): Journey {
    const connectors: SimulatedConnector[] = []
    let at = start
    let source: string | undefined
    for (;;) {
      const isBack = connectors.includes(at)
      connectors.push(at)
      let nextHop: string | undefined
      try {
        nextHop = at.router.resolve(destination, source)?.nextHop
      } catch {
        return { outcome: 'held back', connectors }
      }
      if (nextHop === undefined) return { outcome: 'no route', connectors }
      if (nextHop === '' || nextHop === CUSTOMERS) return { outcome: 'delivered', connectors }
      if (isBack) return { outcome: 'circles', connectors }
      const link = at.accounts.get(nextHop)?.link
      if (link?.isWorking !== true) return { outcome: 'link down', connectors }
      const next = link.otherEnd(at)
      source = next.accountId
      at = next.connector
    }
  }

  /** The least number of connectors from one to another that a packet can pass, both included. */
  distances (from: SimulatedConnector): Map<SimulatedConnector, number> {
    const distances = new Map([[from, 1]])
    for (const [connector, distance] of distances) {
      for (const { link } of connector.accounts.values()) {
        const next = link?.otherEnd(connector).connector
        if (next !== undefined && !distances.has(next)) distances.set(next, distance + 1)
      }
    }
    return distances
  }
}
