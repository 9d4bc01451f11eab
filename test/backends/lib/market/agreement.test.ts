/** What several sources agree on, for any prices: nobody who is alone moves it, and it is never outside of what the others said. */
import { expect } from 'chai'
import fc from 'fast-check'
import { agree, isWithin, type Vote } from '../../../../backends/lib/market/agreement.js'
import { fromNumber, type Fraction } from '../../../../src/lib/fraction.js'

const part = fromNumber(0.02)
const price = fc.bigInt({ min: 1n, max: 10n ** 12n }).map((numerator): Fraction => ({ numerator, denominator: 10n ** 6n }))
const vote = (source: string, price: Fraction, isDaily = false): Vote => ({ source, price, isDaily })
const votes = (prices: readonly number[], isDaily = false): Vote[] => prices.map((price, index) => vote(`s${index}`, fromNumber(price), isDaily))
const isAtMost = (a: Fraction, b: Fraction): boolean => a.numerator * b.denominator <= b.numerator * a.denominator
const valueOf = ({ numerator, denominator }: Fraction): number => Number(numerator) / Number(denominator)

describe('agreement', () => {
  it('is never moved by one liar of three, whatever it says', () => {
    fc.assert(fc.property(price, price, fc.nat(2), (sound, lie, place) => {
      const said = [vote('a', sound), vote('b', sound)]
      said.splice(place, 0, vote('liar', lie))
      const verdict = agree(said, { minSources: 2, maxDeviation: part })
      expect(verdict.kind).to.equal('agreed')
      if (verdict.kind !== 'agreed') return
      expect(verdict.price.numerator * sound.denominator).to.equal(sound.numerator * verdict.price.denominator)
      expect(verdict.outliers.map(({ source }) => source)).to.deep.equal(isWithin(lie, sound, part) ? [] : ['liar'])
    }))
  })

  it('lies between the prices of those that agree, in any order', () => {
    fc.assert(fc.property(fc.array(price, { maxLength: 7 }), fc.integer({ min: 1, max: 4 }), (prices, minSources) => {
      const said = prices.map((price, index) => vote(`s${index}`, price))
      const verdict = agree(said, { minSources, maxDeviation: part })
      expect(agree([...said].reverse(), { minSources, maxDeviation: part }).kind).to.equal(verdict.kind)
      if (verdict.kind !== 'agreed') return
      expect(verdict.votes.length).to.be.at.least(minSources).and.above(said.length / 2)
      expect(verdict.votes.some(({ price }) => isAtMost(price, verdict.price))).to.equal(true)
      expect(verdict.votes.some(({ price }) => isAtMost(verdict.price, price))).to.equal(true)
    }))
  })

  const cases: Array<[what: string, prices: number[], minSources: number, expected: number | string]> = [
    ['one of one', [5], 1, 5],
    ['one where two are needed', [5], 2, 'too few'],
    ['none', [], 1, 'too few'],
    ['half way between two', [100, 101], 2, 100.5],
    ['two at the bound', [100, 102], 2, 101],
    ['two beyond the bound', [100, 102.1], 2, 'disagreed'],
    ['two beyond the bound, where one would be enough', [100, 102.1], 1, 'disagreed'],
    ['the middle of three', [100, 101, 100.2], 2, 100.2],
    ['two against two', [100, 100, 200, 200], 2, 'disagreed'],
    ['three against one', [100, 100, 100, 200], 2, 100],
    ['three that are all apart', [100, 110, 120], 2, 'disagreed'],
    ['two of three, where three are needed', [100, 100, 120], 3, 'disagreed']
  ]
  for (const [what, prices, minSources, expected] of cases) {
    it(`is ${expected} for ${what}`, () => {
      const verdict = agree(votes(prices), { minSources, maxDeviation: part })
      expect(verdict.kind === 'agreed' ? valueOf(verdict.price) : verdict.kind).to.equal(expected)
    })
  }

  it('has the price of a daily source only where no other has one', () => {
    const terms = { minSources: 2, maxDeviation: part }
    const mixed = agree([...votes([100]), vote('ecb', fromNumber(101), true)], terms)
    expect(mixed.kind === 'agreed' && valueOf(mixed.price)).to.equal(100)
    const daily = agree(votes([100, 101], true), terms)
    expect(daily.kind === 'agreed' && valueOf(daily.price)).to.equal(100.5)
  })
})
