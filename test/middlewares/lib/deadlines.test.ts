/** Deadlines pass at their time, unless they are cleared, with one timer for all in the same millisecond and none afterwards. */
import { expect } from 'chai'
import fc from 'fast-check'
import sinon from 'sinon'
import { Deadlines, type Deadline } from '../../../middlewares/lib/deadlines.js'

const step = fc.record({ time: fc.integer({ min: -5, max: 20 }), clear: fc.boolean(), tick: fc.integer({ min: 0, max: 3 }) })

describe('deadlines', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers() })
  afterEach(() => { clock.restore() })

  it('share a timer in the same millisecond', () => {
    const deadlines = new Deadlines<number>(() => undefined)
    const set = [1, 2, 3].map(item => deadlines.set(100, item))
    deadlines.set(101, 4)
    expect(clock.countTimers()).to.equal(2)
    for (const deadline of set) deadlines.clear(deadline)
    expect(clock.countTimers()).to.equal(1)
  })

  it('may clear each other when they pass', () => {
    const passed: string[] = []
    const deadlines = new Deadlines<string>(item => {
      passed.push(item)
      deadlines.clear(first)
      deadlines.clear(last)
    })
    const first = deadlines.set(10, 'first')
    const last = deadlines.set(10, 'last')
    clock.tick(10)
    expect(passed).to.have.lengthOf(1)
    expect(clock.countTimers()).to.equal(0)
  })

  it('pass exactly once each, in time, when they are not cleared, after any history', () => fc.assert(fc.property(
    fc.array(step, { maxLength: 40 }), steps => {
      const start = Date.now()
      const passed = new Map<number, number>()
      const deadlines = new Deadlines<number>(item => { passed.set(item, Date.now()) })
      const set: Array<[Deadline<number>, due: number]> = []
      const cleared = new Set<number>()
      steps.forEach(({ time, clear, tick }, item) => {
        set.push([deadlines.set(start + time, item), Math.max(start + time, Date.now())])
        if (clear) {
          const victim = (item * 7) % set.length
          if (!passed.has(victim)) cleared.add(victim)
          deadlines.clear(set[victim]![0])
        }
        clock.tick(tick)
      })
      clock.tick(100)
      set.forEach(([deadline, due], item) => {
        expect(passed.get(item)).to.equal(cleared.has(item) ? undefined : due)
        expect(deadline.hasPassed).to.equal(!cleared.has(item))
      })
      expect(clock.countTimers()).to.equal(0)
    }
  )))
})
