/**
 * What is written in one turn of the event loop leaves at its end, in one piece. While thousands of peers come or go at once, a turn has no
 * end for long: the system reports all of them before it gives the word. So whatever handles one of them asks whether the turn has been
 * long enough, and lets go of what others have written.
 */

/** What was written waits this long at most while strangers come, peers go, or bytes are read. */
export const LONG_TURN_MS = 5

/** At most one for each socket, and in their order. */
const waiting = new Set<() => void>()
let since = 0

/** Calls `work` once, at the end of this turn. It must not throw. */
export function atTurnEnd (work: () => void): void {
  if (waiting.size === 0) since = performance.now()
  waiting.add(work)
  setImmediate(() => { begin(work) })
}

/** To be called from the event loop itself, where nothing else is under way. */
export function endLongTurn (): void {
  if (waiting.size > 0 && performance.now() - since > LONG_TURN_MS) for (const work of waiting) begin(work)
}

function begin (work: () => void): void {
  if (waiting.delete(work)) work()
}
