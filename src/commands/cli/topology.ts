/**
 * Checks the configurations of a whole network against each other: do the peers exist, do the routes lead anywhere, is there a loop?
 * Follows every route hop by hop, as packets would.
 */
import { isBelow } from '../../packet/address.js'
import type { NodeConfig } from '../../contracts/node.js'

export interface TopologyNode {
  file: string
  config: NodeConfig
}

export interface TopologyFindings {
  /** Things that will not work. */
  problems: string[]
  /** Things that look odd. */
  warnings: string[]
}

/** Where a packet ends up. `path` is the nodes it passed. */
type Walk = { end: 'delivered' | 'no route' | 'unknown next hop' | 'cycle', path: string[] }
type Route = NodeConfig['routes'][number]

/** A segment that nobody has, for packets to addresses that do not exist. */
const NOBODY = '~nobody~'

/** Nodes are identified, and found by their peers, by `nodeId`. */
export function checkTopology (nodes: readonly TopologyNode[]): TopologyFindings {
  const problems = duplicateIds(nodes)
  const topology = new Topology(nodes.map(({ config }) => config))
  return {
    problems: [...problems, ...topology.unknownPeers(), ...topology.disconnected(), ...topology.strayRoutes()],
    warnings: [...topology.oddPorts(), ...topology.missingWays()]
  }
}

function duplicateIds (nodes: readonly TopologyNode[]): string[] {
  return [...new Set(nodes.map(({ config }) => config.nodeId))].flatMap(nodeId => {
    const sharers = nodes.filter(({ config }) => config.nodeId === nodeId)
    return sharers.length === 1 ? [] : [`${nodeId}: ${sharers.map(({ file }) => file).join(' and ')} have the same nodeId. Give each node its own.`]
  })
}

class Topology {
  private readonly byId: Map<string, NodeConfig>

  constructor (private readonly nodes: readonly NodeConfig[]) {
    this.byId = new Map(nodes.map(node => [node.nodeId, node]))
  }

  /** Peers that no file describes. */
  unknownPeers (): string[] {
    return this.nodes.flatMap(({ nodeId, peers }) => peers.filter(({ id }) => !this.byId.has(id))
      .map(({ id }) => `${nodeId}: unknown peer ${id}: no file here has that nodeId.`))
  }

  /** Nodes that no chain of peers connects to the first one. */
  disconnected (): string[] {
    const [first] = this.nodes
    if (first === undefined) return []
    const reached = new Set([first.nodeId])
    for (const nodeId of reached) { // a Set's iteration goes on with what is added meanwhile
      for (const other of this.nodes) if (this.arePeers(nodeId, other.nodeId)) reached.add(other.nodeId)
    }
    return this.nodes.filter(({ nodeId }) => !reached.has(nodeId))
      .map(({ nodeId }) => `${nodeId}: not connected to ${first.nodeId} by any chain of peers.`)
  }

  /** Routes to next hops that are not peers, that lead nowhere, or that form a loop. */
  strayRoutes (): string[] {
    const cycles = new Map<string, string>()
    const stray = this.nodes.flatMap(node => node.routes.flatMap(route => {
      const { nodeId } = node
      if (this.isLocal(node, route)) return []
      const name = `${nodeId}: route ${route.prefix} -> ${route.nextHop}`
      if (!this.arePeers(nodeId, route.nextHop)) {
        return node.peers.some(({ id }) => id === route.nextHop) ? [] : [`${name}: unknown next hop, it is not a peer of ${nodeId}.`]
      }
      const circle = this.walk(nodeId, `${route.prefix}.${NOBODY}`)
      if (circle.end === 'cycle') {
        const key = cycleOf(circle.path)
        if (!cycles.has(key)) cycles.set(key, `cycle: packets for ${route.prefix} go round: ${circle.path.join(' -> ')}.`)
        return []
      }
      return this.unreachable(node, route).map(reason => `${name}: unreachable: ${reason}`)
    }))
    return [...stray, ...cycles.values()]
  }

