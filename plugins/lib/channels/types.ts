/**
 * What a chain has to bring so that two peers can settle over payment channels on it. Everything else (which claims are taken, when a
 * channel is opened, filled, redeemed, closed and watched) is the same on all chains and stands beside this file.
 *
 * Here and everywhere in this folder:
 * - Amounts are token units (the token's smallest), as bigint. The `total` of a claim is cumulative: everything paid through the channel.
 * - Addresses and channel ids are strings in one form per chain, which the chain's part makes of whatever it reads (EVM: lower-case hex),
 *   so that they can be compared with `===`.
 * - What chains differ in is declared (`ChannelFeatures`), never found out by trying.
 */

/** `opening`: announced but not confirmed yet. `closing`: the challenge runs. `settled`: paid out, nothing can happen to it any more. */
export type ChainStatus = 'opening' | 'open' | 'closing' | 'settled'

/** What the channels of a chain are like. */
export interface ChannelFeatures {
  /**
   * `both`: a channel holds money of two parties, and pays both. `one`: it holds money of the party that opened it, and pays the other.
   * Two of these make a pair, one for each direction; each is paid, ended and paid out by itself.
   */
  directions: 'both' | 'one'
  /** `empty`: a channel is opened, then filled. `funded`: it cannot be empty, and is opened with its first deposit. */
  opening: 'empty' | 'funded'
  /**
   * How a channel can end without a challenge. `consent`: one party signs what it agrees to, the other brings that to the chain
   * (`closeTogether`), with its best claim or, where the chain wants both signatures, with its own under the same terms. `payee`: the payee
   * of a channel of one direction ends it alone (`closeAsPayee`), and nothing is signed. `challenge`: it cannot.
   */
  ends: 'consent' | 'payee' | 'challenge'
  /** `pushed`: what the chain grants a party it pays out at once. `taken`: each party takes that by itself (`withdraw`). */
  payouts: 'pushed' | 'taken'
  /** Whether claims are numbered. If they are not, a claim that says no more than the last one changes nothing, and is not an error. */
  nonces: boolean
}

/** One party of a channel, as the chain knows it. */
export interface Party {
  address: string
  /** Everything it ever put in. */
  deposit: bigint
  /**
   * How much of that the chain has granted the other party for claims so far, whether that has taken it yet or not; when the channel is
   * settled, all that it has paid the other.
   */
  redeemed: bigint
  /** The nonce of the last of its claims that the chain has seen; 0n before, and on chains without nonces. */
  nonce: bigint
}

export interface ChannelState {
  channelId: string
  /** Time of the block that this was read at, ms since the epoch, by the chain's clock. */
  readAtMs: number
  status: ChainStatus
  ours: Party
  theirs: Party
  /** How long the other party can object to a close, in seconds. */
  challengeSecs: number
  /** While closing: from when on `settle` works, in ms since the epoch, by the chain's clock. */
  settleableAt?: number | undefined
  /** While closing: whether the counterparty asked for it. */
  closedByThem?: boolean | undefined
  /** Where channels live only so long: from when on anybody may close it, in ms since the epoch, by the chain's clock. */
  expiresAt?: number | undefined
  /** Where channels go one way: who pays through this one. */
  payer?: 'us' | 'them' | undefined
  /** Where payouts are taken: what the chain has granted us so far, in all, and how much of it we have taken. */
  payout?: { granted: bigint, taken: bigint } | undefined
}

/** Whether we pay through it. */
export function paysOut ({ payer }: ChannelState): boolean {
  return payer !== 'them'
}

/** What waits for us to take it. */
export function waitingIn ({ payout }: ChannelState): bigint {
  return payout === undefined ? 0n : payout.granted - payout.taken
}

/** A claim as it was received or made: the signer owes the other party of the channel `total` in all. */
export interface Claim {
  channelId: string
  /** Grows from claim to claim of a signer in a channel. Chains without nonces use the total. */
  nonce: bigint
  total: bigint
  /** The address that signed it, and so pays. */
  signer: string
  signature: string
  /** The message as it travels: JSON. */
  text: string
}

