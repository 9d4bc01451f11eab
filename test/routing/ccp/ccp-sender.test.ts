/** What a peer is told of routes, when, and what is told again when it was lost. */
import { expect } from 'chai'
import { Mode } from 'ilp-protocol-ccp'
import type { CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { NO_TABLE } from '../../../src/routing/ccp/ccp-receiver.js'
import { CcpPair, EXPIRY_MS, INTERVAL_MS } from '../../support/routing/ccp-pair.js'

/** A pair whose receiver has asked, and been told what there is. */
function syncedPair (...prefixes: string[]): CcpPair {
  const pair = new CcpPair()
  for (const prefix of prefixes) pair.announce(prefix, 'x')
  pair.toReceiver({ type: 'ask' })
  pair.advanceAndDeliver(150)
  return pair
}

const entriesIn = ({ newRoutes, withdrawnRoutes }: CcpRouteUpdateRequest): number => newRoutes.length + withdrawnRoutes.length

describe('the CCP sender', () => {
  it('says nothing to a peer that has not asked, or asks no more', () => {
    const pair = new CcpPair()
    pair.announce('test.a', 'x')
    pair.advanceAndDeliver(10 * INTERVAL_MS)
    expect(pair.updates).to.have.length(0)
    expect(pair.sender.status()).to.deep.equal({ epoch: 0, mode: 'IDLE' })

    pair.toReceiver({ type: 'ask' })
    pair.advanceAndDeliver(1000)
    pair.toSender({ type: 'control', request: { mode: Mode.MODE_IDLE, lastKnownRoutingTableId: NO_TABLE, lastKnownEpoch: 0, features: [] } })
    const { length } = pair.updates
    pair.announce('test.b', 'x')
    pair.advanceAndDeliver(INTERVAL_MS) // until the receiver takes the silence for a failure and asks again
    expect(pair.updates).to.have.length(length)
  })

  it('tells all 150 ms after being asked, then a heartbeat exactly one interval after each update', () => {
    const pair = new CcpPair()
    pair.announce('test.a', 'x')
    const startMs = pair.nowMs
    pair.toReceiver({ type: 'ask' })
    pair.advanceAndDeliver(3 * INTERVAL_MS)
    expect(pair.updates.map(({ atMs }) => atMs - startMs)).to.deep.equal([150, 150 + INTERVAL_MS, 150 + 2 * INTERVAL_MS])
    const [first, second] = pair.updates.map(({ update }) => update)
    expect(first).to.deep.include({ fromEpochIndex: 0, toEpochIndex: 1, currentEpochIndex: 1, holdDownTime: EXPIRY_MS, speaker: 'test.speaker' })
    expect(first?.newRoutes.map(({ prefix }) => prefix)).to.deep.equal(['test.a'])
    expect(second).to.deep.include({ fromEpochIndex: 1, toEpochIndex: 1, newRoutes: [], withdrawnRoutes: [] })
  })

  it('collects changes for 150 ms, counted from the first, so that a stream of changes does not hold them back', () => {
    const pair = syncedPair('test.a')
    const startMs = pair.nowMs
    for (let i = 0; i < 10; i++) {
      pair.announce(`test.b${i}`, 'x')
      pair.advanceAndDeliver(100)
    }
    expect(pair.updates.slice(1).map(({ atMs }) => atMs - startMs)).to.deep.equal([150, 350, 550, 750, 950])
  })

  it('sends at most 50 entries at a time, and goes on at once while more than that are waiting', () => {
    const pair = new CcpPair()
    for (let i = 0; i < 220; i++) pair.announce(`test.c${i}`, 'x')
    pair.toReceiver({ type: 'ask' })
    pair.advanceAndDeliver(1000)
    expect(pair.updates.map(({ update }) => entriesIn(update))).to.deep.equal([50, 50, 50, 50, 20])
    expect(pair.routes.size).to.equal(220)
  })

  it('does not replay what is no longer so', () => {
    const pair = new CcpPair()
    for (let i = 0; i < 10_000; i++) pair.announce('test.a', String(i))
    pair.toReceiver({ type: 'ask' })
    pair.advanceAndDeliver(150)
    const [update] = pair.updates.map(({ update }) => [update.fromEpochIndex, update.toEpochIndex, entriesIn(update)])
    expect(update).to.deep.equal([0, 10_000, 1])
  })

  it('keeps an update within the size of a packet', () => {
    const pair = new CcpPair()
    for (let i = 0; i < 50; i++) pair.announce(`test.${'a'.repeat(900)}${i}`, 'b'.repeat(1000))
    pair.toReceiver({ type: 'ask' })
    pair.advanceAndDeliver(10_000)
    expect(Math.max(...pair.updates.map(({ update }) => entriesIn(update)))).to.be.lessThan(16)
    expect(pair.routes.size).to.equal(50)
  })

  it('tries again after a failure, later each time but at least once per interval, and goes on when it works', () => {
    const pair = syncedPair('test.a')
    const startMs = pair.nowMs
    pair.announce('test.b', 'x')
    for (let i = 0; i < 8; i++) {
      pair.advance(i === 0 ? 150 : INTERVAL_MS, () => {
        pair.wire = []
        const last = pair.updates.at(-1)?.update
        if (last !== undefined) pair.toSender({ type: 'failed', update: last })
      })
    }
    const pauses = pair.updates.slice(1).map(({ atMs }, i, all) => atMs - (all[i - 1]?.atMs ?? startMs))
    expect(pauses.slice(0, 8)).to.deep.equal([150, 1000, 2000, 4000, 8000, 16_000, INTERVAL_MS, INTERVAL_MS])
    pair.advanceAndDeliver(INTERVAL_MS)
    expect(pair.routes.has('test.b')).to.equal(true)
  })

  it('does not wait for an answer forever, and takes no late one', () => {
    const pair = syncedPair('test.a')
    pair.announce('test.b', 'x')
    pair.advance(150)
    const late = pair.updates.at(-1)?.update
    pair.wire = []
    pair.advance(12_000)
    expect(pair.updates.at(-1)?.update).to.not.equal(late)
    if (late !== undefined) pair.toSender({ type: 'fulfilled', update: late })
    expect(pair.sender.progress().confirmed).to.equal(1)
  })

  it('survives a clock that is set back by years', () => {
    const pair = syncedPair('test.a')
    pair.nowMs -= 1e11
    pair.toSender({ type: 'timer' })
    pair.announce('test.b', 'x')
    const events = [150, INTERVAL_MS].map(afterMs => {
      pair.nowMs += afterMs
      pair.toSender({ type: 'timer' })
      pair.deliverAll()
      return pair.updates.length
    })
    expect(events).to.deep.equal([2, 3])
  })

  it('makes a peer start over that claims to know more than there is', () => {
    const pair = syncedPair('test.a')
    const known = pair.receiver.status().routingTableId
    pair.toSender({ type: 'control', request: { mode: Mode.MODE_SYNC, lastKnownRoutingTableId: known, lastKnownEpoch: 99, features: [] } })
    pair.advanceAndDeliver(150)
    expect(pair.receiver.status()).to.deep.equal({ routingTableId: pair.updates.at(-1)?.update.routingTableId, epoch: 1 })
    expect(pair.receiver.status().routingTableId).to.not.equal(known)
    expect(pair.routes.size).to.equal(1)
  })

  it('makes a peer start over that missed a withdrawal which is forgotten', () => {
    const pair = syncedPair('test.a', 'test.b')
    pair.announce('test.b')
    pair.advanceAndDeliver(150)
    // The peer says that it stopped before the withdrawal, which it has confirmed.
    const { routingTableId } = pair.receiver.status()
    pair.routes.set('test.b', 'x')
    pair.toSender({ type: 'control', request: { mode: Mode.MODE_SYNC, lastKnownRoutingTableId: routingTableId, lastKnownEpoch: 2, features: [] } })
    pair.advanceAndDeliver(150)
    expect([...pair.routes.keys()]).to.deep.equal(['test.a'])
  })

  it('does not count on a peer that rejects updates for longer than it may keep our routes', () => {
    const pair = syncedPair('test.a')
    expect(pair.sender.progress()).to.deep.equal({ told: 1, confirmed: 1 })
    const known = pair.receiver.status().routingTableId
    for (const [result, told] of [['failed', 1], ['rejected', 0]] as const) {
      pair.advance(EXPIRY_MS + INTERVAL_MS, () => {
        pair.wire = []
        const { update } = pair.updates.at(-1) ?? {}
        if (update !== undefined) pair.toSender({ type: result, update })
      })
      expect(pair.sender.progress().told).to.equal(told)
    }
    pair.advanceAndDeliver(2 * INTERVAL_MS)
    expect(pair.sender.progress()).to.deep.equal({ told: 1, confirmed: 1 })
    expect(pair.receiver.status().routingTableId).to.not.equal(known)
  })

  it('does not count on a peer that does not want to know, and makes it start over if it missed something meanwhile', () => {
    const pair = syncedPair('test.a', 'test.b')
    const { routingTableId, epoch } = pair.receiver.status()
    const say = (mode: Mode, lastKnownEpoch: number): void => {
      pair.toSender({ type: 'control', request: { mode, lastKnownRoutingTableId: routingTableId, lastKnownEpoch, features: [] } })
    }
    say(Mode.MODE_IDLE, epoch)
    expect(pair.sender.progress().told).to.equal(0)
    pair.announce('test.b')
    say(Mode.MODE_SYNC, epoch)
    pair.advanceAndDeliver(150)
    expect([...pair.routes.keys()]).to.deep.equal(['test.a'])
  })

  it('withdraws what the policy does not let this peer know', () => {
    const pair = new CcpPair(prefix => prefix !== 'test.secret')
    pair.announce('test.secret', 'x')
    pair.announce('test.a', 'x')
    pair.toReceiver({ type: 'ask' })
    pair.advanceAndDeliver(150)
    expect(pair.updates[0]?.update.withdrawnRoutes).to.deep.equal(['test.secret'])
    expect([...pair.routes.keys()]).to.deep.equal(['test.a'])
  })
})
