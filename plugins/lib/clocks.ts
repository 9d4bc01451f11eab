/** How far the clock of a chain is believed: a node that lies about it would stretch what is good for a while, and end what is not over. */

/** The clocks of a chain and of this computer may be so far apart. */
export const AHEAD_MS = 10 * 60_000

/** A time of the chain, ms since the epoch, no further ahead of ours than clocks are apart. */
export function possible (timeMs: number): number {
  return Math.min(timeMs, Date.now() + AHEAD_MS)
}
