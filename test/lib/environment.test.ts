/** A variable without a value is one that an operator has taken out. */
import { expect } from 'chai'
import { isSet } from '../../src/lib/environment.js'

describe('an environment variable', () => {
  it('is set when it has a value', () => {
    expect(isSet({ NAME: '0' }, 'NAME')).to.equal(true)
  })

  it('is not set when it is empty, or not there', () => {
    expect([isSet({ NAME: '' }, 'NAME'), isSet({ NAME: undefined }, 'NAME'), isSet({}, 'NAME')]).to.deep.equal([false, false, false])
  })
})
