/** What an asset costs, when several sources say different things. No I/O. */
import { multiply } from '../../../src/lib/fraction.js'
import type { Fraction } from '../../../src/lib/fraction.js'

export interface Vote {
  source: string
  price: Fraction
  /** Published once a day: it vouches for other prices, and its own is used only if no other source has one. */
  isDaily: boolean
}

export interface Terms {
  /** How many sources must agree. */
  minSources: number
  /** How far apart two prices may be to agree: 0.02 as a fraction is 2 %. */
  maxDeviation: Fraction
}

export type Verdict =
  | { kind: 'agreed', price: Fraction, votes: readonly Vote[], outliers: readonly Vote[] }
  | { kind: 'disagreed' }
  /** Nothing can be said; what was agreed before stands until it is too old. */
  | { kind: 'too few' }

/**
 * The sources that agree are those near the median, as long as they are more than half of all, and `minSources`. The price is the median of
 * theirs. So one source that lies, or is stuck at an old price, moves nothing while two others agree.
 */
export function agree (votes: readonly Vote[], { minSources, maxDeviation }: Terms): Verdict {
  const middle = medianVote(votes)
  if (middle === undefined || votes.length < minSources) return { kind: 'too few' }
  const near = votes.filter(vote => isWithin(vote.price, middle.price, maxDeviation))
  if (near.length < minSources || near.length * 2 <= votes.length) return { kind: 'disagreed' }
  const live = near.filter(({ isDaily }) => !isDaily)
  return { kind: 'agreed', price: median(live.length > 0 ? live : near), votes: near, outliers: votes.filter(vote => !near.includes(vote)) }
}

/** Whether the higher of two prices is at most this part above the lower. */
export function isWithin (a: Fraction, b: Fraction, part: Fraction): boolean {
  const [low, high] = compare(a, b) < 0 ? [a, b] : [b, a]
  return compare(high, multiply(low, { numerator: part.denominator + part.numerator, denominator: part.denominator })) <= 0
}

/** Below 0 if `a` is less than `b`, and 0 if they are the same. */
function compare (a: Fraction, b: Fraction): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function sorted (votes: readonly Vote[]): Vote[] {
  return [...votes].sort((a, b) => compare(a.price, b.price))
}

/** One that a source really said: of an even number, the lower of the two in the middle. */
function medianVote (votes: readonly Vote[]): Vote | undefined {
  return sorted(votes)[(votes.length - 1) >> 1]
}

/** Of an even number, half way between the two in the middle. `votes` is not empty. */
function median (votes: readonly Vote[]): Fraction {
  const prices = sorted(votes).map(({ price }) => price)
  const low = prices[(prices.length - 1) >> 1]
  const high = prices[prices.length >> 1]
  if (low === undefined || high === undefined) throw new RangeError('the median of no prices')
  return low === high ? low : halfWay(low, high)
}

export function halfWay (a: Fraction, b: Fraction): Fraction {
  return { numerator: a.numerator * b.denominator + b.numerator * a.denominator, denominator: 2n * a.denominator * b.denominator }
}
