/** Payment channels of Aptos for one account: everything that reads or changes the chain. */
import { z } from 'zod'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import { ChainError } from '../lib/channels/types.js'
import type { AsOf, ChannelEvent, ChannelProvider, ChannelState, Claim, CloseConsent, Finality, Receipt } from '../lib/channels/types.js'
import { isGoodPoint } from '../lib/keys/strict-ed25519.js'
import { ChannelLists } from './channel-lists.js'
import { assetOf, coinsOf, tokensOf } from './chain/assets.js'
import { IN_ONE_CALL, sidesOf, stateOf, type ChannelData, type Reading } from './chain/channel-state.js'
import { joinConnection, type Connection } from './chain/connection.js'
import type { Committed } from './chain/fate.js'
import type { Call } from './chain/operations.js'
import { CHANNEL_MODULE } from './chain/payloads.js'
import { Plans } from './chain/plans.js'
import { SecondOpinion } from './chain/second-opinion.js'
import { Transactions } from './chain/transactions.js'
import { ClaimKey } from './claim-keys.js'
import type { ClaimSource } from './claims.js'
import { canonicalAddress, chainIdOf, isAddress, MAX_U64 } from './formats.js'
import type { AptosKey } from './keys.js'

export interface AptosProviderOptions {
  network: number
  /** Of several nodes, one is asked after another is away, or behind. */
  rpcUrl: string | readonly string[]
  /** Through which alone nodes are asked. Undefined: directly. */
  socksProxy?: string | undefined
  moduleAddress: string
  /** The asset of the channels. */
  asset: string
  /** Of an asset that we hold as coins of the older standard. */
  coin?: string | undefined
  signer: AptosKey
  /** What our claim keys are derived from: anyone with it can make our claims. */
  claimSecret: Uint8Array
  store: PluginStore
  log: Logger
  /** In octas. */
  maxFee: bigint
  /** What one APT is worth, in token units: then what is at stake says what a claim may cost. */
  nativePrice?: bigint | undefined
  verifyRpcUrl?: string | undefined
  verifyAbove?: bigint | undefined
  allowUnverifiedModule?: boolean | undefined
  /** How often a transaction under way is looked at, ms. */
  pollMs: number
  /** Between two looks at all channels, ms. */
  lookMs: number
  /** For an answer of the node, ms. */
  timeoutMs?: number | undefined
}

/** With less, nothing is opened: what is left is for closing. In octas, 0.01 APT. */
const LEAST_OCTAS = 1_000_000n
/** What a claim was reckoned to use at most, in units of gas. */
const REDEEM_GAS = 1000n
/** The part of a channel's challenge in which a close may be missed, and not more. */
const FRESH_PART = 4
/** Channels of which is known who signs with which key. */
const MAX_KEYS = 1000

type Listener = (event: ChannelEvent) => void

export class AptosProvider implements ChannelProvider, ClaimSource {
  readonly chainType = 'aptos'
  readonly nativeDecimals = 8
  readonly features = { directions: 'both', opening: 'empty', ends: 'consent', payouts: 'taken', nonces: false } as const
  readonly chainId: string
  readonly address: string
  readonly #options: AptosProviderOptions
  readonly #plans: Plans
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #lists: ChannelLists
  readonly #claimKeys = new Map<string, ClaimKey>()
  readonly #known = new Map<string, ChannelData>()
  readonly #second: SecondOpinion | undefined
  readonly #transactions: Transactions
  #decimals: Promise<number> | undefined
  #chain: Connection | undefined
  #isStopped = false

