/**
 * So many packets of a second, as evenly as can be foreseen: every second of them, or every hundredth, as many as there were in the second
 * before. No clock is read for that.
 */
export class Budget {
  #left: number
  #seen = 0
  #every = 1

  constructor (private readonly perSecond: number) {
    this.#left = perSecond
  }

  /** Whether the packet is one of them. */
  take (): boolean {
    if (++this.#seen % this.#every !== 0 || this.#left === 0) return false
    this.#left--
    return true
  }

  giveBack (): void {
    this.#seen--
    this.#left++
  }

  /** A second is over. */
  refill (): void {
    this.#every = Math.max(1, Math.floor(this.#seen / this.perSecond))
    this.#seen = 0
    this.#left = this.perSecond
  }
}
