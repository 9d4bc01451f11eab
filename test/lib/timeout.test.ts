/** Work that is waited for ends as it ends, or after its time; and no timer stays behind. */
import { expect } from 'chai'
import sinon from 'sinon'
import { withTimeout } from '../../src/lib/timeout.js'
import { never, rejection } from '../support/failures.js'

describe('work with a timeout', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers() })
  afterEach(() => { clock.restore() })

  it('is done, or is late', async () => {
    expect(await withTimeout(Promise.resolve(), 10)).to.equal(true)
    const waiting = withTimeout(never(), 10)
    await clock.tickAsync(10)
    expect(await waiting).to.equal(false)
  })

  it('rejects as the work does', async () => {
    expect(await rejection(withTimeout(Promise.reject(new Error('no')), 10))).to.have.property('message', 'no')
  })

  it('leaves no timer', async () => {
    await withTimeout(Promise.resolve(), 10)
    await rejection(withTimeout(Promise.reject(new Error('no')), 10))
    expect(clock.countTimers()).to.equal(0)
  })
})
