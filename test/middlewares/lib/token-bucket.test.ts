/** The bucket behind rate limits and money bandwidth is exact: it does what fractions would do, for amounts of any size. */
import { expect } from 'chai'
import fc from 'fast-check'
import type sinon from 'sinon'
import { TokenBucket } from '../../../middlewares/lib/token-bucket.js'
import { stoppedClock } from '../../support/clock.js'

/** The same in fractions: `level` / `period` tokens. */
class Model {
  private level: bigint
  private last: number

  constructor (private readonly capacity: bigint, private readonly refillCount: bigint, private readonly period: bigint, now: number) {
    this.level = capacity * period
    this.last = now
  }

  take (count: bigint, now: number): boolean {
    const elapsed = BigInt(Math.max(0, now - this.last))
    this.last = now
    this.level = this.capped(this.level + elapsed * this.refillCount)
    if (count * this.period > this.level) return false
    this.level -= count * this.period
    return true
  }

  giveBack (count: bigint): void {
    this.level = this.capped(this.level + count * this.period)
  }

  private capped (level: bigint): bigint {
    return level > this.capacity * this.period ? this.capacity * this.period : level
  }
}

const START = Date.UTC(2026, 0, 1)

describe('a token bucket', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = stoppedClock(START) })
  afterEach(() => { clock.restore() })

  const tokens = fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 2n ** 64n - 1n))
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('take', 'giveBack'), count: tokens }),
    fc.record({ kind: fc.constant('wait'), ms: fc.oneof(fc.integer({ min: -5000, max: 5000 }), fc.constantFrom(-3_600_000, 3_600_000)) })
  )

  it('does what exact fractions do, also when the clock goes backwards', () => {
    fc.assert(fc.property(tokens, fc.bigInt(1n, 2n ** 64n), fc.integer({ min: 100, max: 60_000 }), fc.array(step, { maxLength: 30 }),
      (capacity, refillCount, refillPeriod, steps) => {
        clock.setSystemTime(START)
        const bucket = new TokenBucket({ capacity, refillCount, refillPeriod })
        const model = new Model(capacity, refillCount, BigInt(refillPeriod), START)
        for (const step of steps) {
          if ('ms' in step) clock.setSystemTime(Date.now() + step.ms)
          else if (step.kind === 'take') expect(bucket.take(step.count)).to.equal(model.take(step.count, Date.now()))
          else {
            bucket.giveBack(step.count)
            model.giveBack(step.count)
          }
        }
      }))
  })

  it('never lets more pass in a time than it held and what flowed in', () => {
    const waits = fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.bigInt(1n, 5n)), { maxLength: 60 })
    fc.assert(fc.property(waits, fc.bigInt(1n, 50n), (visits, refillCount) => {
      clock.setSystemTime(START)
      const bucket = new TokenBucket({ refillCount, refillPeriod: 1000 })
      let [passed, flowed] = [0n, 0n]
      for (const [ms, count] of visits) {
        clock.setSystemTime(Date.now() + ms)
        flowed += BigInt(Math.max(0, ms)) * refillCount
        if (bucket.take(count)) passed += count
        expect(passed * 1000n <= refillCount * 1000n + flowed, `${passed} passed`).to.equal(true)
      }
    }))
  })

  it('starts full, and holds as many as flow in per period unless told otherwise', () => {
    const bucket = new TokenBucket({ refillCount: 3n, refillPeriod: 1000 })
    expect([1, 2, 3, 4].map(() => bucket.take(1n))).to.deep.equal([true, true, true, false])
    clock.setSystemTime(START + 333)
    expect(bucket.take(1n), 'a third of the period, less a moment').to.equal(false)
    clock.setSystemTime(START + 334)
    expect(bucket.take(1n)).to.equal(true)
    expect(new TokenBucket({ refillCount: 3n, refillPeriod: 1000, capacity: 2n }).take(3n)).to.equal(false)
  })

  it('takes all or nothing', () => {
    const bucket = new TokenBucket({ refillCount: 5n, refillPeriod: 1000 })
    expect(bucket.take(6n)).to.equal(false)
    expect(bucket.take(5n)).to.equal(true)
    expect(bucket.take(0n), 'nothing can always be had').to.equal(true)
  })
})
