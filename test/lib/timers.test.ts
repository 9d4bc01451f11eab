/** A pause ends by itself or by its signal, and never rejects; a timer of the longest delay does not fire at once. */
import { expect } from 'chai'
import { TIMER_LONGEST_MS, pause } from '../../src/lib/timers.js'

describe('timers', () => {
  it('pause until the time is over', async () => {
    const start = performance.now()
    await pause(20)
    expect(performance.now() - start).to.be.at.least(19)
  })

  it('pause until the signal aborts, also when it had before', async () => {
    const stop = new AbortController()
    const pausing = pause(TIMER_LONGEST_MS, stop.signal)
    stop.abort()
    await pausing
    await pause(TIMER_LONGEST_MS, stop.signal)
  })

  it('take the longest delay', async () => {
    let fired = false
    const timer = setTimeout(() => { fired = true }, TIMER_LONGEST_MS)
    await pause(20)
    clearTimeout(timer)
    expect(fired).to.equal(false)
  })
})
