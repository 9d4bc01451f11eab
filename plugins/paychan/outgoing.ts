/**
 * What we pay the peer with claims. Whether a claim travels with every packet or only for a settlement, the account is kept the same way:
 *
 *     paid       token units of all claims ever made, over all channels
 *     booked     base units that the connector's ledger has been told are paid (`sendMoney` has resolved, or will)
 *     used       base units of packets that a claim was made for and that were not rejected, and of debts paid by claims alone
 *     inFlight   base units of those that have no answer yet
 *
 * A claim never says more than max(used, booked + inFlight). What packets that were rejected leave is used by the next ones first. An id
 * is booked in the same write as the claim that pays it, and before that claim is sent: so it is paid once, whatever crashes when.
 *
 * Claims of packets are written but not synced, so a power cut makes us forget the latest ones. The peer has them, with our signature
 * under them, and shows them when we ask: at each connect, and when it refuses a claim because it has a better one.
 */
import { describeError } from '../../src/packet/errors.js'
import { isFulfill, isReject, rejectOf } from '../../src/packet/reply.js'
import type { ClaimCounts } from '../../src/types/channels.js'
import type { Channels, KnownChannel } from './channels.js'
import type { PaychanSettings } from './options.js'
import { amountOf, arrayOf, fieldsOf } from './read.js'
import type { Records } from './records.js'
import { ClaimError } from './types.js'
import type { ChannelState, Claim, ClaimCodec } from './types.js'
import type { Units } from './units.js'

interface Sent {
  amount: bigint
  nonce: bigint
  /** The highest amount of which the peer has said that it has it. */
  acked: bigint
}

export interface OutgoingDeps {
  channels: Channels
  codec: ClaimCodec
  records: Records
  units: Units
  settings: Pick<PaychanSettings, 'claims' | 'topUpBelow'>
  counts: ClaimCounts
  /** Our name in claims. */
  senderId: () => string
  /** Sends a claim by itself; resolves when the peer has taken it. */
  deliver: (claim: Claim) => Promise<void>
  /** Asks the peer what it has of us. */
  askCounted: () => Promise<Counted>
}

/** What the peer has of us, as it says. */
export interface Counted {
  /** Our best claim on each channel. Whether it is ours shows in the signature. */
  claims: Buffer[]
  /** Base units that our claims have paid and that it has used for no packet and no debt. */
  unused: bigint
}

const RECORD = 'sent'
/** The connector repeats only its latest settlement, and by hand a few can be under way. */
const REMEMBERED_IDS = 32
/** A payment that always finds the channel filled by somebody else gives up, and is tried again by the connector. */
const ATTEMPTS = 3
/** A power cut can make us forget the latest claims of packets that were not answered. The peer has seen their nonces. */
const SKIPPED_NONCES = 1_000_000n
const USED_UP = 'payment channel is used up, and will be filled up'
const NOT_COVERED = /does not cover/
/** How a peer refuses a claim that is behind the one that it has. */
const BEHIND = /does not cover|Nonce not monotonically increasing/
/** A packet with one of these came to an end perhaps because its claim was not taken. */
const CLAIM_REFUSALS = new Set(['F06', 'T00'])
/** Of claims that the peer shows; it cannot have more channels with us that we look after. */
const MAX_SHOWN = 100

export class Outgoing {
  readonly #deps: OutgoingDeps
  readonly #sent = new Map<string, Sent>()
  #base = 0n
  #used = 0n
  #booked = 0n
  #inFlight = 0n
  #ids: string[] = []
  /** Counts packets, to see whether any went out between two moments. */
  #packets = 0
  readonly #settling = new Map<string, Promise<void>>()
  #lastSettlement: Promise<unknown> = Promise.resolve()
  #lastSent: Promise<unknown> = Promise.resolve()
  #learning: Promise<void> | undefined

  constructor (deps: OutgoingDeps) {
    this.#deps = deps
    deps.records.define(RECORD, () => ({
      base: this.#base, used: this.#used, booked: this.#booked, ids: this.#ids, channels: Object.fromEntries(this.#sent)
    }))
  }

