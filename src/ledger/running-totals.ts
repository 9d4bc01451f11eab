/** How much of each running total is booked, so that each part of it is credited once. Base units. */
import type { RunningTotal } from '../contracts/plugin.js'

/** Totals of an account that are remembered, of each kind. Past these, those that have not grown for longest are forgotten. */
export const TOTALS_MAX = 1000

const NONE: ReadonlyMap<string, bigint> = new Map()

/** `received`: what the peer has paid us. `prepaid`: what we have paid the peer ahead of packets. */
export type TotalKind = 'received' | 'prepaid'

export class RunningTotals {
  /** Longest without growth first. Undefined before the first: most of thousands of accounts never have one. */
  private taken: Map<string, bigint> | undefined

  constructor (taken: Iterable<readonly [string, bigint]> = []) {
    for (const [id, to] of taken) (this.taken ??= new Map()).set(id, to)
  }

  get size (): number {
    return this.taken?.size ?? 0
  }

  has (id: string): boolean {
    return this.taken?.has(id) === true
  }

  /** What of the step is not taken yet. Throws RangeError for a step that does not go up from 0 or more. */
  missing ({ id, from, to }: RunningTotal): bigint {
    if (from < 0n || to < from) throw new RangeError(`a running total only grows. id=${id} from=${from} to=${to}`)
    const known = this.taken?.get(id) ?? 0n
    const start = known > from ? known : from
    return to > start ? to - start : 0n
  }

  /** Takes the step. What lies between the last one and this one counts as taken, too. False when the total is there already. */
  take ({ id, to }: RunningTotal): boolean {
    const taken = this.taken ??= new Map<string, bigint>()
    const known = taken.get(id)
    if (known !== undefined && known >= to) return false
    taken.delete(id)
    taken.set(id, to)
    for (const oldest of taken.keys()) {
      if (taken.size <= TOTALS_MAX) break
      taken.delete(oldest)
    }
    return true
  }

  [Symbol.iterator] (): Iterator<[string, bigint]> {
    return (this.taken ?? NONE).entries()
  }
}
