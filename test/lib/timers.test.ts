/** A pause ends by itself or by its signal, and never rejects; a timer of the longest delay does not fire at once. */
import { expect } from 'chai'
import { useFakeTimers } from 'sinon'
import { TIMER_LONGEST_MS, pause } from '../../src/lib/timers.js'

describe('timers', () => {
  it('pause until the time is over, on the clock of the test', async () => {
    const clock = useFakeTimers()
    try {
      let isOver = false
      const pausing = pause(20_000).then(() => { isOver = true })
      await clock.tickAsync(19_999)
      expect(isOver).to.equal(false)
      await clock.tickAsync(1)
      expect(isOver).to.equal(true)
      await pausing
    } finally {
      clock.restore()
    }
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
