/** Who goes on over the limit gets nothing through for a while, and no longer. */
import { expect } from 'chai'
import sinon from 'sinon'
import { BlockingBucket } from '../../../middlewares/lib/blocking-bucket.js'
import { TokenBucket } from '../../../middlewares/lib/token-bucket.js'

const TERMS = { periodMs: 300_000, after: 3, windowMs: 60_000 }

describe('a bucket that blocks', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] }) })
  afterEach(() => { clock.restore() })

  const make = (terms: typeof TERMS | undefined = TERMS): BlockingBucket =>
    new BlockingBucket(new TokenBucket({ refillCount: 1n, refillPeriod: 1000 }), terms)
  const takeMany = (bucket: BlockingBucket, count: number): boolean[] => Array.from({ length: count }, () => bucket.take(1n))

  it('refuses everything for its period after so many refusals in the window', () => {
    const bucket = make()
    expect(takeMany(bucket, 4)).to.deep.equal([true, false, false, false])
    clock.tick(299_999)
    expect(bucket.take(1n)).to.equal(false)
    expect(bucket.isFull, 'it is not forgotten while it blocks').to.equal(false)
    clock.tick(1)
    expect(bucket.isFull).to.equal(true)
    expect(takeMany(bucket, 2)).to.deep.equal([true, false])
  })

  it('does not count refusals of long ago, nor those during the block', () => {
    const bucket = make()
    expect(takeMany(bucket, 3)).to.deep.equal([true, false, false])
    clock.tick(60_000)
    expect(takeMany(bucket, 3)).to.deep.equal([true, false, false])
    clock.tick(1000)
    expect(bucket.take(1n), 'two in this window').to.equal(true)
    takeMany(bucket, 100)
    clock.tick(300_000)
    expect(bucket.take(1n)).to.equal(true)
  })

  it('blocks nobody without terms', () => {
    const bucket = new BlockingBucket(new TokenBucket({ refillCount: 1n, refillPeriod: 1000 }), undefined)
    takeMany(bucket, 1000)
    clock.tick(1000)
    expect(bucket.take(1n)).to.equal(true)
  })

  it('makes no block longer when the clock is set back', () => {
    const bucket = make()
    takeMany(bucket, 4)
    clock.setSystemTime(1_600_000_000_000)
    bucket.take(1n)
    clock.tick(2000)
    expect(bucket.take(1n)).to.equal(true)
  })
})
