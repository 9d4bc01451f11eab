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
  /** Where a channel pays one way: who pays through it. */
  payer?: 'us' | 'them' | undefined
  createdAt: Date
  lastActivityAt: Date
}

export interface ChannelMetadata extends PluginChannel {
  peerId: string
}

/** What the chain and the claims say about a channel. Amounts are in the smallest unit of the token. */
export interface ChannelDetails extends PluginChannel {
  /** Addresses: ours, theirs. */
  participants: readonly [string, string]
  /** What each side has put in so far. */
  deposit: bigint
  theirDeposit: bigint
  /** All that we have paid with claims, and the nonce of the last one. */
  transferred: bigint
  nonce: bigint
  /** What claims can still pay: the part of our deposit that the peer sees, less what is transferred. */
  spendable: bigint
  /** All that the peer has paid us with claims, the nonce of the best one, and how much of it the chain has paid out to us. */
  theirTransferred: bigint
  theirNonce: bigint
  redeemed: bigint
  /** The transaction with which we redeemed last, since the start. */
  redeemTxId?: string | undefined
  /** Seconds of the challenge period. */
  settlementTimeout: number
  /** While the challenge runs: its end. */
  settleableAt?: Date | undefined
}

/** What a channel looks like after it was changed, and the transaction that did it. */
export interface ChannelChange {
  channel: ChannelDetails
  txId: string
}

/** The same of a close; the transaction is not known where the peer has made it and did not say which it is. */
export interface ChannelEnd {
  channel: ChannelDetails
  txId?: string | undefined
}

export interface SettlementStates {
  chain: string
  /** Ours. */
  address: string
  /** Whether the chain answered when it was last asked; `error` says why not. */
  reachable: boolean
  error?: string | undefined
  /** What we own outside channels, of the token and of what fees are paid in. Absent while the chain cannot be reached. */
  token?: bigint | undefined
  native?: bigint | undefined
  /** `IDLE`, or what is under way: `deposit 0x...`. */
  state: string
  /** What claims have paid ahead of packets, and nothing was delivered for so far, in base units of the account. */
  prepaid: bigint
  /** What no packet needed in the end, as the peer counts it: the next packets use it first. */
  headroom: bigint
}

/** How many claims there were since the account is there. */
export interface ClaimCounts {
  sent: number
  /** Those that count as money. */
  received: number
  /** Brought to the chain, which has paid them out. */
  redeemed: number
  /** Of the peer, that cannot be right: forged, old, above its deposit, of another channel. */
  failed: number
  /** Of these, claims on less than the best one before. */
  lower?: number
}

/** A claim, and what it paid more than the one before. Token units. */
export interface ClaimStep {
  direction: 'inbound' | 'outbound'
  amount: bigint
  at: Date
}

/** What the claims of an account come to, over all its channels. Token units. */
export interface ClaimSummary {
  /** How many decimals the token has. */
  tokenScale: number
  /** As long as there are records of the account: they survive restarts. */
  sent: bigint
  received: bigint
  lastAt?: Date | undefined
  /** The last ones since the start, the oldest first. */
  recent: readonly ClaimStep[]
}

/**
 * What an operator can do by hand, while the policy goes on by itself. All but `list` and `get` reject with an Error whose `httpErrorCode`
 * is 404 for an unknown channel, 400 for what cannot be done with it, and 503 while the chain cannot be reached.
 */
export interface ChannelOperations {
  /** What the account pays in, such as `USDC`. Undefined as long as that is not known. */
  readonly tokenId?: string | undefined
  /** Why the chain could not be used when it was last asked; undefined when it could. */
  readonly trouble?: string | undefined
  /** Why the key that signs for us could not do so when it was asked last; it has no secrets. Undefined when it could. */
  readonly keyTrouble?: string | undefined
  /** Work for the chain that takes so long that an operator should know, such as a proof that is being made. */
  readonly work?: string | undefined
  /** Undefined before there can be any. */
  readonly claimCounts?: Readonly<ClaimCounts> | undefined
  /** Rejects while neither the chain nor what was kept of it can be used. */
  claimSummary? (): Promise<ClaimSummary>
  /** Resolves once the channel exists or is `opening`. Rejects, with nothing spent, where it cannot be opened. */
  open (options: ChannelOpenOptions): Promise<PluginChannel>
  /** The account's channels, the newest first. */
  list (): Promise<PluginChannel[]>
  /** As far as it is known here; asks the chain where it can be reached. */
  get? (channelId: string): Promise<ChannelDetails | undefined>
  /** Puts `amount` more of our tokens in. Resolves when the chain has it. */
  deposit? (channelId: string, amount: bigint): Promise<ChannelDetails>
  /** With `cooperative` (default) asks the peer first, and closes by challenge when it does not agree. Resolves when the chain has it. */
  close? (channelId: string, options?: { cooperative?: boolean | undefined }): Promise<ChannelEnd>
  /** Pays out a channel whose challenge is over. */
  settle? (channelId: string): Promise<ChannelChange>
  /** Takes what the peer's best claim grants out of the channel now. */
  redeem? (channelId: string): Promise<ChannelChange>
  /** The best claim of the peer, as it was received. Undefined when there is none. */
  claim? (channelId: string): Promise<unknown>
  states? (): Promise<SettlementStates>
}
