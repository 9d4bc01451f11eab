/** Time as routing sees it, so that a simulator can bring its own. */

export interface Clock {
  /** ms since the epoch */
  now (): number
  /** Calls back after the delay (ms), unless cancelled by calling what it returns. */
  setTimer (callback: () => void, delayMs: number): () => void
}

/** The longest delay that setTimeout takes. */
const MAX_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS))
    timer.unref()
    return () => clearTimeout(timer)
  }
}
