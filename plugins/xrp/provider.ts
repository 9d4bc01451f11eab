/** Payment channels of the XRP Ledger for one account: everything that reads or changes the ledger. */
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import { inTime } from '../lib/channels/in-time.js'
import { ChainError } from '../lib/channels/types.js'
import type { AsOf, ChannelEvent, ChannelProvider, ChannelState, Claim, Finality, Receipt } from '../lib/channels/types.js'
import { checkOurs, checkPayee, spendable } from './account-check.js'
import { ChannelBook, refusalOfTheirs, sequenceOf } from './channel-book.js'
import type { Known } from './channel-book.js'
import { ChannelKeys, isSignedWith } from './channel-keys.js'
import type { ClaimKey } from './channel-keys.js'
import type { ClaimSource, Payer } from './claims.js'
import { chainIdOf } from './formats.js'
import { numberIn, dropsIn, msOf } from './ledger/entries.js'
import type { ChannelChange, PayChannel } from './ledger/entries.js'
import type { Ledger, Member } from './ledger/ledger.js'
import { joinDesk } from './ledger/desk.js'
import type { Desk } from './ledger/desk.js'
import { Transactions } from './ledger/transactions.js'
import type { Order } from './ledger/transactions.js'
import type { XrpKey } from './ledger/signer.js'

export interface XrpProviderOptions {
  rpcUrl: string
  /** Through which alone it is asked. Undefined: directly. */
  socksProxy?: string | undefined
  /** The number of the network: 0 is the main one. */
  network: number
  signer: XrpKey
  /** What our claim keys are derived from: anyone with it can make our claims. */
  claimSecret: Buffer
  store: PluginStore
  log: Logger
  /** By address, the destination tag that a peer asks for. */
  tags?: Readonly<Record<string, number>> | undefined
}

/** Of what is in the account, so much is kept for fees and never put into channels, drops. */
const FEE_MONEY = 5_000_000n
/** What a transaction may cost in general, drops. */
const FEE_CAP = 10_000n
/** Times of the ledger are rounded, so we wait this much longer for an end. */
const ROUNDED_MS = 20_000
/** The part of a channel's delay in which a close may be missed, and not more. */
const FRESH_PART = 4
/** Servers may be this many ledgers apart, and one that is further behind is no use. */
const RESET_LEDGERS = 1000
/** What was said; channels that others open are not worth more memory. */
const MAX_SAID = 1000

type Listener = (event: ChannelEvent) => void

export class XrpProvider implements ChannelProvider, Member, ClaimSource {
  readonly chainType = 'xrp'
  readonly nativeDecimals = 6
  readonly features = { directions: 'one', opening: 'funded', ends: 'payee', payouts: 'pushed', nonces: false } as const
  readonly chainId: string
  readonly address: string
  readonly #options: XrpProviderOptions
  readonly #keys: ChannelKeys
  readonly #book: ChannelBook
  readonly #transactions: Transactions
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #said = new Set<string>()
  #desk: Desk | undefined
  #connecting: Promise<void> | undefined

  /** Nothing is reached yet. */
  constructor (options: XrpProviderOptions) {
    const { network, signer, claimSecret, store } = options
    this.#options = options
    this.chainId = chainIdOf(network)
    this.address = signer.address
    this.#keys = new ChannelKeys(claimSecret, network, signer.address)
    this.#book = new ChannelBook(store, `xrp:channels:${network}:${signer.address}`)
    this.#transactions = new Transactions(() => this.#deskNow().sender, store, `xrp:operations:${network}:${signer.address}`,
      (peer, sequence) => this.#keys.keyFor(peer, sequence).publicKey, channelId => this.#book.get(channelId)?.endsAt !== undefined)
  }

  /** Reads what was kept of channels. Rejects when that cannot be read. */
  async load (): Promise<void> {
    await this.#book.load()
  }

  connect (): Promise<void> {
    return this.#connecting ??= inTime(this.#connect()).finally(() => { this.#connecting = undefined })
  }

