/**
 * What we pay the peer with claims, for a settlement or with every packet. Either way the account is kept the same way:
 *
 *     total      token units of all claims ever made, over all channels
 *     used       base units that the peer counts as used: packets that a claim went with and that were not rejected, and settlements
 *
 * A claim never says more than what is used. What rejected packets leave (headroom) is used by the next ones first. What claims pay ahead
 * of packets is in the connector's books before it is signed, and bounded there: a peer that is silent, late, or says that it has used
 * more than it delivered for gets no more than `maxPrepaid` that way.
 *
 * A settlement is booked under its id in the same write as the claim that pays it, and before that claim is sent: so it is paid once,
 * whatever crashes when. It is paid when the peer has the claim, or when the chain has paid that much. If a channel ends with less, the
 * rest is paid through another one.
 *
 * Claims of packets are written but not synced, so a power cut makes us forget the latest ones. The peer has them, with our signature
 * under them, and shows them when we ask: at each connect, and when it refuses a claim because it has a better one.
 */
import { isFulfill, isReject, rejectOf } from '../../../src/packet/reply.js'
import type { KnownChannel } from './channels.js'
import type { Carry } from './carry.js'
import { ClaimSender, type ClaimSenderDeps } from './claim-sender.js'
import type { Counted } from './counted.js'
import type { Funding } from './funding.js'
import type { ChannelSettings } from './options.js'
import type { Prepaid } from './prepaid.js'
import { fieldsOf } from './read-record.js'
import type { Records } from './records.js'
import { Payments } from './payments.js'
import { ClaimError, paysOut } from './types.js'
import type { ChannelState, Claim } from './types.js'
import { SentClaims, type Sent } from './sent.js'
import { max, type Units } from './units.js'

export interface OutgoingDeps extends ClaimSenderDeps {
  units: Units
  funding: Funding
  records: Records
  prepaid: Prepaid
  /** Which books there are, and whose page in them. */
  booksId: () => string
  /** Whether claims have them. */
  nonces: boolean
  settings: Pick<ChannelSettings, 'claims' | 'topUpBelow' | 'standing'>
}

/** How the peer answered a packet with a claim. `refusal`: it did not take the claim, and why; said by itself, and by nobody behind it. */
export interface Answered {
  reply: Buffer
  refusal?: 'behind' | 'refused' | undefined
}

/** Says which settlements were paid, also when all channels are over. */
export const SENT_RECORD = 'sent'
/** A payment that always finds the channel filled by somebody else gives up, and is tried again by the connector. */
const ATTEMPTS = 3
const NOT_THERE_YET = 'the peer does not have the claim that pays this yet'
const USED_UP = 'payment channel is used up, and will be filled up'
/** A packet with one of these came to an end perhaps because its claim was not taken. */
const CLAIM_REFUSALS = new Set(['F06', 'T00'])

export class Outgoing {
  readonly claims: ClaimSender
  readonly #deps: OutgoingDeps
  readonly #sent: SentClaims
  readonly #payments = new Payments()
  #inFlight = 0n
  /** Counts packets, to see whether any went out between two moments. */
  #packets = 0
  #isHeld = false
  readonly #settling = new Map<string, Promise<void>>()
  #lastSettlement: Promise<unknown> = Promise.resolve()

