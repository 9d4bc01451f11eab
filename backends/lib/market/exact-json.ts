/**
 * JSON whose numbers keep all their digits. `JSON.parse` makes a floating-point number of a price, and 1e400 Infinity; here a number stays
 * the text that it is in the document, for `decimalOf` to read.
 */
import { shiftDecimal } from '../../../src/lib/fraction.js'
import type { Fraction } from '../../../src/lib/fraction.js'

/** A string, or a number. In valid JSON, no number stands outside of these two. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const DECIMAL = /^(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,2}))?$/
/** No asset costs more, or less than its inverse. */
const EXPONENT_MAX = 30

/** @returns the document's value, with each number as a string of its digits. Throws for anything but JSON. */
export function parseExactJson (text: string): unknown {
  try {
    JSON.parse(text)
  } catch {
    throw new Error('the answer is not JSON')
  }
  return JSON.parse(text.replace(STRING_OR_NUMBER, found => found.startsWith('"') ? found : `"${found}"`))
}

/** Reads a decimal above 0 such as `0.52` or `1.2e-5`; anything else (0, a sign, NaN, 1e400, no text) gives undefined. */
export function decimalOf (value: unknown): Fraction | undefined {
  const [match, whole = '', decimals = '', exponent = '0'] = typeof value === 'string' ? DECIMAL.exec(value) ?? [] : []
  if (match === undefined || Math.abs(Number(exponent)) > EXPONENT_MAX) return undefined
  const digits = BigInt(whole + decimals)
  return digits === 0n ? undefined : shiftDecimal({ numerator: digits, denominator: 1n }, Number(exponent) - decimals.length)
}
