/** Each failure doubles the wait, and none makes it longer than the longest: not even a number of failures that no number can hold. */
import { expect } from 'chai'
import { backoffMs } from '../../src/lib/backoff.js'

describe('backoffMs', () => {
  it('doubles with each failure, up to the longest', () => {
    expect([0, 1, 2, 3, 4].map(failures => backoffMs(failures, 1000, 6000))).to.deep.equal([1000, 2000, 4000, 6000, 6000])
  })

  it('stays at the longest, however many failures there were', () => {
    expect(backoffMs(5000, 1000, 60_000)).to.equal(60_000)
  })
})
