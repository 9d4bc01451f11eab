/** What a peer may be to a node, and which routes may therefore lead to it. */
import { isBelow, isPrefix } from '../../packet/address.js'
import type { PeerRelation } from '../../contracts/node.js'

export const RELATIONS = ['parent', 'peer', 'child'] as const satisfies readonly PeerRelation[]

export const RELATION_IN_WORDS = 'parent, peer or child'

/** The addresses that end at the node itself: its own one, and those it routes to itself. `prefixesOf`: those that lead to a next hop. */
export function ownAddresses (
  { nodeId, ilpAddress }: { nodeId: string, ilpAddress: string }, prefixesOf: (nextHop: string) => readonly string[]
): string[] {
  return [...new Set([ilpAddress, ...prefixesOf(nodeId), ...prefixesOf('local')])]
}

/**
 * Why a route cannot lead to a child: it has addresses below those of the node or, where it is known by an address (its id is one), that
 * one. Undefined: it can.
 */
export function childRouteFault (prefix: string, childId: string, own: readonly string[]): string | undefined {
  const isNamedByAddress = childId.includes('.') && isPrefix(childId)
  if (own.some(address => address !== prefix && isBelow(address, prefix))) return undefined
  if (isNamedByAddress && isBelow(childId, prefix)) return undefined
  return `Route ${prefix} cannot lead to ${childId}, which is a child: its addresses lie below ${own.join(' or ')}` +
    `${isNamedByAddress ? ` or at ${childId}` : ''}. Route one of these, or make its relation peer.`
}
