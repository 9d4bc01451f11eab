/** Rates written into the configuration, for tests and for networks whose rates do not move: `{ base, date?, rates }`. */
import { z } from 'zod'
import { ONE, positiveRate } from '../../src/lib/fraction.js'
import type { Fraction } from '../../src/lib/fraction.js'
import { refuse } from './options.js'
import { FixedRates } from './rate-source.js'

const MockData = z.object({
  base: z.string().min(1),
  date: z.string().optional(),
  rates: z.record(z.string(), z.union([z.number(), z.string()]))
})

/** @param mockData rates are units of each currency per unit of `base`, as numbers or as decimal strings */
export function fixedRates (mockData: unknown): FixedRates {
  const { success, data } = MockData.safeParse(mockData)
  if (!success) return refuse('mockData', mockData, "an object such as { base: 'EUR', rates: { USD: 1.0592 } }")
  const rates = new Map<string, Fraction>()
  for (const [currency, value] of Object.entries(data.rates)) {
    rates.set(currency, positiveRate(value) ?? refuse(`mockData.rates.${currency}`, value, 'a decimal number above 0'))
  }
  rates.set(data.base, ONE)
  return new FixedRates(data.base, rates)
}