  async load (): Promise<void> {
    const record = await this.#deps.records.load(RECORD)
    if (record === undefined) return
    const { base, used, booked, ids, channels } = fieldsOf(record, RECORD)
    this.#base = amountOf(base, 'base')
    this.#used = amountOf(used, 'used')
    this.#booked = amountOf(booked, 'booked')
    this.#ids = arrayOf(ids, 'ids').map(String)
    for (const [channelId, fields] of Object.entries(fieldsOf(channels, 'channels'))) {
      const { amount, nonce, acked } = fieldsOf(fields, channelId)
      const sent = { amount: amountOf(amount, 'amount'), nonce: amountOf(nonce, 'nonce') + SKIPPED_NONCES, acked: amountOf(acked, 'acked') }
      this.#sent.set(channelId, sent)
    }
  }

  /** What our claims on a channel say, in token units, and the nonce of the last one. */
  on (channelId: string): { amount: bigint, nonce: bigint } {
    return this.#sent.get(channelId) ?? { amount: 0n, nonce: 0n }
  }

  /** Base units that claims have paid and that are not booked. */
  get prepaid (): bigint {
    return max(this.#deps.units.toAccount(this.#paid()) - this.#booked, 0n)
  }

  /** Base units that are paid but not needed for any packet or settlement. */
  get headroom (): bigint {
    return max(this.#deps.units.toAccount(this.#paid()) - this.#committed(), 0n)
  }

  /**
   * Makes a claim that covers a packet, keeps it, and calls `send` with it, in the order of the calls. Resolves to the answer of `send`,
   * which is an ILP packet. Rejects with ClaimError, when nothing was sent, and with what `send` rejects with. A claim that is behind the
   * one that the peer has is made again once we have that: the packet has not gone on then.
   */
  async forPacket (amount: bigint, send: (claim: Claim) => Promise<Buffer>): Promise<Buffer> {
    const answer = await this.#payFor(amount, send)
    if (!isReject(answer)) return answer
    const { code, message } = rejectOf(answer)
    if (code !== 'F06' || !BEHIND.test(message)) return answer
    await this.learn().catch(nothing)
    return await this.#payFor(amount, send)
  }

  async #payFor (amount: bigint, send: (claim: Claim) => Promise<Buffer>): Promise<Buffer> {
    const channel = this.#deps.channels.paying()
    if (channel === undefined) {
      this.#want(this.#deps.units.toToken(amount))
      throw new ClaimError('No payment channel available for peer', 'T00')
    }
    this.#packets++
    this.#used += amount
    this.#inFlight += amount
    const missing = this.#deps.units.toToken(this.#committed()) - this.#paid()
    const sent = this.#sentOn(channel.state)
    if (missing > 0n && sent.amount + missing > channel.shown) {
      this.#release(amount)
      this.#want(missing)
      const isThere = sent.amount + missing <= channel.state.ours.deposit
      throw new ClaimError(isThere ? 'the peer does not see our new deposit in the payment channel yet' : USED_UP, 'T04')
    }
    if (missing > 0n) {
      sent.amount += missing
      this.#topUp(channel, sent)
    }
    const total = sent.amount
    let answer: Promise<Buffer> | undefined
    try {
      await this.#inOrder(this.#make(channel, sent), claim => { answer = send(claim) })
    } catch (error) {
      this.#release(amount)
      throw error instanceof ClaimError ? error : new ClaimError('Claim generation failed', 'T00')
    }
    if (await this.#outcome(answer, amount)) sent.acked = max(sent.acked, total)
    return await (answer ?? unanswered())
  }

  /**
   * Pays `amount` base units, once for an id: with what claims have paid beyond what is booked, and with a new claim for the rest. Resolves
   * when the peer has a claim for all that is booked. Rejects when it has not (yet); a repetition with the same id goes on.
   */
  async settle (amount: bigint, id: string): Promise<void> {
    const running = this.#settling.get(id)
    if (running !== undefined) { await running; return }
    const { smallest } = this.#deps.units
    if (amount % smallest !== 0n) throw new Error(`amount cannot be paid in units of the token. amount=${amount} settlementUnit=${smallest}`)
    const work = this.#lastSettlement.then(() => this.#settleNow(amount, id)).finally(() => { this.#settling.delete(id) })
    this.#settling.set(id, work)
    this.#lastSettlement = work.catch(nothing)
    await work
  }

  /**
   * Sees to room for what we will pay, where we have begun to pay. Where claims go with packets, the first channel is there
   * before the first packet; what an operator closes is opened again when there is a packet for it.
   */
  topUp (): void {
    const { channels, settings } = this.#deps
    const channel = channels.paying()
    const sent = channel && this.#sent.get(channel.state.channelId)
    if (channel !== undefined && sent !== undefined) this.#topUp(channel, sent)
    else if (settings.claims === 'packet' && (channel !== undefined || channels.all().length === 0)) this.#want(1n)
  }

  /** Sees to it that the peer has our latest claim on a channel. Rejects when it does not take it. */
  async deliverOn (channel: KnownChannel): Promise<void> {
    try {
      await this.#deliver(channel)
    } catch (error) {
      if (!BEHIND.test(describeError(error))) throw error
      await this.learn()
      await this.#deliver(channel)
    }
  }

  async #deliver (channel: KnownChannel): Promise<void> {
    const sent = this.#sent.get(channel.state.channelId)
    if (sent === undefined || sent.acked >= sent.amount) return
    const { amount } = sent
    let answer: Promise<void> | undefined
    await this.#inOrder(this.#make(channel, sent), claim => { answer = this.#deps.deliver(claim) })
    await answer
    sent.acked = max(sent.acked, amount)
  }

  /** Our latest claim on a channel, signed anew; undefined when the peer has it. */
  async latestOn (channel: KnownChannel): Promise<Claim | undefined> {
    const sent = this.#sent.get(channel.state.channelId)
    return sent === undefined || sent.acked >= sent.amount ? undefined : await this.#make(channel, sent)
  }

  /** The peer has all that our claims on the channel say. */
  acknowledge (channelId: string): void {
    const sent = this.#sent.get(channelId)
    if (sent !== undefined) sent.acked = sent.amount
  }

  /** Resolves when no claim is being made. */
  async quiet (): Promise<void> {
    await this.#lastSent
  }

  /** The channel is over. What the peer never got does not count as paid. Resolves when that is kept. */
  async forget ({ channelId, ours }: ChannelState): Promise<void> {
    const sent = this.#sent.get(channelId)
    if (sent === undefined) return
    this.#base += max(sent.acked, ours.redeemed)
    this.#sent.delete(channelId)
    await this.#deps.records.save(RECORD)
  }

  /**
   * Makes the two agree on our claims: what we have forgotten is learnt, what the peer may not have is sent. Then what it has used of them
   * is believed, if nothing was under way meanwhile; if it says too little that is its own loss, since what we owe is paid by `settle` in
   * any case, and if it says too much, the most it wins is what `settle` would pay later.
   */
  async reconcile (): Promise<void> {
    await this.learn()
    for (const channel of this.#deps.channels.usable()) await this.deliverOn(channel)
    const before = this.#packets
    if (this.#inFlight > 0n) return
    const { unused } = await this.#deps.askCounted()
    if (this.#inFlight > 0n || this.#packets !== before) return
    this.#used = max(this.#deps.units.toAccount(this.#paid()) - unused, 0n)
  }

  /** Takes over claims that the peer shows, that are better than what we know of, and that we have signed. Rejects when it shows none. */
  async learn (): Promise<void> {
    await (this.#learning ??= this.#learn().finally(() => { this.#learning = undefined }))
  }

  async #learn (): Promise<void> {
    const { channels, codec, records, askCounted } = this.#deps
    const { claims } = await askCounted()
    for (const shown of claims.slice(0, MAX_SHOWN)) {
      const claim = codec.parse(shown)
      const channel = channels.get(claim.channelId)
      if (channel === undefined || channel.state.status === 'settled') continue // its account is closed
      if (channel.state.ours.address !== claim.signer || !await codec.verify(claim)) continue
      const sent = this.#sentOn(channel.state)
      sent.nonce = max(sent.nonce, claim.nonce)
      sent.acked = max(sent.acked, claim.amount)
      if (claim.amount <= sent.amount) continue
      this.#used += this.#deps.units.toAccount(claim.amount - sent.amount) // until the peer says how much of it is unused
      sent.amount = claim.amount
    }
    await records.save(RECORD, { sync: true })
  }

  #topUp ({ state }: KnownChannel, { amount }: Sent): void {
    const { topUpBelow } = this.#deps.settings
    if (state.ours.deposit - amount < topUpBelow) this.#want(topUpBelow)
  }

  #want (room: bigint): void {
    this.#deps.channels.want(room, state => this.#sentOn(state).amount)
  }

  async #settleNow (amount: bigint, id: string): Promise<void> {
    const isNew = !this.#ids.includes(id)
    const extra = isNew ? amount : 0n
    const missing = (): bigint => this.#deps.units.toToken(this.#booked + extra + this.#inFlight) - this.#paid()
    for (let attempt = 1; missing() > 0n; attempt++) {
      const channel = await this.#deps.channels.ensure(missing(), state => this.#sentOn(state).amount)
      const sent = this.#sentOn(channel.state)
      const due = missing()
      if (sent.amount + due <= channel.state.ours.deposit) {
        sent.amount += due
        this.#used += this.#deps.units.toAccount(due) // as the peer counts a claim that comes without a packet
        this.#topUp(channel, sent)
      } else if (attempt === ATTEMPTS) throw new Error(`payment channel has no room. channelId=${channel.state.channelId} amount=${due}`)
    }
    if (isNew) {
      this.#booked += amount
      this.#ids = [...this.#ids, id].slice(-REMEMBERED_IDS)
    }
    await this.#deps.records.save(RECORD, { sync: true })
    await this.#deliverAll()
  }

  async #deliverAll (): Promise<void> {
    for (const channel of this.#deps.channels.usable()) {
      if (this.#acked() >= this.#deps.units.toToken(this.#booked)) return
      await this.deliverOn(channel)
    }
    if (this.#acked() < this.#deps.units.toToken(this.#booked)) throw new Error('no open payment channel to pay through')
  }

  async #make ({ state: { channelId } }: KnownChannel, sent: Sent): Promise<Claim> {
    const { codec, records, senderId } = this.#deps
    const nonce = ++sent.nonce
    this.#deps.channels.touch(channelId)
    const [claim] = await Promise.all([codec.make({ channelId, nonce, amount: sent.amount, senderId: senderId() }), records.save(RECORD)])
    this.#deps.counts.sent++
    return claim
  }

  /** Claims leave in the order of their nonces, or the peer would refuse them. Resolves when this one has left. */
  async #inOrder (making: Promise<Claim>, send: (claim: Claim) => void): Promise<void> {
    const sending = this.#lastSent.then(async () => { send(await making) })
    making.catch(nothing)
    this.#lastSent = sending.catch(nothing)
    await sending
  }

