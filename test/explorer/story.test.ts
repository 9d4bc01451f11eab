/** A packet's story says what is known of its last attempt, and where it stopped, what would have let it pass. */
import { expect } from 'chai'
import { rowOf } from '../../src/explorer/event-row.js'
import { storyOf } from '../../src/explorer/story.js'
import type { ExplorerEvent, EventRow, PacketForwarded, PacketFulfilled } from '../../src/contracts/explorer-events.js'
import { PACKET_ID, packetIn, packetRefused, USD } from '../support/explorer-server.js'

const rows = (...events: ExplorerEvent[]): EventRow[] => events.map((event, id) => ({ id, ...rowOf(event) }))
const { nodeId, packetId, destination, amount, from, assetCode, assetScale } = packetIn()
const common = { nodeId, packetId, destination, amount, from, assetCode, assetScale }
const forwarded: PacketForwarded = { ...common, type: 'PACKET_FORWARDED', to: 'bob', amount: '92', assetCode: 'EUR', assetScale: 2, timestamp: 1001 }
const fulfilled: PacketFulfilled = {
  ...common, type: 'PACKET_FULFILLED', to: 'bob', took: 84, timestamp: 1084, fulfillment: '00', steps: [{ step: 'balance', accountId: 'alice', at: 0 }]
}

describe('the story of a packet', () => {
  it('is told from its arrival to its answer, in whatever order its events come', () => {
    const story = {
      packetId: PACKET_ID, from: 'alice', to: 'bob', destination: 'g.bob.shop', received: { amount: '100', ...USD },
      forwarded: { amount: '92', assetCode: 'EUR', assetScale: 2 }, arrivedAt: 1000, expiresAt: 31_000, took: 84, outcome: 'fulfilled', steps: fulfilled.steps
    }
    expect(storyOf(PACKET_ID, rows(packetIn(), forwarded, fulfilled))).to.deep.equal(story)
    expect(storyOf(PACKET_ID, rows(fulfilled, forwarded, packetIn()))).to.deep.equal(story)
  })

  it('says who refused it, in words, and what to change', () => {
    const { refusal } = storyOf(PACKET_ID, rows(packetIn(), packetRefused({ refusedBy: { step: 'balance', accountId: 'alice' } })))!
    expect(refusal).to.deep.include({ code: 'T04', message: 'exceeded maximum balance.', triggeredBy: 'g.node', step: 'balance' })
    expect(refusal!.fix).to.include('raise the limit')
  })

  it('is known from its answer alone, where the rest was left out', () => {
    expect(storyOf(PACKET_ID, rows(fulfilled))).to.deep.include({ arrivedAt: 1000, outcome: 'fulfilled', took: 84 }).and.not.have.property('expiresAt')
  })

  it('is open as long as nobody has answered', () => {
    expect(storyOf(PACKET_ID, rows(packetIn(), forwarded))).to.deep.include({ outcome: 'under way', to: 'bob', steps: [] }).and.not.have.property('took')
  })

  it('is that of the last attempt, where a sender tried again with the same condition', () => {
    const again = packetRefused({ timestamp: 5100, took: 100, code: 'R00' })
    const story = storyOf(PACKET_ID, rows(packetIn(), forwarded, fulfilled, packetIn({ timestamp: 5000 }), again))
    expect(story).to.deep.include({ arrivedAt: 5000, outcome: 'rejected' }).and.not.have.property('forwarded')
  })

  it('of a packet that nobody knows is none', () => {
    expect(storyOf(PACKET_ID, [])).to.equal(undefined)
  })
})
