/** Payment channels of a node: its peers' plugins have them, or say by their absence that nothing is settled with that peer. */
import type { ChannelMetadata, ChannelOpenOptions, ChannelOperations } from '../types/channels.js'
import type { PluginInstance } from '../types/plugin.js'
import { NodeRequestError } from './errors.js'

/** `openChannel(request)`; `openChannel(peerId, amount)` is the same with an initial deposit and nothing else. */
export interface OpenChannelRequest extends Omit<ChannelOpenOptions, 'initialDeposit'> {
  peerId: string
  /** Base units. */
  initialDeposit?: bigint | number | string | undefined
}

export type ChannelState = Pick<ChannelMetadata, 'channelId' | 'status' | 'chain'>

/** The peers of a running node. `pluginOf` is undefined for a peer that is not there. */
export interface ChannelHolders {
  peerIds (): string[]
  pluginOf (peerId: string): Pick<PluginInstance, 'channels'> | undefined
}

const OVER = ['closed', 'settling', 'settled']

/** Opens a channel with a peer. Throws NodeRequestError where there is none to be had: 404 unknown peer, 409 there is one, 503 no chain. */
export async function openChannel (request: OpenChannelRequest, holders: ChannelHolders): Promise<ChannelState> {
  const { peerId, initialDeposit, ...options } = request
  if (!holders.peerIds().includes(peerId)) throw new NodeRequestError(`Peer '${peerId}' must be registered before opening channels`, 404)
  const deposit = depositOf(initialDeposit)
  const channels = channelsOf(peerId, holders)
  if (channels === undefined) throw noChain(peerId)
  const present = (await channels.list()).find(({ status, chain }) => !OVER.includes(status) && (options.chain ?? chain) === chain)
  if (present !== undefined) {
    throw new NodeRequestError(`Channel already exists for peer ${peerId} with token ${present.tokenId} on chain ${present.chain}`, 409)
  }
  return stateOf(await channels.open({ ...options, initialDeposit: deposit }))
}

/** @param id a channel's id, or a peer's: then its newest channel. Throws NodeRequestError: 404 no such channel, 503 no chain at all. */
export async function channelState (id: string, holders: ChannelHolders): Promise<ChannelState> {
  const channel = (await listChannels(holders)).find(({ channelId, peerId }) => channelId === id || peerId === id)
  if (channel !== undefined) return stateOf(channel)
  if (holders.peerIds().some(peerId => channelsOf(peerId, holders) !== undefined)) throw new NodeRequestError(`Channel not found: ${id}`, 404)
  throw new NodeRequestError('Settlement infrastructure not enabled: no settlement chain is configured', 503)
}

/** The chain that the peer's account settles on, such as `evm:8453`. Undefined: none. */
export async function settlementChainOf (peerId: string, holders: ChannelHolders): Promise<string | undefined> {
  const channels = channelsOf(peerId, holders)
  return (await channels?.states?.())?.chain ?? (await channels?.list())?.[0]?.chain
}

/** The channels with all peers; of each peer the newest first. */
export async function listChannels (holders: ChannelHolders): Promise<ChannelMetadata[]> {
  const lists = await Promise.all(holders.peerIds().map(async peerId =>
    (await channelsOf(peerId, holders)?.list() ?? []).map(channel => ({ ...channel, peerId }))))
  return lists.flat()
}

export function noChain (peerId: string): NodeRequestError {
  return new NodeRequestError(`Settlement infrastructure not enabled: no settlement chain is configured for peer '${peerId}'`, 503)
}

function channelsOf (peerId: string, holders: ChannelHolders): ChannelOperations | undefined {
  return holders.pluginOf(peerId)?.channels?.()
}

function depositOf (amount: OpenChannelRequest['initialDeposit']): bigint | undefined {
  if (amount === undefined) return undefined
  if (!/^\d+$/.test(String(amount))) throw new NodeRequestError(`initialDeposit must be a non-negative integer, got: ${amount}`)
  return BigInt(amount)
}

function stateOf ({ channelId, status, chain }: ChannelState): ChannelState {
  return { channelId, status, chain }
}
