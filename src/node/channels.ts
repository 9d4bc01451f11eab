/**
 * Payment channels of a node. The peers' plugins have them; a plugin without channels means that the node does not settle with that peer.
 */
import type { Asset } from '../contracts/account.js'
import type { SettlementChange } from '../contracts/node.js'
import type { ChannelMetadata, ChannelOpenOptions, ChannelOperations } from '../contracts/channels.js'
import type { NodeChannelState, OpenChannelRequest } from '../contracts/node-channels.js'
import type { PluginInstance } from '../contracts/plugin.js'
import { describeError } from '../lib/describe-error.js'
import { SluiceError } from '../contracts/errors.js'
import type { SettlementChain } from '../contracts/chain-kind.js'
import { addressOf, chainIdOf, chainOf, type Chains } from '../config/node/settlement-chains.js'

/** The peers of a running node. `pluginOf` is undefined for a peer that is not there. */
export interface ChannelHolders {
  peerIds (): string[]
  pluginOf (peerId: string): Pick<PluginInstance, 'channels'> | undefined
  /** The chain on which the node settles with the peer, according to the configuration. */
  chainOf? (peerId: string): Pick<SettlementChain, 'kind' | 'tokenAddress'> | undefined
  /** The chains on which the node settles, now or with future peers, and the kinds that it knows. */
  chains?: Chains | undefined
  /** What the account of the peer counts in. */
  assetOf (peerId: string): Asset
  /** Whether a payment to the peer is written down and not made yet. */
  isSettling? (peerId: string): boolean
}

const OVER = ['closed', 'settling', 'settled']

/**
 * Opens a channel with a peer. Throws SluiceError if no channel can be opened: 400 other chain, token or address, 404 unknown peer, 409
 * there is one already, 503 no chain.
 */
export async function openChannel (request: OpenChannelRequest, holders: ChannelHolders): Promise<NodeChannelState> {
  const { peerId, initialDeposit, token } = request
  if (!holders.peerIds().includes(peerId)) throw new SluiceError('SLUICE_PEER_UNKNOWN', `Peer '${peerId}' must be registered before opening channels`)
  const deposit = depositOf(initialDeposit)
  const channels = channelsOf(peerId, holders)
  if (channels === undefined) throw noChain(peerId)
  const options = optionsOf(request, holders.chains ?? { chainKinds: [] })
  const own = holders.chainOf?.(peerId)
  if (token !== undefined && own !== undefined && own.kind.address.canonical(token) !== own.tokenAddress) {
    throw new SluiceError('SLUICE_CHANNEL_TERMS', `channels with peer '${peerId}' pay in ${own.tokenAddress}, not in ${token}`)
  }
  const present = (await channels.list())
    .find(({ status, chain, payer }) => payer !== 'them' && !OVER.includes(status) && (options.chain ?? chain) === chain)
  if (present !== undefined) {
    throw new SluiceError('SLUICE_CHANNEL_EXISTS', `Channel already exists for peer ${peerId} with token ${present.tokenId} on chain ${present.chain}`)
  }
  return stateOf(await channels.open({ ...options, initialDeposit: deposit }))
}

/**
 * How to settle from now on with a peer with which the node did not settle yet, because somebody wants a channel with it. Undefined: no
 * change. Throws if its address is not known.
 */
export function settlementFor (peer: SettlementChange, request: OpenChannelRequest, config: Chains): SettlementChange | undefined {
  const wanted = request.chain === undefined ? undefined : chainIdOf(request.chain, config)
  const chain = config.chains.find(({ id }) => id === wanted) ?? config.chains[0]
  if (chain === undefined || chainOf(peer, config) !== undefined) return undefined
  const { kind, id } = chain
  const address = request.peerAddress ?? addressOf(peer, kind)
  if (address === undefined) {
    throw new SluiceError('SLUICE_CHANNEL_TERMS', `Peer ${kind.label} address must be provided in request or peer registration`)
  }
  return { [kind.peerField]: address, chain: request.chain ?? id }
}