  constructor (deps: OutgoingDeps) {
    this.#deps = deps
    this.#sent = new SentClaims(deps.units, deps.nonces)
    this.claims = new ClaimSender(deps, this.#sent, options => this.save(options))
    deps.records.define(SENT_RECORD, () => ({ claims: this.#sent, prepaid: deps.prepaid, payments: this.#payments }))
  }

  async load (): Promise<void> {
    const { records, prepaid } = this.#deps
    const record = await records.load(SENT_RECORD)
    if (record === undefined) return
    const { claims, prepaid: prepaidRecord, payments } = fieldsOf(record, SENT_RECORD)
    prepaid.load(prepaidRecord)
    this.#payments.load(payments)
    if (this.#sent.load(claims)) prepaid.startAgain()
  }

  /** What our claims on a channel say, in token units, and the nonce of the last one. */
  on (channelId: string): { total: bigint, nonce: bigint } {
    return this.#sent.get(channelId) ?? { total: 0n, nonce: 0n }
  }

  /** What our claims on a channel say; on one that we know nothing of, what the peer has redeemed. */
  spentOn ({ channelId, ours: { redeemed } }: ChannelState): bigint {
    return this.#sent.get(channelId)?.total ?? redeemed
  }

  /** Token units that our claims have paid in all. */
  get total (): bigint {
    return this.#sent.total()
  }

  /** Base units that claims have paid ahead, and that nothing was delivered for so far. */
  get prepaid (): bigint {
    return this.#deps.prepaid.amount
  }

  /** Base units that are paid but not needed for any packet or settlement. */
  get headroom (): bigint {
    return this.#sent.headroom()
  }

  /** What of it has gone to other pairs of keys, and come from them. */
  get carry (): Carry {
    return this.#sent.carry
  }

  /** While headroom goes from one pair to another, what the peer has said of it before may not be so any more. */
  hold (isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#packets++
  }

  /** Whether all packets are answered. */
  get isQuiet (): boolean {
    return this.#inFlight === 0n
  }

  /** Whether a channel is there that pays for a packet of `amount` base units as it is. */
  affords (amount: bigint): boolean {
    const missing = this.#sent.missingFor(amount)
    return this.#deps.channels.payable().some(({ state, shown }) => shown >= this.spentOn(state) + missing)
  }

  /** Whether what is paid already does, so that nothing new is paid. */
  covers (amount: bigint): boolean {
    return this.headroom >= amount && this.affords(amount)
  }

  /**
   * The peer lets headroom pay for packets with claims of another pair: `sum` token units in all, of which no more than `most` base units
   * are believed to be new. Returns what that pair has got in all.
   */
  leaveTo (pair: string, sum: bigint, most: bigint): bigint {
    return this.#sent.leaveTo(pair, sum, -this.#deps.units.toToken(-most))
  }

  /** Another pair has left so many token units of headroom in all, and that it was left is written down. */
  takeOver (pair: string, sum: bigint): void {
    this.#sent.takeOver(pair, sum)
  }

  /**
   * Makes a claim that covers a packet, keeps it, and calls `send` with it, in the order of the calls. Resolves to the answer, which is an
   * ILP packet. Rejects with ClaimError, when nothing was sent, and with what `send` rejects with. A claim that is behind the one that the
   * peer has is made again once we have that: the peer has said that the packet has not gone on.
   */
  async forPacket (amount: bigint, send: (claim: Claim) => Promise<Answered>): Promise<Buffer> {
    const { reply, refusal } = await this.#payFor(amount, send)
    if (refusal !== 'behind') return reply
    const counted = await this.claims.learn().catch(nothing)
    if (counted === undefined || !await this.#believe(counted.unused)) this.#sent.useUp()
    return (await this.#payFor(amount, send)).reply
  }

  async #payFor (amount: bigint, send: (claim: Claim) => Promise<Answered>): Promise<Answered> {
    const { units, funding, prepaid } = this.#deps
    const missing = this.#sent.missingFor(amount)
    const channel = funding.best(missing, ({ shown }) => shown)
    if (channel === undefined) {
      this.#want(units.toToken(amount))
      throw new ClaimError('No payment channel available for peer', 'T00')
    }
    const sent = this.#sent.on(channel.state)
    if (missing > 0n && sent.total + missing > channel.shown) {
      this.#want(missing)
      const isThere = sent.total + missing <= channel.state.ours.deposit
      throw new ClaimError(isThere ? 'the peer does not see our new deposit in the payment channel yet' : USED_UP, 'T04')
    }
    const booking = prepaid.add(missing)
    this.#packets++
    this.#sent.used += amount
    this.#inFlight += amount
    sent.total += missing
    this.#deps.counts.add('outbound', missing)
    if (missing > 0n) this.#topUp(channel, sent)
    const total = sent.total
    let answer: Promise<Answered> | undefined
    try {
      if (booking instanceof Promise) await booking // else in this turn: each claim says what its own packet needs, and not more
      await this.claims.send(channel, sent, claim => { answer = send(claim) })
    } catch (error) {
      this.#release(amount)
      throw error instanceof ClaimError ? error : new ClaimError('Claim generation failed', 'T00')
    }
    if (await this.#outcome(answer, amount)) sent.acked = max(sent.acked, total)
    return await (answer ?? unanswered())
  }

  /**
   * Pays `amount` base units with a claim, once for an id. Resolves when the peer has that claim, or the chain has paid it. Rejects when it
   * has not (yet); a repetition with the same id goes on.
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

  /** Whether the payment was begun through these channels, or waits for its turn to be. */
  knows (id: string): boolean {
    return this.#settling.has(id) || this.#payments.missing(id) !== undefined
  }

  /**
   * Ends a payment that was begun here and goes on elsewhere: sees to it that the peer has the claims that pay it. Resolves to what they do
   * not pay (base units), for good. Rejects while one of them waits for the peer, or for the end of its channel.
   */
  async finish (id: string): Promise<bigint> {
    await this.#settling.get(id)?.catch(nothing)
    await this.#deliver(id)
    if (this.#open(id).length > 0) throw new Error(NOT_THERE_YET)
    return this.#deps.units.toAccount(this.#payments.missing(id) ?? 0n)
  }

  /** Whether the peer has for sure what is paid of it, and that is all. */
  #hasPaid (id: string): boolean {
    return this.#payments.missing(id) === 0n && this.#open(id).length === 0
  }

  /** The claims that pay it, and that the peer has not got for sure. */
  #open (id: string): Array<{ channelId: string }> {
    return this.#payments.open(id, channelId => this.#sent.get(channelId)?.acked)
  }

  /**
   * Keeps enough deposit for what we will pay, where we have begun to pay. Where claims go with packets, the first channel is there
   * before the first packet; what an operator closes is opened again when there is a packet for it.
   */
  topUp (): void {
    const { channels, funding, settings } = this.#deps
    const channel = funding.best(0n)
    const sent = channel && this.#sent.get(channel.state.channelId)
    if (channel !== undefined && sent !== undefined) this.#topUp(channel, sent)
    else if (settings.claims === 'packet' && (channel !== undefined || !channels.all().some(({ state }) => paysOut(state)))) funding.want(1n)
  }

  /** Resolves when all is on disk as it is now. */
  async save (options?: { sync?: boolean }): Promise<void> {
    await this.#deps.records.save(SENT_RECORD, options)
  }

  /** The channel is over. What the peer never got, and the chain did not pay, does not count as paid. Resolves when that is kept. */
  async forget ({ channelId, ours }: ChannelState): Promise<void> {
    const sent = this.#sent.get(channelId)
    if (sent === undefined) return
    const paid = max(sent.acked, ours.redeemed)
    const owed = this.#payments.end(channelId, paid)
    this.#deps.prepaid.unsigned(max(sent.total - paid - owed, 0n))
    this.#sent.end(channelId, paid, owed)
    await this.save()
  }

  /**
   * Makes the two agree on our claims: what we have forgotten is learnt, what the peer may not have is sent. Then what it has used of them
   * is believed, if nothing was under way meanwhile; if it says too little that is its own loss, and if it says too much, the books bound
   * what it wins. Resolves to what the peer has said.
   */
  async reconcile (): Promise<Counted> {
    const counted = await this.claims.learn()
    for (const channel of this.#deps.channels.usable()) await this.claims.deliverOn(channel)
    const before = this.#packets
    if (this.#inFlight > 0n || this.#deps.settings.claims !== 'packet') return counted
    const now = await this.#deps.askCounted()
    await this.#believe(now.unused, before)
    return counted
  }

  /**
   * Believes what the peer says that it has not used, unless a packet was under way since `packets` had gone out: it may not have counted
   * that one. What claims that we had forgotten have paid ahead gets into the books, if it is not there. Says whether it was believed.
   */
  async #believe (unused: bigint, packets = this.#packets): Promise<boolean> {
    const isQuiet = (): boolean => this.#inFlight === 0n && !this.#isHeld && this.#packets === packets
    if (!isQuiet()) return false
    const found = this.#sent.paidAhead(unused)
    if (found > 0n) await this.#deps.prepaid.find(found)
    this.#sent.learnt = 0n
    if (!isQuiet()) return false
    this.#sent.believe(unused)
    return true
  }

  #topUp ({ state }: KnownChannel, { total }: Sent): void {
    const { topUpBelow } = this.#deps.settings
    if (state.ours.deposit - total < topUpBelow) this.#want(topUpBelow, false)
  }

  /** Nothing for a key that was handed over: what is put in there would only wait for the end. */
  #want (room: bigint, mayOpen = true): void {
    const { funding, settings: { standing } } = this.#deps
    if (standing === 'present') funding.want(room, mayOpen)
  }

  async #settleNow (amount: bigint, id: string): Promise<void> {
    const { units, funding, channels, booksId, settings } = this.#deps
    if (this.#payments.missing(id) === undefined) this.#payments.begin(id, units.toToken(amount), booksId())
    this.#payments.lower(id, units.toToken(amount))
    for (let attempt = 1; ; attempt++) {
      const missing = this.#payments.missing(id) ?? 0n
      if (missing === 0n) break
      const channel = await funding.ensure(missing)
      const refusal = channels.refusalOf(channel)
      if (refusal !== undefined) throw refusal // its end may have been agreed on meanwhile, and says what is paid
      const sent = this.#sent.on(channel.state)
      const room = channel.state.ours.deposit - sent.total
      const part = room < missing ? room : missing
      if (part > 0n) {
        this.#payments.pay(id, { channelId: channel.state.channelId, from: sent.total, to: sent.total + part })
        sent.total += part
        this.#deps.counts.add('outbound', part)
        this.#sent.used += units.toAccount(part) // as the peer counts a claim that comes without a packet
        this.#topUp(channel, sent)
      } else if (settings.standing !== 'present') {
        break // the present key pays the rest, when it is tried again
      } else if (attempt >= ATTEMPTS) {
        throw new Error(`payment channel has no room. channelId=${channel.state.channelId} amount=${missing}`)
      }
    }
    await this.save({ sync: true })
    await this.#deliver(id)
    // A channel may have ended while its claim was being written: what it did not pay is missing again.
    if (!this.#hasPaid(id)) throw new Error(NOT_THERE_YET)
  }

  async #deliver (id: string): Promise<void> {
    const { channels } = this.#deps
    for (const { channelId } of this.#open(id)) {
      const channel = channels.get(channelId)
      const refusal = channel === undefined ? undefined : channels.refusalOf(channel)
      if (channel === undefined || refusal !== undefined) {
        throw new Error('the claim that pays this waits for the end of its payment channel. ' +
          `channelId=${channelId} reason=${refusal?.message ?? 'unknown channel'}`)
      }
      await this.claims.deliverOn(channel)
    }
  }

  /**
   * Ends the account of a packet. Without an answer, the peer may count it as used. Says whether the peer has taken the claim for sure:
   * one of another make may refuse it with a Reject alone, which anybody behind it can send as well.
   */
  async #outcome (answer: Promise<Answered> | undefined, amount: bigint): Promise<boolean> {
    const answered = await answer?.catch(nothing)
    if (answered === undefined || !isReject(answered.reply)) {
      this.#inFlight -= amount
      return answered !== undefined && isFulfill(answered.reply)
    }
    this.#release(amount)
    return answered.refusal === undefined && !CLAIM_REFUSALS.has(rejectOf(answered.reply).code)
  }

  #release (amount: bigint): void {
    this.#sent.used -= amount
    this.#inFlight -= amount
  }
}

function unanswered (): never {
  throw new ClaimError('Claim generation failed', 'T00')
}

function nothing (): undefined {
  // Callers that wait for the original promise get its error.
}
