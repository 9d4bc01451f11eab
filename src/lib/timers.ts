/** What Node.js timers can do, and a pause that keeps no process alive. */
import { setTimeout as sleep } from 'node:timers/promises'

/** The longest delay that setTimeout takes, about 24 days. A longer one would fire at once. */
export const TIMER_LONGEST_MS = 2 ** 31 - 1

/** Resolves after `ms`, or early when `signal` aborts. Never rejects. */
export async function pause (ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ref: false, ...signal === undefined ? {} : { signal } }).catch(() => undefined)
}
