/** How many claims there were since the account is there, and the last that paid something. For operators: no money depends on it. */
import type { ClaimCounts, ClaimStep } from '../../../src/contracts/channels.js'

/** Claims that are remembered; each new one takes the place of the oldest. */
export const MAX_RECENT_CLAIMS = 50

export class ClaimHistory implements ClaimCounts {
  sent = 0
  received = 0
  redeemed = 0
  failed = 0
  lower = 0
  readonly #recent: ClaimStep[] = []
  #next = 0

  /** A claim pays `amount` token units more than the one before. */
  add (direction: ClaimStep['direction'], amount: bigint): void {
    if (amount <= 0n) return
    this.#recent[this.#next] = { direction, amount, at: new Date() }
    this.#next = (this.#next + 1) % MAX_RECENT_CLAIMS
  }

  /** The oldest first. */
  recent (): ClaimStep[] {
    return [...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)]
  }
}
