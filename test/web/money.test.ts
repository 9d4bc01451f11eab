/** What the page says of money is what the books say: every digit is counted, whatever the size and the scale. */
import { expect } from 'chai'
import fc from 'fast-check'
import { addedUp, assetOf, atRate, baseUnits, exactWords, fullAmount, share, shortAmount, typedAmount } from '../../web/model/money.js'

const scale = fc.integer({ min: 0, max: 24 })
const units = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })

describe('amounts on the page', () => {
  it('show every digit in full', () => {
    expect(fullAmount('1500000000', 9)).to.equal('1.500000000')
    expect(fullAmount('-1284500000', 6)).to.equal('−1,284.500000')
    expect(fullAmount('18446744073709551615', 0)).to.equal('18,446,744,073,709,551,615')
    expect(fullAmount('1', 18)).to.equal('0.000000000000000001')
  })

  it('can be read back without loss, whatever they are', () => {
    fc.assert(fc.property(units, scale, (amount, assetScale) => {
      const text = fullAmount(amount, assetScale).replace('−', '-').replaceAll(',', '').replace('.', '')
      expect(BigInt(text)).to.equal(amount)
    }))
  })

  it('are cut when they are short, and never show nothing for something', () => {
    expect(shortAmount('999999999', 9)).to.equal('0.999')
    expect(shortAmount('1999999999', 9)).to.equal('1.99')
    expect(shortAmount('12300', 9)).to.equal('0.0000123')
    expect(shortAmount('0', 9)).to.equal('0.00')
    expect(shortAmount('1234567890000', 6)).to.equal('1,234,567')
    fc.assert(fc.property(units, scale, (amount, assetScale) => {
      const text = shortAmount(amount, assetScale)
      expect(/[1-9]/.test(text)).to.equal(amount !== 0n)
    }))
  })

  it('stand in the tooltip with their base units', () => {
    expect(exactWords({ amount: '1500000000', assetCode: 'USD', assetScale: 9 })).to.equal('1.500000000 USD = 1500000000 base units (scale 9)')
  })

  it('are nothing when they are not amounts, so that a hostile answer does not end the page', () => {
    for (const text of ['', 'x', '1e9', '0x10', ' 1', '1.5', '9'.repeat(81)]) expect(baseUnits(text), text).to.equal(0n)
    expect(fullAmount('5', Number.NaN)).to.equal('5')
    expect(fullAmount('5', -3)).to.equal('5')
    expect(fullAmount('5', 1e9)).to.have.lengthOf(257)
  })

  it('are added up by asset', () => {
    const usd = { assetCode: 'USD', assetScale: 9 }
    expect(addedUp([{ ...usd, amount: '9007199254740993' }, { assetCode: 'USD', assetScale: 6, amount: '1' }, { ...usd, amount: '-2' }])).to.deep.equal([
      { ...usd, amount: '9007199254740991' }, { assetCode: 'USD', assetScale: 6, amount: '1' }
    ])
    expect(assetOf('a/b/9')).to.deep.equal({ assetCode: 'a/b', assetScale: 9 })
    expect(assetOf('odd')).to.deep.equal({ assetCode: 'odd', assetScale: 0 })
  })

  it('make a bar that is full only at the limit', () => {
    expect(share(999_999_999n, 1_000_000_000n)).to.equal(0.9999)
    expect(share(10n, 10n)).to.equal(1)
    expect(share(11n, 10n)).to.equal(1)
    expect(share(-1n, 10n)).to.equal(0)
    expect(share(1n, 0n)).to.equal(0)
  })

  it('are exchanged with all digits of the rate', () => {
    expect(atRate(12_000_000_000n, 9, '0.92', 6)).to.equal(11_040_000n)
    expect(atRate(1n, 0, '0.333333333333', 12)).to.equal(333_333_333_333n)
    expect(atRate(1n, 0, 'much', 2)).to.equal(undefined)
    expect(typedAmount(' 1,284.5 ', 9)).to.equal(1_284_500_000_000n)
    for (const text of ['', '-1', '1.0000000001', 'ten']) expect(typedAmount(text, 9), text).to.equal(undefined)
  })
})
