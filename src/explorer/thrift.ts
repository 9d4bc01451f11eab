/** Keeps many who look on at once from costing the node more than a few do: packets come first. */
import { SluiceError } from '../contracts/errors.js'

/** Keys that are remembered at a time. */
const KEYS_MAX = 32

/** Answers that are made once for all who ask within a short time. */
export class Briefly<T> {
  readonly #answers = new Map<string, { at: number, answer: Promise<T> }>()

  constructor (private readonly lifetimeMs: number) {}

  /** What `make` resolves to now, or resolved to a short time ago. A failure is not remembered. */
  get (key: string, make: () => Promise<T> | T): Promise<T> {
    const known = this.#answers.get(key)
    if (known !== undefined && Date.now() - known.at < this.lifetimeMs && Date.now() >= known.at) return known.answer
    const answer = (async () => make())()
    this.#answers.delete(key)
    this.#answers.set(key, { at: Date.now(), answer })
    answer.catch(() => { if (this.#answers.get(key)?.answer === answer) this.#answers.delete(key) })
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > KEYS_MAX && oldest !== undefined) this.#answers.delete(oldest)
    return answer
  }
}

/** Questions that may wait. */
const WAITING_MAX = 100

/** Asks one question after the other, and lets packets pass between two. */
export class OneByOne {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** Rejects with 503 if too many are waiting. */
  async ask<T> (question: () => Promise<T>): Promise<T> {
    if (this.#waiting >= WAITING_MAX) throw new SluiceError('SLUICE_EXPLORER_BUSY', 'Too many questions at once. Try again in a moment.')
    this.#waiting++
    const before = this.#last
    const answer = (async () => {
      await before
      await new Promise(resolve => { setImmediate(resolve) })
      return question()
    })()
    this.#last = answer.catch(() => undefined).finally(() => { this.#waiting-- })
    return answer
  }
}