/**
 * What the party that asks for the end of a channel signs: until `validUntil` it agrees to an end in which the other has paid it `least`,
 * and it the other `pays`. Chains differ in what of that they hold it to. Where the other's claim decides what it pays, `pays` is not
 * signed, and it gets at least `least`. Where both sign, these are the exact terms.
 */
export interface CloseConsent {
  channelId: string
  /** Token units: all that the other party has paid the signer through the channel, by the signer's best claim. */
  least: bigint
  /** Token units: all that the signer has paid the other party through the channel, by its last claim, even if the other never got it. */
  pays: bigint
  /** Seconds since the epoch, by the chain's clock. Afterwards it is void. */
  validUntil: number
}

export interface Receipt {
  /** Whatever the chain calls the transaction. */
  txId: string
}

/** What happened to a channel. Only a hint: it may come late, twice or never. Read the state when you get one. */
export interface ChannelEvent {
  type: 'opened' | 'deposited' | 'redeemed' | 'closing' | 'settled'
  channelId: string
  txId?: string | undefined
}

/**
 * `confirmed`: as of the newest block that is deep enough not to be taken back; what counts as money is read this way.
 * `latest`: as of now; for noticing early that a counterparty closes.
 */
export type Finality = 'confirmed' | 'latest'

/**
 * `now`: the chain is asked. Whatever decides about money asks this way. `watched`: for the repeated looks at channels in which nothing
 * happens. The provider may answer with what it has read before, if the chain has confirmed lately (about half a minute ago) that this is
 * still so. It must not after an event of the channel, or when blocks were replaced, and it rejects while it cannot look at the chain.
 */
export type AsOf = 'now' | 'watched'

/** The token of the channels, the key that signs for us, and one connection to the chain. */
export interface ChannelProvider {
  /** `evm`, `xrp`, `solana`, `mina`, `aptos`. */
  readonly chainType: string
  /** `evm:8453` */
  readonly chainId: string
  /** Ours. */
  readonly address: string
  /** How many decimals the chain's own coin has, in which fees are paid. */
  readonly nativeDecimals: number
  readonly features: ChannelFeatures
  /** How long an end may take until the chain shows it for sure, seconds, where that is longer than ten minutes. */
  readonly endWithinSecs?: number | undefined
  /** Where the payee ends channels: while the payer closes one, the payee redeems instead, as that is quicker or surer there. */
  readonly redeemsWhileClosing?: boolean | undefined
  /** Whether so much is to be redeemed now, although it is less than what is usually worth it: claims will be worth nothing before long. */
  isDueEarly? (amount: bigint): boolean

  /**
   * Reaches the chain, checks that it is the configured one, and goes on with transactions that were under way when the process ended.
   * Rejects with ChainError; may be called again.
   */
  connect (): Promise<void>
  disconnect (): Promise<void>

  /** How many decimals the token has. */
  tokenDecimals (): Promise<number>
  /** What we own outside channels: the token, and the coin that fees are paid in (its smallest unit). */
  balances (): Promise<{ token: bigint, native: bigint }>
  /** What `redeem` would cost now, in the smallest unit of the chain's own coin. */
  redeemCost (): Promise<bigint>
  /** Where channels end by consent: whether those of this network do. Ones from before cannot, and are closed by challenge. */
  canCloseTogether? (): Promise<boolean>
  /** The most that one side can put into a channel in its life, in token units. Undefined: no limit. */
  depositLimit (): Promise<bigint | undefined>

