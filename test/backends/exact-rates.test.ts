/** A rate is the exact quotient of what it is made of: no float, no division cut short, nothing rounded towards the sender. */
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import fc from 'fast-check'
import EcbBackend from '../../backends/ecb.js'
import OneToOneBackend from '../../backends/one-to-one.js'
import type { Backend } from '../../src/contracts/backend.js'
import { apiFor, apply, RATES_2015 } from '../support/backends.js'

const AMOUNT_MAX = 2n ** 64n - 1n
const numRuns = Number(process.env.PROPERTY_RUNS ?? 500)

/** A decimal with its exact value: `digits / 10^places`. */
const decimal = fc.record({ digits: fc.bigInt(1n, 10n ** 12n), places: fc.integer({ min: 0, max: 12 }) })
  .map(({ digits, places }) => {
    const text = digits.toString().padStart(places + 1, '0')
    return { text: places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`, digits, power: 10n ** BigInt(places) }
  })
const spread = fc.integer({ min: 0, max: 99_999 }).map(parts => ({ parts: BigInt(parts), value: parts / 100_000 }))
const scale = fc.integer({ min: 0, max: 18 })
const amount = fc.bigInt(0n, AMOUNT_MAX)

async function rateOf (backend: Backend): Promise<string> {
  await backend.connect()
  return String(await backend.getRate('from', 'to'))
}

describe('exact rates', () => {
  it('applies the spread and the scales of one-to-one exactly', () => fc.assert(fc.asyncProperty(
    spread, scale, scale, amount, async (spread, fromScale, toScale, amount) => {
      const api = apiFor({ from: { assetCode: 'A', assetScale: fromScale }, to: { assetCode: 'B', assetScale: toScale } })
      const rate = await rateOf(new OneToOneBackend({ spread: spread.value }, api))
      const exact = amount * (100_000n - spread.parts) * 10n ** BigInt(toScale) / (100_000n * 10n ** BigInt(fromScale))
      expect(apply(amount, rate)).to.equal(exact)
    }), { numRuns }))

  it('gives what the fraction of the ECB rates gives, to the unit', () => fc.assert(
    fc.asyncProperty(decimal, decimal, spread, scale, scale, amount, async (source, destination, spread, fromScale, toScale, amount) => {
      const api = apiFor({ from: { assetCode: 'AAA', assetScale: fromScale }, to: { assetCode: 'BBB', assetScale: toScale } })
      const mockData = { base: 'EUR', rates: { AAA: source.text, BBB: destination.text } }
      const rate = await rateOf(new EcbBackend({ spread: spread.value, mockData }, api))

      const numerator = amount * destination.digits * source.power * (100_000n - spread.parts) * 10n ** BigInt(toScale)
      const denominator = destination.power * source.digits * 100_000n * 10n ** BigInt(fromScale)
      const exact = numerator / denominator
      fc.pre(exact <= AMOUNT_MAX)
      expect(apply(amount, rate)).to.equal(exact)
    }), { numRuns }))

  it('keeps the digits that an amount can bring to light across a scale gap of 18', async () => {
    const api = apiFor({ from: { assetCode: 'USD', assetScale: 18 }, to: { assetCode: 'AUD', assetScale: 0 } })
    const rate = await rateOf(new EcbBackend({ mockData: RATES_2015 }, api))
    // 1.3901 / 1.0592 = 1.312405589123867069486404833...
    expect(rate).to.match(/^0\.0{17}13124055891238670694\d*$/)
  })

  it('gives a whole result where the rate never ends', async () => {
    const api = apiFor({ from: { assetCode: 'USD', assetScale: 9 }, to: { assetCode: 'EUR', assetScale: 9 } })
    expect(apply(300n, await rateOf(new EcbBackend({ mockData: { base: 'EUR', rates: { USD: 1.5 } } }, api)))).to.equal(200n)
  })

  it('prints a finite decimal in full', async () => {
    const api = apiFor({ from: { assetCode: 'USD', assetScale: 2 }, to: { assetCode: 'EUR', assetScale: 9 } })
    expect(await rateOf(new EcbBackend({ spread: 0.002, mockData: { base: 'EUR', rates: { USD: 1.024 } } }, api))).to.equal('9746093.75')
    expect(await rateOf(new OneToOneBackend({ spread: 1e-7 }, api))).to.equal('9999999')
  })

  it('gives 10081 EUR for 10700 USD at the rates of 2015 and a spread of 0.002', async () => {
    const api = apiFor({ from: { assetCode: 'USD', assetScale: 4 }, to: { assetCode: 'EUR', assetScale: 4 } })
    expect(apply(10700n, await rateOf(new EcbBackend({ spread: 0.002, mockData: RATES_2015 }, api)))).to.equal(10081n)
  })
})

// The classic connector rounds rates to 15 digits: for amounts below 10^11 that decides a unit only where the exact product is whole.
describe('the same amounts as ilp-connector', () => {
  const require = createRequire(import.meta.url)
  const { setOutputStream } = require('ilp-connector/dist/common/log') as { setOutputStream: (stream: NodeJS.WritableStream) => void }
  type ReferenceBackend = new (options: object, api: object) => Pick<Backend, 'connect' | 'getRate'>
  const load = (name: string): ReferenceBackend =>
    (require(`ilp-connector/dist/backends/${name}`) as { default: ReferenceBackend }).default

  before(() => setOutputStream(new PassThrough().resume()))
  after(() => setOutputStream(process.stdout))

  const currency = fc.constantFrom('EUR', ...Object.keys(RATES_2015.rates))
  const smallScale = fc.integer({ min: 0, max: 9 })
  const smallAmount = fc.bigInt(0n, 10n ** 11n)

  const ECB_RATES: Record<string, number> = { EUR: 1, ...RATES_2015.rates }
  for (const { name, Ours, rates } of [{ name: 'ecb', Ours: EcbBackend, rates: ECB_RATES }, { name: 'one-to-one', Ours: OneToOneBackend, rates: {} }]) {
    it(name, () => {
      const Reference = load(name)
      return fc.assert(fc.asyncProperty(currency, currency, smallScale, smallScale, fc.constantFrom(0, 0.002, 0.01), smallAmount,
        async (from, to, fromScale, toScale, spread, amount) => {
          const api = apiFor({ from: { assetCode: from, assetScale: fromScale }, to: { assetCode: to, assetScale: toScale } })
          const ours = await rateOf(new Ours({ spread, mockData: RATES_2015 }, api))
          const reference = new Reference({ spread, mockData: structuredClone(RATES_2015) }, api)
          await reference.connect()
          const theirs = decimalOf(Number(await reference.getRate('from', 'to')))
          const [a, b] = [apply(amount, ours), apply(amount, theirs)]
          const product = b > 10n ** 14n ? b / 10n ** 14n + 1n : 1n // what 15 digits cannot hold
          expect(a - b <= product && b - a <= product, `${amount} * ${ours} = ${a}, reference ${b}`).to.equal(true)
          if (b < 10n ** 9n && !isWhole(amount, rates, { from, to, fromScale, toScale, spread })) expect(a).to.equal(b)
        }), { numRuns })
    })
  }

  function decimalOf (value: number): string {
    return value >= 1e21 || value < 1e-6 ? value.toFixed(40) : String(value)
  }

  /** Whether amount x rate is a whole number. */
  function isWhole (
    amount: bigint, rates: Record<string, number>, c: { from: string, to: string, fromScale: number, toScale: number, spread: number }
  ): boolean {
    const tenThousandths = (code: string): bigint => BigInt(Math.round((rates[code] ?? 1) * 10_000))
    const numerator = amount * tenThousandths(c.to) * BigInt(Math.round((1 - c.spread) * 1000)) * 10n ** BigInt(c.toScale)
    return numerator % (tenThousandths(c.from) * 1000n * 10n ** BigInt(c.fromScale)) === 0n
  }
})
