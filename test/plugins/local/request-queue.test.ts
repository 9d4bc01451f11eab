/** Whose turn it is at the business logic server. */
import { expect } from 'chai'
import sinon from 'sinon'
import { RequestQueue, type Turn } from '../../../plugins/local/request-queue.js'
import { quiet } from '../../support/waiting.js'

const FAR = Date.UTC(2100, 0)

interface Asked {
  ask: (peer: string, expiresAt?: number) => void
  leave: () => Promise<void>
  told: string[]
}

describe('requests to the business logic server', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }) })
  afterEach(() => { clock.restore() })

  /** A queue whose outcomes are written down, as `peer turn`. */
  function queueOf (maxUnderWay: number, maxWaiting: number): Asked {
    const queue = new RequestQueue({ maxUnderWay, maxWaiting })
    const told: string[] = []
    return {
      told,
      ask: (peer, expiresAt = FAR) => { void queue.enter(peer, expiresAt).then((turn: Turn) => { told.push(`${peer} ${turn}`) }) },
      leave: async () => {
        queue.leave()
        await quiet()
      }
    }
  }

  it('are no more at a time than they may be', async () => {
    const { ask, leave, told } = queueOf(2, 10)
    for (const peer of ['a', 'b', 'c']) ask(peer)
    await quiet()
    expect(told).to.deep.equal(['a turn', 'b turn'])
    await leave()
    expect(told).to.deep.equal(['a turn', 'b turn', 'c turn'])
    await leave()
    await leave()
    for (const peer of ['d', 'e', 'f']) ask(peer)
    await quiet()
    expect(told.slice(3)).to.deep.equal(['d turn', 'e turn'])
  })

  it('are taken from the peers in turn, the oldest of each first', async () => {
    const { ask, leave, told } = queueOf(1, 100)
    for (let i = 0; i < 5; i++) ask('flood')
    ask('good')
    ask('other')
    ask('good')
    for (let i = 0; i < 7; i++) await leave()
    expect(told.map(text => text.split(' ')[0])).to.deep.equal(['flood', 'flood', 'good', 'other', 'flood', 'good', 'flood', 'flood'])
  })

  it('end when their time is over, whether a turn comes or not', async () => {
    const { ask, leave, told } = queueOf(1, 10)
    ask('a', Date.now())
    ask('a')
    ask('b', Date.now() + 50)
    ask('b', Date.now() + 5000)
    await quiet()
    expect(told).to.deep.equal(['a expired', 'a turn'])
    await clock.tickAsync(50)
    expect(told.slice(2)).to.deep.equal(['b expired'])
    clock.setSystemTime(Date.now() + 5000) // nobody has had time to notice
    ask('c')
    await leave()
    expect(told.slice(3)).to.deep.equal(['b expired', 'c turn'])
  })

  it('of the peer that waits most make room when too many wait', async () => {
    const { ask, leave, told } = queueOf(1, 4)
    for (let i = 0; i < 5; i++) ask('flood')
    await quiet()
    expect(told).to.deep.equal(['flood turn'])
    ask('flood')
    ask('good')
    await quiet()
    expect(told.slice(1)).to.deep.equal(['flood full', 'flood full'])
    for (let i = 0; i < 4; i++) await leave()
    expect(told.slice(3)).to.deep.equal(['flood turn', 'good turn', 'flood turn', 'flood turn'])
  })

  it('keep nothing when all are done', async () => {
    const { ask, leave, told } = queueOf(1, 2)
    for (let round = 0; round < 3; round++) {
      for (const peer of ['a', 'b', 'c']) ask(peer)
      for (let i = 0; i < 3; i++) await leave()
    }
    expect(told.filter(text => text.endsWith('full'))).to.deep.equal([])
    expect(told).to.have.length(9)
  })
})
