/** What the ways in which channels end without a challenge have in common. */
import { possible } from '../clocks.js'
import type { Channels, KnownChannel } from './channels.js'
import type { Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { UnreachableError } from './types.js'
import type { ChannelProvider, ClaimCodec, Receipt } from './types.js'

export interface WayToEndDeps {
  channels: Channels
  incoming: Incoming
  outgoing: Outgoing
  codec: ClaimCodec
  provider: ChannelProvider
}

/** What the way in which a chain's channels end has to do. */
export interface WayToEnd {
  /** Rejects where the channels of this network do not end that way. */
  offered (): Promise<void>
  /** Writes down that we ask for the end, and resolves to what the peer has to know. Undefined: we need nobody, and bring it ourselves. */
  ask (channel: KnownChannel): Promise<Record<string, unknown> | undefined>
  /** Writes down that we bring the end that the peer asks for. Rejects with what the peer is told. */
  agree (channel: KnownChannel, message: Record<string, unknown>, countFavour: () => void): Promise<void>
  /** Brings the end to the chain. Resolves when the chain has it. */
  bring (channel: KnownChannel): Promise<Receipt>
}

/** How long we wait for a closing that one side asked for, by the chain's clock; longer where a chain is slower. */
export const VALID_SECS = 10 * 60
/** The newest block may be this much older or younger at the peer. */
export const SKEW_SECS = 2 * 60
/** The chain's clock, as far as a node is believed; on a chain that makes no blocks while nothing happens, ours. ms since the epoch. */
export function timeOf (readAtMs: number): number {
  return Math.max(possible(readAtMs), Date.now())
}

/** How far ahead of ours a chain's clock may be when an end is agreed on: chains for development are set ahead by what tests wait for. */
const AHEAD_MAX_MS = 31 * 24 * 60 * 60_000

/**
 * The chain's clock for an end that is agreed on, in seconds. It has to be the one that the chain goes by, since it judges how long the end
 * is good for; a node that lies about it by years is not followed.
 */
export function secondsOf (readAtMs: number): number {
  const now = Date.now()
  return Math.floor(Math.max(Math.min(readAtMs, now + AHEAD_MAX_MS), now) / 1000)
}

/** Reads the channel anew for a peer that asks about it. Rejects with what the peer is told. */
export async function rereadFor (channels: Channels, channelId: string): Promise<void> {
  await channels.rereadForEnd(channelId).catch(() => { throw new UnreachableError('the chain cannot be asked now') })
}

/** @throws Error where there is nothing to end */
export function refuseUnlessOpen (channels: Channels, channel: KnownChannel): void {
  if (channel.state.status === 'open' && !channel.isGone) return
  throw channels.refusalOf(channel) ?? new Error('the channel is not open')
}
