/** Events other than packets in words: the lines of timelines. */
import type { EventType, ExplorerEvent, InAsset } from '../../src/contracts/explorer-events.js'
import type { Money } from './money.js'
import { timeOf } from './time.js'

type Tone = 'in' | 'out' | 'look' | 'risk' | 'plain'

/** An event as a line: who, what, how much. */
export interface EventLine {
  kind: 'event'
  id: string
  at: number
  type: EventType
  subject: string
  text: string
  tone: Tone
  money?: Money
  /** Transaction on a chain, to be looked up. */
  transaction?: { chain: string, hash: string }
}

/** Groups that the filter offers, and what they stand for. */
export const GROUPS = {
  paid: ['PACKET_FULFILLED'],
  refused: ['PACKET_REJECTED'],
  flying: ['PACKET_RECEIVED', 'PACKET_FORWARDED'],
  money: [
    'SETTLEMENT_TRIGGERED', 'SETTLEMENT_COMPLETED', 'CLAIM_SENT', 'CLAIM_RECEIVED', 'CLAIM_REDEEMED',
    'PAYMENT_CHANNEL_OPENED', 'PAYMENT_CHANNEL_BALANCE_UPDATE', 'PAYMENT_CHANNEL_SETTLED'
  ],
  network: [
    'NODE_STATUS', 'PEER_CONNECTED', 'PEER_DISCONNECTED', 'PEER_ADDED', 'PEER_REMOVED', 'ROUTE_ADDED', 'ROUTE_REMOVED',
    'RATE_LIMIT_EXCEEDED', 'SUSPICIOUS_ACTIVITY_DETECTED', 'PEER_PAUSED', 'PEER_RESUMED'
  ]
} as const satisfies Record<string, readonly EventType[]>
export type Group = keyof typeof GROUPS

type Said = Pick<EventLine, 'subject' | 'text' | 'tone'> & Pick<Partial<EventLine>, 'money' | 'transaction'>

/** Undefined for packets, counts and balances, which have places of their own. */
export function lineOf (event: ExplorerEvent, id: string): EventLine | undefined {
  const said = saidOf(event)
  return said === undefined ? undefined : { kind: 'event', id, at: timeOf(event.timestamp), type: event.type, ...said }
}

function saidOf (event: ExplorerEvent): Said | undefined {
  switch (event.type) {
  case 'NODE_STATUS': return { subject: event.nodeId, text: `node is ${event.status}`, tone: event.status === 'healthy' ? 'plain' : 'look' }
  case 'PEER_CONNECTED': return { subject: event.peerId, text: 'connected', tone: 'plain' }
  case 'PEER_DISCONNECTED': return { subject: event.peerId, text: 'connection lost', tone: 'look' }
  case 'PEER_ADDED': return { subject: event.peerId, text: 'account added', tone: 'plain' }
  case 'PEER_REMOVED': return { subject: event.peerId, text: 'account removed', tone: 'plain' }
  case 'ROUTE_ADDED': return { subject: event.prefix, text: `route by ${event.nextHop || 'this node'}: ${event.reason}`, tone: 'plain' }
  case 'ROUTE_REMOVED': return { subject: event.prefix, text: 'route removed', tone: 'look' }
  case 'RATE_LIMIT_EXCEEDED': return { subject: event.peerId, text: `over its rate limit: ${event.count} requests refused`, tone: 'look' }
  case 'SUSPICIOUS_ACTIVITY_DETECTED': return { subject: event.peerId, text: `suspicious (${event.rule}): ${event.text}`, tone: 'risk' }
  case 'PEER_PAUSED': return { subject: event.peerId, text: `paused by ${event.by}: ${event.reason}`, tone: 'risk' }
  case 'PEER_RESUMED': return { subject: event.peerId, text: `resumed by ${event.by}`, tone: 'plain' }
  case 'SETTLEMENT_TRIGGERED':
    return { subject: event.peerId, text: 'settlement begun: we owe more than the threshold', tone: 'plain', money: money(event, event.currentBalance.replace(/^-/, '')) }
  case 'SETTLEMENT_COMPLETED': return settled(event)
  case 'CLAIM_SENT': return claims(event, event.success, 'out', 'sent')
  case 'CLAIM_RECEIVED': return claims(event, event.verified, 'in', 'received')
  case 'CLAIM_REDEEMED': return {
    subject: event.peerId, text: event.success ? 'claim paid out by the chain' : 'claim not paid out', tone: event.success ? 'in' : 'risk',
    ...(event.txHash !== undefined && { transaction: { chain: event.blockchain, hash: event.txHash } })
  }
  case 'PAYMENT_CHANNEL_OPENED': return { subject: event.peerId, text: `channel opened on ${event.chain}`, tone: 'plain' }
  case 'PAYMENT_CHANNEL_BALANCE_UPDATE': return { subject: event.peerId, text: `channel ${event.status} on ${event.chain}`, tone: 'plain' }
  case 'PAYMENT_CHANNEL_SETTLED': return { subject: event.peerId, text: `channel settled on ${event.chain}, ${event.settlementType}`, tone: 'plain' }
  case 'PACKET_RECEIVED': case 'PACKET_FORWARDED': case 'PACKET_FULFILLED': case 'PACKET_REJECTED': case 'PACKETS_LEFT_OUT': case 'NOTICES_LEFT_OUT': case 'TRAFFIC':
  case 'ACCOUNT_BALANCE': return undefined
  }
}

function settled (event: Extract<ExplorerEvent, { type: 'SETTLEMENT_COMPLETED' }>): Said {
  const paid = event.direction === 'sent'
  const money_ = money(event, event.settledAmount)
  if (!event.success) {
    return { subject: event.peerId, text: `settlement by ${event.settlementType} failed: ${event.errorMessage ?? 'no reason given'}`, tone: 'risk', money: money_ }
  }
  return { subject: event.peerId, text: `${paid ? 'we paid' : 'paid us'} by ${event.settlementType}`, tone: paid ? 'out' : 'in', money: money_ }
}

function claims (
  event: { peerId: string, blockchain: string, count: number, error?: string }, good: boolean, tone: Tone, word: string
): Said {
  const what = event.count === 1 ? 'claim' : `${event.count} claims`
  return good
    ? { subject: event.peerId, text: `${what} ${word} on ${event.blockchain}`, tone }
    : { subject: event.peerId, text: `${what} ${word} on ${event.blockchain}, refused: ${event.error ?? 'no reason given'}`, tone: 'risk' }
}

function money ({ assetCode, assetScale }: InAsset, amount: string): Money {
  return { assetCode, assetScale, amount }
}
