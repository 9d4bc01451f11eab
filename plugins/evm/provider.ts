/** Payment channels of an EVM chain for one account: everything that reads or changes the chain. */
import { pause } from '../../src/lib/timers.js'
import { describeError } from '../../src/lib/describe-error.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import { inTime } from '../lib/channels/in-time.js'
import { ChainError } from '../lib/channels/types.js'
import type { AsOf, ChannelEvent, ChannelProvider, ChannelState, Claim, CloseConsent, Finality, Receipt } from '../lib/channels/types.js'
import { ChannelLog, type KnownState } from './channel-log.js'
import { joinFeed, type ChainFeed, type Member } from './chain/feed.js'
import { gasFor, gasPrice } from './chain/fees.js'
import { Heads } from './chain/heads.js'
import { logOf, outcomeIn, type Call, type Network, type Outcome, type ReadState } from './chain/network.js'
import { Payouts } from './payouts.js'
import { Remembered } from './chain/remembered.js'
import { recordOf, Rpc } from './chain/rpc.js'
import type { EvmKey } from './chain/signer.js'
import { TokenCheck } from './chain/token-check.js'
import { Transactions } from './chain/transactions.js'

export interface EvmProviderOptions {
  rpcUrl: string
  /** Through which alone it is asked. Undefined: directly. */
  socksProxy?: string | undefined
  /** 8453n is Base. */
  chainId: bigint
  /** In lower case, as all addresses here. */
  registryAddress: string
  tokenAddress: string
  signer: EvmKey
  store: PluginStore
  log: Logger
  /** How many blocks, the own included, make a transaction final. */
  confirmations?: number | undefined
  /** A block before the first channel; nodes that give logs of few blocks at a time are asked from there. */
  startBlock?: number | undefined
  /** How often the chain is looked at while something is awaited, ms. */
  pollMs?: number | undefined
  /** After so long without being mined a transaction offers more, ms. */
  stuckMs?: number | undefined
  /** For an answer of the node, ms. */
  timeoutMs?: number | undefined
}

const DEFAULT_CONFIRMATIONS = 5
const DEFAULT_POLL_MS = 4000
const DEFAULT_STUCK_MS = 60_000
/** A node whose newest block is older is stuck. */
const MAX_HEAD_AGE_MS = 5 * 60_000
/** Chains of developers make a block when there is something to put in. */
const DEVELOPERS = new Set([1337n, 31337n])
/** What a claim was seen to use besides what its bytes cost, with a token of a proxy contract. */
const REDEEM_GAS = 110_000n
/** As many bytes as a claim. On chains that keep their data on another chain they may cost more than all the rest. */
const CLAIM_BYTES = `0x${'ff'.repeat(388)}`
/** One account has one peer; more are asked about by hand only. */
const MAX_PEERS = 100
/** A caller that asks for the channels waits no longer than this for the event log. */
const LOG_WAIT_MS = 5000

type Listener = (event: ChannelEvent) => void

export class EvmProvider implements ChannelProvider, Member {
  readonly chainType = 'evm'
  readonly nativeDecimals = 18
  readonly features = { directions: 'both', opening: 'empty', ends: 'consent', payouts: 'pushed', nonces: true } as const
  readonly chainId: string
  readonly address: string
  readonly #options: EvmProviderOptions
  readonly #rpc: Rpc
  readonly #heads: Heads
  readonly #transactions: Transactions
  readonly #logs = new Map<string, ChannelLog>()
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #payouts: Payouts
  readonly #remembered: Remembered
  readonly #token: TokenCheck
  #canCloseTogether: boolean | undefined
  #depositLimit: { limit: bigint | undefined } | undefined
  /** While connected. */
  #feed: ChainFeed | undefined
  #connecting: Promise<void> | undefined
  #stop = new AbortController()

