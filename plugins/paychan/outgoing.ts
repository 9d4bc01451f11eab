/**
 * What we pay the peer with claims. Whether a claim travels with every packet or only for a settlement, the account is kept the same way:
 *
 *     paid       token units of all claims ever made, over all channels
 *     booked     base units that the connector's ledger has been told are paid (`sendMoney` has resolved, or will)
 *     used       base units of packets that a claim was made for and that were not rejected
 *     inFlight   base units of those that have no answer yet
 *
 * A claim never says more than max(used, booked + inFlight). What packets that were rejected leave is used by the next ones first. An id
 * is booked in the same write as the claim that pays it, and before that claim is sent: so it is paid once, whatever crashes when.
 */
import { isFulfill, isReject, rejectOf } from '../../src/packet/reply.js'
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
  /** Our name in claims. */
  senderId: () => string
  /** Sends a claim by itself; resolves when the peer has taken it. */
  deliver: (claim: Claim) => Promise<void>
}

const RECORD = 'sent'
/** The connector repeats only its latest settlement, and by hand a few can be under way. */
const REMEMBERED_IDS = 32
/** A payment that always finds the channel filled by somebody else gives up, and is tried again by the connector. */
const ATTEMPTS = 3
/** A power cut can make us forget the latest claims of packets that were not answered. The peer has seen their nonces. */
const SKIPPED_NONCES = 1_000_000n
const NOT_COVERED = /does not cover/

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
   * which is an ILP packet. Rejects with ClaimError, when nothing was sent, and with what `send` rejects with.
   */
  async forPacket (amount: bigint, send: (claim: Claim) => Promise<Buffer>): Promise<Buffer> {
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
      throw new ClaimError('payment channel is used up, and will be filled up', 'T04')
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

  /** Sends the peer our latest claim on a channel, if it has not said that it has it. */
  async deliverOn (channel: KnownChannel): Promise<void> {
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
   * Gives the peer the claims that it may not have, and learns how much of them it counts as used (base units, from `ask`). Only what
   * it says while nothing is under way is believed; if it says less than it should, that is its own loss, since what we owe is paid by
   * `settle` in any case.
   */
  async reconcile (ask: () => Promise<bigint>): Promise<void> {
    for (const channel of this.#deps.channels.usable()) await this.deliverOn(channel)
    const before = this.#packets
    if (this.#inFlight > 0n) return
    const used = await ask()
    if (this.#inFlight > 0n || this.#packets !== before) return
    this.#used = max(min(this.#used, used), 0n)
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
    if (code !== 'F06') return true
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

function min (a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function unanswered (): never {
  throw new ClaimError('Claim generation failed', 'T00')
}

function nothing (): undefined {
  // Whoever waits for the original promise hears of its failure.
}
