/** One transaction of an account at a time, the most urgent first. */
import { expect } from 'chai'
import { Lane, URGENCY } from '../../../../plugins/aptos/chain/lane.js'
import { rejectionError } from '../../../support/failures.js'

describe('the lane of an account', () => {
  const { signal } = new AbortController()

  it('has one in it, and lets in the most urgent, and of those the first', async () => {
    const lane = new Lane()
    const order: string[] = []
    await lane.take(URGENCY.open, signal)
    expect(lane.tryTake()).to.equal(false)
    const waiting = ([['open', 'first'], ['redeem', 'second'], ['redeemBeforeEnd', 'third'], ['redeem', 'fourth']] as const).map(async ([urgency, name]) => {
      await lane.take(URGENCY[urgency], signal)
      order.push(name)
      lane.leave()
    })
    lane.leave()
    await Promise.all(waiting)
    expect(order).to.deep.equal(['third', 'second', 'fourth', 'first'])
    expect(lane.tryTake()).to.equal(true)
  })

  it('is not waited for any more by what has left', async () => {
    const lane = new Lane()
    await lane.take(URGENCY.end, signal)
    const stop = new AbortController()
    const waiting = rejectionError(lane.take(URGENCY.end, stop.signal))
    stop.abort()
    expect((await waiting).message).to.equal('left')
    expect((await rejectionError(lane.take(URGENCY.end, stop.signal))).message).to.equal('left')
    lane.leave()
    expect(lane.tryTake()).to.equal(true)
  })
})
