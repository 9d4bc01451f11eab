/** Requests keep their ids apart for as long as they wait, however many there are and wherever counting began. */
import { expect } from 'chai'
import fc from 'fast-check'
import { PendingRequests } from '../../../../plugins/btp/wire/pending-requests.js'
import { closeAll, fakeTimers } from '../../../support/btp.js'

const request = () => ({ requestId: 0, dueTick: 0 })
type Request = ReturnType<typeof request>

function ignore (): void {
  // No timeout is expected.
}

describe('pending requests', () => {
  afterEach(closeAll)

  it('get ids that count up and wrap at 2^32', () => {
    const pending = new PendingRequests<Request>(0xffff_fffd, 1000, ignore)
    const requests = Array.from({ length: 4 }, request)
    for (const waiting of requests) pending.add(waiting)
    expect(requests.map(({ requestId }) => requestId)).to.deep.equal([0xffff_fffe, 0xffff_ffff, 0, 1])
    pending.clear()
  })

  it('never share an id, and each is found by its own until it is taken', () => {
    const action = fc.oneof({ weight: 3, arbitrary: fc.constant('add' as const) }, { weight: 2, arbitrary: fc.nat() })
    const actions = fc.array(action, { maxLength: 1000, size: 'max' })
    const lastId = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0xffff_ff00, max: 0xffff_ffff }))
    fc.assert(fc.property(lastId, actions, (lastId, actions) => {
      const pending = new PendingRequests<Request>(lastId, 1000, ignore)
      const model = new Map<number, Request>()
      for (const action of actions) {
        if (action === 'add') {
          const waiting = request()
          pending.add(waiting)
          expect(model.has(waiting.requestId)).to.equal(false)
          expect(waiting.requestId).to.be.within(0, 0xffff_ffff)
          model.set(waiting.requestId, waiting)
        } else {
          const ids = [...model.keys()]
          const id = ids[action % Math.max(1, ids.length)] ?? action
          const sameSlot = (id + 2 ** 20) >>> 0
          for (const wanted of [sameSlot, id, id]) {
            expect(pending.take(wanted)).to.equal(model.get(wanted))
            model.delete(wanted)
          }
        }
        expect(pending.size).to.equal(model.size)
      }
      expect(pending.clear()).to.have.members([...model.values()])
      expect(pending.size).to.equal(0)
    }), { numRuns: 200 })
  })

  it('pass over the id of one that has waited for a whole round', () => {
    const pending = new PendingRequests<Request>(0, 1000, ignore)
    const patient = request()
    pending.add(patient)
    for (let i = 0; i < 10_000; i++) {
      const waiting = request()
      pending.add(waiting)
      expect(pending.take(waiting.requestId)).to.equal(waiting)
    }
    expect(pending.take(patient.requestId)).to.equal(patient)
    pending.clear()
  })

  it('time out once, not before their time and little after it, and leave no timer', () => {
    const clock = fakeTimers()
    const ended: Array<[Request, number]> = []
    const started = clock.now
    const pending = new PendingRequests<Request>(0, 1000, waiting => ended.push([waiting, clock.now - started]))
    const [first, second, answered] = [request(), request(), request()]
    pending.add(first)
    clock.tick(555)
    pending.add(second)
    pending.add(answered)
    pending.take(answered.requestId)
    clock.tick(10_000)
    expect(ended.map(([waiting]) => waiting)).to.deep.equal([first, second])
    expect(ended[0]?.[1]).to.be.within(1000, 1200)
    expect(ended[1]?.[1]).to.be.within(1555, 1755)
    expect(pending.size).to.equal(0)
    expect(clock.countTimers()).to.equal(0)
  })
})
