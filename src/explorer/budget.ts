/** So many in a second, spread over it: what is not used is saved up for one second at most. */
const SECOND_MS = 1000

export class Budget {
  #left: number
  #filledAt = Date.now()

  constructor (private readonly perSecond: number) {
    this.#left = perSecond
  }

  /** Whether there was one left, which is gone then. */
  take (): boolean {
    if (this.#left === 0 && !this.#fill()) return false
    this.#left--
    return true
  }

  giveBack (): void {
    this.#left++
  }

  /** Only when it is empty: then the clock is read for each that is refused, and for no others. */
  #fill (): boolean {
    const now = Date.now()
    if (now < this.#filledAt) this.#filledAt = now // the clock was set back
    const due = Math.floor((now - this.#filledAt) * this.perSecond / SECOND_MS)
    if (due === 0) return false
    this.#left = Math.min(due, this.perSecond)
    this.#filledAt = now
    return true
  }
}
