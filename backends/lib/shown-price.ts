/** A price as people read it. Rates are computed from the exact fraction, never from this. */
import { toDecimalString } from '../../src/lib/fraction.js'
import type { Fraction } from '../../src/lib/fraction.js'

const DIGITS = 12

/** A plain decimal, cut to 12 digits. */
export function shownPrice (price: Fraction): string {
  const [whole = '', decimals = ''] = toDecimalString(price).split('.')
  const places = whole === '0' ? decimals.search(/[1-9]|$/) + DIGITS : Math.max(0, DIGITS - whole.length)
  const cut = decimals.slice(0, places).replace(/0+$/, '')
  return cut === '' ? whole : `${whole}.${cut}`
}
