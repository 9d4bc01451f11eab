/** Payment channels of Mina for one account: everything that reads or changes the chain. */
import type { PluginStore } from '../../src/contracts/plugin.js'
import { inTime } from '../lib/channels/in-time.js'
import { ChainError } from '../lib/channels/types.js'
import type { AsOf, ChannelEvent, ChannelProvider, ChannelState, Claim, Finality, Receipt } from '../lib/channels/types.js'
import { joinDesk } from './chain/desk.js'
import type { Desk, DeskOptions, Member } from './chain/desk.js'
import { offer, offersOf } from './chain/fees.js'
import type { FeePolicy } from './chain/fees.js'
import type { Call } from './chain/operations.js'
import { Transactions } from './chain/transactions.js'
import { isOver, NO_ZKAPP, stateOf, stateOfOver } from './channel-account.js'
import type { Channel, Expected } from './channel-account.js'
import { ChannelBook, MAX_OF_A_PEER } from './channel-book.js'
import { ChannelKeys } from './channel-keys.js'
import { channelsOpenedBy, Views } from './views.js'
import { claimRecordOf } from './claim-record.js'
import type { SignatureThreads } from './crypto/signature-threads.js'
import { isAddress } from './entry-fields.js'
import { domainOf } from './hashes.js'
import { checkFork, Stop } from './hard-fork.js'
import { Plans } from './plans.js'
import { Proofs } from './proofs.js'
import type { ProofMaker } from './proofs.js'

export interface MinaProviderOptions extends DeskOptions {
  chainId: string
  expected: Expected
  fees: FeePolicy
  /** The slot from which the network takes no transactions; where nodes do not say it. */
  stopSlot?: number | undefined
  store: PluginStore
  prover: ProofMaker
  signatures: Pick<SignatureThreads, 'isSignedBy'>
  /** A proof is made in advance whenever claims have grown by this, nanomina. */
  standbyStep: bigint
  /** One more channel to look at. */
  alsoLookAt?: string | undefined
}

/** Of what is in the account, so many fees are never put into channels: nothing could be redeemed without. */
const FEES_KEPT = 20n
/** An end takes a proof, two hours to be included, and an hour to be confirmed; what is slower may be a busy network. */
const END_WITHIN_SECS = 6 * 60 * 60
const DERIVED_AHEAD = 3
/** What was said, or looked at in vain. */
const MAX_REMEMBERED = 1000

type Listener = (event: ChannelEvent) => void

export class MinaProvider implements ChannelProvider, Member {
  readonly chainType = 'mina'
  readonly nativeDecimals = 9
  readonly endWithinSecs = END_WITHIN_SECS
  /** For that a proof may be at hand, and nothing of the payer's can make it fail. */
  readonly redeemsWhileClosing = true
  readonly features = { directions: 'one', opening: 'funded', ends: 'payee', payouts: 'pushed', nonces: true } as const
  readonly chainId: string
  readonly address: string
  readonly #options: MinaProviderOptions
  readonly #book: ChannelBook
  readonly #keys: ChannelKeys
  readonly #plans: Plans
  readonly #proofs: Proofs
  readonly #transactions: Transactions
  readonly #views: Views
  readonly #stop: Stop
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #remembered = new Set<string>()
  #desk: Desk | undefined
  #connecting: Promise<void> | undefined