  /** Peers that dial a port on which the other node does not listen. With port forwarding, this may be right. */
  oddPorts (): string[] {
    return this.nodes.flatMap(({ nodeId, peers }) => peers.flatMap(({ id, url }) => {
      const port = this.byId.get(id)?.btpServerPort
      return port === undefined || url.endsWith(`:${port}`) ? [] : [`${nodeId}: dials ${id} at ${url}, but ${id} listens on port ${port}.`]
    }))
  }

  /** Pairs of nodes that cannot send to each other. */
  missingWays (): string[] {
    return this.nodes.flatMap(({ nodeId }) => this.nodes.filter(other => other.nodeId !== nodeId).flatMap(({ ilpAddress }) => {
      const { end, path } = this.walk(nodeId, ilpAddress)
      return end === 'delivered' ? [] : [`${nodeId} cannot send to ${ilpAddress}: ${end} at ${path.at(-1) ?? nodeId}.`]
    }))
  }

  /** Why no packet arrives through this route; empty if some packets do, or if longer prefixes take them all. */
  private unreachable (node: NodeConfig, route: Route): string[] {
    const homes = this.nodes.flatMap(other => this.homesOf(other))
    const targets = homes.flatMap(home => isBelow(route.prefix, home) ? [home] : isBelow(home, route.prefix) ? [route.prefix] : [])
    if (targets.length === 0) return [`no node here delivers ${route.prefix} or anything below it.`]
    const taken = targets.filter(target => this.bestRoute(node, target) === route)
    const walks = taken.map(target => ({ target, ...this.walk(node.nodeId, target) }))
    const [failed] = walks
    if (failed === undefined || walks.some(({ end }) => end === 'delivered')) return []
    return [`${failed.target} ends at ${failed.path.at(-1) ?? node.nodeId} (${failed.end}).`]
  }

  private walk (from: string, destination: string): Walk {
    const path = [from]
    for (;;) {
      const node = this.byId.get(path.at(-1) ?? from)
      if (node === undefined) return { end: 'unknown next hop', path }
      const best = this.bestRoute(node, destination)
      if (best === 'own') return { end: 'delivered', path }
      if (best === undefined) return { end: 'no route', path }
      if (this.isLocal(node, best)) return { end: 'delivered', path }
      const isRound = path.includes(best.nextHop)
      path.push(best.nextHop)
      if (isRound) return { end: 'cycle', path }
    }
  }

  /** The longest prefix wins, then the highest priority, then the first. A node is home to its own address. */
  private bestRoute (node: NodeConfig, destination: string): Route | 'own' | undefined {
    const fitting = node.routes.filter(({ prefix }) => isBelow(prefix, destination))
    const [best] = fitting.toSorted((a, b) => b.prefix.length - a.prefix.length || (b.priority ?? 0) - (a.priority ?? 0))
    const isOwn = isBelow(node.ilpAddress, destination) && (best === undefined || best.prefix.length <= node.ilpAddress.length)
    return isOwn ? 'own' : best
  }

  private homesOf (node: NodeConfig): string[] {
    return [node.ilpAddress, ...node.routes.filter(route => this.isLocal(node, route)).map(({ prefix }) => prefix)]
  }

  private isLocal ({ nodeId }: NodeConfig, { nextHop }: Route): boolean {
    return nextHop === 'local' || nextHop === nodeId
  }

  /** Either may dial the other. */
  private arePeers (one: string, other: string): boolean {
    const dials = (from: string, to: string): boolean => this.byId.get(from)?.peers.some(({ id }) => id === to) === true
    return this.byId.has(one) && this.byId.has(other) && (dials(one, other) || dials(other, one))
  }
}

/** The same for a loop, wherever a packet enters it. */
function cycleOf (path: readonly string[]): string {
  return path.slice(path.indexOf(path.at(-1) ?? '') + 1).toSorted().join(' ')
}
