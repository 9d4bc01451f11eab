/** Buckets wait for whoever comes again, as long as that makes a difference, and only so many of them. */
import { expect } from 'chai'
import type sinon from 'sinon'
import { KeptBuckets, MAX_KEPT_BUCKETS } from '../../../middlewares/lib/kept-buckets.js'
import { TokenBucket } from '../../../middlewares/lib/token-bucket.js'
import { stoppedClock } from '../../support/clock.js'

const make = (): TokenBucket => new TokenBucket({ refillCount: 10n, refillPeriod: 1000 })

describe('kept buckets', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = stoppedClock() })
  afterEach(() => { clock.restore() })

  it('are found by their names as they were left', () => {
    const buckets = new KeptBuckets()
    expect(buckets.get('one', make).take(10n)).to.equal(true)
    expect(buckets.get('one', make).take(1n)).to.equal(false)
    expect(buckets.get('two', make).take(10n)).to.equal(true)
  })

  it('are forgotten when they are full again, as others come', () => {
    const buckets = new KeptBuckets()
    for (let i = 0; i < 100; i++) buckets.get(`used ${i}`, make).take(1n)
    expect(buckets.size).to.equal(100)
    clock.tick(100)
    for (let i = 0; i < 100; i++) buckets.get(`later ${i}`, make).take(1n)
    expect(buckets.size).to.equal(100)
    expect(buckets.get('later 0', make).take(10n), 'one that is not full').to.equal(false)
  })

  it('are never too many: the oldest goes', () => {
    const buckets = new KeptBuckets()
    for (let i = 0; i < MAX_KEPT_BUCKETS + 100; i++) buckets.get(`used ${i}`, make).take(10n)
    expect(buckets.size).to.equal(MAX_KEPT_BUCKETS)
    expect(buckets.get(`used ${MAX_KEPT_BUCKETS + 99}`, make).take(1n)).to.equal(false)
  })
})
