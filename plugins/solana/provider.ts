/** Payment channels of Solana for one account: everything that reads or changes the chain. */
import { describeError } from '../../src/lib/describe-error.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import { ChainError } from '../lib/channels/types.js'
import type { AsOf, ChannelEvent, ChannelProvider, ChannelState, Claim, CloseConsent, Finality, Receipt } from '../lib/channels/types.js'
import { lanesOf, tokenAccountOf, type Contract, type Lane } from './chain/addresses.js'
import { decodeChannel, sideOf, stateOf, type ChannelAccount } from './chain/channel-account.js'
import { joinConnection, type Connection } from './chain/connection.js'
import { endOf } from './chain/ended.js'
import { priorityFee } from './chain/fees.js'
import { KnownChannels } from './chain/known-channels.js'
import type { Call } from './chain/operations.js'
import { channelIn, openedId, Plans, type Found } from './chain/plans.js'
import type { Commitment, RawAccount, Reading } from './chain/reader.js'
import { secondOf, type SecondOpinion } from './chain/second-opinion.js'
import { amountIn, tokenOf, type Token } from './chain/token.js'
import { baseFee, Transactions } from './chain/transactions.js'
import type { SolanaKey } from './ed25519.js'
import { channelIdOf, CLUSTERS, MAX_U64, readChannelId, type Cluster } from './formats.js'
import type { Place } from './messages.js'

export interface SolanaProviderOptions {
  cluster: Cluster
  rpcUrl: string
  wsUrl?: string | undefined
  /** Through which alone nodes are asked. Undefined: directly. */
  socksProxy?: string | undefined
  programId: string
  mint: string
  signer: SolanaKey
  store: PluginStore
  log: Logger
  /** Channels may be with it and those that are listened to, and nobody else. Undefined: with anybody. */
  peer?: string | undefined
  /** Whether what is confirmed counts as final, before it is finalized. */
  isConfirmedFinal?: boolean | undefined
  /** In lamports. */
  maxPriorityFee?: bigint | undefined
  /** What one SOL is worth, in token units: then what is at stake says what a claim may cost. */
  nativePrice?: bigint | undefined
  verifyRpcUrl?: string | undefined
  verifyAbove?: bigint | undefined
  rpsLimit?: number | undefined
  allowFreezable?: boolean | undefined
  allowUnverifiedProgram?: boolean | undefined
  /** How often a transaction under way is looked at, ms. */
  pollMs?: number | undefined
  /** Between two looks at all channels, ms. */
  lookMs?: number | undefined
  /** How long a question waits for others, ms. */
  gatherMs?: number | undefined
  /** After so long a transaction offers more, ms. */
  stuckMs?: number | undefined
  /** For an answer of the node, ms. */
  timeoutMs?: number | undefined
}

const DEFAULT_PRIORITY_FEE = 1_000_000n
const DEFAULT_RPS = 10
const DEFAULT_POLL_MS = 1000
const DEFAULT_LOOK_MS = 15_000
const DEFAULT_STUCK_MS = 20_000
/** With less, nothing is opened: what is left is for closing. In lamports, 0.01 SOL. */
const LEAST_LAMPORTS = 10_000_000n
/** What a claim was seen to use at most, with some room, and the account that it may have to make. */
const REDEEM_UNITS = 40_000

type Listener = (event: ChannelEvent) => void

export class SolanaProvider implements ChannelProvider {
  readonly chainType = 'solana'
  readonly nativeDecimals = 9
  readonly features = { directions: 'both', opening: 'empty', ends: 'consent', payouts: 'pushed', nonces: true } as const
  readonly chainId: string
  readonly address: string
  readonly #options: SolanaProviderOptions
  readonly #commitment: Commitment
  readonly #plans: Plans
  readonly #listeners = new Map<string, Set<Listener>>()
  /** Of each peer, the sixteen addresses of channels. */
  readonly #lanes = new Map<string, Promise<Lane[]>>()
  readonly #second: SecondOpinion | undefined
  #transactions: Transactions | undefined
  #known: KnownChannels | undefined
  #token: Promise<Token> | undefined
  #chain: Connection | undefined
  #isConnected = false
  #isStopped = false

