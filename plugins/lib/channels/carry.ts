/**
 * What has gone from one pair of keys to another, as sums that only grow, in the records of both. The pair that gives writes its sum down
 * before the other one counts it, and the other counts what is new in it: each part goes over once, whatever crashes between.
 */
import { amountOf, fieldsOf, textOf } from './read-record.js'

/**
 * Token units. One sum for each pair of the account that it has dealt with, and none is ever dropped: what goes over would be lost with it.
 * Pairs are few, because an account takes so many addresses of the peer and no more (earlier.ts), and ours are those that were configured.
 */
export class Carry {
  readonly #given = new Map<string, bigint>()
  readonly #taken = new Map<string, bigint>()
  /** Which of its sums that pair calls so, where it may begin another one. */
  readonly #of = new Map<string, string>()

  /** @throws Error when the record is not one of `toJSON` */
  load (record: unknown): void {
    if (record === undefined) return // records of former versions do not have it
    const { given, taken, of = {} } = fieldsOf(record, 'carry')
    for (const [sums, kept] of [[this.#given, given], [this.#taken, taken]] as const) {
      for (const [pair, sum] of Object.entries(fieldsOf(kept, 'carry'))) sums.set(pair, amountOf(sum, pair))
    }
    for (const [pair, name] of Object.entries(fieldsOf(of, 'carry'))) this.#of.set(pair, textOf(name, pair))
  }

  toJSON (): Record<string, unknown> {
    const [given, taken, of] = [this.#given, this.#taken, this.#of].map(map => Object.fromEntries<unknown>(map))
    return { given, taken, of }
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

  /**
   * Whether there is something new in all that that pair has given.
   * @param of what that pair calls the sum, where it may begin another one; it never comes back to one that it has left
   */
  lacks (pair: string, sum: bigint, of = ''): boolean {
    return sum > this.#takenOf(pair, sum, of)
  }

  /** That pair has given so much in all. Returns what of it is new. */
  take (pair: string, sum: bigint, of = ''): bigint {
    const news = sum - this.#takenOf(pair, sum, of)
    if (news <= 0n) return 0n
    this.#taken.set(pair, sum)
    if (of !== '') this.#of.set(pair, of)
    return news
  }

  /** What this pair gives from now on is of another sum. What it has taken stays: pairs that are not open now may say it again later. */
  giveAnew (): void {
    this.#given.clear()
  }

  #takenOf (pair: string, sum: bigint, of: string): bigint {
    const taken = this.#taken.get(pair) ?? 0n
    // Records of former versions do not name the sum: it is this one, unless that is less by now.
    if (of !== '' && !this.#of.has(pair) && taken > 0n && sum >= taken) this.#of.set(pair, of)
    return of === '' || this.#of.get(pair) === of ? taken : 0n
  }
}
