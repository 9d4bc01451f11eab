/**
 * Token buckets that outlive the accounts that take from them: an account that goes and comes again finds its bucket as it was. A bucket
 * that is full again is as good as a new one, so it is forgotten. There are only so many; the one that has been looked at longest ago goes
 * first.
 */
import type { TokenBucket } from './token-bucket.js'

export const MAX_KEPT_BUCKETS = 10_000

/** With each bucket that comes, so many are looked at: more than come, so that those that are full again do not pile up. */
const LOOKED_AT = 2

export class KeptBuckets<Bucket extends { readonly isFull: boolean } = TokenBucket> {
  readonly #buckets = new Map<string, Bucket>()

  get size (): number {
    return this.#buckets.size
  }

  /** The bucket of that name, or else the one that `make` makes. */
  get (name: string, make: () => Bucket): Bucket {
    const present = this.#buckets.get(name)
    if (present !== undefined) return present
    const bucket = make()
    this.keep(name, bucket)
    return bucket
  }

  /** From now on this is the bucket of that name. */
  keep (name: string, bucket: Bucket): void {
    this.#forgetFullOnes()
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    const [first] = this.#buckets.keys()
    if (this.#buckets.size > MAX_KEPT_BUCKETS && first !== undefined) this.#buckets.delete(first)
  }

  #forgetFullOnes (): void {
    for (let i = 0; i < LOOKED_AT; i++) {
      const [oldest] = this.#buckets
      if (oldest === undefined) return
      const [name, bucket] = oldest
      this.#buckets.delete(name)
      if (!bucket.isFull) this.#buckets.set(name, bucket)
    }
  }
}
