/**
 * Questions to the chain have an end: one that is never answered would keep us from looking at all other channels, and from asking again.
 * Nodes are given up sooner by the chain's part; this is for what it has overlooked.
 */
import { withTimeout } from '../../../src/lib/timeout.js'
import { ChainError } from './types.js'

/** Longer than any answer takes, also where many accounts wait for their turn, and shorter than what a challenge leaves us. */
const ANSWER_MS = 5 * 60_000

/** Resolves and rejects as the answer does. Rejects with a ChainError that is not final when there is none in time. */
export async function inTime<T> (answer: Promise<T>): Promise<T> {
  if (await withTimeout(answer, ANSWER_MS)) return await answer
  throw new ChainError(`the chain's part has not answered: it is asked again. waitedMs=${ANSWER_MS}`, false)
}
