/** Lists and null are typeof 'object' too, and have no fields. */
import { expect } from 'chai'
import { isObject } from '../../src/lib/is-object.js'

describe('isObject', () => {
  it('takes what has fields', () => {
    for (const value of [{}, { a: 1 }, Object.create(null), new Date()]) expect(isObject(value)).to.equal(true)
  })

  it('refuses everything else', () => {
    for (const value of [null, undefined, [], [{}], 'text', 1, 1n, true, () => undefined]) expect(isObject(value)).to.equal(false)
  })
})
