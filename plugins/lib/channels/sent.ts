/**
 * What our claims come to: how much is paid with them on each channel, and how much of that the peer counts as used. Knows nothing of
 * signatures, disks or packets; the twin of `claim-ledger.ts`.
 */
import { Carry } from './carry.js'
import { amountOf, fieldsOf, signedOf, textOf } from './read-record.js'
import type { ChannelState } from './types.js'
import { Units } from './units.js'

/** Our claims on one channel. */
export interface Sent {
  total: bigint
  nonce: bigint
  /** The highest total of which the peer has said that it has it. */
  acked: bigint
}

/** A power cut can make us forget the latest claims of packets that were not answered. The peer has seen their nonces. */
const SKIPPED_NONCES = 1_000_000n

export class SentClaims {
  /** Base units that the peer counts as used: packets that a claim went with and that were not rejected, and settlements. */
  used = 0n
  readonly #sent = new Map<string, Sent>()
  /** Token units of claims that we have learnt of, while the peer has not said how much of them it has used. */
  learnt = 0n
  /** Token units of channels that are over, less what was counted in other units before. */
  #base = 0n
  /** Headroom that goes with claims of other pairs of keys. */
  readonly carry = new Carry()

  constructor (private readonly units: Units, private readonly nonces: boolean) {}

  /** Says whether it was kept in other units of the account than now. @throws Error when the record is not one of `toJSON` */
  load (record: unknown): boolean {
    const { unit, base, used, learnt = '0', channels, carry } = fieldsOf(record, 'sent')
    this.#base = signedOf(base, 'base')
    this.used = signedOf(used, 'used')
    this.learnt = amountOf(learnt, 'learnt') // records of former versions do not have it
    for (const [channelId, fields] of Object.entries(fieldsOf(channels, 'channels'))) {
      const { amount, nonce, acked } = fieldsOf(fields, channelId)
      const sent = { total: amountOf(amount, 'amount'), nonce: amountOf(nonce, 'nonce') + (this.nonces ? SKIPPED_NONCES : 0n), acked: amountOf(acked, 'acked') }
      this.#sent.set(channelId, sent)
    }
    this.carry.load(carry)
    const before = Units.named(textOf(unit, 'unit'))
    if (before.name === this.units.name) return false
    this.#recount(before)
    return true
  }

  toJSON (): Record<string, unknown> {
    const channels = Object.fromEntries([...this.#sent].map(([channelId, sent]) => [channelId, recordOf(sent)]))
    return { unit: this.units.name, base: this.#base, used: this.used, learnt: this.learnt, channels, carry: this.carry }
  }

  get (channelId: string): Sent | undefined {
    return this.#sent.get(channelId)
  }

  /** A channel that we know nothing of, but on which the peer has redeemed a claim of ours, starts where the chain is. */
  on ({ channelId, ours }: ChannelState): Sent {
    const known = this.#sent.get(channelId)
    if (known !== undefined) return known
    const sent = { total: ours.redeemed, nonce: ours.nonce, acked: ours.redeemed }
    this.used += this.units.toAccount(ours.redeemed)
    this.#sent.set(channelId, sent)
    return sent
  }

  /** The number of the next claim, which is made for what `sent` comes to. */
  number (sent: Sent): bigint {
    sent.nonce = this.nonces ? sent.nonce + 1n : sent.total
    return sent.nonce
  }

  /** Token units of all claims ever made, over all channels. */
  total (): bigint {
    let total = this.#base
    for (const sent of this.#sent.values()) total += sent.total
    return total
  }

  /** Base units that are paid and not used. */
  headroom (): bigint {
    const headroom = this.units.toAccount(this.total()) - this.used
    return headroom > 0n ? headroom : 0n
  }

  /** Token units that claims have to pay beyond those that are made, so that `amount` more base units are paid. */
  missingFor (amount: bigint): bigint {
    const missing = this.units.toToken(this.used + amount) - this.total()
    return missing > 0n ? missing : 0n
  }

  /** A claim for `total` that we have forgotten. It counts as used until the peer says how much of it is not. */
  learn (sent: Sent, total: bigint): void {
    this.used += this.units.toAccount(total - sent.total)
    this.learnt += total - sent.total
    sent.total = total
  }

  /** Token units of the learnt claims that were paid ahead, if the peer has not used `unused` base units in all. */
  paidAhead (unused: bigint): bigint {
    const found = this.units.toToken(unused - this.headroom())
    if (found <= 0n) return 0n
    return found < this.learnt ? found : this.learnt
  }

  /** What the peer says that it has not used, in base units. */
  believe (unused: bigint): void {
    const used = this.units.toAccount(this.total()) - unused
    this.used = used > 0n ? used : 0n
  }

  /** It counts more than we do: all of it. */
  useUp (): void {
    const paid = this.units.toAccount(this.total())
    if (paid > this.used) this.used = paid
  }

  /** A channel is over: `paid` was paid through it, and `owed` of what claims there said has to be paid again. In token units. */
  end (channelId: string, paid: bigint, owed: bigint): void {
    this.#base += paid
    this.#sent.delete(channelId)
    this.used -= this.units.toAccount(owed)
    const most = this.units.toAccount(this.total())
    if (this.used > most) this.used = most // nobody has used what nobody got
  }

  /**
   * Another pair of keys uses headroom from here from now on: `sum` token units in all, as the peer says, and at most `limit` more than
   * until now. Returns what that is in all.
   */
  leaveTo (pair: string, sum: bigint, limit: bigint): bigint {
    const news = sum - this.carry.given(pair)
    const tokens = news < limit ? news : limit
    if (this.carry.give(pair, tokens)) {
      const left = -this.units.toToken(-this.headroom()) // the peer may have counted it as used already
      this.#base -= tokens < left ? tokens : left
    }
    return this.carry.given(pair)
  }

  /** Another pair has left headroom, of so many token units in all, and that it was left is written down. */
  takeOver (pair: string, sum: bigint): void {
    this.#base += this.carry.take(pair, sum)
  }

  /** The same claims counted in other units of the account from now on, from zero. */
  #recount (before: Units): void {
    const headroom = this.total() - before.toToken(this.used)
    this.#base -= this.total() - (headroom > 0n ? headroom : 0n)
    this.used = this.learnt = 0n
  }
}

/** As it has been kept from the beginning. */
function recordOf ({ total: amount, nonce, acked }: Sent): Record<string, unknown> {
  return { amount, nonce, acked }
}
