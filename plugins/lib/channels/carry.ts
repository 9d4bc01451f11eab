/**
 * What has gone from one pair of keys to another, as sums that only grow, in the records of both. The pair that gives writes its sum down
 * before the other one counts it, and the other counts what is new in it: each part goes over once, whatever crashes between.
 */
import { amountOf, fieldsOf } from './read-record.js'

/**
 * Token units. One sum for each pair of the account that it has dealt with, and none is ever dropped: what goes over would be lost with it.
 * Pairs are few, because an account takes so many addresses of the peer and no more (earlier.ts), and ours are those that were configured.
 */
export class Carry {
  readonly #given = new Map<string, bigint>()
  readonly #taken = new Map<string, bigint>()

  /** @throws Error when the record is not one of `toJSON` */
  load (record: unknown): void {
    if (record === undefined) return // records of former versions do not have it
    const { given, taken } = fieldsOf(record, 'carry')
    for (const [sums, kept] of [[this.#given, given], [this.#taken, taken]] as const) {
      for (const [pair, sum] of Object.entries(fieldsOf(kept, 'carry'))) sums.set(pair, amountOf(sum, pair))
    }
  }

  toJSON (): Record<string, unknown> {
    return { given: Object.fromEntries(this.#given), taken: Object.fromEntries(this.#taken) }
  }

  /** All that was given to that pair. */
  given (pair: string): bigint {
    return this.#given.get(pair) ?? 0n
  }

  /** Says whether there was anything to give. */
  give (pair: string, tokens: bigint): boolean {
    if (tokens <= 0n) return false
    this.#given.set(pair, this.given(pair) + tokens)
    return true
  }

  /** Whether there is something new in all that that pair has given. */
  lacks (pair: string, sum: bigint): boolean {
    return sum > (this.#taken.get(pair) ?? 0n)
  }

  /** That pair has given so much in all. Returns what of it is new. */
  take (pair: string, sum: bigint): bigint {
    const news = sum - (this.#taken.get(pair) ?? 0n)
    if (news <= 0n) return 0n
    this.#taken.set(pair, sum)
    return news
  }

  clear (): void {
    this.#given.clear()
    this.#taken.clear()
  }
}
