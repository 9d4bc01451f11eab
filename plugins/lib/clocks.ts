/** How far the clock of a chain is believed: a node that lies about it would stretch what is good for a while, and end what is not over. */

/** The clocks of a chain and of this computer may be so far apart. */
const AHEAD_MS = 10 * 60_000

/** Why a node whose newest block is of that time is not believed; undefined: it is. @param aheadMs Infinity: the chain may have any time */
export function futureFaultOf (host: string, timeMs: number, aheadMs = AHEAD_MS): string | undefined {
  const now = Date.now()
  if (timeMs - now <= aheadMs) return undefined
  return `the newest block of the node at ${host} is ahead of the clock of this computer: set that right, or ask another node. ` +
    `block=${shownTime(timeMs)} clock=${shownTime(now)}`
}

/** A time of the chain, ms since the epoch, no further ahead of ours than clocks are apart. */
export function possible (timeMs: number): number {
  return Math.min(timeMs, Date.now() + AHEAD_MS)
}

function shownTime (ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}