/** @param id a channel's id, or a peer's: then its newest channel. Throws SluiceError: 404 no such channel, 503 no chain at all. */
export async function channelState (id: string, holders: ChannelHolders): Promise<NodeChannelState> {
  return stateOf(await findChannel(id, holders))
}

/** The same, with all that is known without asking the chain. Rejects with 503 also while what is kept of channels cannot be had. */
export async function findChannel (id: string, holders: ChannelHolders): Promise<ChannelMetadata> {
  const { channels, trouble } = await surveyed(holders)
  const channel = channels.find(({ channelId, peerId }) => channelId.toLowerCase() === id.toLowerCase() || peerId === id)
  if (channel !== undefined) return channel
  if (trouble !== undefined) throw trouble
  if (isEnabled(holders)) throw new SluiceError('SLUICE_CHANNEL_UNKNOWN', `Channel not found: ${id}`)
  throw new SluiceError('SLUICE_NO_CHAIN', 'Settlement infrastructure not enabled: no settlement chain is configured')
}

/** Whether the node can settle with any peer, now or in the future. */
export function isEnabled (holders: ChannelHolders): boolean {
  return (holders.chains?.chains ?? []).length > 0 || holders.peerIds().some(peerId => channelsOf(peerId, holders) !== undefined)
}

/** The chain that the peer's account settles on, such as `evm:8453`. Undefined: none. */
export async function settlementChainOf (peerId: string, holders: ChannelHolders): Promise<string | undefined> {
  const channels = channelsOf(peerId, holders)
  return (await channels?.states?.())?.chain ?? (await channels?.list())?.[0]?.chain
}

/** The channels with all peers, of each peer the newest first; without those of peers whose chain has not been reached yet. */
export async function listChannels (holders: ChannelHolders): Promise<ChannelMetadata[]> {
  return (await surveyed(holders)).channels
}

async function surveyed (holders: ChannelHolders): Promise<{ channels: ChannelMetadata[], trouble?: Error }> {
  const trouble: Error[] = []
  const lists = await Promise.all(holders.peerIds().map(async peerId => {
    const list = channelsOf(peerId, holders)?.list() ?? Promise.resolve([])
    const channels = await list.catch((error: unknown) => {
      trouble.push(new SluiceError('SLUICE_CHAIN_UNREACHABLE', describeError(error), { cause: error }))
      return []
    })
    return channels.map(channel => ({ ...channel, peerId }))
  }))
  return { channels: lists.flat(), ...(trouble[0] !== undefined && { trouble: trouble[0] }) }
}

export function noChain (peerId: string): SluiceError {
  return new SluiceError('SLUICE_NO_CHAIN', `Settlement infrastructure not enabled: no settlement chain is configured for peer '${peerId}'`)
}

/** What the peer's plugin can do with channels; undefined for one that has none. */
export function channelsOf (peerId: string, holders: ChannelHolders): ChannelOperations | undefined {
  return holders.pluginOf(peerId)?.channels?.()
}

/** What the plugin is told of a request, but for the deposit. */
function optionsOf (
  { peerId: _peer, initialDeposit: _deposit, token: _token, tokenNetwork: _network, ...options }: OpenChannelRequest, kinds: Pick<Chains, 'chainKinds'>
): ChannelOpenOptions {
  return options.chain === undefined ? options : { ...options, chain: chainIdOf(options.chain, kinds) }
}

function depositOf (amount: OpenChannelRequest['initialDeposit']): bigint | undefined {
  if (amount === undefined) return undefined
  if (!/^\d+$/.test(String(amount))) throw new SluiceError('SLUICE_CHANNEL_TERMS', `initialDeposit must be a non-negative integer, got: ${amount}`)
  return BigInt(amount)
}

function stateOf ({ channelId, status, chain }: NodeChannelState): NodeChannelState {
  return { channelId, status, chain }
}
