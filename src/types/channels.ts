/**
 * What a plugin that settles over payment channels offers besides carrying packets and money (`PluginInstance.channels`): the node's
 * `openChannel` and `getChannelState` ask for it.
 */

/** `closing` and `settling` are transactions under way; `closed` waits for the end of the challenge period, `settled` is over. */
export type ChannelStatus = 'opening' | 'open' | 'closing' | 'closed' | 'settling' | 'settled'

export interface ChannelOpenOptions {
  /** Base units. */
  initialDeposit?: bigint | undefined
  /** Seconds of the challenge period. */
  settlementTimeout?: number | undefined
  /** Such as `evm:8453`. Default: the account's chain. */
  chain?: string | undefined
  /** The peer's address on that chain. Default: the one that is configured, or that the peer told. */
  peerAddress?: string | undefined
}

/** A channel of the account that the plugin is for. */
export interface PluginChannel {
  channelId: string
  /** Such as `evm:8453`. */
  chain: string
  status: ChannelStatus
  /** What the channel pays in, such as `USDC`. */
  tokenId: string
  tokenAddress?: string | undefined
  createdAt: Date
  lastActivityAt: Date
}

export interface ChannelMetadata extends PluginChannel {
  peerId: string
}

export interface ChannelOperations {
  /** Resolves once the channel exists or is `opening`. Rejects, with nothing spent, where it cannot be opened. */
  open (options: ChannelOpenOptions): Promise<PluginChannel>
  /** The account's channels, the newest first. */
  list (): Promise<PluginChannel[]>
}
