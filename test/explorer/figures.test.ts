/** Figures over time come from exact counts, once each, and however long the time is, what they read and answer is bounded. */
import { expect } from 'chai'
import type sinon from 'sinon'
import { MINUTES_MAX, POINTS_MAX, rejects, series } from '../../src/explorer/figures.js'
import type { EventFilter } from '../../src/contracts/explorer-events.js'
import { describeError } from '../../src/lib/describe-error.js'
import { endClock, stoppedClock } from '../support/clock.js'
import { FakeFeed, FakeHistory, traffic, USD } from '../support/explorer-server.js'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const MINUTE_MS = 60_000
const minute = (timestamp: number): ReturnType<typeof traffic> => traffic(timestamp, { seconds: 60 })

describe('figures of the explorer', () => {
  let clock: sinon.SinonFakeTimers
  const feed = new FakeFeed()
  const history = new FakeHistory()
  const sources = { feed, events: (filter: EventFilter) => history.query(filter) }
  beforeEach(() => {
    clock = stoppedClock(NOW)
    feed.seconds = []
    history.events = []
    history.asked.length = 0
  })
  afterEach(() => { endClock(clock) })

  it('of the last five minutes come from the feed, by the second', async () => {
    feed.seconds = [traffic(NOW - 10_000), traffic(NOW - 9000), traffic(NOW)]
    const { step, points } = await series(sources, {})
    expect(step).to.equal(1)
    expect(points.map(({ at }) => at)).to.deep.equal([NOW - 11_000, NOW - 10_000, NOW - 1000])
    expect(points[0]).to.deep.equal({
      at: NOW - 11_000, fulfilled: 2, rejected: 1, codes: { T04: 1 }, in: { 'USD/9': '200' }, out: { 'USD/9': '199' }, earned: { 'USD/9': '1' }
    })
    expect(history.asked).to.deep.equal([])
  })

  it('add up, in any step, to what was counted', async () => {
    feed.seconds = Array.from({ length: 60 }, (_none, index) => traffic(NOW - index * 1000)).reverse()
    for (const step of [1, 5, 7, 60]) {
      const { points } = await series(sources, { step })
      expect(points.reduce((sum, { fulfilled }) => sum + fulfilled, 0), `${step} s`).to.equal(120)
    }
  })

  it('of one peer hold what came from it and what went to it', async () => {
    feed.seconds = [traffic(NOW - 1000)]
    const [point] = (await series(sources, { peerId: 'bob' })).points
    expect(point).to.deep.include({ fulfilled: 0, rejected: 0, in: {}, out: { 'USD/9': '199' }, earned: {} })
  })

  it('of earlier times come from the history, and of the minute that is not over from the feed', async () => {
    history.events = [minute(NOW - 3 * MINUTE_MS), minute(NOW - 2 * MINUTE_MS), minute(NOW - MINUTE_MS)]
    feed.seconds = [traffic(NOW - 2.5 * MINUTE_MS), traffic(NOW - 30_000)]
    const { step, points } = await series(sources, { since: NOW - 3_600_000 })
    expect(step).to.equal(60)
    expect(points.reduce((sum, { fulfilled }) => sum + fulfilled, 0)).to.equal(8)
    const { rejects: rows } = await rejects(sources, { since: NOW - 3_600_000 })
    expect(rows.map(({ code, peerId, count }) => [code, peerId, count])).to.deep.equal([['T04', 'alice', 4]])
    expect(rows[0]!.words).to.include('credit limit')
  })

  it('have at most a thousand points: a step that gives more is refused, and one is chosen if none is asked for', async () => {
    const year = 365 * 24 * 3_600_000
    const { step } = await series(sources, { since: NOW - year })
    expect(step).to.be.at.least(year / 1000 / POINTS_MAX)
    expect(step % 60).to.equal(0)
    let refusal = ''
    await series(sources, { since: NOW - year, step: 60 }).catch((error: unknown) => { refusal = describeError(error) })
    expect(refusal).to.equal(`step must be at least ${step} for this time: there are at most 1000 points`)
  })

  it('read so many minutes and no more, and say from when on they are whole', async () => {
    endClock(clock) // the history lets others have their turn
    const now = Date.now()
    history.events = Array.from({ length: MINUTES_MAX + 2500 }, (_none, index) => minute(now - (MINUTES_MAX + 2500 - index) * MINUTE_MS))
    const { from, points } = await series(sources, { since: now - 60 * 24 * 3_600_000 })
    expect(history.asked).to.have.length(MINUTES_MAX / 1000)
    expect(from).to.equal(now - MINUTES_MAX * MINUTE_MS)
    expect(points.length).to.be.at.most(POINTS_MAX)
    clock = stoppedClock(NOW)
  })

  it('of times that are odd are empty', async () => {
    feed.seconds = [traffic(NOW - 1000)]
    for (const span of [{ since: NOW + 1e9 }, { until: 0 }, { since: NOW, until: 5 }]) {
      expect((await series(sources, span)).points).to.deep.equal([])
    }
  })

  it('keep rows of the table apart, whatever peers are called', async () => {
    const none = { fulfilled: 0, rejected: 0, amount: '0' }
    const names = ['__proto__', 'T04","x', 'a b', '<b>']
    const accounts = names.map(peerId => ({ peerId, ...USD, received: none, sent: none, codes: { T04: 1, F02: 2 } }))
    feed.seconds = [traffic(NOW, { accounts })]
    const { rejects: rows } = await rejects(sources, {})
    expect(rows.filter(({ code }) => code === 'T04').map(({ peerId }) => peerId)).to.have.members(names)
    expect(rows).to.have.length(8)
  })
})
