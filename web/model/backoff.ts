/** When to try again to reach the node. */

const FIRST_MS = 1000
const QUICK_TRIES = 10
const SLOW_MS = 30_000

/** 1 s, 2 s, 4 s and so on, at most half a minute; after ten tries always half a minute. @param tries that failed so far, from 1 */
export function retryAfterMs (tries: number): number {
  return tries > QUICK_TRIES ? SLOW_MS : Math.min(SLOW_MS, FIRST_MS * 2 ** (tries - 1))
}
