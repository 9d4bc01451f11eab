/**
 * What the claims of the peer come to: which is the best of each channel, and what they have been used for. Knows the rules by which a
 * claim follows another one, and nothing of signatures, disks or packets.
 */
import type { KnownChannel } from './channels.js'
import { amountOf, fieldsOf, signedOf, textOf } from './read-record.js'
import { ClaimError } from './types.js'
import type { Claim, Party } from './types.js'
import type { Units } from './units.js'

/** How a peer refuses a claim that is behind the one that it has. Peers of other makes say the same. */
const BEHIND = /does not cover|Nonce not monotonically increasing/

export function isBehind (refusal: string): boolean {
  return BEHIND.test(refusal)
}

export interface Terms {
  /** The packet that the claim came with, in base units; absent for a claim that came by itself. */
  packet?: bigint
}

export class ClaimLedger {
  /**
   * @param nonces whether claims have them
   * @param best of each channel
   * @param used base units of packets that were taken, and of debts that claims were sent for by themselves
   * @param base token units of channels that are over, less what was counted in other units before
   * @param skipped token units in claims that were credited before our records begin
   */
  constructor (
    private readonly units: Units,
    private readonly nonces: boolean,
    readonly best = new Map<string, Claim>(),
    public used = 0n,
    private base = 0n,
    private skipped = 0n
  ) {}

  /** @throws Error when the record is not one of `toJSON` */
  static from (record: unknown, units: Units, nonces: boolean): ClaimLedger {
    const { best, used, base, skipped } = fieldsOf(record, 'tally')
    const claims = Object.values(fieldsOf(best, 'best')).map(claimOf)
    return new ClaimLedger(units, nonces, new Map(claims.map(claim => [claim.channelId, claim])),
      signedOf(used, 'used'), signedOf(base, 'base'), amountOf(skipped, 'skipped'))
  }

  toJSON (): Record<string, unknown> {
    const best = Object.fromEntries([...this.best].map(([channelId, claim]) => [channelId, recordOf(claim)]))
    return { best, used: this.used, base: this.base, skipped: this.skipped }
  }

  copy (): ClaimLedger {
    return new ClaimLedger(this.units, this.nonces, new Map(this.best), this.used, this.base, this.skipped)
  }

  /**
   * The same claims counted in other units of the account from now on: from zero, as `told` base units of before are in the books. What is
   * not used of them is worth the same in the new units.
   */
  recounted (told: bigint, units: Units): ClaimLedger {
    const counted = this.units.toToken(told)
    const used = units.toAccount(this.units.toToken(this.used) - counted)
    return new ClaimLedger(units, this.nonces, new Map(this.best), used, this.base - counted, this.skipped)
  }

  /** Token units of all claims. */
  total (): bigint {
    let total = this.base - this.skipped
    for (const claim of this.best.values()) total += claim.total
    return total
  }

  /** Base units that claims have paid and that were used for nothing. */
  unused (): bigint {
    const unused = this.units.toAccount(this.total()) - this.used
    return unused > 0n ? unused : 0n
  }

  /** @throws ClaimError when the claim may not follow what was taken so far */
  check ({ channelId, nonce, total, signer }: Claim, { state: { theirs } }: KnownChannel, { packet = 0n }: Terms): void {
    if (signer !== theirs.address) throw new ClaimError('Signature verification failed')
    const before = this.#countedOn(channelId, theirs)
    if (this.nonces && nonce <= this.#nonceOn(channelId, theirs)) throw new ClaimError('Nonce not monotonically increasing')
    const isCovered = packet === 0n || this.total() + total - before >= this.units.toToken(this.used + packet)
    if (total < before || !isCovered) throw new ClaimError('Claim amount does not cover packet')
    if (total > theirs.deposit) throw new ClaimError('Claim exceeds channel deposit')
  }

  /** Takes a claim that passed the checks. Returns what it pays more than what was counted before, in token units. */
  take (claim: Claim, { state: { theirs } }: KnownChannel, { packet }: Terms): bigint {
    const before = this.#countedOn(claim.channelId, theirs)
    this.skipped += before - (this.best.get(claim.channelId)?.total ?? 0n)
    this.used += packet ?? this.units.toAccount(claim.total - before)
    this.best.set(claim.channelId, claim)
    return claim.total - before
  }

  /**
   * Takes a claim that we have acknowledged in a time that our records and books know nothing of (they were restored): it was credited and
   * used then. Says whether it was news.
   */
  takeUp (claim: Claim, { state: { theirs } }: KnownChannel): boolean {
    const { channelId, total, nonce, signer } = claim
    const isLater = !this.nonces || nonce > this.#nonceOn(channelId, theirs)
    const isNews = signer === theirs.address && total > this.#countedOn(channelId, theirs) && isLater
    if (!isNews || total > theirs.deposit) return false // what the chain would not pay cannot replace what it would
    this.skipped += total - (this.best.get(channelId)?.total ?? 0n)
    this.best.set(channelId, claim)
    return true
  }

  /** The channel is over; what was paid through it stays paid. Says whether there was anything. */
  forget (channelId: string): boolean {
    this.base += this.best.get(channelId)?.total ?? 0n
    return this.best.delete(channelId)
  }

  /** What is counted already; what the chain has paid out beyond our records was credited in a time that they do not know. */
  #countedOn (channelId: string, { redeemed }: Party): bigint {
    const total = this.best.get(channelId)?.total ?? 0n
    return total > redeemed ? total : redeemed
  }

  #nonceOn (channelId: string, { nonce }: Party): bigint {
    const best = this.best.get(channelId)?.nonce ?? 0n
    return best > nonce ? best : nonce
  }
}

/** As it has been kept from the beginning. */
function recordOf ({ total: amount, ...claim }: Claim): Record<string, unknown> {
  return { ...claim, amount }
}

function claimOf (record: unknown): Claim {
  const { channelId, nonce, amount, signer, signature, text } = fieldsOf(record, 'claim')
  return {
    channelId: textOf(channelId, 'channelId'),
    nonce: amountOf(nonce, 'nonce'),
    total: amountOf(amount, 'amount'),
    signer: textOf(signer, 'signer'),
    signature: textOf(signature, 'signature'),
    text: textOf(text, 'text')
  }
}
