/** A log line says what was thrown, whatever it is, and nothing that an object holds. */
import { expect } from 'chai'
import fc from 'fast-check'
import { describeError } from '../../src/lib/describe-error.js'

const unprintable = Object.create(null) as object

describe('describeError', () => {
  it('has a line for anything', () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), value => {
      expect(describeError(value)).to.be.a('string')
    }))
  })

  it('says nothing that an object holds', () => {
    expect(describeError(new TypeError('bad'))).to.equal('bad')
    expect(describeError(new TypeError())).to.equal('TypeError')
    expect(describeError(undefined)).to.equal('non-error thrown: undefined')
    for (const object of [unprintable, { secret: 'hunter2' }, ['hunter2'], { toString () { throw new Error('no') } }]) {
      expect(describeError(object)).to.equal('non-error thrown: an object')
    }
  })
})
