/**
 * Forgets what claims on a channel say once it is over. Where something hangs on that (a claim that the chain has not paid out, a payment
 * that would be made again), one look at the chain is not enough: it may have been of two blocks, or wrong.
 */
import type { Channels } from './channels.js'
import type { Incoming } from './incoming.js'
import type { KnownChannel } from './known-channel.js'
import type { Outgoing } from './outgoing.js'
import type { ChannelState } from './types.js'

/**
 * Before a claim is given up, the chain has to show the channel as over for so long, or in so many looks, and in any case for its challenge
 * period: a node that lies for some hours has us miss nothing that the chain would still pay out.
 */
const OVER_FOR_MS = 60_000
const LOOKS = 2

export interface BurialDeps {
  channels: Channels
  incoming: Incoming
  outgoing: Outgoing
  /** How often channels are looked at. */
  pollingIntervalMs: number
}

/** Keeps the totals of the channel, and nothing else of it. Does nothing where it is not over, or not for sure. */
export async function buryIfOver (channel: KnownChannel, { channels, incoming, outgoing, pollingIntervalMs }: BurialDeps): Promise<void> {
  const { channelId } = channel.state
  if (channel.overMs === undefined) return
  const isPaidOut = ({ theirs }: ChannelState): boolean => (incoming.best(channelId)?.total ?? 0n) <= theirs.redeemed
  const isEven = (state: ChannelState): boolean => isPaidOut(state) && outgoing.spentOn(state) <= state.ours.redeemed
  if (!isEven(channel.state)) {
    const overForMs = Date.now() - channel.overMs
    const leastMs = Math.max(Math.min(OVER_FOR_MS, LOOKS * pollingIntervalMs), channel.state.challengeSecs * 1000)
    if (!isPaidOut(channel.state) && overForMs < leastMs) return
    const again = await channels.reread(channelId)
    if (again?.overMs === undefined) return // what was shown before was not so
    if (!isEven(again.state)) channel.isBuried = true
  }
  await outgoing.forget(channel.state)
  await incoming.forget(channel.state)
}
