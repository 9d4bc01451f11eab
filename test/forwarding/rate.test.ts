/** Amounts are exact: an amount times a decimal rate, rounded down, whatever the rate is written as. */
import { createRequire } from 'node:module'
import { expect } from 'chai'
import fc from 'fast-check'
import { applyRate, fractionOf, largestAmountFor } from '../../src/forwarding/rate.js'

const BigNumber = createRequire(import.meta.url)('bignumber.js') as new (text: string) => { toString (): string }

const digits = fc.bigInt(1n, 10n ** 40n)
const amount = fc.bigInt(0n, 2n ** 64n - 1n)
const exponent = fc.integer({ min: -300, max: 300 })

/** `number` x 10^`exponent`, with a decimal point `places` before its end. */
function written (number: bigint, exponent: number, places: number, sign: string): string {
  const text = String(number).padStart(places + 1, '0')
  const whole = text.slice(0, text.length - places)
  const part = places === 0 ? '' : `.${text.slice(text.length - places)}`
  const power = exponent + places
  return whole + part + (power === 0 && sign === '' ? '' : `${sign === '' ? 'e' : sign}${power}`)
}

/** Whether a rate is number x 10^exponent. */
function expectRate (rate: Parameters<typeof fractionOf>[0], number: bigint, exponent: number): void {
  const { numerator, denominator } = fractionOf(rate)
  expect(denominator > 0n).to.equal(true)
  const [up, down] = exponent < 0 ? [1n, 10n ** BigInt(-exponent)] : [10n ** BigInt(exponent), 1n]
  expect(numerator * down === number * up * denominator, `${String(rate)} is ${numerator} / ${denominator}`).to.equal(true)
}

describe('rates', () => {
  it('are read exactly in every notation', () => {
    fc.assert(fc.property(digits, exponent, fc.nat(60), fc.constantFrom('', 'e', 'E'), (number, power, places, sign) => {
      const text = written(number, power, places, sign)
      expectRate(text, number, power)
      expectRate({ toString: () => text }, number, power)
    }))
  })

  it('are read exactly from a BigNumber', () => {
    fc.assert(fc.property(digits, fc.integer({ min: -40, max: 40 }), (number, power) => {
      expectRate(new BigNumber(`${number}e${power}`), number, power)
    }))
  })

  it('that are JavaScript numbers mean their shortest decimal form', () => {
    fc.assert(fc.property(fc.double({ min: Number.MIN_VALUE, noDefaultInfinity: true, noNaN: true }), number => {
      const [, whole = '', part = '', power = '0'] = /^(\d+)(?:\.(\d+))?(?:e(.+))?$/.exec(String(number)) ?? []
      expectRate(number, BigInt(whole + part), Number(power) - part.length)
    }))
    expectRate(0.1, 1n, -1)
    expectRate(1e21, 1n, 21)
    expectRate(5e-324, 5n, -324)
  })

  for (const [name, unusable] of Object.entries<unknown>({
    ...Object.fromEntries([
      '', ' ', '0', '0.000', '0e5', '-1', '+1', '1,5', '1.2.3', '.5', '1e', 'e5', '1e1.5', '0x10', '1_000', ' 1', '1 ', 'many', 'NaN', 'Infinity',
      '1e1001', '1e-1001'
    ].map(text => [`the text "${text}"`, text])),
    ...Object.fromEntries([NaN, Infinity, -Infinity, 0, -1, null, undefined, true, Symbol('1')].map(value => [String(value), value])),
    'an object': {}, 'an array': [], 'an object that cannot be printed': Object.create(null) as object, 'a BigNumber that is none': new BigNumber('NaN'),
    'a negative BigNumber': new BigNumber('-2')
  })) {
    it(`are refused when they are ${name}`, () => {
      expect(() => fractionOf(unusable as number)).to.throw()
    })
  }

  it('are remembered by what they are, not by what they look like to others', () => {
    for (let i = 1; i <= 12_000; i++) expectRate(`${i}`, BigInt(i), 0) // more than are kept
    for (const rate of [7, '7', '7.0', '70e-1']) expectRate(rate, 7n, 0)
  })
})

describe('amounts', () => {
  it('are rounded down', () => {
    fc.assert(fc.property(amount, digits, exponent, (amount, number, power) => {
      const result = applyRate(amount, fractionOf(`${number}e${power}`))
      const [up, down] = power < 0 ? [1n, 10n ** BigInt(-power)] : [10n ** BigInt(power), 1n]
      expect(result).to.equal(amount * number * up / down)
      expect(result * down <= amount * number * up && amount * number * up < (result + 1n) * down).to.equal(true)
    }))
  })

  it('have a largest one that still fits', () => {
    fc.assert(fc.property(fc.bigInt(0n, 2n ** 64n), digits, fc.integer({ min: -60, max: 20 }), (limit, number, power) => {
      const rate = fractionOf(`${number}e${power}`)
      const largest = largestAmountFor(limit, rate)
      expect(applyRate(largest, rate) <= limit).to.equal(true)
      expect(applyRate(largest + 1n, rate) > limit).to.equal(true)
    }))
  })
})
