/**
 * So many packets of a second, as evenly as can be foreseen: every second of them, or every hundredth, as many as there were in the second
 * before. No clock is read for that.
 */
export class Budget {
  #taken = 0
  #seen = 0
  #seenBefore = 0

  /** Whether the packet is one of so many in a second. */
  take (perSecond: number): boolean {
    const every = this.#seenBefore > perSecond ? Math.floor(this.#seenBefore / perSecond) : 1
    if (++this.#seen % every !== 0 || this.#taken >= perSecond) return false
    this.#taken++
    return true
  }

  giveBack (): void {
    this.#seen--
    this.#taken--
  }

  /** A second is over. */
  refill (): void {
    this.#seenBefore = this.#seen
    this.#seen = 0
    this.#taken = 0
  }
}
