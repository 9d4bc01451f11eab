/** Time as routing sees it, so that a simulator can bring its own. */
import { TIMER_LONGEST_MS } from '../../lib/timers.js'

export interface Clock {
  /** ms since the epoch */
  now (): number
  /** Calls back after the delay (ms), unless cancelled by calling what it returns. */
  setTimer (callback: () => void, delayMs: number): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, Math.min(delayMs, TIMER_LONGEST_MS))
    timer.unref()
    return () => clearTimeout(timer)
  }
}
