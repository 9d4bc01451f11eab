/** How often somebody else may make us do something that costs. */

const MINUTE_MS = 60_000

export class PerMinute {
  #left = 0
  #sinceMs = -Infinity

  constructor (private readonly most: number) {}

  /** Whether it may be done once more now; counts that. */
  take (): boolean {
    const now = Date.now()
    if (Math.abs(now - this.#sinceMs) > MINUTE_MS) {
      this.#sinceMs = now
      this.#left = this.most
    }
    if (this.#left === 0) return false
    this.#left--
    return true
  }
}
