/** Lists and null are typeof 'object' too, and have no fields. */
import { expect } from 'chai'
import { isObject, isPlainData } from '../../src/lib/is-object.js'

describe('isObject', () => {
  it('takes what has fields', () => {
    for (const value of [{}, { a: 1 }, Object.create(null), new Date()]) expect(isObject(value)).to.equal(true)
  })

  it('refuses everything else', () => {
    for (const value of [null, undefined, [], [{}], 'text', 1, 1n, true, () => undefined]) expect(isObject(value)).to.equal(false)
  })
})

describe('isPlainData', () => {
  it('takes objects and lists as JSON has them', () => {
    for (const value of [{}, { a: 1 }, [], Object.create(null)]) expect(isPlainData(value)).to.equal(true)
  })

  it('refuses what a class made, and what has no parts', () => {
    for (const value of [null, undefined, new Date(), new Map(), Buffer.from('a'), new Error('e'), 'text', 1, () => undefined]) {
      expect(isPlainData(value)).to.equal(false)
    }
  })
})