  async #connect (): Promise<void> {
    await this.load()
    this.#desk ??= joinDesk(this.#options, this)
    const { ledger } = this.#desk
    await ledger.ready()
    await this.#checkReset(ledger)
    const account = await ledger.account(this.address)
    if (account !== undefined) checkOurs(account, this.address)
    else if (this.#isNews('account')) {
      this.#options.log.warn('our account does not exist on the ledger yet: it can neither pay nor be paid before somebody sends it its reserve. ' +
        'chainId=%s address=%s', this.chainId, this.address)
    }
    await this.#transactions.start()
  }

  async disconnect (): Promise<void> {
    const desk = this.#desk
    this.#desk = undefined
    await this.#transactions.stop()
    await desk?.leave(this)
  }

  async tokenDecimals (): Promise<number> {
    return await Promise.resolve(this.nativeDecimals) // the token is the coin that fees are paid in
  }

  async balances (): Promise<{ token: bigint, native: bigint }> {
    const { ledger } = await this.#ready()
    const account = await ledger.account(this.address) ?? {}
    return { token: spendable(account, ledger.reserves, FEE_MONEY), native: dropsIn(account.Balance) ?? 0n }
  }

  async redeemCost (): Promise<bigint> {
    return await (await this.#ready()).sender.cost()
  }

  async depositLimit (): Promise<undefined> {
    await Promise.resolve()
  }

  async openChannel (peer: string, challengeSecs: number, operationId: string, deposit = 0n): Promise<Receipt & { channelId: string }> {
    await this.#ready()
    const { txId, channelId } = await this.#transactions.do(`${operationId}:${peer}`, async () => {
      if (deposit <= 0n) throw new ChainError('a channel of the XRP Ledger cannot be opened without a deposit', true)
      const tag = this.#options.tags?.[peer]
      checkPayee(await this.#deskNow().ledger.account(peer), peer, tag)
      await this.#checkFunds(deposit)
      return { call: { type: 'create', peer, tag, amount: String(deposit), delay: challengeSecs }, cap: FEE_CAP }
    })
    if (channelId === undefined) throw new ChainError(`the transaction shows no channel. transaction=${txId}`, false)
    await this.getChannelState(channelId) // from now on it is known, and claims can be made
    return { txId, channelId }
  }

  async deposit (channelId: string, total: bigint, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, async () => {
      const channel = await this.#channel(channelId)
      if (channel.source !== this.address) throw new ChainError(`only the peer pays through this channel. channelId=${channelId}`, true)
      if (this.#endOf(channel) !== undefined) throw new ChainError(`the channel is being closed, and nothing more is put in. channelId=${channelId}`, true)
      if (total <= channel.amount) throw new ChainError(`the channel has that much already. channelId=${channelId} deposit=${channel.amount}`, true)
      await this.#checkFunds(total - channel.amount)
      return { call: { type: 'fund', channelId, amount: String(total - channel.amount) }, cap: FEE_CAP }
    })
  }

  async redeem (claim: Claim, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => this.#claimOrder(claim.channelId, claim, false))
  }

  async closeAsPayee (channelId: string, claim: Claim | undefined, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => this.#claimOrder(channelId, claim, true))
  }

  async close (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, async () => {
      const { source } = await this.#channel(channelId)
      if (source !== this.address) throw new ChainError(`only the payer closes this channel by its delay. channelId=${channelId}`, true)
      return { call: { type: 'close', channelId }, cap: FEE_CAP }
    })
  }

  async settle (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, async () => {
      const { expiration } = await this.#channel(channelId)
      if (expiration === undefined || msOf(expiration) > this.#deskNow().ledger.validated.closedMs) {
        throw new ChainError(`the time of the channel is not over. channelId=${channelId}`, true)
      }
      return { call: { type: 'settle', channelId }, cap: FEE_CAP }
    })
  }

  async getChannelState (channelId: string, finality: Finality = 'confirmed', asOf: AsOf = 'now'): Promise<ChannelState | undefined> {
    const { ledger } = await this.#ready()
    const id = channelId.toUpperCase()
    const over = this.#book.get(id)?.over
    if (over !== undefined) return this.#settled(id)
    const reading = (asOf === 'watched' ? ledger.known(id) : undefined) ?? await ledger.read(id, finality === 'latest' ? 'current' : 'validated')
    const known = reading.channel === undefined ? this.#book.get(id) : await this.#judge(reading.channel)
    if (known === undefined) return undefined
    if (reading.channel !== undefined) return this.#stateOf(reading.channel, known, reading.readAtMs)
    if (finality === 'latest') return await this.#aboutToGo(id)
    const deletion = await ledger.deletion(id, known.since)
    if (deletion === undefined) return undefined
    await this.#bury(deletion)
    return this.#settled(id)
  }

  async findChannels (peer: string, asOf: AsOf = 'now'): Promise<ChannelState[]> {
    const { ledger } = await this.#ready()
    const ids = new Set([...this.#book.with(peer), ...await ledger.list(peer, asOf === 'watched')])
    const states: ChannelState[] = []
    for (const channelId of ids) {
      const state = await this.getChannelState(channelId, 'confirmed', asOf)
      if (state !== undefined && state.status !== 'settled') states.push(state)
    }
    const ageOf = ({ channelId }: ChannelState): number => this.#book.get(channelId)?.since ?? 0
    return states.sort((a, b) => ageOf(a) - ageOf(b))
  }

  subscribe (peer: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(peer) ?? new Set()
    this.#listeners.set(peer, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(peer)
    }
  }

  /** The feed tells of each transaction that touches a channel of our address. */
  touched (change: ChannelChange, txId: string): void {
    const { type, channel: { channelId, source, destination, expiration }, paid, added } = change
    const peer = source === this.address ? destination : source
    if (type === 'deleted') this.#bury(change).catch(() => undefined) // found out again at the next look
    const what = { created: 'opened', deleted: 'settled', modified: added > 0n ? 'deposited' : 'redeemed' } as const
    const isEnding = type === 'modified' && expiration !== undefined && paid === 0n
    for (const listener of this.#listeners.get(peer) ?? []) listener({ type: isEnding ? 'closing' : what[type], channelId, txId })
  }

  payerOf (channelId: string): Payer | undefined {
    return this.#book.get(channelId)
  }

  async findPayer (channelId: string): Promise<Payer | undefined> {
    await this.getChannelState(channelId)
    return this.#book.get(channelId)
  }

  checkFresh (channelId: string): void {
    const { settleDelay = 0 } = this.#book.get(channelId) ?? {}
    if (this.#desk?.ledger.isFresh(settleDelay * 1000 / FRESH_PART) === true) return
    throw new ChainError(`no new ledger was seen for a while, so a close may have been missed: no claims are taken. channelId=${channelId}`, false)
  }

  keyOf (channelId: string): ClaimKey {
    const { source, destination = this.address, sequence } = this.#book.get(channelId) ?? {}
    // For a channel that is not ours this is a key that means nothing on the ledger.
    return this.#keys.keyFor(source === this.address ? destination : source ?? this.address, source === this.address ? sequence ?? 0 : 0)
  }

  async #do (operationId: string, order: () => Promise<Order>): Promise<Receipt> {
    await this.#ready()
    const { txId } = await this.#transactions.do(operationId, order)
    return { txId }
  }

  /** What the ledger would not pay is not sent: a transaction that does nothing costs as much as another. */
  async #claimOrder (channelId: string, claim: Claim | undefined, ends: boolean): Promise<Order> {
    const channel = await this.#channel(channelId)
    if (channel.destination !== this.address) throw new ChainError(`this channel does not pay us. channelId=${channelId}`, true)
    const isPaid = ends && claim !== undefined && claim.total <= channel.balance
    if (claim === undefined || isPaid) return { call: { type: 'claim', channelId, ends }, cap: FEE_CAP }
    const { total, signature } = claim
    const isGood = claim.signer === channel.source && await isSignedWith(channel.publicKey, channelId, total, signature)
    if (!isGood) throw new ChainError(`the claim is not signed by the payer. channelId=${channelId}`, true)
    if (total <= channel.balance) throw new ChainError(`all that the claim grants is paid out already. channelId=${channelId} claim=${total}`, true)
    if (total > channel.amount) throw new ChainError(`the claim is above the deposit. channelId=${channelId} claim=${total} deposit=${channel.amount}`, true)
    await this.#judge(channel) // an end that it shows makes this urgent
    const stake = (total - channel.balance) / 2n
    return {
      call: { type: 'claim', channelId, claim: { total: String(total), signature, publicKey: channel.publicKey }, ends },
      cap: FEE_CAP,
      urgentCap: stake > FEE_CAP ? stake : FEE_CAP
    }
  }

  /** Of the ledger, as of now. */
  async #channel (channelId: string): Promise<PayChannel> {
    const { channel } = await this.#deskNow().ledger.read(channelId, 'validated')
    if (channel !== undefined) return channel
    throw new ChainError(`the ledger has no such channel. channelId=${channelId}`, this.#book.get(channelId)?.over !== undefined)
  }

  async #checkFunds (amount: bigint): Promise<void> {
    const { token } = await this.balances()
    if (token >= amount) return
    throw new ChainError('our account does not have enough XRP beyond its reserves and what is kept for fees. ' +
      `address=${this.address} has=${token} needed=${amount} (drops)`, true)
  }

  /** When the channel ends or has shown an end, seconds of the ledger's clock. */
  #endOf ({ channelId, expiration }: PayChannel): number | undefined {
    return expiration ?? this.#book.get(channelId)?.endsAt
  }

  /** Decides once whether a channel is one of ours with a peer, and keeps what has to be remembered of it. */
  async #judge (channel: PayChannel): Promise<Known | undefined> {
    const { channelId, source, destination, publicKey, settleDelay, expiration, changedAt } = channel
    const before = this.#book.get(channelId)
    if (before !== undefined && (expiration === undefined || before.endsAt !== undefined)) return before
    if (source !== this.address && destination !== this.address) return undefined
    const sequence = source === this.address ? before?.sequence ?? await this.#sequenceOf(channel) : undefined
    const refusal = source === this.address
      ? sequence === undefined ? 'another program has opened it with our account' : undefined
      : refusalOfTheirs(channel) ?? (before === undefined && this.#book.isFull(source) ? 'as many of its payer are open as are looked at' : undefined)
    if (refusal !== undefined) {
      if (this.#isNews(channelId)) {
        this.#options.log.warn('a payment channel is not used. channelId=%s source=%s reason=%s', channelId, source, refusal)
      }
      return undefined
    }
    const times = { since: before?.since ?? changedAt, endsAt: before?.endsAt ?? expiration }
    const known: Known = { source, destination, publicKey, settleDelay, sequence, ...times }
    await this.#book.put(channelId, known)
    return known
  }

  async #sequenceOf (channel: PayChannel): Promise<number | undefined> {
    const account = await this.#deskNow().ledger.account(this.address)
    return sequenceOf(channel, this.#keys, numberIn(account?.Sequence))
  }

  #stateOf (channel: PayChannel, known: Known, readAtMs: number): ChannelState {
    const { channelId, source, destination, amount, balance, settleDelay } = channel
    const isOurs = source === this.address
    const payer = { address: source, deposit: amount, redeemed: balance, nonce: 0n }
    const payee = { address: destination, deposit: 0n, redeemed: 0n, nonce: 0n }
    const end = channel.expiration ?? known.endsAt
    return {
      channelId,
      readAtMs,
      status: end === undefined ? 'open' : 'closing',
      ours: isOurs ? payer : payee,
      theirs: isOurs ? payee : payer,
      challengeSecs: settleDelay,
      payer: isOurs ? 'us' : 'them',
      ...end === undefined ? {} : { settleableAt: msOf(end) + ROUNDED_MS, closedByThem: !isOurs }
    }
  }

  /** Not in the newest ledger, which is not validated yet: nothing may be paid or taken through it any more. */
  async #aboutToGo (channelId: string): Promise<ChannelState | undefined> {
    const state = await this.getChannelState(channelId, 'confirmed')
    return state === undefined || state.status === 'settled' ? state : { ...state, status: 'closing' }
  }

  #settled (channelId: string): ChannelState | undefined {
    const known = this.#book.get(channelId)
    if (known?.over === undefined) return undefined
    const { source, destination, publicKey, settleDelay, over } = known
    const drops = { amount: BigInt(over.amount), balance: BigInt(over.balance) }
    const channel = { channelId, source, destination, publicKey, settleDelay, ...drops, changedAt: known.since }
    const state = this.#stateOf(channel, { ...known, endsAt: undefined }, this.#deskNow().ledger.validated.closedMs)
    return { ...state, status: 'settled' }
  }

  async #bury ({ channel: { channelId, amount, balance } }: ChannelChange): Promise<void> {
    const known = this.#book.get(channelId)
    if (known === undefined || known.over !== undefined) return
    await this.#book.put(channelId, { ...known, over: { amount: String(amount), balance: String(balance) } })
  }

  /** A network that was begun anew knows nothing of what is here. */
  async #checkReset ({ validated: { index } }: Ledger): Promise<void> {
    const { store, network } = this.#options
    const key = `xrp:seen:${network}:${this.address}`
    const seen = Number(await store.get(key) ?? 0)
    if (index + RESET_LEDGERS < seen) {
      throw new ChainError(`the ledger was begun anew, or the server is far behind: it is at ledger ${index}, and was at ${seen} before. ` +
        'If it was begun anew, this account needs a store without records of the former', false)
    }
    if (index > seen) await store.put(key, String(index))
  }

  /** Whether nothing was said about this yet. */
  #isNews (about: string): boolean {
    if (this.#said.has(about)) return false
    if (this.#said.size >= MAX_SAID) this.#said.clear()
    this.#said.add(about)
    return true
  }

  /** While it is being connected, whoever asks waits for that. */
  async #ready (): Promise<Desk> {
    await this.#connecting?.catch(() => undefined) // if it failed, what is asked fails with it
    return this.#deskNow()
  }

  #deskNow (): Desk {
    if (this.#desk === undefined) throw new ChainError('the account is disconnected', false)
    return this.#desk
  }
}
