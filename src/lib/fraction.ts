/**
 * Exact fractions of bigint. Rates are money: a float that is off in its 16th digit, or a division cut at a fixed number of decimal
 * places, costs somebody real units as soon as two accounts have very different scales.
 */

/** `numerator / denominator`; the denominator is above 0. Not necessarily in lowest terms. */
export interface Fraction {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** An ILP amount is below 2^64 and has at most this many digits. */
const AMOUNT_DIGITS = 20

const PLAIN_DECIMAL = /^(\d{1,40})(?:\.(\d{1,40}))?$/
const ANY_DECIMAL = /^(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i
/** A rate may carry a scale gap of up to 255 digits in either direction, and as many of its own. */
const SHIFT_MAX = 1000
const PRINTED_NUMBER = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/

export const ONE: Fraction = { numerator: 1n, denominator: 1n }

/** Reads `12`, `0.5`, `130.553`. Signs, exponents and anything else give undefined. */
export function parseDecimal (text: string): Fraction | undefined {
  const match = PLAIN_DECIMAL.exec(text)
  return match === null ? undefined : fromDigits(match[1] ?? '', match[2] ?? '', 0)
}

/** The decimal a number prints as: 0.002 is 2/1000, not the binary fraction nearest to it. `value` is finite and not negative. */
export function fromNumber (value: number): Fraction {
  const match = PRINTED_NUMBER.exec(String(value))
  if (match === null) throw new RangeError(`not a finite number above or equal to 0: ${value}`)
  return fromDigits(match[1] ?? '', match[2] ?? '', Number(match[3] ?? 0))
}

/** A rate as it comes from outside, as a number or as a decimal string; undefined if it is not one above 0. */
export function positiveRate (value: number | string): Fraction | undefined {
  if (typeof value === 'number' && !(Number.isFinite(value) && value > 0)) return undefined
  const rate = typeof value === 'number' ? fromNumber(value) : parseDecimal(value)
  return rate !== undefined && rate.numerator > 0n ? rate : undefined
}

/** A rate as a backend answers it, with any number of digits and an exponent. Throws for anything but a decimal above 0. */
export function rateOf (text: string): Fraction {
  const match = ANY_DECIMAL.exec(text)
  const [, whole = '', decimals = '', exponent = '0'] = match ?? []
  const digits = BigInt(whole + decimals || '0')
  const shift = Number(exponent) - decimals.length
  if (match === null || digits === 0n || Math.abs(shift) > SHIFT_MAX) throw new RangeError(`backend gave an unusable rate. rate=${text}`)
  return shiftDecimal({ numerator: digits, denominator: 1n }, shift)
}

export function multiply (a: Fraction, b: Fraction): Fraction {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator }
}

/** `a / b`; `b` is above 0. */
export function divide (a: Fraction, b: Fraction): Fraction {
  return multiply(a, { numerator: b.denominator, denominator: b.numerator })
}

export function subtract (a: Fraction, b: Fraction): Fraction {
  return {
    numerator: a.numerator * b.denominator - b.numerator * a.denominator,
    denominator: a.denominator * b.denominator
  }
}

/** The same value in lowest terms. */
export function reduced ({ numerator, denominator }: Fraction): Fraction {
  const common = greatestCommonDivisor(numerator, denominator)
  return { numerator: numerator / common, denominator: denominator / common }
}

/** `value * 10^exponent`, for an exponent of either sign. */
export function shiftDecimal (value: Fraction, exponent: number): Fraction {
  const power = 10n ** BigInt(Math.abs(exponent))
  return exponent < 0
    ? { numerator: value.numerator, denominator: value.denominator * power }
    : { numerator: value.numerator * power, denominator: value.denominator }
}

/**
 * Prints a fraction of 0 or more in plain decimal notation: exactly where a finite decimal equals it, otherwise rounded up after so many
 * places that floor(amount x rate) is that of the fraction for every ILP amount: the error times the amount stays below
 * 1/denominator, and the next whole number is at least that far away. (Rounded down, 300 at 2/3 would come to 199.)
 */
export function toDecimalString (value: Fraction): string {
  const { numerator, denominator } = reduced(value)
  const exact = exactPlaces(denominator)
  const places = exact ?? denominator.toString().length + AMOUNT_DIGITS
  const cut = numerator * 10n ** BigInt(places) / denominator
  const digits = (exact === undefined ? cut + 1n : cut).toString().padStart(places + 1, '0')
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
}

function fromDigits (whole: string, decimals: string, exponent: number): Fraction {
  return shiftDecimal({ numerator: BigInt(whole + decimals), denominator: 1n }, exponent - decimals.length)
}

function greatestCommonDivisor (a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b]
  return a
}

/** How many decimal places 1/denominator has; undefined when it never ends (a prime factor other than 2 and 5). */
function exactPlaces (denominator: bigint): number | undefined {
  let rest = denominator
  let twos = 0
  let fives = 0
  for (; rest % 2n === 0n; twos++) rest /= 2n
  for (; rest % 5n === 0n; fives++) rest /= 5n
  return rest === 1n ? Math.max(twos, fives) : undefined
}