  /** Nothing is reached yet. */
  constructor (options: AptosProviderOptions) {
    const { network, moduleAddress, asset, coin, signer, maxFee, nativePrice, store, log, pollMs } = options
    this.#options = options
    this.chainId = chainIdOf(network)
    this.address = signer.address
    this.#second = secondOf(options)
    this.#lists = new ChannelLists({
      chain: () => this.#connection(),
      moduleAddress,
      address: this.address,
      store,
      recordName: this.#recordName('channels'),
      log,
      keep: reading => { this.#keep(reading) },
      isOurs: channel => this.#isOurs(channel),
      opened: (peer, channelId) => { this.#tell(peer, { type: 'opened', channelId }) }
    })
    this.#plans = new Plans({
      place: { network, moduleAddress },
      address: this.address,
      asset,
      coin,
      maxFee,
      nativePrice,
      claimKey: peer => this.claimKeyFor(peer).publicKey,
      read: channelId => this.#read(channelId),
      tokens: () => tokensOf(this.#connection(), this.address, asset, coin)
    })
    this.#transactions = new Transactions({
      chain: () => this.#connection(),
      network,
      signer,
      store,
      storeKey: this.#recordName('operations'),
      log,
      pollMs,
      plan: (call, isBegun) => this.#plans.plan(call, isBegun),
      openedIn: committed => this.#openedIn(committed),
      coins: () => coinsOf(this.#connection(), this.address)
    })
  }

  async connect (): Promise<void> {
    this.#isStopped = false
    await this.#connection().check()
    await this.tokenDecimals()
    await this.#transactions.start()
    this.#connection() // rejects after it was disconnected meanwhile
  }

  async disconnect (): Promise<void> {
    this.#isStopped = true
    const chain = this.#chain
    this.#chain = undefined
    this.#lists.leave(chain)
    for (const channelId of this.#known.keys()) chain?.watch.unfollow(channelId, this.#follow)
    await Promise.all([this.#transactions.stop(), chain?.leave()])
  }

  /** Kept once it is known, so that a node starts without the chain. */
  async tokenDecimals (): Promise<number> {
    const { asset, store, log } = this.#options
    this.#decimals ??= assetOf({ chain: () => this.#connection(), key: `aptos:asset:${this.chainId}:${asset}`, asset, store, log }).catch((error: unknown) => {
      this.#decimals = undefined
      throw error
    })
    return await this.#decimals
  }

  async balances (): Promise<{ token: bigint, native: bigint }> {
    const { asset, coin } = this.#options
    const chain = this.#connection()
    const [token, native] = await Promise.all([tokensOf(chain, this.address, asset, coin), coinsOf(chain, this.address)])
    return { token, native }
  }

  async redeemCost (): Promise<bigint> {
    const { usual } = await this.#connection().fees.prices()
    const cost = usual * REDEEM_GAS
    return cost < this.#options.maxFee ? cost : this.#options.maxFee
  }

  canCloseTogether (): Promise<boolean> {
    return Promise.resolve(true)
  }

  depositLimit (): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async openChannel (peer: string, challengeSecs: number, operationId: string): Promise<Receipt & { channelId: string }> {
    const { txId, channelId } = await this.#transactions.do(`${operationId}:${peer}`, async () => {
      const { native } = await this.balances()
      if (native < LEAST_OCTAS) {
        throw new ChainError('our address has too little APT to open a channel: what is left is for closing others. Send it some. ' +
          `address=${this.address} octas=${native} needed=${LEAST_OCTAS}`, false)
      }
      return { kind: 'open', peer, challengeSecs }
    })
    if (channelId === undefined) throw new ChainError(`this operation was another one before. operation=${operationId}`, true)
    await this.#lists.read(peer, 'ours')
    return { txId, channelId }
  }

  async deposit (channelId: string, total: bigint, operationId: string): Promise<Receipt> {
    if (total > MAX_U64) throw new ChainError(`no channel takes as much. total=${total}`, true)
    return await this.#do(operationId, () => Promise.resolve({ kind: 'deposit', channelId, total: String(total) }))
  }

  async redeem (claim: Claim, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => this.#plans.redeeming(claim))
  }

  async withdraw (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => this.#plans.withdrawing(channelId))
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

  /** What is committed is final, so that there is no difference between what is confirmed and what is latest. */
  async getChannelState (channelId: string, _finality: Finality = 'confirmed', asOf: AsOf = 'now'): Promise<ChannelState | undefined> {
    if (!isAddress(channelId)) return undefined
    const id = canonicalAddress(channelId)
    const chain = this.#connection()
    const { channel, timeMs } = (asOf === 'watched' ? chain.watch.known(id) : undefined) ?? await this.#read(id)
    const readAtMs = Math.min(timeMs, Date.now()) // what is over by one clock alone is not over
    const state = channel !== undefined && this.#isOurs(channel) ? stateOf(channel, this.address, readAtMs) : undefined
    return state === undefined || channel === undefined ? undefined : await this.#counted(state, channel)
  }

  async findChannels (peer: string, asOf: AsOf = 'now'): Promise<ChannelState[]> {
    const chain = this.#connection()
    if (asOf === 'watched') chain.watch.refuseTrouble()
    const book = await this.#lists.bookWith(peer, asOf)
    const ids = book.open(this.address < peer)
    if (asOf === 'now') await this.#readMany(ids)
    const states: ChannelState[] = []
    for (const id of ids) {
      const state = await this.getChannelState(id, 'confirmed', 'watched')
      if (state === undefined) continue // one answer has left it out: none is ever deleted
      const isOver = state.status === 'settled' && state.payout?.granted === state.payout?.taken
      if (isOver) await book.done(id)
      else states.push(state)
    }
    return states
  }

  subscribe (peer: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(peer) ?? new Set()
    this.#listeners.set(peer, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(peer)
    }
  }

  /** Ours, for the channels with a peer. */
  claimKeyFor (peer: string): ClaimKey {
    const { claimSecret, network, moduleAddress } = this.#options
    const key = this.#claimKeys.get(peer) ?? new ClaimKey(claimSecret, { network, moduleAddress }, this.address, peer)
    this.#claimKeys.set(peer, key)
    return key
  }

  knownKeyIn (channelId: string, party: string): string | undefined {
    const channel = this.#known.get(channelId)
    const key = channel?.sides.find(side => side.party === party)?.key
    return key === undefined || key === '' || !isGoodPoint(Buffer.from(key, 'hex')) ? undefined : key
  }

  async keyIn (channelId: string, party: string): Promise<string | undefined> {
    const known = this.knownKeyIn(channelId, party)
    if (known !== undefined) return known
    await this.getChannelState(channelId)
    return this.knownKeyIn(channelId, party)
  }

  async join (channelId: string): Promise<void> {
    const known = await this.keyIn(channelId, this.address)
    const peer = this.#peerIn(channelId)
    if (peer === undefined) throw new ChainError(`the chain has no such channel of ours. channelId=${channelId}`, true)
    if (known === this.claimKeyFor(peer).publicKey) return
    await this.#do(`join:${channelId}`, () => Promise.resolve({ kind: 'join', channelId }))
    await this.#read(channelId)
  }

  async checkFresh (channelId: string): Promise<void> {
    const { challengeSecs = 0 } = this.#known.get(channelId) ?? {}
    const mostMs = challengeSecs * 1000 / FRESH_PART
    const chain = this.#connection()
    if (chain.isFresh(mostMs)) return
    await this.#read(channelId)
    if (chain.isFresh(mostMs)) return
    throw new ChainError(`no new block was seen for a while, so a close may have been missed: no claims are taken. channelId=${channelId}`, false)
  }

  /** Of a channel that is followed. */
  readonly #follow = (channelId: string, before: Reading | undefined, now: Reading): void => {
    const channel = now.channel ?? before?.channel
    const peer = channel?.sides.find(({ party }) => party !== this.address)?.party
    if (channel === undefined || peer === undefined) return
    this.#tell(peer, { type: typeOf(before?.channel, channel), channelId })
  }

  #tell (peer: string, event: ChannelEvent): void {
    for (const listener of [...this.#listeners.get(peer) ?? []]) listener(event)
  }

  async #read (channelId: string): Promise<Reading> {
    const reading = await this.#connection().read(channelId)
    this.#keep(reading)
    return reading
  }

  async #readMany (ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += IN_ONE_CALL) {
      for (const reading of await this.#connection().readAll(ids.slice(from, from + IN_ONE_CALL))) this.#keep(reading)
    }
  }

  /** What is known of a channel of ours, which is followed from now on as long as something can happen to it. */
  #keep (reading: Reading): void {
    const { channel } = reading
    if (channel === undefined || !this.#isOurs(channel)) return
    const { channelId } = channel
    const { watch } = this.#connection()
    this.#known.delete(channelId)
    this.#known.set(channelId, channel)
    watch.follow(channelId, this.#follow)
    watch.took(channelId, reading)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KEYS) break
      this.#known.delete(oldest)
      watch.unfollow(oldest, this.#follow)
    }
  }

  /** Whether we are a party, and it is in our asset. */
  #isOurs (channel: ChannelData): boolean {
    const { asset, network } = this.#options
    return channel.asset === asset && channel.network === network && sidesOf(channel, this.address) !== undefined
  }

  #peerIn (channelId: string): string | undefined {
    return this.#known.get(channelId)?.sides.find(({ party }) => party !== this.address)?.party
  }

  #openedIn ({ events }: Committed): string | undefined {
    const type = new RegExp(`^(0x[0-9a-f]{1,64})::${CHANNEL_MODULE}::Opened$`, 'i')
    for (const event of events) {
      const code = type.exec(event.type)?.[1]
      const { data } = Opened.safeParse(event.data)
      const isOfModule = code !== undefined && canonicalAddress(code) === this.#options.moduleAddress
      if (isOfModule && data !== undefined) return canonicalAddress(data.channel)
    }
    return undefined
  }

  /** What the peer has put in counts above `verifyAbove` when another node shows it, too. */
  async #counted (state: ChannelState, channel: ChannelData): Promise<ChannelState> {
    return await this.#second?.on(state, channel) ?? state
  }

  async #do (operationId: string, makeCall: () => Promise<Call>): Promise<Receipt> {
    const { txId } = await this.#transactions.do(operationId, makeCall)
    return { txId }
  }

  /** Records are of one network, module, asset and key of ours. */
  #recordName (kind: string): string {
    const { moduleAddress, asset } = this.#options
    return `aptos:${kind}:${this.chainId}:${moduleAddress}:${asset}:${this.address}`
  }

  /** @throws ChainError after it was disconnected */
  #connection (): Connection {
    if (this.#isStopped) throw new ChainError('the account is disconnected', false)
    const { rpcUrl, socksProxy, network, moduleAddress, lookMs: everyMs, timeoutMs, allowUnverifiedModule = false, log } = this.#options
    return this.#chain ??= joinConnection({ rpcUrl, socksProxy, network, moduleAddress, everyMs, timeoutMs, allowUnverifiedModule, log })
  }
}

const Opened = z.object({ channel: z.string().refine(isAddress) })

function secondOf (options: AptosProviderOptions): SecondOpinion | undefined {
  const { verifyRpcUrl: url, socksProxy, verifyAbove: above = 0n, network, moduleAddress, signer: { address }, log, timeoutMs } = options
  return url === undefined ? undefined : new SecondOpinion({ url, socksProxy, network, moduleAddress, address, above, log, timeoutMs })
}

function typeOf (was: ChannelData | undefined, is: ChannelData): ChannelEvent['type'] {
  if (is.status === 'settled') return 'settled'
  if (was === undefined) return 'opened'
  if (is.status === 'closing') return 'closing'
  return is.sides.some(({ deposit }, side) => deposit !== was.sides[side]?.deposit) ? 'deposited' : 'redeemed'
}
