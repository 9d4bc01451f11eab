/**
 * Counts our requests of which nobody knows what became: they were sent, and no answer came. The peer may have carried them out, and
 * counts their money then, while we do not.
 */
import type { Logger } from '../../../src/contracts/logger.js'

/** What ends within this time makes one line. */
const LOG_INTERVAL_MS = 1000

export class UnknownOutcomes {
  #count = 0
  #logged = 0
  #timer: NodeJS.Timeout | undefined

  constructor (private readonly log: Logger) {}

  /** Since the plugin was made. */
  get count (): number {
    return this.#count
  }

  add (): void {
    this.#count++
    this.#timer ??= setTimeout(() => { this.report() }, LOG_INTERVAL_MS).unref()
  }

  /** Logs what has not been logged yet. */
  report (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#count === this.#logged) return
    this.log.warn('requests ended without an answer, the peer may have carried them out. If balances with the peer differ, these may be why. ' +
      'requests=%d requestsSinceStart=%d', this.#count - this.#logged, this.#count)
    this.#logged = this.#count
  }
}
