/**
 * One transaction of an account is in flight at a time: then the sequence of the next is never a guess. Those that wait are served by
 * urgency, and those of the same urgency in the order in which they came.
 */

/** What is done first: the lower, the sooner. */
export const URGENCY = { redeemBeforeEnd: 0, redeem: 1, end: 2, fund: 3, open: 4 } as const
export type Urgency = typeof URGENCY[keyof typeof URGENCY]

interface Waiting {
  urgency: Urgency
  grant: () => void
}

export class Lane {
  #isTaken = false
  readonly #waiting: Waiting[] = []

  /** Takes it if nobody has it. Says whether it is taken now. */
  tryTake (): boolean {
    if (this.#isTaken) return false
    this.#isTaken = true
    return true
  }

  /** Resolves when it is the caller's turn. Rejects when the signal aborts before. */
  async take (urgency: Urgency, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new Error('left')
    if (this.tryTake()) return
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(new Error('left'))
      }
      const waiting: Waiting = {
        urgency,
        grant: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        }
      }
      this.#waiting.push(waiting)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** Gives it to the most urgent that waits. Only for the one that has it. */
  leave (): void {
    const next = this.#waiting.reduce<Waiting | undefined>((best, waiting) =>
      best === undefined || waiting.urgency < best.urgency ? waiting : best, undefined)
    if (next === undefined) {
      this.#isTaken = false
      return
    }
    this.#waiting.splice(this.#waiting.indexOf(next), 1)
    next.grant()
  }
}
