/**
 * What the process that proves is asked for. Everything in a job is public: claims, and the state of a channel's account as a node of the
 * chain shows it. Addresses are `B62…`, amounts nanomina, `until` and `validUntil` slots since genesis.
 */

/** The account of a channel, as it is on the chain. */
export interface ChannelAccount {
  address: string
  /** Its eight fields, decimal. */
  state: readonly string[]
}

export interface Claim {
  /** All that the payer has granted so far. */
  amount: bigint
  nonce: bigint
  /** Decimal. */
  signature: { r: string, s: string }
}

/** The account that pays the fee and signs the command. */
interface Sent {
  sender: string
}

export interface OpenJob {
  kind: 'open'
  /** Of the new channel. Its key signs the command, too. */
  address: string
  /** Also the sender. */
  payer: string
  payee: string
  /** As configured: `mina:devnet`. */
  chainId: string
  challengeSlots: number
  /** Paid in by the same command; 0n: nothing. */
  deposit: bigint
  /** Somebody has paid the address already, and with that for its creation. */
  exists: boolean
}

export type ProvenJob =
  | Sent & { kind: 'redeem', channel: ChannelAccount, claim: Claim }
  | Sent & { kind: 'finish', channel: ChannelAccount, claim: Claim, rest: bigint, until: number }
  | Sent & { kind: 'startClose', channel: ChannelAccount, until: number }
  | Sent & { kind: 'settle', channel: ChannelAccount, amount: bigint }

export type ProverJob = OpenJob | ProvenJob
