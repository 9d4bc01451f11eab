/**
 * A token bucket whose owner gets nothing through for a while after it has come back too often with the bucket empty. Without terms for
 * that, it is the bucket alone.
 */
import type { TokenBucket } from './token-bucket.js'

export interface BlockTerms {
  /** ms for which nothing passes. */
  periodMs: number
  /** So many refusals within `windowMs` begin a block. */
  after: number
  windowMs: number
}

export class BlockingBucket {
  #refusals = 0
  #windowBegan = -Infinity
  #blockedUntil = -Infinity

  constructor (private readonly bucket: TokenBucket, private readonly terms: BlockTerms | undefined) {}

  /** Whether it is as good as a new one. */
  get isFull (): boolean {
    return !this.#isBlocked(Date.now()) && this.bucket.isFull
  }

  /** Takes `count` tokens, or none and returns false. */
  take (count: bigint): boolean {
    const { terms } = this
    if (terms === undefined) return this.bucket.take(count)
    const now = Date.now()
    if (this.#isBlocked(now)) return false
    if (this.bucket.take(count)) return true
    if (now - this.#windowBegan >= terms.windowMs || now < this.#windowBegan) {
      this.#windowBegan = now
      this.#refusals = 0
    }
    if (++this.#refusals >= terms.after) {
      this.#refusals = 0
      this.#blockedUntil = now + terms.periodMs
    }
    return false
  }

  /** A clock that was set back makes no block longer. */
  #isBlocked (now: number): boolean {
    return now < this.#blockedUntil && this.#blockedUntil - now <= (this.terms?.periodMs ?? 0)
  }
}