  /** @throws Error when the URL is none. Nothing is reached yet. */
  constructor (options: EvmProviderOptions) {
    const { rpcUrl, socksProxy, chainId, signer, store, log, timeoutMs } = options
    const { confirmations = DEFAULT_CONFIRMATIONS, pollMs = DEFAULT_POLL_MS, stuckMs = DEFAULT_STUCK_MS } = options
    this.#options = options
    this.chainId = `evm:${chainId}`
    this.address = signer.address
    this.#rpc = new Rpc({ url: rpcUrl, socksProxy, timeoutMs })
    this.#remembered = new Remembered({ ...options, rpc: this.#rpc })
    this.#token = new TokenCheck({ network: () => this.#networkNow(), address: signer.address, rpc: this.#rpc, chainId, store, log })
    const rpc = this.#rpc
    this.#heads = new Heads({ rpc, log, confirmations, maxAgeMs: maxAgeMsOf(chainId) })
    this.#transactions = new Transactions({ rpc, heads: this.#heads, chainId, signer, store, log, pollMs, stuckMs })
    this.#payouts = new Payouts({
      network: () => this.#networkNow(), heads: this.#heads, transactions: this.#transactions, address: signer.address, log
    })
  }

  /** The address of the token's network: claims are signed for it. Known without the chain once it was reached. */
  async tokenNetwork (): Promise<string> {
    return (await this.#networkNow()).address
  }

  connect (): Promise<void> {
    return this.#connecting ??= inTime(this.#connect()).catch((error: unknown) => {
      this.#stop.abort() // one that has not come to its end may not do so beside the next one
      throw error
    }).finally(() => { this.#connecting = undefined })
  }

  async #connect (): Promise<void> {
    this.#rpc.open()
    if (this.#stop.signal.aborted) this.#stop = new AbortController()
    const { signal } = this.#stop
    const network = await this.#networkNow()
    refuseAborted(signal)
    const feed = this.#feed ?? this.#join(network)
    try {
      await this.#remembered.check(await feed.ready(signal))
      await this.#transactions.start()
      refuseAborted(signal)
    } catch (error) {
      if (this.#feed === undefined && signal === this.#stop.signal) await feed.leave(this) // else a later one has it
      throw error
    }
    if (this.#feed !== undefined) return
    this.#feed = feed
    feed.lookAfter(this)
    for (const log of this.#logs.values()) log.join(feed)
    for (const peer of this.#listeners.keys()) this.#watch(peer)
  }

  async disconnect (): Promise<void> {
    this.#rpc.close()
    this.#stop.abort()
    const feed = this.#feed
    this.#feed = undefined
    for (const log of this.#logs.values()) log.leave()
    await Promise.all([this.#transactions.stop(), feed?.leave(this), this.#payouts.quiet()])
  }

  async tokenDecimals (): Promise<number> {
    return await this.#remembered.decimals()
  }

  /** Undefined where the token has no name. */
  async tokenSymbol (): Promise<string | undefined> {
    return await this.#remembered.symbol()
  }

  async balances (): Promise<{ token: bigint, native: bigint }> {
    const network = await this.#networkNow()
    await this.#heads.latest() // of a node that is behind nothing is believed
    const [token, native] = await Promise.all([network.balanceOf(this.address), this.#rpc.quantity('eth_getBalance', this.address, 'latest')])
    return { token, native }
  }

  async redeemCost (): Promise<bigint> {
    const bytes = await gasFor(this.#rpc, this.address, { to: this.address, data: CLAIM_BYTES })
    return await gasPrice(this.#rpc, await this.#heads.latest()) * (REDEEM_GAS + bytes)
  }

  /** Whether claims can be taken in the token. Rejects with a final ChainError when not all of what is sent of it arrives. */
  async checkToken (): Promise<void> {
    await this.#token.check(false)
  }

  async openChannel (peer: string, challengeSecs: number, operationId: string): Promise<Receipt & { channelId: string }> {
    await this.#token.check(true)
    const { txId } = await this.#do(`${operationId}:${peer}`, network => network.openChannel(peer, challengeSecs))
    const { opened } = await this.#outcomeOf(txId)
    if (opened === undefined) {
      throw new ChainError(`the node at ${this.#rpc.host} does not show the event of the channel that was opened. transaction=${txId}`, false)
    }
    const log = await this.#logOf(peer)
    log.add(opened.channelId, opened.block)
    return { txId, channelId: opened.channelId }
  }

  async canCloseTogether (): Promise<boolean> {
    return this.#canCloseTogether ??= await (await this.#networkNow()).canCloseTogether()
  }

  async depositLimit (): Promise<bigint | undefined> {
    return (this.#depositLimit ??= { limit: await (await this.#networkNow()).depositLimit() }).limit
  }

  async deposit (channelId: string, total: bigint, operationId: string): Promise<Receipt> {
    await this.#token.check(true)
    const isKnown = await this.#transactions.knows(nameOf(operationId, await this.#networkNow()))
    if (!isKnown) await this.#allow(total - await this.#depositedIn(channelId), operationId)
    const receipt = await this.#do(operationId, async network => {
      const deposited = await this.#depositedIn(channelId)
      return network.setTotalDeposit(channelId, this.address, total > deposited ? total : deposited)
    })
    await this.#token.shown(total, (await this.#outcomeOf(receipt.txId)).deposit)
    return receipt
  }

  async redeem (claim: Claim, operationId: string): Promise<Receipt> {
    const receipt = await this.#paidOut(this.#do(operationId, network => network.claimFromChannel(claim)))
    const { claimed, arrived } = await this.#outcomeOf(receipt.txId)
    await this.#token.shown(claimed, arrived).catch(() => undefined) // what there is was taken out; it is said when the token is used again
    return receipt
  }

  async close (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, network => network.closeChannel(channelId))
  }

  async settle (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#paidOut(this.#do(operationId, network => network.settleChannel(channelId)))
  }

  async closeTogether (consent: CloseConsent, signature: string, claim: Claim | undefined, operationId: string): Promise<Receipt> {
    return await this.#paidOut(this.#do(operationId, network => network.closeWithConsent(consent, signature, claim)))
  }

  async getChannelState (channelId: string, finality: Finality = 'confirmed', asOf: AsOf = 'now'): Promise<ChannelState | undefined> {
    const known = asOf === 'now' ? undefined : this.#known(channelId, finality)
    const { state, readAtMs } = known ?? await this.#read(channelId, finality)
    if (state === undefined) return undefined
    const peer = state.theirs.address
    const closer = state.status === 'closing' ? this.#logs.get(peer)?.closerOf(channelId) : undefined
    return { ...state, readAtMs, ...closer === undefined ? {} : { closedByThem: closer === peer } }
  }

  async findChannels (peer: string, asOf: AsOf = 'now'): Promise<ChannelState[]> {
    const log = await this.#logOf(peer)
    await log.load()
    await Promise.race([log.look(asOf), pause(LOG_WAIT_MS)])
    const found: ChannelState[] = []
    for (const channelId of log.channels) {
      const state = await this.getChannelState(channelId, 'confirmed', asOf)
      if (state?.status === 'settled') await log.forget(channelId)
      else if (state !== undefined) found.push(state)
    }
    return found
  }

  subscribe (peer: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(peer) ?? new Set()
    this.#listeners.set(peer, listeners.add(listener))
    if (this.#feed !== undefined) this.#watch(peer)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(peer)
    }
  }

  /** Through the feed. */
  #watch (peer: string): void {
    this.#logOf(peer).catch((error: unknown) => {
      this.#options.log.warn('the channels with a peer cannot be watched. peerAddress=%s error=%s', peer, describeError(error))
    })
  }

  /** The feed looks for all accounts of our address. */
  lookAtPayouts (): void {
    this.#payouts.look()
  }

  #join (network: Network): ChainFeed {
    const { rpcUrl, socksProxy, timeoutMs, chainId, confirmations = DEFAULT_CONFIRMATIONS, pollMs = DEFAULT_POLL_MS, log } = this.#options
    const { address: contract, token } = network
    const options = { rpcUrl, socksProxy, timeoutMs, chainId, contract, token, confirmations, pollMs, maxAgeMs: maxAgeMsOf(chainId), log }
    const feed = joinFeed(options, this.#heads.memory, this)
    this.#heads.memory = feed.heads.memory
    return feed
  }

  /** A state that was read, and that the chain has not changed since. @throws ChainError while the chain cannot be looked at */
  #known (channelId: string, finality: Finality): Pick<KnownState, 'state' | 'readAtMs'> | undefined {
    for (const log of this.#logs.values()) {
      const known = log.knownOf(channelId)?.[finality]
      if (known !== undefined && this.#feed?.isGood(known.mark) === true) return known
    }
    return undefined
  }

  async #read (channelId: string, finality: Finality): Promise<{ state: ReadState | undefined, readAtMs: number }> {
    const network = await this.#networkNow()
    const slots = [...this.#logs.values()].flatMap(log => log.knownOf(channelId) ?? [])
    const mark = this.#feed?.mark
    const head = await this.#heads.latest()
    const readAtMs = finality === 'latest' ? head.timestampMs : await this.#heads.confirmedTimeMs(head)
    const { state, digest } = await network.reading(channelId, this.address, finality === 'latest' ? 'latest' : this.#heads.confirmedAt(head))
    if (state !== undefined && digest !== undefined && mark !== undefined) {
      for (const slot of slots) slot[finality] = { state, digest, readAtMs, mark }
    }
    const shown = state ?? announced(finality === 'latest' ? undefined : await network.state(channelId, this.address, 'latest'))
    if (shown !== undefined && shown.status !== 'settled') await this.#follow(shown, head.number)
    return { state: shown, readAtMs }
  }

  /** Found by its id, perhaps before the log shows it. */
  async #follow ({ channelId, theirs: { address: peer } }: ReadState, block: number): Promise<void> {
    const log = this.#listeners.has(peer) ? await this.#logOf(peer) : this.#logs.get(peer)
    log?.add(channelId, block)
  }

  async #do (operationId: string, makeCall: (network: Network) => Call | Promise<Call>): Promise<Receipt> {
    const network = await this.#networkNow()
    return await this.#transactions.do(nameOf(operationId, network), async () => makeCall(network))
  }

  async #outcomeOf (txId: string): Promise<Outcome> {
    const { logs } = recordOf(await this.#rpc.call('eth_getTransactionReceipt', txId))
    return outcomeIn(Array.isArray(logs) ? logs.map(logOf) : [], await this.#networkNow(), this.address)
  }

  /** After a payout is looked whether the token has refused it. */
  async #paidOut (receipt: Promise<Receipt>): Promise<Receipt> {
    const done = await receipt
    this.#payouts.look()
    return done
  }

  /** Sees to it that the network can take as much from us. Rejects when we have not got it. */
  async #allow (amount: bigint, operationId: string): Promise<void> {
    const network = await this.#networkNow()
    const { token } = await this.balances()
    if (token < amount) {
      throw new ChainError(`our address does not have enough of the token. address=${this.address} token=${network.token} has=${token} needed=${amount}`, true)
    }
    if (await network.allowance(this.address) < amount) await this.#do(`${operationId}:approve`, () => network.approve())
  }

  /** Of ours, as of now. */
  async #depositedIn (channelId: string): Promise<bigint> {
    const state = await (await this.#networkNow()).state(channelId, this.address, 'latest')
    if (state === undefined) throw new ChainError(`no such channel, or the node at ${this.#rpc.host} does not know it yet. channelId=${channelId}`, false)
    return state.ours.deposit
  }

  async #networkNow (): Promise<Network> {
    return await this.#remembered.network()
  }

  async #logOf (peer: string): Promise<ChannelLog> {
    const { chainId, startBlock = 0, store, log } = this.#options
    const network = await this.#networkNow()
    const known = this.#logs.get(peer)
    if (known !== undefined) return known
    if (this.#logs.size >= MAX_PEERS) throw new ChainError(`one account can have channels with at most ${MAX_PEERS} peers`, true)
    const made = new ChannelLog({
      rpc: this.#rpc,
      heads: this.#heads,
      chainId,
      network,
      us: this.address,
      peer,
      startBlock,
      store,
      log,
      tell: event => { for (const listener of this.#listeners.get(peer) ?? []) listener(event) }
    })
    this.#logs.set(peer, made)
    if (this.#feed !== undefined) made.join(this.#feed)
    return made
  }
}

function maxAgeMsOf (chainId: bigint): number {
  return DEVELOPERS.has(chainId) ? Infinity : MAX_HEAD_AGE_MS
}

/** Names of operations are counted separately for each contract. */
function nameOf (operationId: string, network: Network): string {
  return `${operationId}@${network.address}`
}

/** A channel that is not confirmed: nothing in it counts yet. */
function announced (state: ReadState | undefined): ReadState | undefined {
  if (state === undefined) return undefined
  const { channelId, ours, theirs, challengeSecs } = state
  return { channelId, status: 'opening', ours: { ...ours, deposit: 0n }, theirs: { ...theirs, deposit: 0n }, challengeSecs }
}

/** @throws ChainError where it was disconnected, or given up, while it was connecting */
function refuseAborted (signal: AbortSignal): void {
  if (signal.aborted) throw new ChainError('disconnected while connecting', false)
}
