/**
 * A token bucket (rate limits, money bandwidth), exact for amounts of any size: the level is kept in tokens x ms, so that a refill
 * needs no fraction. It starts full, and a clock that goes backwards neither fills nor empties it.
 */
export interface BucketOptions {
  /** Tokens that flow in per `refillPeriod`. */
  refillCount: bigint
  /** ms. */
  refillPeriod: number
  /** The most tokens it holds; as many as flow in per period when absent. */
  capacity?: bigint
}

export class TokenBucket {
  private readonly period: bigint
  private readonly full: bigint
  private readonly refillCount: bigint
  private level: bigint
  private updatedAt = Date.now()

  constructor ({ refillCount, refillPeriod, capacity = refillCount }: BucketOptions) {
    this.period = BigInt(refillPeriod)
    this.refillCount = refillCount
    this.full = capacity * this.period
    this.level = this.full
  }

  get isFull (): boolean {
    this.refill()
    return this.level === this.full
  }

  /** Takes `count` tokens, or none and returns false when there are not enough. */
  take (count: bigint): boolean {
    this.refill()
    const cost = count * this.period
    if (cost > this.level) return false
    this.level -= cost
    return true
  }

  /** Puts tokens back that were taken for nothing. */
  giveBack (count: bigint): void {
    this.level = smaller(this.level + count * this.period, this.full)
  }

  private refill (): void {
    const now = Date.now()
    const elapsed = now - this.updatedAt
    this.updatedAt = now
    if (elapsed > 0) this.level = smaller(this.level + BigInt(elapsed) * this.refillCount, this.full)
  }
}

function smaller (a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
