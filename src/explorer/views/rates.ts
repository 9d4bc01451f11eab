/** Rates as people read them: accounts exchange base units, and people think in units. */
import type { Rate } from '../../contracts/backend.js'
import { rateOf, shiftDecimal, toDecimalString } from '../../lib/fraction.js'

/** Places behind the point that somebody looks at. */
const PLACES_MAX = 18

/** How many units of the destination one unit of the source brings. Throws for anything but a rate. */
export function perUnit (rate: Rate, sourceScale: number, destinationScale: number): string {
  const text = toDecimalString(shiftDecimal(rateOf(String(rate)), sourceScale - destinationScale))
  const point = text.indexOf('.')
  return point < 0 ? text : text.slice(0, point + 1 + PLACES_MAX).replace(/\.?0+$/, '')
}
