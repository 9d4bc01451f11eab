/**
 * What has gone from one pair of keys to another, as sums that only grow, in the records of both. The pair that gives writes its sum down
 * before the other one counts it, and the other counts what is new in it: each part goes over once, whatever crashes between.
 */
import { amountOf, fieldsOf } from './read-record.js'

/** Pairs that one deals with in its life: a peer could hand over to and fro forever. */
const MAX_PAIRS = 64

/** Token units. */
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

  /** Says whether there is room for one more pair, where it is one. */
  give (pair: string, tokens: bigint): boolean {
    return tokens > 0n && add(this.#given, pair, tokens)
  }

  /** Whether there is something new in all that that pair has given. */
  lacks (pair: string, sum: bigint): boolean {
    return sum > (this.#taken.get(pair) ?? 0n)
  }

  /** That pair has given so much in all. Returns what of it is new. */
  take (pair: string, sum: bigint): bigint {
    const news = sum - (this.#taken.get(pair) ?? 0n)
    return news > 0n && add(this.#taken, pair, news) ? news : 0n
  }

  clear (): void {
    this.#given.clear()
    this.#taken.clear()
  }
}

function add (sums: Map<string, bigint>, pair: string, tokens: bigint): boolean {
  if (!sums.has(pair) && sums.size >= MAX_PAIRS) return false
  sums.set(pair, (sums.get(pair) ?? 0n) + tokens)
  return true
}
