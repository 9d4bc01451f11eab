/** The payment channels of a node in one hand: what there is, and what can be done with it beside what the policy does by itself. */
import { describeError } from '../../lib/describe-error.js'
import type { ChannelEnd, ChannelMetadata, ChannelOperations, SettlementStates } from '../../contracts/channels.js'
import type { NodeChannels, PeerChannel, PeerChannelChange, PeerChannelEnd, PeerSettlementStatus } from '../../contracts/node-channels.js'
import { channelsOf, findChannel, isEnabled, listChannels, type ChannelHolders } from '../channels.js'
import { SluiceError } from '../../contracts/errors.js'

export class ChannelManager implements NodeChannels {
  /** @param holders the peers of the running node; throws while it does not run */
  constructor (private readonly holders: (call: string) => ChannelHolders) {}

  /** Whether the node can settle with any peer. */
  isEnabled (): boolean {
    return isEnabled(this.holders('isEnabled'))
  }

  /** Of each peer the newest first, as far as its chain has been reached. */
  async list (): Promise<ChannelMetadata[]> {
    return await listChannels(this.holders('list'))
  }

  /** @param id of the channel, or of a peer: then its newest channel. With what only some plugins know where this one does. */
  async get (id: string): Promise<ChannelMetadata | PeerChannel> {
    const { channel, operations } = await this.#find('get', id)
    const details = await operations.get?.(channel.channelId)
    return details === undefined ? channel : { ...details, peerId: channel.peerId }
  }

  /** Puts `amount` more of our tokens in. Resolves when the chain has it. */
  async deposit (id: string, amount: bigint): Promise<PeerChannel> {
    const { channel: { channelId, peerId }, operations } = await this.#find('deposit', id)
    if (operations.deposit === undefined) throw cannot(peerId)
    return { ...await operations.deposit(channelId, amount), peerId }
  }

  /** With `cooperative` (default) together with the peer, in one transaction that pays out the net; by challenge when it does not agree. */
  async close (id: string, options?: { cooperative?: boolean | undefined }): Promise<PeerChannelEnd> {
    return await this.#change('close', id, (operations, channelId) => operations.close?.(channelId, options))
  }

  /** Pays out a channel whose challenge is over. */
  async settle (id: string): Promise<PeerChannelChange> {
    return await this.#change('settle', id, (operations, channelId) => operations.settle?.(channelId))
  }

  /** Takes out now what the peer's best claim grants. */
  async redeem (id: string): Promise<PeerChannelChange> {
    return await this.#change('redeem', id, (operations, channelId) => operations.redeem?.(channelId))
  }

  /** The peer's best claim, as it was received. Undefined when there is none. */
  async claim (id: string): Promise<unknown> {
    const { channel, operations } = await this.#find('claim', id)
    return await operations.claim?.(channel.channelId)
  }

  /** For every peer with which the node can settle. */
  async states (): Promise<PeerSettlementStatus[]> {
    const holders = this.holders('states')
    const peerIds = holders.peerIds().filter(peerId => channelsOf(peerId, holders) !== undefined)
    return await Promise.all(peerIds.map(async (peerId): Promise<PeerSettlementStatus> => {
      const { state: waiting, ...found } = await this.#stateOf(peerId, holders)
      const isWaiting = waiting !== 'IDLE'
      const pending = holders.isSettling?.(peerId) === true ? 'SETTLEMENT_PENDING' : 'IDLE'
      const tokenId = channelsOf(peerId, holders)?.tokenId ?? holders.assetOf(peerId).code
      return { peerId, tokenId, state: isWaiting ? 'SETTLEMENT_IN_PROGRESS' : pending, ...(isWaiting && { operation: waiting }), ...found }
    }))
  }

  async #stateOf (peerId: string, holders: ChannelHolders): Promise<Pick<SettlementStates, 'state' | 'reachable'> & Partial<SettlementStates>> {
    try {
      return await channelsOf(peerId, holders)?.states?.() ?? { state: 'IDLE', reachable: true }
    } catch (error) {
      return { state: 'IDLE', reachable: false, error: describeError(error) }
    }
  }

  async #find (call: string, id: string): Promise<{ channel: ChannelMetadata, operations: ChannelOperations }> {
    const holders = this.holders(call)
    const channel = await findChannel(id, holders)
    const operations = channelsOf(channel.peerId, holders)
    if (operations === undefined) throw cannot(channel.peerId)
    return { channel, operations }
  }

  async #change<End extends ChannelEnd> (call: string, id: string, change: Change<End>): Promise<Omit<End, 'channel'> & { channel: PeerChannel }> {
    const { channel: { channelId, peerId }, operations } = await this.#find(call, id)
    const changing = change(operations, channelId)
    if (changing === undefined) throw cannot(peerId)
    const { channel, ...rest } = await changing
    return { ...rest, channel: { ...channel, peerId } }
  }
}

type Change<End> = (operations: ChannelOperations, channelId: string) => Promise<End> | undefined

function cannot (peerId: string): SluiceError {
  return new SluiceError('SLUICE_CHANNELS_UNSUPPORTED', `the plugin of peer '${peerId}' cannot do this`)
}
