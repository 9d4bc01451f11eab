/** Events for tests of the explorer. */
import fc from 'fast-check'
import type { ClaimSent, ExplorerEvent, PacketFulfilled, PacketReceived, PacketRejected, SettlementCompleted } from '../../../src/contracts/explorer-events.js'

const ASSET = { assetCode: 'USD', assetScale: 9 }

export function packetId (number: number): string {
  return number.toString(16).padStart(64, '0')
}

function packet (number: number, from: string): Omit<PacketReceived, 'type' | 'bytes' | 'expiresAt' | 'timestamp'> {
  return { nodeId: 'node', packetId: packetId(number), destination: 'test.bob.shop', amount: `${number}`, from, ...ASSET }
}

export function received (number: number, timestamp = Date.now(), from = 'alice'): PacketReceived {
  return { type: 'PACKET_RECEIVED', ...packet(number, from), bytes: 200, expiresAt: timestamp + 30_000, timestamp }
}

export function rejected (number: number, timestamp = Date.now(), message = 'no money'): PacketRejected {
  const reject = { code: 'T04', message, triggeredBy: 'test.bob' }
  return { type: 'PACKET_REJECTED', ...packet(number, 'alice'), to: 'bob', took: 3, steps: [], ...reject, timestamp }
}

export function fulfilled (number: number, timestamp = Date.now()): PacketFulfilled {
  return { type: 'PACKET_FULFILLED', ...packet(number, 'alice'), took: 3, steps: [], fulfillment: '', timestamp }
}

export function settled (number: number, timestamp = Date.now()): SettlementCompleted {
  const settlement = { nodeId: 'node', peerId: 'alice', tokenId: 'USD', ...ASSET, settledAmount: `${number}`, settlementType: 'evm', success: true }
  return { type: 'SETTLEMENT_COMPLETED', direction: 'sent', ...settlement, timestamp: new Date(timestamp).toISOString() }
}

function claimed (number: number, timestamp: number, peerId: string): ClaimSent {
  const at = new Date(timestamp).toISOString()
  return { type: 'CLAIM_SENT', nodeId: 'node', peerId, blockchain: 'evm', amount: `${number}`, count: 1, success: true, timestamp: at }
}

export const PEERS = ['alice', 'bob', '', '__proto__', 'кружка', 'a\n1 {}']

/** Of every stream of the history, with few peers and packets, so that filters find something. `times`: of their timestamps. */
export function anyEvent (times: fc.Arbitrary<number>): fc.Arbitrary<ExplorerEvent> {
  const kinds = fc.constantFrom('received', 'forwarded', 'rejected', 'fulfilled', 'settled', 'claimed', 'connected')
  return fc.tuple(kinds, fc.nat(9), times, fc.constantFrom(...PEERS))
    .map(([kind, number, timestamp, peer]): ExplorerEvent => {
      if (kind === 'received') return received(number, timestamp, peer)
      if (kind === 'forwarded') return { ...received(number, timestamp), type: 'PACKET_FORWARDED', to: peer }
      if (kind === 'rejected') return rejected(number, timestamp, `${peer}\u2028"`)
      if (kind === 'fulfilled') return fulfilled(number, timestamp)
      if (kind === 'settled') return settled(number, timestamp)
      if (kind === 'claimed') return claimed(number, timestamp, peer)
      return { type: 'PEER_CONNECTED', nodeId: 'node', peerId: peer, timestamp }
    })
}
