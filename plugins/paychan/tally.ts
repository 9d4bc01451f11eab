/**
 * What the claims of the peer come to: which is the best of each channel, and what they have been used for. Knows the rules by which a
 * claim follows another one, and nothing of signatures, disks or packets.
 */
import type { KnownChannel } from './channels.js'
import { isFrozen } from './channels.js'
import { amountOf, fieldsOf, textOf } from './read.js'
import { ClaimError } from './types.js'
import type { Claim } from './types.js'
import type { Units } from './units.js'

export interface Terms {
  /** The packet that the claim came with, in base units; absent for a claim that came by itself. */
  packet?: bigint
  /** The last claim, while the end of the channel is being agreed on. */
  isLast?: boolean
}

export class Tally {
  /**
   * @param best of each channel
   * @param used base units of packets that were taken, and of debts that claims were sent for by themselves
   * @param base token units of channels that are over
   * @param skipped token units in claims that were redeemed before our records begin: they were credited then
   */
  constructor (
    private readonly units: Units,
    readonly best = new Map<string, Claim>(),
    public used = 0n,
    private base = 0n,
    private skipped = 0n
  ) {}

  /** @throws Error when the record is not one of `toJSON` */
  static from (record: unknown, units: Units): Tally {
    const { best, used, base, skipped } = fieldsOf(record, 'tally')
    const claims = Object.values(fieldsOf(best, 'best')).map(claimOf)
    return new Tally(units, new Map(claims.map(claim => [claim.channelId, claim])),
      amountOf(used, 'used'), amountOf(base, 'base'), amountOf(skipped, 'skipped'))
  }

  toJSON (): Record<string, unknown> {
    return { best: Object.fromEntries(this.best), used: this.used, base: this.base, skipped: this.skipped }
  }

  copy (): Tally {
    return new Tally(this.units, new Map(this.best), this.used, this.base, this.skipped)
  }

  /** Token units of all claims. */
  total (): bigint {
    let total = this.base - this.skipped
    for (const { amount } of this.best.values()) total += amount
    return total
  }

  /** Base units that claims have paid and that were used for nothing. */
  unused (): bigint {
    const unused = this.units.toAccount(this.total()) - this.used
    return unused > 0n ? unused : 0n
  }

  /** @throws ClaimError when the claim may not follow what was taken so far */
  check ({ channelId, nonce, amount, signer }: Claim, { state: { status, theirs }, frozenUntilMs }: KnownChannel, terms: Terms): void {
    const { packet = 0n, isLast = false } = terms
    if (status !== 'open') throw new ClaimError(`Payment channel is not open. status=${status}`)
    if (!isLast && isFrozen(frozenUntilMs)) throw new ClaimError('Payment channel is being closed', 'T00')
    if (signer !== theirs.address) throw new ClaimError('Signature verification failed')
    const best = this.best.get(channelId)
    if (nonce <= (best?.nonce ?? theirs.nonce)) throw new ClaimError('Nonce not monotonically increasing')
    const before = best?.amount ?? theirs.redeemed
    const isCovered = packet === 0n || this.total() + amount - before >= this.units.toToken(this.used + packet)
    if (amount < before || !isCovered) throw new ClaimError('Claim amount does not cover packet')
    if (amount > theirs.deposit) throw new ClaimError('Claim exceeds channel deposit')
  }

  /** Takes a claim that passed the checks. */
  take (claim: Claim, { state: { theirs } }: KnownChannel, { packet }: Terms): void {
    const best = this.best.get(claim.channelId)
    if (best === undefined) this.skipped += theirs.redeemed
    this.used += packet ?? this.units.toAccount(claim.amount - (best?.amount ?? theirs.redeemed))
    this.best.set(claim.channelId, claim)
  }

  /** The channel is over; what was paid through it stays paid. Says whether there was anything. */
  forget (channelId: string): boolean {
    this.base += this.best.get(channelId)?.amount ?? 0n
    return this.best.delete(channelId)
  }
}

function claimOf (record: unknown): Claim {
  const { channelId, nonce, amount, signer, signature, text } = fieldsOf(record, 'claim')
  return {
    channelId: textOf(channelId, 'channelId'),
    nonce: amountOf(nonce, 'nonce'),
    amount: amountOf(amount, 'amount'),
    signer: textOf(signer, 'signer'),
    signature: textOf(signature, 'signature'),
    text: textOf(text, 'text')
  }
}
