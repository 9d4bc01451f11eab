/** Exact amounts: an amount of base units times a decimal rate, rounded down. No float ever touches money. */
import { rateOf, type Fraction } from '../lib/fraction.js'
import type { Rate } from '../contracts/backend.js'

/** Backends answer with few different rates; past this many the remembered ones are dropped. */
const REMEMBERED_MAX = 10_000

const remembered = new Map<number | string, Fraction>()

/** Reads a rate. Throws for anything but a positive finite decimal. A JavaScript number means its shortest decimal form. */
export function fractionOf (rate: Rate): Fraction {
  const key = typeof rate === 'number' || typeof rate === 'string' ? rate : String(rate)
  const known = remembered.get(key)
  if (known !== undefined) return known
  const fraction = rateOf(String(key))
  if (remembered.size >= REMEMBERED_MAX) remembered.clear()
  remembered.set(key, fraction)
  return fraction
}

/** floor(amount x rate). */
export function applyRate (amount: bigint, { numerator, denominator }: Fraction): bigint {
  return amount * numerator / denominator
}

/** The largest amount whose product with the rate is at most `result`. */
export function largestAmountFor (result: bigint, { numerator, denominator }: Fraction): bigint {
  return ((result + 1n) * denominator - 1n) / numerator
}
