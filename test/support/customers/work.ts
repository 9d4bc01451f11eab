/**
 * How much is done in this process, counted and not timed: every call of a function and every round of a loop in JavaScript files. A
 * function counts its loops only if it was compiled while counting was on: call `startCounting` first, and import what is to be measured
 * after that.
 */
import { Session } from 'node:inspector/promises'
import { setTimeout as wait } from 'node:timers/promises'

const session = new Session()
/** What an action sets off is done by then; where it is not, that counts for the next one. */
const SETTLING_MS = 30

export async function startCounting (): Promise<void> {
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
}

/** What was done since the last time. */
async function count (): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const functions = result.filter(({ url }) => url.startsWith('file:')).flatMap(script => script.functions)
  return functions.flatMap(({ ranges }) => ranges).reduce((sum, range) => sum + range.count, 0)
}

/** The work of an action and of what follows at once. */
export async function workOf (action: () => Promise<unknown>): Promise<number> {
  await wait(SETTLING_MS)
  await count()
  await action()
  await wait(SETTLING_MS)
  return await count()
}