  /** Ends the account of a packet. Says whether the peer has taken the claim for sure. */
  async #outcome (answer: Promise<Buffer> | undefined, amount: bigint): Promise<boolean> {
    const reply = await answer?.catch(nothing)
    if (reply !== undefined && isReject(reply)) return this.#rejected(reply, amount)
    this.#inFlight -= amount
    return reply !== undefined && isFulfill(reply)
  }

  #rejected (reply: Buffer, amount: bigint): boolean {
    this.#release(amount)
    const { code, message } = rejectOf(reply)
    if (!CLAIM_REFUSALS.has(code)) return true
    if (NOT_COVERED.test(message)) this.#used = max(this.#used, this.#deps.units.toAccount(this.#paid())) // it counts more than we do
    return false
  }

  #release (amount: bigint): void {
    this.#used -= amount
    this.#inFlight -= amount
  }

  /** A channel that we know nothing of, but on which the peer has redeemed a claim of ours, starts where the chain is. */
  #sentOn ({ channelId, ours }: ChannelState): Sent {
    const known = this.#sent.get(channelId)
    if (known !== undefined) return known
    const sent = { amount: ours.redeemed, nonce: ours.nonce, acked: ours.redeemed }
    const before = this.#deps.units.toAccount(ours.redeemed)
    this.#used += before
    this.#booked += before
    this.#sent.set(channelId, sent)
    return sent
  }

  #committed (): bigint {
    return max(this.#used, this.#booked + this.#inFlight)
  }

  #paid (): bigint {
    let total = this.#base
    for (const { amount } of this.#sent.values()) total += amount
    return total
  }

  #acked (): bigint {
    let total = this.#base
    for (const { acked } of this.#sent.values()) total += acked
    return total
  }
}

function max (a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function unanswered (): never {
  throw new ClaimError('Claim generation failed', 'T00')
}

function nothing (): undefined {
  // Whoever waits for the original promise hears of its failure.
}
