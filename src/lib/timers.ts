/** What Node.js timers can do, and a pause that keeps no process alive. */

/** The longest delay that setTimeout takes, about 24 days. A longer one would fire at once. */
export const TIMER_LONGEST_MS = 2 ** 31 - 1

/** Resolves after `ms`, or early when `signal` aborts. Never rejects. The global setTimeout is used so that fake clocks reach it. */
export function pause (ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const stop = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    timer.unref()
    signal?.addEventListener('abort', stop, { once: true })
  })
}
