/** The events of a TokenNetwork, as its log has them. */
import { id as hashOf, zeroPadValue } from 'ethers'
import type { ChannelEvent, ChainStatus } from '../../lib/channels/types.js'
import type { Log } from './network.js'

export const OPENED = hashOf('ChannelOpened(bytes32,address,address,uint256)')
export const CLOSED = hashOf('ChannelClosed(bytes32,address)')
const SETTLED = hashOf('ChannelSettled(bytes32,uint256,uint256)')
const CLOSING = hashOf('ChannelClosedByExpiry(bytes32,uint256)')
export const TYPES = new Map<string, ChannelEvent['type']>([
  [OPENED, 'opened'],
  [hashOf('ChannelNewDeposit(bytes32,address,uint256)'), 'deposited'],
  [hashOf('ChannelClaimed(bytes32,address,uint256,uint256)'), 'redeemed'],
  [CLOSED, 'closing'],
  [CLOSING, 'closing'],
  [SETTLED, 'settled']
])
export const STATUS_AFTER = new Map<string, ChainStatus>([[OPENED, 'open'], [CLOSED, 'closing'], [CLOSING, 'closing'], [SETTLED, 'settled']])
/** Of channels, once they are open. */
export const LATER_EVENTS = [...TYPES.keys()].filter(type => type !== OPENED)
export const CHANNEL_EVENTS = [OPENED, ...LATER_EVENTS]

/** The topics of two addresses, in the order in which an opening names them. */
export function pairTopics (one: string, other: string): string[] {
  return [one, other].sort().map(address => zeroPadValue(address, 32))
}

/** Whom an opening concerns. */
export function pairOf ({ topics: [, , first = '', second = ''] }: Log): string {
  return first + second
}
