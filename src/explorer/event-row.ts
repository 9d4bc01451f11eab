/** The row of an event: what it can be filtered by, in the columns that programs around other connectors know. */
import type { Direction, EventRow, EventType, ExplorerEvent } from '../contracts/explorer-events.js'

/** What passed between a peer and us. The answer to a packet belongs to the packet that was received: it has its amount. */
const DIRECTIONS: Partial<Record<EventType, Direction>> = {
  PACKET_RECEIVED: 'received',
  PACKET_FULFILLED: 'received',
  PACKET_REJECTED: 'received',
  CLAIM_RECEIVED: 'received',
  PACKET_FORWARDED: 'sent',
  CLAIM_SENT: 'sent'
}

const PACKET_TYPES: Partial<Record<EventType, EventRow['packet_type']>> = {
  PACKET_RECEIVED: 'prepare',
  PACKET_FORWARDED: 'prepare',
  PACKET_FULFILLED: 'fulfill',
  PACKET_REJECTED: 'reject'
}

/**
 * Every column but the id. `direction`: `received` from the peer, `sent` to it, `internal` where nothing passed between us. `from_address`
 * and `to_address` are accounts. A time that cannot be read is 0.
 */
export function rowOf (event: ExplorerEvent): Omit<EventRow, 'id'> {
  return {
    event_type: event.type,
    timestamp: timeOf(event),
    node_id: event.nodeId,
    direction: event.type === 'SETTLEMENT_COMPLETED' ? event.direction : DIRECTIONS[event.type] ?? 'internal',
    peer_id: peerOf(event),
    packet_id: 'packetId' in event ? event.packetId : null,
    amount: amountOf(event),
    destination: 'destination' in event ? event.destination : null,
    packet_type: PACKET_TYPES[event.type] ?? null,
    from_address: 'from' in event ? event.from : null,
    to_address: 'to' in event ? event.to ?? null : null,
    payload: event
  }
}

function timeOf ({ timestamp }: ExplorerEvent): number {
  const time = typeof timestamp === 'number' ? timestamp : Date.parse(timestamp)
  return Number.isFinite(time) ? time : 0
}

function peerOf (event: ExplorerEvent): string | null {
  if (event.type === 'PACKET_FORWARDED') return event.to
  if ('peerId' in event) return event.peerId
  return 'from' in event ? event.from : null
}

function amountOf (event: ExplorerEvent): string | null {
  if (event.type === 'SETTLEMENT_COMPLETED') return event.settledAmount
  return 'amount' in event ? event.amount : null
}
