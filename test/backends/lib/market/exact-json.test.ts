/** Numbers keep their digits, nothing else of a document changes, and what is no price is none. */
import { expect } from 'chai'
import fc from 'fast-check'
import { decimalOf, parseExactJson } from '../../../../backends/lib/market/exact-json.js'

describe('exact JSON', () => {
  it('is JSON.parse, but for numbers, which are their own text', () => {
    const asText = (value: unknown): unknown => typeof value === 'number' ? JSON.stringify(value)
      : Array.isArray(value) ? value.map(asText)
        : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asText(inner)])) : value
    fc.assert(fc.property(fc.jsonValue(), value => {
      expect(parseExactJson(JSON.stringify(value))).to.deep.equal(asText(JSON.parse(JSON.stringify(value))))
    }))
  })

  it('keeps digits that a floating-point number has no room for', () => {
    expect(parseExactJson('{"a":0.12345678901234567890123,"b":[1e400,-0.10]}')).to.deep.equal({ a: '0.12345678901234567890123', b: ['1e400', '-0.10'] })
  })

  it('leaves numbers in strings and keys alone, whatever quotes and backslashes are around them', () => {
    const value = { '1.5': 'costs 2.5', 'a"1': '\\', 'b\\': '"3"', '\\"4': '\\\\"5' }
    expect(parseExactJson(JSON.stringify(value))).to.deep.equal(value)
  })

  it('refuses what is not JSON', () => {
    for (const text of ['', '{', 'NaN', '[1,]', '01', '<html>', '{"a":1}x']) expect(() => parseExactJson(text), text).to.throw('the answer is not JSON')
  })

  it('reads decimals above 0', () => {
    const value = (text: unknown): number | undefined => {
      const fraction = decimalOf(text)
      return fraction && Number(fraction.numerator) / Number(fraction.denominator)
    }
    expect(['1', '0.5', '1.25e-5', '2E+3', '007.50'].map(value)).to.deep.equal([1, 0.5, 0.0000125, 2000, 7.5])
    const wrong = [
      '0', '0.0', '0e5', '-1', '+1', '1e31', '1e-31', '1e400', 'NaN', 'Infinity', '', ' 1', '1 ', '.5', '5.', '0x10', '1'.repeat(41), 1, null, undefined, {}
    ]
    for (const text of wrong) expect(decimalOf(text), JSON.stringify(text)).to.equal(undefined)
  })
})
