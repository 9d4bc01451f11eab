/** The payment channels of a node, with all its peers, as its application and its admin API see them. */
import type { ChannelDetails, ChannelMetadata, ChannelOpenOptions, SettlementStates } from './channels.js'

/** `openChannel(request)`; `openChannel(peerId, amount)` is the same with an initial deposit and nothing else. */
export interface OpenChannelRequest extends Omit<ChannelOpenOptions, 'initialDeposit'> {
  peerId: string
  /** Base units. */
  initialDeposit?: bigint | number | string | undefined
  /** The token's address, if the caller wants to be sure: channels pay in the token of their chain. */
  token?: string | undefined
  /** Not needed: the registry says which contract has the channels of the token. */
  tokenNetwork?: string | undefined
}

export type NodeChannelState = Pick<ChannelMetadata, 'channelId' | 'status' | 'chain'>

/** Amounts are in the smallest unit of the token, which is the base unit of the node. */
export interface PeerChannel extends ChannelDetails {
  peerId: string
}

export type SettlementState = 'IDLE' | 'SETTLEMENT_PENDING' | 'SETTLEMENT_IN_PROGRESS'

/** The state of the settlement with one peer. */
export interface PeerSettlementStatus extends Partial<Omit<SettlementStates, 'state'>> {
  peerId: string
  tokenId: string
  /** Pending: written down and not paid yet. In progress: the chain is being waited for. */
  state: SettlementState
  /** What the chain is being waited for with, such as `deposit 0x...`. */
  operation?: string | undefined
  reachable: boolean
}

/** What a channel looks like after it was changed, and the transaction that did it. */
export interface PeerChannelChange {
  channel: PeerChannel
  txId: string
}

/** The same of a close; the transaction is not known where the peer has made it and did not say which it is. */
export interface PeerChannelEnd {
  channel: PeerChannel
  txId?: string | undefined
}

/**
 * All but `isEnabled` and `list` reject with an Error whose `httpErrorCode` is 404 for an unknown channel, 400 for what cannot be done with
 * it, and 503 while its chain cannot be reached, or where nothing is settled.
 */
export interface NodeChannels {
  /** Whether the node can settle with any peer. */
  isEnabled (): boolean
  /** Of each peer the newest first, as far as its chain has been reached. */
  list (): Promise<ChannelMetadata[]>
  /** @param id of the channel, or of a peer: then its newest channel. With what only some plugins know where this one does. */
  get (id: string): Promise<ChannelMetadata | PeerChannel>
  /** Puts `amount` more of our tokens in. Resolves when the chain has it. */
  deposit (id: string, amount: bigint): Promise<PeerChannel>
  /** With `cooperative` (default) together with the peer, in one transaction that pays out the net; by challenge when it does not agree. */
  close (id: string, options?: { cooperative?: boolean | undefined }): Promise<PeerChannelEnd>
  /** Pays out a channel whose challenge is over. */
  settle (id: string): Promise<PeerChannelChange>
  /** Takes out now what the peer's best claim grants. */
  redeem (id: string): Promise<PeerChannelChange>
  /** The peer's best claim, as it was received. Undefined when there is none. */
  claim (id: string): Promise<unknown>
  /** For every peer with which the node can settle. */
  states (): Promise<PeerSettlementStatus[]>
}
