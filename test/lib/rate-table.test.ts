/** Rates in a table: exact whatever way they are followed, never in contradiction, and never read from what is no rate. */
import { expect } from 'chai'
import fc from 'fast-check'
import { inspect } from 'node:util'
import { multiply, ONE, type Fraction } from '../../src/lib/fraction.js'
import { RateTable } from '../../src/lib/rate-table.js'

const decimal = fc.tuple(fc.bigInt(0n, 10n ** 20n), fc.bigInt(1n, 10n ** 20n)).map(([whole, part]) => `${whole}.${part}`)

function faultsOf (given: Record<string, unknown>): string[] {
  return RateTable.read(given).faults.map(({ pair, message }) => `${pair} ${message}`)
}

function isOne ({ numerator, denominator }: Fraction): boolean {
  return numerator === denominator
}

describe('a table of rates', () => {
  it('says what one unit of an asset is worth, in both directions and over several steps', () => {
    const { table, faults } = RateTable.read({ 'XRP/USD': '0.5', 'EUR/USD': '1.25', 'SOL/EUR': 100 })
    expect(faults).to.deep.equal([])
    const valueOf = (from: string, to: string): number => {
      const rate = table.between(from, to) ?? { numerator: 0n, denominator: 1n }
      return Number(rate.numerator) / Number(rate.denominator)
    }
    expect(valueOf('XRP', 'USD')).to.equal(0.5)
    expect(valueOf('USD', 'XRP')).to.equal(2)
    expect(valueOf('SOL', 'XRP')).to.equal(250)
    expect(valueOf('XRP', 'EUR')).to.equal(0.4)
    expect(table.between('XRP', 'GBP')).to.equal(undefined)
    expect(table.between('GBP', 'GBP')).to.deep.equal(ONE)
  })

  it('gives nothing away in a circle, however the rates are joined', () => fc.assert(fc.property(
    fc.array(fc.tuple(fc.nat(5), fc.nat(5), decimal), { maxLength: 12 }),
    rates => {
      const { table } = RateTable.read(Object.fromEntries(rates.map(([from, to, rate]) => [`A${from}/A${to}`, rate])))
      const codes = Array.from({ length: 6 }, (_, i) => `A${i}`)
      for (const a of codes) {
        for (const b of codes) {
          for (const c of codes) {
            const [ab, bc, ca] = [table.between(a, b), table.between(b, c), table.between(c, a)]
            if (ab !== undefined && bc !== undefined) expect(ca !== undefined && isOne(multiply(multiply(ab, bc), ca))).to.equal(true)
          }
        }
      }
    }
  )))

  it('prices assets in the one on the right, which a backend may know', () => {
    const { table } = RateTable.read({ 'M2M/USDC': '1', 'RLUSD/USDC': '0.999', 'USDC/USD': '1', 'USD/EUR': '0.9', 'USD/JPY': '150' })
    expect(table.anchorOf('M2M')).to.deep.equal({ code: 'EUR', price: { numerator: 9n, denominator: 10n } })
    expect(table.anchorOf('EUR')).to.deep.equal({ code: 'EUR', price: ONE })
    expect(table.anchorOf('BTC')).to.deep.equal({ code: 'BTC', price: ONE })
  })

  it('refuses a rate that contradicts those before it, and keeps these', () => {
    const given = { 'XRP/USD': '0.5', 'USD/EUR': '0.8', 'EUR/XRP': '2.51' }
    expect(faultsOf(given)).to.deep.equal(['EUR/XRP contradicts the rates before it, from which another price of EUR in XRP follows. ' +
      'Keep one of them: the other direction, and rates over several steps, follow from it exactly.'])
    expect(faultsOf({ ...given, 'EUR/XRP': '2.5' })).to.deep.equal([])
    expect(faultsOf({ 'XRP/USD': '0.52', 'USD/XRP': '1.92' })).to.have.length(1)
    expect(RateTable.read(given).table.between('EUR', 'XRP')).to.deep.equal({ numerator: 5n, denominator: 2n })
  })

  for (const rate of ['0', '-1', '-0.5', 0, -1, NaN, Infinity, 'NaN', 'Infinity', '1e3', '1,5', ' 1', '0x10', '', null, undefined, {}, ['1'], true,
    '1'.repeat(41), `0.${'0'.repeat(40)}1`, '9'.repeat(1_000_000), 0.1234567890123456, 12345678901234567890, 1n]) {
    it(`reads no rate from ${inspect(rate).slice(0, 50)}`, () => {
      expect(faultsOf({ 'XRP/USD': rate })[0]).to.include('expected what one XRP is worth in USD')
    })
  }

  for (const pair of ['XRP', 'XRP/', '/USD', 'XRP/USD/EUR', 'XRP-USD', '', '__proto__']) {
    it(`reads no pair from "${pair}"`, () => {
      expect(faultsOf(Object.fromEntries([[pair, '1']]))[0]).to.include('expected two asset codes')
    })
  }

  it('reads short numbers exactly', () => {
    expect(RateTable.read({ 'A/B': 0.1 }).table.between('A', 'B')).to.deep.equal({ numerator: 1n, denominator: 10n })
    expect(RateTable.read({ 'A/B': 1e-7 }).table.between('A', 'B')).to.deep.equal({ numerator: 1n, denominator: 10_000_000n })
  })

  it('bounds the digits of what follows over many steps', () => {
    const chain = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`A${i}/A${i + 1}`, `${'7'.repeat(39)}.${'3'.repeat(40)}`]))
    const faults = faultsOf(chain)
    expect(faults.length).to.be.greaterThan(0)
    expect(faults[0]).to.include('leads to a price of more than 200 digits')
    const { table } = RateTable.read(chain)
    for (const code of ['A0', 'A1', 'A2']) expect(table.anchorOf(code).price.numerator.toString().length).to.be.at.most(400)
  })
})
