/** One line in a while, which says how many events it stands for. */
import { expect } from 'chai'
import sinon from 'sinon'
import { LogThrottle } from '../../src/lib/log-throttle.js'

describe('a throttled log line', () => {
  afterEach(() => { sinon.restore() })

  it('is due at the first event and then once in the interval, and counts those in between', () => {
    const clock = sinon.useFakeTimers({ toFake: ['Date'] })
    const throttle = new LogThrottle(1000)
    expect([throttle.due(), throttle.due(), throttle.due()]).to.deep.equal([1, undefined, undefined])
    clock.tick(999)
    expect(throttle.due()).to.equal(undefined)
    clock.tick(1)
    expect([throttle.due(), throttle.due()]).to.deep.equal([4, undefined])
  })
})