  /*
   * Calls that change the chain. `operationId` names the operation: calls with an id that is under way or done, also before a crash, give
   * the outcome of the first and never a second transaction. All resolve when the transaction is final (the configured confirmations),
   * and reject with ChainError. One that has failed for good may be begun anew under another id.
   */
  /** `deposit` (token units, more than 0n) is what a channel is opened with where it cannot be empty; there only. */
  openChannel (peer: string, challengeSecs: number, operationId: string, deposit?: bigint): Promise<Receipt & { channelId: string }>
  /**
   * Raises our deposit to `total` in all. What somebody else puts in for us is subtracted from what we put in: nothing is paid twice.
   */
  deposit (channelId: string, total: bigint, operationId: string): Promise<Receipt>
  /** Takes out what the peer's claim grants beyond what was redeemed before. While the channel is open, and until it is settled. */
  redeem (claim: Claim, operationId: string): Promise<Receipt>
  /** Starts the challenge. */
  close (channelId: string, operationId: string): Promise<Receipt>
  /**
   * Ends the channel at once with the peer's consent and, where we have one, its best claim (undefined: nothing beyond what is redeemed),
   * and pays out the net. Where both sign, this signs the same terms for us: they grant us no less than the claim.
   */
  closeTogether? (consent: CloseConsent, signature: string, claim: Claim | undefined, operationId: string): Promise<Receipt>
  /** Where the payee ends channels: takes what our best claim grants (undefined: nothing more), and gives the payer the rest, at once. */
  closeAsPayee? (channelId: string, claim: Claim | undefined, operationId: string): Promise<Receipt>
  /** Pays out after the challenge. */
  settle (channelId: string, operationId: string): Promise<Receipt>
  /** Where payouts are taken: takes all that the chain has granted us so far. */
  withdraw? (channelId: string, operationId: string): Promise<Receipt>

  /**
   * Undefined: the chain was asked, and has no such channel, or we are not a party to it. Rejects if it cannot be asked. A channel that
   * was there and is over stays `settled`, even if the chain itself deletes it.
   */
  getChannelState (channelId: string, finality?: Finality, asOf?: AsOf): Promise<ChannelState | undefined>
  /** All channels between us and the peer that are not settled, or in which something waits for us, oldest first. */
  findChannels (peer: string, asOf?: AsOf): Promise<ChannelState[]>
  /** Tells of events of channels between us and the peer. The listener never throws. Returns how to stop. */
  subscribe (peer: string, listener: (event: ChannelEvent) => void): () => void
}

/** Makes and reads the claims of a chain. Reaches nothing and keeps nothing. */
export interface ClaimCodec {
  /** Signs what we owe. `senderId` is our name in the message. */
  make (claim: { channelId: string, nonce: bigint, total: bigint, senderId: string }): Promise<Claim>
  /** Reads a message. Throws ClaimError with what is wrong with its structure, or when it is for another chain or contract. */
  parse (data: Buffer): Claim
  /** Whether `signer` made this claim. Costs a signature check, perhaps in another thread. */
  verify (claim: Claim): Promise<boolean>
  /** Where channels end by consent: agrees to the end of one. */
  signConsent? (consent: CloseConsent, state: ChannelState): Promise<string>
  /** Whether the counterparty agreed to the end of the channel. */
  verifyConsent? (consent: CloseConsent, state: ChannelState, signature: string): Promise<boolean>
  /**
   * Where keys can be handed over (handover.ts): signs with our key that `text` is so, in bytes that the chain takes for no transaction and
   * nobody for a claim or a consent.
   */
  signStatement? (text: string): Promise<string>
  /** Whether the key of this address has signed the text so. False for what is not an address or not a signature. */
  verifyStatement? (text: string, address: string, signature: string): Promise<boolean>
}

/** The answer of a method that the features of the chain promise. @throws Error if it is missing: the chain's plugin is at fault */
export function promised<T> (answer: T | undefined, method: string): T {
  if (answer === undefined) throw new Error(`the chain's part lacks what its features promise. method=${method}`)
  return answer
}

/** Why a claim is not taken, or a packet not paid for. Code and message go to the sender in a Reject. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError'

  constructor (message: string, readonly ilpErrorCode: 'F06' | 'T00' | 'T04' = 'F06') {
    super(message)
  }
}

/** What the peer asks cannot be answered now. BTP knows an error of this name as a temporary one. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** The chain did not do what was asked. */
export class ChainError extends Error {
  override readonly name = 'ChainError'

  /** @param isFinal the chain has refused it for good; otherwise the same call may be repeated, or will come to its end by itself */
  constructor (message: string, readonly isFinal: boolean, options?: ErrorOptions) {
    super(message, options)
  }
}
