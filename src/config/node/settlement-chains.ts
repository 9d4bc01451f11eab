/** Which of the chains that a node settles on, if any, it settles with a peer on. */
import type { ChainKind, SettlementChain } from '../../contracts/chain-kind.js'
import type { AdminSettlementConfig, NodeConfig, PeerConfig, SettlementChange } from '../../contracts/node.js'

/** As much of a peer as decides on its settlement. */
export type SettlingPeer = SettlementChange

/** The chains of a node, and the kinds of chains that it knows. */
export type Chains = Pick<NodeConfig, 'chains' | 'chainKinds'>

/** A chain's id in its canonical form; a text that is not an id of a known kind stays as it is. */
export function chainIdOf (text: string, { chainKinds }: Pick<Chains, 'chainKinds'>): string {
  return chainKinds.find(({ type }) => text.startsWith(`${type}:`))?.chainId.canonical(text) ?? text
}

/** The peer's address on chains of a kind. */
export function addressOf ({ settlement, ...peer }: SettlingPeer, { peerField }: ChainKind): string | undefined {
  return peer[peerField] ?? settlement?.[peerField]
}

/**
 * The chain on which the node settles with the peer: the one that it names, or else the only one for which it has an address. Undefined:
 * the node does not settle with it. Whether it names a chain that exists is for `settlementFault` to say.
 */
export function chainOf (peer: SettlingPeer, { chains, chainKinds }: Chains): SettlementChain | undefined {
  const named = namedChain(peer, { chainKinds })
  if (named !== undefined) return chains.find(({ id }) => id === named)
  const possible = chains.filter(({ kind }) => addressOf(peer, kind) !== undefined)
  return possible.length === 1 ? possible[0] : undefined
}

/** How the node settles with the peer, for people to read: what requests said, or else what follows from the configuration. */
export function shownSettlement (peer: SettlingPeer, config: Chains): AdminSettlementConfig | undefined {
  const chain = chainOf(peer, config)
  if (chain === undefined) return peer.settlement
  const { id, kind, tokenAddress } = chain
  const number = /:(\d+)$/.exec(id)?.[1]
  const found = { [kind.peerField]: addressOf(peer, kind), ...(number !== undefined && { chainId: Number(number) }), tokenAddress }
  return { preference: kind.type, ...peer.settlement, ...found }
}

/** Why the node cannot settle with the peer as configured. Undefined: nothing is wrong. */
export function settlementFault (peer: SettlingPeer & { id: string }, config: Chains): string | undefined {
  const named = namedChain(peer, config)
  const chain = chainOf(peer, config)
  if (named !== undefined && chain === undefined) {
    const known = config.chains.map(({ id }) => id).join(', ')
    return `Peer ${peer.id} names the chain ${named}, which is not in chainProviders${known === '' ? '' : ` (${known})`}. ` +
      'Add it there, or remove it here.'
  }
  if (chain === undefined) return undefined
  const { id, kind: { peerField, address } } = chain
  const found = addressOf(peer, chain.kind)
  if (found === undefined) return `Peer ${peer.id} missing required field: ${peerField}. To settle with it on ${id}, add its address there.`
  const fault = address.faultOn?.(found, id)
  return fault === undefined ? undefined : `Peer ${peer.id} has the ${peerField} ${found}, which ${fault}`
}

/** The chain that the peer names. A number alone means one of the preferred kind, or of a kind for which there is an address. */
function namedChain (peer: SettlingPeer, { chainKinds }: Pick<Chains, 'chainKinds'>): string | undefined {
  const { chain, settlement } = peer
  if (chain !== undefined) return chainIdOf(chain, { chainKinds })
  if (settlement?.chainId === undefined) return undefined
  if (typeof settlement.chainId === 'string') return chainIdOf(settlement.chainId, { chainKinds })
  const kind = chainKinds.find(({ type }) => type === settlement.preference) ?? chainKinds.find(kind => addressOf(peer, kind) !== undefined)
  return `${kind?.type ?? settlement.preference}:${settlement.chainId}`
}

/** Whether two descriptions of a peer lead to the same account: it need not be connected anew then. */
export function isSameAccount (a: SettlingPeer & Way, b: SettlingPeer & Way, config: Chains): boolean {
  const chain = chainOf(a, config)
  const isSameSettlement = chain === chainOf(b, config) && (chain === undefined || addressOf(a, chain.kind) === addressOf(b, chain.kind))
  const isSameAsset = a.asset?.code === b.asset?.code && a.asset?.scale === b.asset?.scale
  return isSameSettlement && isSameAsset && a.url === b.url && a.authToken === b.authToken && (a.dialect ?? 'auto') === (b.dialect ?? 'auto') &&
    a.transport === b.transport
}

type Way = Pick<PeerConfig, 'url' | 'authToken' | 'dialect' | 'asset' | 'transport'>
