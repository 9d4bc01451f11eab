/** One transaction at a time, the most urgent first, whatever becomes of those that wait. */
import { expect } from 'chai'
import { Seat, URGENCY, type Sitter } from '../../../../plugins/lib/channels/seat.js'

describe('the seat of an address', () => {
  const never = new AbortController().signal
  const sitter = (urgency: Sitter['urgency']): Sitter => ({ urgency })
  const silent: Sitter = { get urgency (): never { throw new Error('its channel is not known any more') } }

  it('goes to the most urgent that waits, with the place of the one before', async () => {
    const seat = new Seat()
    const [first, late, urgent] = [sitter(URGENCY.end), sitter(URGENCY.fund), sitter(URGENCY.redeemBeforeEnd)]
    await seat.take(first, never)
    const order: string[] = []
    const waiting = [seat.take(late, never).then(() => order.push('late')), seat.take(urgent, never).then(place => order.push(`urgent ${place?.sequence}`))]
    expect([seat.isWantedBefore(first), seat.isWantedBefore(urgent)]).to.deep.equal([true, false])
    seat.leave(first, { sequence: 7, fee: 1n })
    await waiting[1]
    seat.leave(urgent)
    await waiting[0]
    expect(order).to.deep.equal(['urgent 7', 'late'])
  })

  it('is kept from nobody by one that cannot say how urgent it is', async () => {
    const seat = new Seat()
    const [first, last] = [sitter(URGENCY.end), sitter(URGENCY.create)]
    await seat.take(first, never)
    const order: string[] = []
    const waiting = [seat.take(silent, never).then(() => order.push('silent')), seat.take(last, never).then(() => order.push('last'))]
    expect(seat.isWantedBefore(first)).to.equal(false)
    seat.leave(first)
    await waiting[1]
    seat.leave(last)
    await waiting[0]
    expect(order).to.deep.equal(['last', 'silent'])
    seat.leave(silent)
    expect(seat.tryTake(first), 'it is free again').to.equal(true)
  })

  it('goes to what is about more, of two that are as urgent, and back to nobody', async () => {
    const seat = new Seat()
    const [dust, some, much] = [1n, 5n, 9n].map(stake => ({ urgency: URGENCY.redeemBeforeEnd, stake })) as [Sitter, Sitter, Sitter]
    await seat.take(dust, never)
    expect(seat.isWantedBefore(dust)).to.equal(false)
    const order: string[] = []
    const waiting = [seat.take(some, never).then(() => order.push('some')), seat.take(much, never).then(() => order.push('much'))]
    const rest = seat.take(sitter(URGENCY.redeemBeforeEnd), never)
    expect([dust, much].map(each => seat.isWantedBefore(each))).to.deep.equal([true, false])
    seat.leave(dust)
    await waiting[1]
    seat.leave(much)
    await waiting[0]
    seat.leave(some)
    await rest
    expect(order).to.deep.equal(['much', 'some'])
  })
})
