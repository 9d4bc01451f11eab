/** The feed tells of what happens, to whoever listens, and neither a flood nor a bad listener does harm. */
import { expect } from 'chai'
import type sinon from 'sinon'
import { Feed, NOTICES_PER_SECOND } from '../../src/explorer/feed.js'
import type { ExplorerEvent } from '../../src/contracts/explorer-events.js'
import { endClock, stoppedClock } from '../support/clock.js'
import { account, makeConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'

const NOW = Date.parse('2026-01-31T12:00:00Z')

describe('the feed of the explorer', () => {
  const logged = withoutLog()
  let clock: sinon.SinonFakeTimers
  let feed: Feed
  let events: ExplorerEvent[]

  beforeEach(() => {
    clock = stoppedClock(NOW)
    feed = makeConnector({ alice: account() }).container(Feed)
    events = []
    feed.subscribe(event => { events.push(event) }, 'live')
  })

  afterEach(() => {
    feed.stop()
    endClock(clock)
  })

  it('tells nothing, and keeps no timer, before it is started and after it was stopped', () => {
    feed.emit({ type: 'PEER_CONNECTED', peerId: 'alice' })
    expect(clock.countTimers()).to.equal(0)
    feed.start({ nodeId: 'node' })
    feed.stop()
    feed.emit({ type: 'PEER_CONNECTED', peerId: 'alice' })
    expect(events).to.deep.equal([])
    expect(clock.countTimers()).to.equal(0)
  })

  it('says which node it is and when it was, in the form of each type', () => {
    feed.start({ nodeId: 'node' })
    feed.emit({ type: 'PEER_CONNECTED', peerId: 'alice' })
    feed.emit({ type: 'CLAIM_REDEEMED', peerId: 'alice', blockchain: 'evm:1', channelId: '0x1', txHash: '0x2', amount: '3', success: true })
    expect(events).to.deep.equal([
      { type: 'PEER_CONNECTED', nodeId: 'node', peerId: 'alice', timestamp: NOW },
      {
        type: 'CLAIM_REDEEMED', nodeId: 'node', peerId: 'alice', blockchain: 'evm:1', channelId: '0x1', txHash: '0x2', amount: '3', success: true,
        timestamp: '2026-01-31T12:00:00.000Z'
      }
    ])
  })

  it('ends a subscription, also while it tells of something', () => {
    feed.start({ nodeId: 'node' })
    let heard = 0
    const end = feed.subscribe(() => {
      heard++
      end()
    }, 'live')
    for (let i = 0; i < 3; i++) feed.emit({ type: 'PEER_CONNECTED', peerId: 'alice' })
    expect(heard).to.equal(1)
    expect(events).to.have.length(3)
  })

  it('goes on when a listener throws', () => {
    feed.start({ nodeId: 'node' })
    const after: ExplorerEvent[] = []
    feed.subscribe(() => { throw new Error('I am broken') }, 'live')
    feed.subscribe(event => { after.push(event) }, 'history')
    for (let i = 0; i < 50; i++) feed.emit({ type: 'PEER_CONNECTED', peerId: 'alice' })
    expect([events.length, after.length]).to.deep.equal([50, 50])
    expect(logged.filter(line => line.includes('I am broken'))).to.have.length(1)
  })

  it('leaves out what is too much in one second, says how much, and tells other types meanwhile', () => {
    feed.start({ nodeId: 'node' })
    for (let i = 0; i < 10_000; i++) feed.emit({ type: 'ROUTE_ADDED', prefix: `g.${i}`, nextHop: 'alice', reason: 'x' })
    feed.emit({ type: 'PEER_DISCONNECTED', peerId: 'alice' })
    expect(events).to.have.length(NOTICES_PER_SECOND + 1)
    clock.tick(1000)
    expect(events.slice(NOTICES_PER_SECOND)).to.deep.equal([
      { type: 'PEER_DISCONNECTED', nodeId: 'node', peerId: 'alice', timestamp: NOW },
      { type: 'NOTICES_LEFT_OUT', nodeId: 'node', of: 'ROUTE_ADDED', count: 10_000 - NOTICES_PER_SECOND, timestamp: NOW + 1000 }
    ])
    feed.emit({ type: 'ROUTE_ADDED', prefix: 'g.last', nextHop: 'alice', reason: 'x' })
    expect(events.at(-1)).to.include({ prefix: 'g.last' })
  })
})
