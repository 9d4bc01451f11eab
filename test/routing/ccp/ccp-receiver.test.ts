/** What is learnt of a peer's route updates, which are refused, and when it is asked again. */
import { expect } from 'chai'
import { Mode } from 'ilp-protocol-ccp'
import type { CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { CcpReceiver } from '../../../src/routing/ccp/ccp-receiver.js'
import { EXPIRY_MS } from '../../support/routing/ccp-pair.js'

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
