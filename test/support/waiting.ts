/** How tests wait: for something to come about, for a while, or for what needs no time at all. */

/** How long a test waits for what comes about by itself, on a slow machine too. */
const WITHIN_MS = 60_000
const LOOK_EVERY_MS = 20

/** What a test looks at again and again. */
type Look<T> = () => Promise<T | undefined | false> | T | undefined | false

export function pause (ms: number): Promise<void> {
  return new Promise(resolve => { setTimeout(resolve, ms) })
}

/** Resolves when `look` gives anything but undefined or false; until the test's own time is up. */
export async function until<T> (look: Look<T>, everyMs = 2): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await pause(everyMs)
  }
}

/** As `until`, and says what it has waited for when that does not come about for a long time. */
export async function eventually<T> (what: string, look: Look<T>, withinMs = WITHIN_MS): Promise<T> {
  const end = Date.now() + withinMs
  return await until(async () => {
    const found = await look()
    if ((found === undefined || found === false) && Date.now() > end) throw new Error(`this has not come about: ${what}`)
    return found
  }, LOOK_EVERY_MS)
}

/** The next turn of the event loop: works while the clock is stopped, too. */
export function nextTurn (): Promise<void> {
  return new Promise(resolve => { setImmediate(resolve) })
}

/** As `until`, turn by turn: for tests that have stopped the clock. */
export async function turnsUntil (isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn()
}

/** Lets everything happen that waits for nothing but other promises and the event loop. */
export async function quiet (turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await nextTurn()
}
