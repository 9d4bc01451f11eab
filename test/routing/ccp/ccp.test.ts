/** The two state machines of CCP, alone and against each other. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Mode } from 'ilp-protocol-ccp'
import type { CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { CcpReceiver, NO_TABLE } from '../../../src/routing/ccp/ccp-receiver.js'
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

describe('the CCP receiver', () => {
  const update = (fields: Partial<CcpRouteUpdateRequest>): CcpRouteUpdateRequest => ({
    routingTableId: 'a', currentEpochIndex: 10, fromEpochIndex: 0, toEpochIndex: 0, holdDownTime: EXPIRY_MS, speaker: 'test.s',
    newRoutes: [], withdrawnRoutes: [], ...fields
  })
  const receiverAt = (epoch: number): CcpReceiver => {
    const receiver = new CcpReceiver(() => EXPIRY_MS)
    receiver.handle({ type: 'update', request: update({ toEpochIndex: epoch }) }, 0)
    return receiver
  }

  it('asks again, from where it is, when something is missing, and does not confirm', () => {
    const receiver = receiverAt(3)
    const { outcome, send } = receiver.handle({ type: 'update', request: update({ fromEpochIndex: 5, toEpochIndex: 6 }) }, 1000)
    expect(outcome).to.equal('gap')
    expect(send).to.deep.include({ mode: Mode.MODE_SYNC, lastKnownRoutingTableId: 'a', lastKnownEpoch: 3 })
  })

  it('asks at most once a second', () => {
    const receiver = receiverAt(3)
    const gap = update({ fromEpochIndex: 5, toEpochIndex: 6 })
    const asked = Array.from({ length: 50 }, (_, i) => receiver.handle({ type: 'update', request: gap }, 1000 + i * 100)).filter(({ send }) => send)
    expect(asked).to.have.length(5)
  })

  it('drops the old table when a new one begins', () => {
    const { flush, outcome } = receiverAt(3).handle({ type: 'update', request: update({ routingTableId: 'b', toEpochIndex: 1 }) }, 1000)
    expect({ flush, outcome }).to.deep.equal({ flush: true, outcome: 'applied' })
  })

  it('does not go back to a table that was replaced', () => {
    const receiver = receiverAt(3)
    receiver.handle({ type: 'update', request: update({ routingTableId: 'b', toEpochIndex: 1 }) }, 1000)
    expect(receiver.handle({ type: 'update', request: update({ toEpochIndex: 4 }) }, 2000)).to.deep.equal({ outcome: 'outdated' })
    expect(receiver.status()).to.deep.equal({ routingTableId: 'b', epoch: 1 })
  })

  it('confirms what it knows already, and changes nothing', () => {
    const { outcome, announced = [] } = receiverAt(3).handle({ type: 'update', request: update({ toEpochIndex: 2 }) }, 1000)
    expect({ outcome, announced }).to.deep.equal({ outcome: 'stale', announced: [] })
  })

  it('drops everything and asks for all when the peer has been silent for its hold-down time', () => {
    const receiver = receiverAt(3)
    expect(receiver.handle({ type: 'tick' }, EXPIRY_MS / 2)).to.deep.equal({})
    const { flush, send } = receiver.handle({ type: 'tick' }, EXPIRY_MS)
    expect(flush).to.equal(true)
    expect(send).to.deep.include({ lastKnownRoutingTableId: 'a', lastKnownEpoch: 0 })
  })

  it('asks a silent peer before that, from where it is, and keeps the routes if it answers', () => {
    const receiver = receiverAt(3)
    expect(receiver.handle({ type: 'tick' }, EXPIRY_MS * 0.75).send).to.deep.include({ lastKnownRoutingTableId: 'a', lastKnownEpoch: 3 })
    expect(receiver.handle({ type: 'update', request: update({ fromEpochIndex: 3, toEpochIndex: 3 }) }, EXPIRY_MS - 1).outcome).to.equal('applied')
    expect(receiver.handle({ type: 'tick' }, EXPIRY_MS)).to.deep.equal({})
  })

  it('is not kept alive by messages that bring nothing', () => {
    const receiver = receiverAt(3)
    for (let ms = 0; ms < EXPIRY_MS; ms += 1000) receiver.handle({ type: 'update', request: update({ toEpochIndex: 2 }) }, ms)
    expect(receiver.handle({ type: 'tick' }, EXPIRY_MS).flush).to.equal(true)
  })

  it('after that takes no update that was sent before those it has seen', () => {
    const receiver = receiverAt(0)
    const early = update({ toEpochIndex: 2, currentEpochIndex: 2 })
    receiver.handle({ type: 'update', request: update({ toEpochIndex: 4, currentEpochIndex: 4 }) }, 0)
    receiver.handle({ type: 'tick' }, EXPIRY_MS)
    expect(receiver.handle({ type: 'update', request: early }, EXPIRY_MS + 1).outcome).to.equal('outdated')
  })

  it('bounds the hold-down time that a peer can ask for', () => {
    const receiver = new CcpReceiver(() => EXPIRY_MS)
    receiver.handle({ type: 'update', request: update({ holdDownTime: 2 ** 32 - 1 }) }, 0)
    expect(receiver.handle({ type: 'tick' }, 3_600_000).flush).to.equal(true)
    receiver.handle({ type: 'update', request: update({ routingTableId: 'b', holdDownTime: 0 }) }, 4_000_000)
    expect(receiver.handle({ type: 'tick' }, 4_000_500).flush).to.equal(undefined)
  })

  it('keeps asking a peer that does not answer, ever more rarely, with one message under way at a time', () => {
    const receiver = new CcpReceiver(() => EXPIRY_MS)
    let { send } = receiver.handle({ type: 'ask' }, 0)
    const askedMs = [0]
    for (let ms = 0; ms <= 200_000; ms += 1000) {
      if (send !== undefined) receiver.handle({ type: 'failed', control: send }, ms)
      send = receiver.handle({ type: 'tick' }, ms).send
      if (send !== undefined) askedMs.push(ms)
    }
    const pauses = askedMs.slice(1).map((ms, i) => ms - (askedMs[i] ?? 0))
    expect(pauses.slice(0, 4)).to.deep.equal([1000, 3000, 5000, 9000])
    expect(Math.max(...pauses)).to.be.at.most(31_000)
  })

  it('asks again when a peer that confirmed then says nothing', () => {
    const receiver = new CcpReceiver(() => EXPIRY_MS)
    const { send } = receiver.handle({ type: 'ask' }, 0)
    if (send !== undefined) receiver.handle({ type: 'fulfilled', control: send }, 10)
    expect(receiver.handle({ type: 'tick' }, EXPIRY_MS).send).to.equal(undefined)
    expect(receiver.handle({ type: 'tick' }, EXPIRY_MS + 10).send).to.not.equal(undefined)
  })
})

describe('a CCP sender and receiver on a bad wire', () => {
  const prefix = fc.constantFrom('test.a', 'test.b', 'test.c')
  const change = fc.record({ type: fc.constant('change' as const), prefix, path: fc.option(fc.constantFrom('x', 'y', 'z')) })
  const wire = fc.record({ type: fc.constantFrom('deliver' as const, 'lose' as const, 'double' as const), which: fc.nat(5) })
  const time = fc.record({ type: fc.constant('time' as const), ms: fc.constantFrom(100, 200, 1000, 12_000, 50_000) })
  const restart = fc.record({ type: fc.constant('restart' as const) })

  type Step = { type: 'change', prefix: string, path: string | null } | { type: 'deliver' | 'lose' | 'double', which: number } |
    { type: 'time', ms: number } | { type: 'restart' }

  function take (pair: CcpPair, step: Step): void {
    switch (step.type) {
    case 'change':
      if (step.path === null) pair.announce(step.prefix)
      else pair.announce(step.prefix, step.path)
      break
    case 'time':
      pair.advance(step.ms)
      break
    case 'restart':
      pair.restartReceiver()
      break
    case 'deliver':
    case 'lose':
    case 'double': {
      const at = step.which % Math.max(pair.wire.length, 1)
      const deliver = pair.wire[at]
      if (step.type !== 'double') pair.wire.splice(at, 1)
      if (step.type !== 'lose') deliver?.()
    }
    }
  }

  it('agree once it works again, whatever was lost, doubled, reordered or forgotten', () => {
    fc.assert(fc.property(fc.array(fc.oneof(change, wire, wire, time, restart), { maxLength: 60 }), steps => {
      const pair = new CcpPair()
      pair.toReceiver({ type: 'ask' })
      for (const step of steps) take(pair, step)
      pair.advanceAndDeliver(3 * INTERVAL_MS)
      expect(new Map([...pair.routes].sort())).to.deep.equal(new Map([...pair.expected()].sort()))
      expect(pair.sender.progress().confirmed).to.equal(pair.table.currentEpoch)
      expect(pair.table.entries().every(({ route }) => route !== undefined), 'withdrawals are forgotten').to.equal(true)
    }), { numRuns: 1000 })
  })

  it('the receiver has processed whatever the sender holds for confirmed, at any moment', () => {
    fc.assert(fc.property(fc.array(fc.oneof(change, wire, wire, time), { maxLength: 60 }), steps => {
      const pair = new CcpPair()
      pair.toReceiver({ type: 'ask' })
      for (const step of steps) {
        take(pair, step)
        const { confirmed } = pair.sender.progress()
        const expired = pair.receiver.status().epoch === 0
        for (const { prefix, route, epoch } of pair.table.entries()) {
          if (epoch < confirmed && !expired) expect(pair.routes.get(prefix)).to.equal(route?.path.join(' '))
        }
      }
    }), { numRuns: 1000 })
  })
})
