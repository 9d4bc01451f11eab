import { expect } from 'chai'
import fc from 'fast-check'
import { amountInUnit, amountInWords, amountOfWords } from '../../src/lib/amounts.js'

describe('an amount in words', () => {
  const cases: Array<[bigint, number, string, string]> = [
    [1_500_000_000n, 9, 'USD', '1.500000000 USD'],
    [-1_497_000_000n, 9, 'USD', '-1.497000000 USD'],
    [0n, 9, 'USD', '0.000000000 USD'],
    [-1n, 2, 'EUR', '-0.01 EUR'],
    [998n, 0, 'M2M', '998 M2M'],
    [2n ** 64n, 18, 'ETH', '18.446744073709551616 ETH']
  ]
  for (const [amount, scale, code, words] of cases) it(words, () => expect(amountInWords(amount, scale, code)).to.equal(words))

  it('is undefined without a unit', () => {
    expect(amountInUnit(15n, 'USD/1')).to.equal('1.5 USD')
    expect(amountInUnit(15n, 'a/b/0')).to.equal('15 a/b')
    for (const unit of [undefined, '', 'USD', 'USD/', '/9', 'USD/-1', 'USD/9999']) expect(amountInUnit(15n, unit), unit).to.equal(undefined)
  })

  it('loses no digit, whatever the amount and the scale', () => {
    fc.assert(fc.property(fc.bigInt(), fc.integer({ min: 0, max: 255 }), (amount, scale) => {
      const [number = ''] = amountInWords(amount, scale, 'XYZ').split(' ')
      expect(BigInt(number.replace('.', ''))).to.equal(amount)
      expect(number.split('.')[1]?.length ?? 0).to.equal(scale)
    }))
  })

  it('are read from what people write, to the last digit or not at all', () => {
    for (const [text, scale, amount] of [['1', 9, 1_000_000_000n], ['0.05', 18, 5n * 10n ** 16n], ['250', 0, 250n], ['1.000001', 6, 1_000_001n]] as const) {
      expect(amountOfWords(text, scale), text).to.equal(amount)
    }
    for (const text of ['', '.5', '1.', '-1', '1e3', '1,5', ' 1', '0x1', '1.0000001']) expect(amountOfWords(text, 6), text).to.equal(undefined)
  })
})
