/** What the peer asked lately is known as long as it can matter, and no request is taken for another. */
import { expect } from 'chai'
import fc from 'fast-check'
import { MAX_REMEMBERED_REQUESTS, ReceivedRequests, markOf } from '../../../../plugins/btp/wire/received-requests.js'
import { closeAll, fakeTimers } from '../../../support/btp.js'

const WINDOW_MS = 1000

function give (received: ReceivedRequests, asked: { requestId: number, mark: number, place: number }, text: string): void {
  const start = received.answer(asked, text.length)
  received.bytes.write(text, start, 'latin1')
}

describe('requests that were received', () => {
  afterEach(closeAll)

  it('are found with their answers while they are remembered, and the latest are', () => {
    type Action = { act: 'ask', id: number, mark: number } | { act: 'answer', which: number, size: number } | { act: 'wait', ms: number }
    const action: fc.Arbitrary<Action> = fc.oneof(
      { weight: 5, arbitrary: fc.record({ act: fc.constant('ask' as const), id: fc.nat(40), mark: fc.nat(2) }) },
      { weight: 5, arbitrary: fc.record({ act: fc.constant('answer' as const), which: fc.nat(), size: fc.integer({ min: 1, max: 200 }) }) },
      { weight: 1, arbitrary: fc.record({ act: fc.constant('wait' as const), ms: fc.nat(WINDOW_MS) }) }
    )
    const clock = fakeTimers()
    fc.assert(fc.property(fc.array(action, { maxLength: 300, size: 'max' }), actions => {
      const received = new ReceivedRequests(WINDOW_MS)
      const model = new Map<string, { requestId: number, mark: number, place: number, at: number, answer: string }>()
      const orders: Array<[number, string]> = []
      for (const action of actions) {
        if (action.act === 'wait') clock.tick(action.ms)
        else if (action.act === 'ask') {
          const key = `${action.id} ${action.mark}`
          const known = model.get(key)
          const found = received.find(action.id, action.mark)
          if (known !== undefined && clock.now - known.at < WINDOW_MS) {
            expect(found?.toString('latin1')).to.equal(known.answer)
            expect(received.has(action.id)).to.equal(true)
          } else if (found === undefined) {
            model.set(key, { requestId: action.id, mark: action.mark, place: received.add(action.id, action.mark), at: clock.now, answer: '' })
          } else expect(found.toString('latin1')).to.equal(known?.answer)
        } else {
          const open = [...model.values()].filter(({ answer }) => answer === '')
          const asked = open[action.which % Math.max(1, open.length)]
          if (asked === undefined) continue
          asked.answer = String.fromCharCode(33 + action.which % 90).repeat(action.size)
          asked.at = clock.now
          give(received, asked, asked.answer)
          orders.push([clock.now, asked.answer])
          expect(received.order).to.equal(orders.length)
        }
        const recent = orders.filter(([at]) => clock.now - at < WINDOW_MS)
        const since = Array.from(received.since(orders.length - recent.length), bytes => bytes.toString('latin1'))
        expect(since.sort()).to.deep.equal(recent.map(([, answer]) => answer).sort())
      }
      received.clear()
    }), { numRuns: 100 })
  })

  it('leave no timer when nothing is remembered', () => {
    const clock = fakeTimers()
    const received = new ReceivedRequests(WINDOW_MS)
    for (let id = 0; id < 1000; id++) give(received, { requestId: id, mark: 1, place: received.add(id, 1) }, 'answer')
    clock.tick(3 * WINDOW_MS)
    expect(clock.countTimers()).to.equal(0)
    expect(received.find(1, 1)).to.equal(undefined)
  })

  it('are answered also when they were forgotten meanwhile', () => {
    const received = new ReceivedRequests(WINDOW_MS)
    const place = received.add(1, 1)
    for (let id = 2; id < 2 + MAX_REMEMBERED_REQUESTS; id++) received.add(id, 1)
    expect(received.find(1, 1)).to.equal(undefined)
    give(received, { requestId: 1, mark: 1, place }, 'late')
    expect(String(received.find(1, 1))).to.equal('late')
    expect(Array.from(received.since(0), String)).to.deep.equal(['late'])
    received.clear()
  })

  it('are found fast whatever ids the peer gives them', () => {
    const received = new ReceivedRequests(WINDOW_MS)
    for (let i = 0; i < MAX_REMEMBERED_REQUESTS; i++) {
      const id = (i * 2 ** 16) >>> 0 // all in one bucket
      received.find(id, i)
      received.add(id, i)
    }
    received.clear()
  })

  it('have marks that differ with the condition of a packet, with large data, and with the length', () => {
    const [conditionAt, conditionEnd] = [55, 87]
    for (const size of [100, 200, 500, 1000]) {
      const frame = Buffer.alloc(size, 7)
      const other = Buffer.from(frame).fill(8, conditionAt, conditionEnd)
      expect(markOf(other), `${size} bytes`).to.not.equal(markOf(frame))
      expect(markOf(Buffer.from(frame))).to.equal(markOf(frame))
    }
    const [large, other] = [Buffer.alloc(30_000, 7), Buffer.alloc(30_000, 7).fill(8, 1000)]
    expect(new Set([large, other, large.subarray(1), other.subarray(1)].map(markOf)).size).to.equal(4)
    for (let size = 0; size < 12; size++) expect(markOf(Buffer.alloc(size))).to.be.within(0, 0xffff_ffff)
  })
})
