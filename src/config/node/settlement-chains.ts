/** The chains that a node settles on, and which of them, if any, it settles with a peer on. */
import type { PeerConfig, AdminSettlementConfig } from '../../contracts/node.js'

/** One entry of `chainProviders`, decided: what the account of a peer on that chain gets. */
export interface SettlementChain {
  /** Such as `evm:8453`. */
  readonly id: string
  /** The plugin that settles there, by its name. */
  readonly plugin: string
  /** Of what is paid in there, in lower case. */
  readonly tokenAddress: string
  /** What we may owe before we settle, in base units. */
  readonly threshold: string
  /** How often we pay whatever we owe, in ms. */
  readonly intervalMs?: number | undefined
  /** For the plugin; what is the peer's own is added to it. */
  readonly options: Readonly<Record<string, unknown>>
}

/** As much of a peer as decides on its settlement. */
export type SettlingPeer = Pick<PeerConfig, 'chain' | 'evmAddress'> & { settlement?: AdminSettlementConfig | undefined }

const EVM_CHAIN = /^evm:(?:[a-zA-Z0-9]+:)?([1-9]\d{0,15})$/

/** `evm:base:8453` is `evm:8453`; what is no chain of the kind stays as it is. */
export function chainIdOf (text: string): string {
  const number = EVM_CHAIN.exec(text)?.[1]
  return number === undefined ? text : `evm:${number}`
}

/** The peer's address on EVM chains. */
export function evmAddressOf ({ evmAddress, settlement }: SettlingPeer): string | undefined {
  return evmAddress ?? settlement?.evmAddress
}

/**
 * What the peer is settled with on: the chain that it names, else, for a peer with an address, the only chain that there is. Undefined:
 * nothing is settled with it. Whether it names a chain that exists is for `settlementFault` to say.
 */
export function chainOf (peer: SettlingPeer, chains: readonly SettlementChain[]): SettlementChain | undefined {
  const named = namedChain(peer)
  if (named !== undefined) return chains.find(({ id }) => id === named)
  return chains.length === 1 && evmAddressOf(peer) !== undefined ? chains[0] : undefined
}

/** How the peer is settled with, for people who look at it: what requests said, else what follows from the configuration. */
export function shownSettlement (peer: SettlingPeer, chains: readonly SettlementChain[]): AdminSettlementConfig | undefined {
  const chain = chainOf(peer, chains)
  if (chain === undefined) return peer.settlement
  const found = { evmAddress: evmAddressOf(peer), chainId: Number(chain.id.replace('evm:', '')), tokenAddress: chain.tokenAddress }
  return { preference: 'evm', ...peer.settlement, ...found }
}

/** Why the peer cannot be settled with as it says. Undefined: nothing is wrong. */
export function settlementFault (peer: SettlingPeer & { id: string }, chains: readonly SettlementChain[]): string | undefined {
  const named = namedChain(peer)
  if (named === undefined) return undefined
  if (!chains.some(({ id }) => id === named)) {
    const known = chains.map(({ id }) => id).join(', ')
    return `Peer ${peer.id} is to be settled with on ${named}, which is not in chainProviders${known === '' ? '' : ` (${known})`}. ` +
      'Add it there, or remove it here.'
  }
  if (evmAddressOf(peer) !== undefined) return undefined
  return `Peer ${peer.id} missing required field: evmAddress. It is to be settled with on ${named}: add its address there.`
}

/**
 * Why the peer cannot be settled with beside these others: what one address pays once on a chain would be credited to two peers.
 * Undefined: nothing is wrong.
 */
export function sharedAddressFault (
  peer: SettlingPeer & { id: string }, others: Iterable<SettlingPeer & { id: string }>, chains: readonly SettlementChain[]
): string | undefined {
  const [chain, address] = [chainOf(peer, chains), evmAddressOf(peer)?.toLowerCase()]
  if (chain === undefined || address === undefined) return undefined
  for (const other of others) {
    if (other.id === peer.id || chainOf(other, chains) !== chain || evmAddressOf(other)?.toLowerCase() !== address) continue
    return `Peers ${other.id} and ${peer.id} have the same evmAddress on ${chain.id}: what it pays once would be credited twice. ` +
      'Give one of them another address, or make them one peer.'
  }
  return undefined
}

function namedChain ({ chain, settlement }: SettlingPeer): string | undefined {
  if (chain !== undefined) return chainIdOf(chain)
  return settlement?.chainId === undefined ? undefined : `evm:${settlement.chainId}`
}

/** Whether two descriptions of a peer lead to the same account: it need not be connected anew then. */
export function isSameAccount (a: SettlingPeer & Way, b: SettlingPeer & Way, chains: readonly SettlementChain[]): boolean {
  const chain = chainOf(a, chains)
  const isSameSettlement = chain === chainOf(b, chains) && (chain === undefined || evmAddressOf(a) === evmAddressOf(b))
  return isSameSettlement && a.url === b.url && a.authToken === b.authToken
}

type Way = Pick<PeerConfig, 'url' | 'authToken'>