  /** Nothing is reached yet. */
  constructor (options: SolanaProviderOptions) {
    this.#options = options
    this.chainId = `solana:${options.cluster}`
    this.address = options.signer.address
    this.#second = secondOf({ ...options, address: this.address, genesis: CLUSTERS[options.cluster].genesis })
    this.#commitment = options.isConfirmedFinal === true ? 'confirmed' : 'finalized'
    this.#plans = new Plans({
      chain: () => this.#connection(),
      contract: () => this.contract(),
      signer: options.signer,
      commitment: this.#commitment,
      maxPriorityFee: options.maxPriorityFee ?? DEFAULT_PRIORITY_FEE,
      nativePrice: options.nativePrice,
      find: channelId => this.#find(channelId),
      underWay: () => this.#transactions?.unfinished() ?? []
    })
  }

  /** What claims are signed for, and what channels are in. Known without the chain once it was reached. */
  async contract (): Promise<Contract & Place> {
    const { programId, mint } = this.#options
    const { tokenProgram, genesis } = await this.#tokenNow()
    return { programId, mint, tokenProgram, genesis }
  }

  async connect (): Promise<void> {
    this.#isStopped = false
    this.#second?.open()
    const chain = this.#connection()
    await this.contract()
    await chain.check()
    await (await this.#operations()).start()
    this.#connection() // rejects after it was disconnected meanwhile
    this.#isConnected = true
    chain.watch.mention(this.address)
    for (const peer of this.#listeners.keys()) this.#watch(peer)
  }

  async disconnect (): Promise<void> {
    this.#isStopped = true
    this.#isConnected = false
    this.#second?.close()
    const chain = this.#chain
    this.#chain = undefined
    const lanes = [...this.#lanes.values()]
    this.#lanes.clear()
    for (const found of lanes) for (const { account } of await found.catch(() => [])) chain?.watch.unfollow(account, this.#follow)
    await Promise.all([this.#transactions?.stop(), chain?.leave()])
  }

  async tokenDecimals (): Promise<number> {
    return (await this.#tokenNow()).decimals
  }

  async balances (): Promise<{ token: bigint, native: bigint }> {
    const chain = this.#connection()
    const tokens = await tokenAccountOf(this.address, await this.contract())
    const [token, own] = await Promise.all([chain.read(tokens, 'confirmed'), chain.read(this.address, 'confirmed')])
    return { token: amountIn(token.account), native: own.account?.lamports ?? 0n }
  }

  async redeemCost (): Promise<bigint> {
    const price = await this.#connection().fees.price([this.#options.programId])
    const most = this.#options.maxPriorityFee ?? DEFAULT_PRIORITY_FEE
    const priority = priorityFee(price, REDEEM_UNITS)
    return baseFee(2) + (priority < most ? priority : most)
  }

  canCloseTogether (): Promise<boolean> {
    return Promise.resolve(true)
  }

  depositLimit (): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async openChannel (peer: string, challengeSecs: number, operationId: string): Promise<Receipt & { channelId: string }> {
    const { txId, call } = await (await this.#operations()).do(`${operationId}:${peer}`, async () => {
      const { native } = await this.balances()
      if (native < LEAST_LAMPORTS) {
        throw new ChainError('our address has too little SOL to open a channel: what is left is for closing others. Send it some. ' +
          `address=${this.address} lamports=${native} needed=${LEAST_LAMPORTS}`, false)
      }
      return await this.#plans.opening(peer, challengeSecs)
    })
    if (call.kind !== 'open') throw new ChainError(`this operation was another one before. operation=${operationId}`, true)
    return { txId, channelId: openedId(await this.#plans.accountOf(call), call) }
  }

  async deposit (channelId: string, total: bigint, operationId: string): Promise<Receipt> {
    if (total > MAX_U64) throw new ChainError(`no channel takes as much. total=${total}`, true)
    return await this.#do(operationId, () => Promise.resolve({ kind: 'deposit', channelId, total: String(total) }))
  }

  async redeem (claim: Claim, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => this.#plans.redeeming(claim))
  }

  async close (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => Promise.resolve({ kind: 'close', channelId }))
  }

  async settle (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => Promise.resolve({ kind: 'settle', channelId }))
  }

  async closeTogether (consent: CloseConsent, signature: string, claim: Claim | undefined, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => this.#plans.together(consent, signature, claim))
  }

  async getChannelState (channelId: string, finality: Finality = 'confirmed', asOf: AsOf = 'now'): Promise<ChannelState | undefined> {
    const id = readChannelId(channelId)
    if (id === undefined) return undefined
    const { peer } = this.#options
    const known = await this.#knownNow().get(channelId)
    if (known === undefined && peer !== undefined) {
      const lanes = await Promise.all([...new Set([peer, ...this.#listeners.keys()])].map(other => this.#lanesWith(other)))
      if (!lanes.flat().some(({ account }) => account === id.account)) return undefined
    }
    const commitment = finality === 'latest' ? 'confirmed' : this.#commitment
    const reading = await this.#reading(id.account, commitment, asOf)
    const { channel, isOver } = await this.#channelAt(channelId, reading, commitment)
    const side = channel === undefined ? undefined : sideOf(channel, this.address)
    if (channel === undefined || side === undefined) {
      return finality === 'latest' ? undefined : await this.#announced(channelId)
    }
    const state = stateOf(id.account, channel, side, reading)
    return isOver ? state : await this.#counted(state, channel)
  }

  async findChannels (peer: string, asOf: AsOf = 'now'): Promise<ChannelState[]> {
    const lanes = await this.#lanesWith(peer)
    const found = await Promise.all(lanes.map(async ({ account }) => {
      const reading = await this.#reading(account, this.#commitment, asOf)
      const channel = this.#ours(reading)
      const side = channel === undefined ? undefined : sideOf(channel, this.address)
      if (channel === undefined || side === undefined || channel.status === 'settled') return []
      await this.#saw(account, reading, channel)
      return { ...channel, state: await this.#counted(stateOf(account, channel, side, reading), channel) }
    }))
    return found.flat().sort((a, b) => Number(a.openedAt - b.openedAt) || Number(a.instance - b.instance)).map(({ state }) => state)
  }

  subscribe (peer: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(peer) ?? new Set()
    this.#listeners.set(peer, listeners.add(listener))
    if (this.#isConnected) this.#watch(peer)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(peer)
    }
  }

  #watch (peer: string): void {
    this.#lanesWith(peer).catch((error: unknown) => {
      this.#options.log.warn('the channels with a peer cannot be watched. peerAddress=%s error=%s', peer, describeError(error))
    })
  }

  /** Of a channel that is followed. */
  readonly #follow = (account: string, before: RawAccount | undefined, now: RawAccount | undefined): void => {
    const [was, is] = [before, now].map(read => read === undefined ? undefined : decodeChannel(read.data))
    const channel = is ?? was
    const peer = channel?.parties.find(party => party !== this.address)
    if (channel === undefined || peer === undefined) return
    const event: ChannelEvent = { type: typeOf(was, is), channelId: channelIdOf({ account, instance: channel.instance }) }
    for (const listener of [...this.#listeners.get(peer) ?? []]) listener(event)
  }

  /** @throws ChainError after it was disconnected */
  #connection (): Connection {
    if (this.#isStopped) throw new ChainError('the account is disconnected', false)
    const { cluster, rpcUrl, wsUrl, socksProxy, programId, gatherMs, timeoutMs, log } = this.#options
    const { lookMs: everyMs = DEFAULT_LOOK_MS, rpsLimit = DEFAULT_RPS, allowUnverifiedProgram = false } = this.#options
    const { genesis } = CLUSTERS[cluster]
    return this.#chain ??= joinConnection({
      rpcUrl, wsUrl, socksProxy, chainId: this.chainId, genesis, programId, everyMs, gatherMs, timeoutMs, rpsLimit, allowUnverifiedProgram,
      log
    })
  }

  #tokenNow (): Promise<Token> {
    const { mint, store, log, allowFreezable = false } = this.#options
    const { chainId } = this
    this.#token ??= tokenOf({ chain: () => this.#connection(), chainId, mint, allowFreezable, store, log }).catch((error: unknown) => {
      this.#token = undefined
      throw error
    })
    return this.#token
  }

  /** Records are of one cluster, program, token and key of ours. */
  #recordName (kind: string): string {
    const { programId, mint } = this.#options
    return `solana:${kind}:${this.chainId}:${programId}:${mint}:${this.address}`
  }

  #knownNow (): KnownChannels {
    return this.#known ??= new KnownChannels(this.#options.store, this.#recordName('channels'))
  }

  async #operations (): Promise<Transactions> {
    const { programId, signer, store, log, pollMs = DEFAULT_POLL_MS, stuckMs = DEFAULT_STUCK_MS } = this.#options
    await this.contract()
    return this.#transactions ??= new Transactions({
      chain: () => this.#connection(),
      programId,
      signer,
      store,
      storeKey: this.#recordName('operations'),
      log,
      commitment: this.#commitment,
      pollMs,
      stuckMs,
      plan: (call, isBegun) => this.#plans.plan(call, isBegun),
      accountOf: call => this.#plans.accountOf(call)
    })
  }

  async #do (operationId: string, makeCall: () => Promise<Call>): Promise<Receipt> {
    const { txId } = await (await this.#operations()).do(operationId, makeCall)
    return { txId }
  }

  async #reading (account: string, commitment: Commitment, asOf: AsOf): Promise<Reading> {
    const chain = this.#connection()
    return (asOf === 'watched' ? chain.watch.known(account, commitment) : undefined) ?? await chain.read(account, commitment)
  }

  #lanesWith (peer: string): Promise<Lane[]> {
    const known = this.#lanes.get(peer)
    if (known !== undefined) return known
    const { programId, mint } = this.#options
    const place = { programId, mint }
    const found = Promise.all([lanesOf(place, this.address, peer), lanesOf(place, peer, this.address)]).then(lanes => lanes.flat())
    this.#lanes.set(peer, found)
    found.then(lanes => {
      for (const { account } of lanes) this.#chain?.watch.follow(account, this.#follow)
    }, () => { this.#lanes.delete(peer) })
    return found
  }

  /** The channel in an account of the program, if it is in our token and one of its parties is us. */
  #ours (reading: Reading): ChannelAccount | undefined {
    const { programId, mint } = this.#options
    if (reading.account?.owner !== programId) return undefined
    const channel = channelIn(reading)
    return channel !== undefined && channel.mint === mint && channel.parties.includes(this.address) ? channel : undefined
  }

  async #saw (account: string, reading: Reading, channel: ChannelAccount): Promise<void> {
    if (reading.account !== undefined) await this.#knownNow().saw(account, reading.account.data, channel, reading.slot)
  }

  /** A life of a channel, by what was read of its account. One that was there for good, and is not any more, is over. */
  async #channelAt (
    channelId: string, reading: Reading, commitment: Commitment
  ): Promise<{ channel: ChannelAccount | undefined, isOver: boolean }> {
    const { account = '', instance } = readChannelId(channelId) ?? {}
    const there = this.#ours(reading)
    const isFinal = commitment === this.#commitment
    if (there?.instance === instance) {
      if (isFinal && there !== undefined) await this.#saw(account, reading, there)
      return { channel: there, isOver: false }
    }
    const known = await this.#knownNow().get(channelId)
    if (known === undefined) return { channel: undefined, isOver: true }
    if (known.isOver) return { channel: known.channel, isOver: true }
    if (!isFinal) return { channel: { ...known.channel, status: 'settled' }, isOver: true }
    const ended = await endOf(this.#connection().rpc, this.#options.programId, known)
    await this.#knownNow().ended(channelId, ended)
    return { channel: ended, isOver: true }
  }

  async #find (channelId: string): Promise<Found> {
    const id = readChannelId(channelId)
    if (id === undefined) throw new ChainError(`this is not a channel of Solana. channelId=${channelId}`, true)
    const reading = await this.#connection().read(id.account, this.#commitment)
    const { slot, timeMs } = reading
    const { channel, isOver } = await this.#channelAt(channelId, reading, this.#commitment)
    if (!isOver && channel !== undefined) return { slot, timeMs, channel, isOver }
    if (channel === undefined) throw new ChainError(`the chain has no such channel, or not for good yet. channelId=${channelId}`, false)
    return { slot, timeMs, channel, isOver: true }
  }

  /** One that was opened, and is not final yet. */
  async #announced (channelId: string): Promise<ChannelState | undefined> {
    const { account = '', instance } = readChannelId(channelId) ?? {}
    if (this.#commitment === 'confirmed' || await this.#knownNow().get(channelId) !== undefined) return undefined
    const reading = await this.#connection().read(account, 'confirmed')
    const channel = this.#ours(reading)
    const side = channel === undefined ? undefined : sideOf(channel, this.address)
    if (channel === undefined || side === undefined || channel.instance !== instance) return undefined
    return { ...stateOf(account, { ...channel, deposits: [0n, 0n], transferred: [0n, 0n] }, side, reading), status: 'opening' }
  }

  /** What the peer has put in counts above `verifyAbove` when another node shows it, too. */
  async #counted (state: ChannelState, channel: ChannelAccount): Promise<ChannelState> {
    return await this.#second?.on(state, channel) ?? state
  }
}

function typeOf (was: ChannelAccount | undefined, is: ChannelAccount | undefined): ChannelEvent['type'] {
  if (is === undefined || is.status === 'settled') return 'settled'
  if (was === undefined || was.instance !== is.instance) return 'opened'
  if (is.status === 'closing') return 'closing'
  return is.deposits.some((deposit, side) => deposit !== was.deposits[side]) ? 'deposited' : 'redeemed'
}
