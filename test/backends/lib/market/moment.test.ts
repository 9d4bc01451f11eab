/** How old something is, by two clocks: setting one never makes it younger. */
import { expect } from 'chai'
import sinon from 'sinon'
import { Moment } from '../../../../backends/lib/market/moment.js'

describe('a moment', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers({ now: Date.UTC(2024, 0, 2), toFake: ['Date', 'performance'] }) })
  afterEach(() => { clock.restore() })

  it('is as old as the time that passed', () => {
    const moment = new Moment()
    expect(moment.ageMs()).to.equal(0)
    clock.tick(1234)
    expect(moment.ageMs()).to.equal(1234)
  })

  it('is not younger because the clock was set back while time passed', () => {
    const start = Date.now()
    const moment = new Moment()
    clock.tick(60_000)
    clock.setSystemTime(start)
    expect(moment.ageMs()).to.equal(60_000)
  })

  it('is old after the machine slept, while the steady clock stood still, and after a jump back', () => {
    const moment = new Moment()
    clock.setSystemTime(Date.now() + 60_000)
    expect(moment.ageMs()).to.equal(60_000)
    clock.setSystemTime(Date.now() - 120_000)
    expect(moment.ageMs()).to.equal(60_000)
  })
})