  /** Nothing is reached yet. */
  constructor (options: MinaProviderOptions) {
    const { chainId, key, store, expected, fees, prover, log, standbyStep } = options
    const name = (kind: string): string => `mina:${kind}:${chainId}:${expected.codeHash}:${key.address}`
    this.#options = options
    this.chainId = chainId
    this.address = key.address
    this.#keys = new ChannelKeys(key.text, chainId)
    this.#book = new ChannelBook(store, name('channels'))
    this.#proofs = new Proofs({ prover, sender: key.address, store, name: name('proofs'), step: standbyStep, log })
    this.#stop = new Stop({ desk: () => this.#deskNow(), configured: options.stopSlot, least: fees.least, log })
    this.#plans = new Plans({
      key, keys: this.#keys, expected, proofs: this.#proofs, fees,
      nodes: () => this.#deskNow().nodes, slotMs: () => this.#deskNow().info.slotMs, lookAt: address => this.#lookAt(address)
    })
    this.#transactions = new Transactions(() => this.#deskNow().sender, store, name('operations'), call => this.#plans.of(call))
    this.#views = new Views({ feeds: () => this.#deskNow().feeds, expected, address: key.address })
  }

  connect (): Promise<void> {
    return this.#connecting ??= inTime(this.#connect()).finally(() => { this.#connecting = undefined })
  }

  async #connect (): Promise<void> {
    await Promise.all([this.#book.load(), this.#transactions.load()])
    const desk = this.#desk ??= await joinDesk(this.#options, this)
    await checkFork(desk, this.#options.store, `mina:seen:${this.chainId}:${this.address}`)
    const { alsoLookAt } = this.#options
    const opening = this.#transactions.unfinished().map(({ channelId }) => channelId)
    const known = this.#book.all().flatMap(([id, { over }]) => over === undefined ? [id] : [])
    this.#views.follow([...known, ...opening, ...alsoLookAt === undefined ? [] : [alsoLookAt]])
    await this.#views.look('now', 'any')
    if (desk.feed.sight(this.address).latest === undefined && this.#isNews('account')) {
      this.#options.log.warn('our account does not exist on the chain yet: it can neither pay nor be paid before somebody sends it 1 MINA and more. ' +
        'chainId=%s address=%s', this.chainId, this.address)
    }
    await this.#transactions.start()
  }

  async disconnect (): Promise<void> {
    await this.#transactions.stop()
    this.#views.clear()
    this.#desk?.leave(this)
    this.#desk = undefined
  }

  async tokenDecimals (): Promise<number> {
    return await Promise.resolve(this.nativeDecimals) // the token is the coin that fees are paid in
  }

  async balances (): Promise<{ token: bigint, native: bigint }> {
    const { nodes } = await this.#ready()
    await nodes.look()
    const native = nodes.leader.sight(this.address).latest?.balance ?? 0n
    const token = native - FEES_KEPT * this.#options.fees.least
    return { token: token > 0n ? token : 0n, native }
  }

  async redeemCost (): Promise<bigint> {
    const { feed } = await this.#ready()
    return offer(await offersOf(feed), this.#options.fees, false)
  }

  async depositLimit (): Promise<undefined> {
    await Promise.resolve()
  }

  async openChannel (peer: string, challengeSecs: number, operationId: string, deposit = 0n): Promise<Receipt & { channelId: string }> {
    const { info } = await this.#ready()
    const { txId, call } = await this.#transactions.do(`${operationId}:${peer}`, async () => {
      if (deposit <= 0n) throw new ChainError('a channel of Mina cannot be opened without a deposit', true)
      this.#stop.refusePayingIn()
      this.#views.follow([peer])
      await this.#checkFunds(deposit + info.accountCreationFee)
      const { latest } = this.#deskNow().feed.sight(peer)
      if (latest === undefined) throw new ChainError(`the account of the peer does not exist on the chain: it could not be paid. peerAddress=${peer}`, true)
      const { index, channelId } = await this.#freeIndex(peer)
      return { kind: 'open', channelId, peer, index, challengeSlots: Math.ceil(challengeSecs * 1000 / info.slotMs), deposit: String(deposit) }
    })
    await this.getChannelState(call.channelId) // from now on it is known
    return { txId, channelId: call.channelId }
  }

  async deposit (channelId: string, total: bigint, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, async () => {
      this.#stop.refusePayingIn()
      await this.#fresh(channelId)
      const deposit = this.#plans.depositIn(channelId)
      const call: Call = { kind: 'deposit', channelId, amount: String(total - deposit), to: String(total) }
      if (total <= deposit) throw new ChainError(`the channel has that much already. channelId=${channelId} deposit=${deposit}`, true)
      this.#plans.check(call)
      await this.#checkFunds(total - deposit)
      return call
    })
  }

  async redeem (claim: Claim, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, async () => {
      const call: Call = { kind: 'redeem', channelId: claim.channelId, claim: await this.#genuine(claim) }
      this.#plans.check(call)
      return call
    })
  }

  async closeAsPayee (channelId: string, claim: Claim | undefined, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, async () => {
      const { paid } = await this.#fresh(channelId)
      const isMore = claim !== undefined && claim.total > paid
      const call: Call = { kind: 'finish', channelId, claim: isMore ? await this.#genuine(claim) : undefined }
      this.#plans.check(call)
      return call
    })
  }

  async close (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => this.#checked({ kind: 'startClose', channelId }))
  }

  async settle (channelId: string, operationId: string): Promise<Receipt> {
    return await this.#do(operationId, () => this.#checked({ kind: 'settle', channelId }))
  }

  async getChannelState (channelId: string, finality: Finality = 'confirmed', asOf: AsOf = 'now'): Promise<ChannelState | undefined> {
    const { info: { slotMs }, nodes } = await this.#ready()
    if (!isAddress(channelId)) return undefined
    const known = this.#book.get(channelId)
    const seenBy = { ours: this.address, slot: nodes.leader.tip.slot, slotMs }
    if (known?.over !== undefined) return stateOfOver(channelId, known, known.over, seenBy)
    const isNew = this.#views.follow([channelId], known === undefined)
    await this.#views.look(isNew ? 'now' : asOf, known === undefined || isNew ? 'all' : 'any')
    const view = { ours: this.address, slot: nodes.leader.tip.slot, slotMs, wasOver: false }
    if (finality === 'latest') {
      const channel = this.#views.latest(channelId)
      if (typeof channel !== 'object') return undefined
      const state = stateOf(channel, view)
      return state.status === 'settled' ? { ...state, status: 'closing' } : state // it is not confirmed, and nothing may be paid or taken through it
    }
    const channel = this.#views.confirmed(channelId)
    if (typeof channel !== 'object') {
      if (channel !== undefined && (known !== undefined || channel !== NO_ZKAPP)) this.#warnOf(channelId, channel)
      if (known === undefined && isNew) this.#unfollow(channelId)
      return undefined
    }
    if (!await this.#isOurs(channel)) return undefined
    const state = stateOf(channel, view)
    if (!isOver(channel, view)) return state
    if (this.#isBusyWith(channelId)) return { ...state, status: 'closing' } // until it is known what becomes of a transaction of ours in it
    await this.#bury(channel)
    return state
  }

  async findChannels (peer: string, asOf: AsOf = 'now'): Promise<ChannelState[]> {
    const { nodes } = await this.#ready()
    await this.#deriveWith(peer)
    await this.#views.look(asOf, 'any')
    const named = channelsOpenedBy(peer, nodes.leader.blocks).filter(address => this.#book.get(address) === undefined && this.#isNews(`named ${address}`))
    const states: ChannelState[] = []
    const followed = this.#views.followed().filter(id => this.#book.get(id) === undefined)
    for (const channelId of new Set([...this.#book.with(peer), ...followed, ...named])) {
      const isNamed = named.includes(channelId)
      const state = await this.getChannelState(channelId, 'confirmed', isNamed ? 'now' : asOf).catch((error: unknown) => {
        if (this.#book.get(channelId) !== undefined) throw error
        if (isNamed) this.#remembered.delete(`named ${channelId}`) // it is not confirmed yet
        return undefined
      })
      if (state !== undefined && state.status !== 'settled' && (state.theirs.address === peer)) states.push(state)
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

  /** There is a new block. */
  ticked (): void {
    const { tip } = this.#deskNow().feed
    this.#stop.ticked()
    const touched = new Set(tip.commands.flatMap(({ touches }) => touches))
    for (const [channelId, { payer, payee, over }] of this.#book.all()) {
      if (over !== undefined || !touched.has(channelId)) continue
      for (const listener of this.#listeners.get(payer === this.address ? payee : payer) ?? []) listener({ type: 'deposited', channelId })
    }
    for (const [peer, listeners] of this.#listeners) {
      const isOpening = tip.commands.some(({ kind, feePayer }) => kind === 'zkapp' && feePayer === peer)
      if (isOpening) for (const listener of listeners) listener({ type: 'opened', channelId: '' })
    }
  }

  isDueEarly (amount: bigint): boolean {
    return this.#stop.isDue(amount)
  }

  /** @throws ChainError while a node stands still: a close may have been missed; and shortly before a hard fork */
  checkFresh (channelId: string): void {
    this.#stop.refuseClaims()
    if (this.#views.isFresh(channelId, this.#deskNow().info.slotMs)) return
    throw new ChainError(`no new block was seen for a while, so a close may have been missed: no claims are taken. channelId=${channelId}`, false)
  }

  /** A genuine claim of the peer has come: a proof is made in advance where it is worth it. */
  claimed ({ channelId, total, nonce, signature }: Pick<Claim, 'channelId' | 'total' | 'nonce' | 'signature'>): void {
    const channel = this.#desk === undefined || this.#book.get(channelId) === undefined ? undefined : this.#views.latest(channelId)
    if (typeof channel !== 'object' || channel.payee !== this.address || channel.isFinished || total > channel.deposit) return
    this.#proofs.claimed(this.#views.account(channelId), claimRecordOf(total, nonce, signature), channel.paid)
  }

  async #do (operationId: string, makeCall: () => Promise<Call>): Promise<Receipt> {
    const { nodes } = await this.#ready()
    const { txId } = await this.#transactions.do(operationId, () => nodes.byAny(makeCall))
    return { txId }
  }

  async #checked (call: Call): Promise<Call> {
    await this.#fresh(call.channelId)
    this.#plans.check(call)
    return call
  }

  async #lookAt (address: string): Promise<void> {
    this.#views.follow([address])
    await this.#deskNow().nodes.look()
  }

  /** As it is now. */
  async #fresh (channelId: string): Promise<Channel> {
    await this.#lookAt(channelId)
    const channel = this.#plans.channel(channelId, false)
    if (channel !== undefined) return channel
    throw new ChainError(`the chain has no such channel. channelId=${channelId}`, this.#book.get(channelId)?.over !== undefined)
  }

  async #genuine ({ channelId, total, nonce, signature, signer }: Claim): Promise<ReturnType<typeof claimRecordOf>> {
    const { payer } = await this.#fresh(channelId)
    const terms = { channel: channelId, domain: domainOf(this.chainId, channelId), amount: total, nonce }
    const isGood = signer === payer && await this.#options.signatures.isSignedBy(terms, signature, payer)
    if (!isGood) throw new ChainError(`the claim is not signed by the payer. channelId=${channelId}`, true)
    return claimRecordOf(total, nonce, signature)
  }

  /** The first address to the peer that was never used. */
  async #freeIndex (peer: string): Promise<{ index: number, channelId: string }> {
    const taken = new Set(this.#transactions.unfinished().map(({ channelId }) => channelId))
    for (let index = 0; ; index++) {
      const { address: channelId } = this.#keys.keyFor(peer, index)
      if (taken.has(channelId) || this.#book.get(channelId) !== undefined) continue
      await this.#lookAt(channelId)
      if (this.#deskNow().feed.sight(channelId).latest?.state === undefined) return { index, channelId }
    }
  }

  /** Looks once for channels to the peer that a store which was lost would have had: until a few in a row were never used. */
  async #deriveWith (peer: string): Promise<void> {
    if (this.#remembered.has(`derived ${peer}`)) return
    for (let from = 0, unused = 0; unused < DERIVED_AHEAD; from += DERIVED_AHEAD) {
      const addresses = Array.from({ length: DERIVED_AHEAD }, (_, i) => this.#keys.keyFor(peer, from + i).address)
      const fresh = addresses.filter(address => this.#book.get(address) === undefined && !this.#isBusyWith(address))
      unused = await this.#views.leaveUnused(fresh)
    }
    this.#isNews(`derived ${peer}`)
  }

  async #isOurs (channel: Channel): Promise<boolean> {
    const { address, payer, payee } = channel
    if (this.#book.get(address) !== undefined) return true
    const isFull = payer !== this.address && this.#book.isFull(payer)
    if (isFull) this.#warnOf(address, `its payer has ${MAX_OF_A_PEER} channels to us already`)
    if (isFull || (payer !== this.address && payee !== this.address)) {
      this.#unfollow(address)
      return false
    }
    await this.#book.put(address, { payer, payee, since: this.#views.sinceOf(address) })
    return true
  }

  /** Unless a transaction of ours in it is under way. */
  #unfollow (address: string): void {
    if (!this.#isBusyWith(address)) this.#views.unfollow(address)
  }

  #isBusyWith (address: string): boolean {
    return this.#transactions.unfinished().some(({ channelId }) => channelId === address)
  }

  async #bury ({ address, challengeSlots, paid }: Channel): Promise<void> {
    const known = this.#book.get(address)
    if (known === undefined) return
    await this.#book.put(address, { ...known, over: { challengeSlots, paid: String(paid) } })
    this.#unfollow(address)
  }

  async #checkFunds (amount: bigint): Promise<void> {
    const { token } = await this.balances()
    if (token >= amount) return
    throw new ChainError('our account does not have enough MINA beyond what is kept for fees. ' +
      `address=${this.address} has=${token} needed=${amount} (nanomina)`, true)
  }

  #warnOf (channelId: string, reason: string): void {
    if (!this.#isNews(`${channelId} ${reason}`)) return
    this.#options.log.warn('an account is not used as a payment channel. channelId=%s reason=%s', channelId, reason)
  }

  /** Whether nothing was said about this yet. */
  #isNews (about: string): boolean {
    if (this.#remembered.has(about)) return false
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.add(about)
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
