/** Keeps a flood of events that strangers cause from becoming a flood of log lines. */

export class LogThrottle {
  #count = 0
  #loggedAt = -Infinity

  /** One line in `intervalMs` at most. */
  constructor (private readonly intervalMs: number) {}

  /** Counts an event. Returns how many there were since the last line, this one included, when a line is due; else undefined. */
  due (): number | undefined {
    this.#count++
    if (Date.now() - this.#loggedAt < this.intervalMs) return undefined
    const count = this.#count
    this.#count = 0
    this.#loggedAt = Date.now()
    return count
  }
}
