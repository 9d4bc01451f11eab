/** An event can be found by what it is about. */
import { expect } from 'chai'
import type { ExplorerEvent } from '../../src/contracts/explorer-events.js'
import { rowOf } from '../../src/explorer/event-row.js'
import { fulfilled, received, rejected, settled } from '../support/explorer/events.js'

const NOW = 1_764_444_444_444

describe('the row of an event', () => {
  it('has all columns of a packet, from its arrival to its answer', () => {
    const arrival = received(1, NOW)
    const columns = {
      timestamp: NOW, node_id: 'node', packet_id: arrival.packetId, amount: '1', destination: 'test.bob.shop', from_address: 'alice'
    }
    expect(rowOf(arrival)).to.deep.equal({
      ...columns, event_type: 'PACKET_RECEIVED', direction: 'received', peer_id: 'alice', packet_type: 'prepare', to_address: null, payload: arrival
    })
    const forwarded: ExplorerEvent = { ...arrival, type: 'PACKET_FORWARDED', to: 'bob' }
    expect(rowOf(forwarded)).to.deep.equal({
      ...columns, event_type: 'PACKET_FORWARDED', direction: 'sent', peer_id: 'bob', packet_type: 'prepare', to_address: 'bob', payload: forwarded
    })
    const reject = rejected(1, NOW)
    expect(rowOf(reject)).to.deep.equal({
      ...columns, event_type: 'PACKET_REJECTED', direction: 'received', peer_id: 'alice', packet_type: 'reject', to_address: 'bob', payload: reject
    })
    expect(rowOf(fulfilled(1, NOW))).to.include({ direction: 'received', peer_id: 'alice', packet_type: 'fulfill', to_address: null })
  })

  it('has the direction and the amount of money that moved outside ILP', () => {
    expect(rowOf(settled(5, NOW))).to.deep.include({ timestamp: NOW, peer_id: 'alice', amount: '5', direction: 'sent', packet_id: null, packet_type: null })
    expect(rowOf({ ...settled(5), direction: 'received' })).to.include({ direction: 'received' })
    const claim = { nodeId: 'node', peerId: 'bob', blockchain: 'evm', amount: '7', count: 1, timestamp: new Date(NOW).toISOString() }
    expect(rowOf({ ...claim, type: 'CLAIM_SENT', success: true })).to.include({ direction: 'sent', amount: '7', peer_id: 'bob' })
    expect(rowOf({ ...claim, type: 'CLAIM_RECEIVED', verified: true })).to.include({ direction: 'received' })
  })

  it('is of nobody where an event is of the node, and has a time in any case', () => {
    expect(rowOf({ type: 'TRAFFIC', nodeId: 'node', seconds: 60, earned: [], accounts: [], timestamp: NOW })).to.include({
      direction: 'internal', peer_id: null, packet_id: null, amount: null, destination: null, from_address: null, to_address: null
    })
    expect(rowOf({ ...settled(1), timestamp: 'yesterday' })).to.include({ timestamp: 0 })
  })
})
