/** Money passes through JSON to the last digit. */
import { expect } from 'chai'
import { jsonOf, plainOf } from '../../src/lib/json.js'

const amount = 2n ** 64n - 1n

describe('json', () => {
  it('writes amounts as decimal strings, however deep they lie', () => {
    expect(jsonOf({ amount, list: [{ amount }] })).to.equal('{"amount":"18446744073709551615","list":[{"amount":"18446744073709551615"}]}')
  })

  it('makes plain values of amounts and dates', () => {
    expect(plainOf({ amount, at: new Date(0), gone: undefined })).to.deep.equal({ amount: '18446744073709551615', at: '1970-01-01T00:00:00.000Z' })
  })
})
