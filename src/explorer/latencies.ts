/**
 * How long answers took, as a histogram of fixed size: counting is one logarithm and one addition, and a quantile is a tenth off at most.
 */

/** ms. What is shorter counts as this. */
const SHORTEST_MS = 0.1
/** Steps in which the time doubles: each is 19% longer than the one before, and its middle is within 10% of all of it. */
const STEPS_PER_DOUBLING = 4
/** Reaches to about three minutes, longer than a packet may take. */
const STEPS = 84

export class Latencies {
  /** Made with the first: many accounts only receive. */
  #counts: number[] | undefined
  #total = 0

  count (ms: number): void {
    const counts = this.#counts ??= new Array<number>(STEPS).fill(0)
    const step = ms > SHORTEST_MS ? Math.min(STEPS - 1, Math.floor(Math.log2(ms / SHORTEST_MS) * STEPS_PER_DOUBLING)) : 0
    counts[step] = (counts[step] ?? 0) + 1
    this.#total++
  }

  add (other: Latencies): void {
    if (other.#counts === undefined) return
    const counts = this.#counts ??= new Array<number>(STEPS).fill(0)
    for (const [step, count] of other.#counts.entries()) counts[step] = (counts[step] ?? 0) + count
    this.#total += other.#total
  }

  /** ms, to three digits. Undefined as long as nothing was counted. */
  quantile (share: number): number | undefined {
    let left = this.#total * share
    for (const [step, count] of this.#counts?.entries() ?? []) {
      left -= count
      if (count > 0 && left <= 0) return Number((SHORTEST_MS * 2 ** ((step + 0.5) / STEPS_PER_DOUBLING)).toPrecision(3))
    }
    return undefined
  }
}
