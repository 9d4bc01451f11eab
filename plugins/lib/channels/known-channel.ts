/** What is known of a channel with a peer, how it is read from its record, and which of many may be forgotten. */
import { describeError } from '../../../src/lib/describe-error.js'
import { amountOf, fieldsOf, textOf } from './read-record.js'
import { waitingIn } from './types.js'
import type { ChannelState, CloseConsent, Party, Receipt } from './types.js'

/** One that is new may be about to be filled. */
const NEW_MS = 10 * 60_000

/**
 * The channel is about to end without a challenge, and the one who brings that to the chain decides about it alone. Until the chain's clock
 * has passed `until`, or the channel is over, nothing may be paid or taken through it.
 */
export interface Ending {
  /** Who asks: we did, and the peer may bring the end to the chain; or the peer did, or nobody, and we bring it. */
  by: 'us' | 'them'
  /** What who asks has signed. Absent where the payee ends channels. */
  consent?: CloseConsent | undefined
  /** Of the consent. Empty: it was written down and not signed yet, or nothing is signed. */
  signature: string
  /** Seconds since the epoch, by the chain's clock: the last in which a consent that is out is good. Absent: the end comes to the chain. */
  until?: number | undefined
}

export interface KnownChannel {
  state: ChannelState
  /** How much of our deposit the peer is known to see on the chain: it refuses claims on more. */
  shown: bigint
  /** ms since the epoch. */
  createdMs: number
  activityMs: number
  /** When the chain was last asked about it with success, by our clock. */
  seenMs: number
  ending?: Ending | undefined
  /** We have asked the peer for its end, and the end has not come in time: it is to be closed by challenge. */
  isOverdue?: boolean | undefined
  /** The confirmed chain does not have it: it was taken back, or is of another chain. */
  isGone: boolean
  /** A deposit that was begun: what our deposit is to be. */
  filling?: bigint | undefined
  /** Since when every look since the start has shown it as over, by our clock. */
  overMs?: number | undefined
  /** It was over, and what claims on it said is forgotten: it is used for nothing, whatever the chain shows later. */
  isBuried?: boolean | undefined
  /** How we have redeemed last, since the start. */
  redeemedBy?: Receipt | undefined
}

/** Nothing is under way in it. */
export function isQuiet (channel: KnownChannel | undefined): boolean {
  return channel?.state.status === 'open' && channel.ending === undefined && channel.filling === undefined && !channel.isGone &&
    channel.isBuried !== true
}

/** Nothing can happen to it any more, and nothing of ours is left in it. */
export function isDone (state: ChannelState): boolean {
  return state.status === 'settled' && waitingIn(state) === 0n
}

/** A channel that we have begun to open, and that the chain has not shown yet. */
export interface Unseen {
  /** Undefined until the chain's part has said which it is. */
  channelId?: string | undefined
  /** ms since the epoch. */
  openedMs: number
}

/** From the record of it. @throws Error when that is broken */
export function unseenOf (record: unknown): Unseen {
  const { channelId, openedMs } = fieldsOf(record, 'unseen')
  return { channelId: channelId === undefined ? undefined : textOf(channelId, 'channelId'), openedMs: Number(openedMs) }
}

/** Whether anything of ours is in it, or waits for us there. */
export function hasOurs (state: ChannelState): boolean {
  return (state.status !== 'settled' && state.ours.deposit > state.ours.redeemed) || waitingIn(state) > 0n
}

/** Whether anything of anybody is in it. */
export function isFunded (state: ChannelState): boolean {
  return hasOurs(state) || (state.status !== 'settled' && state.theirs.deposit > state.theirs.redeemed)
}

/**
 * Which of the channels may be forgotten for a new one: the oldest that is over, or else that is empty; for one of ours also one that
 * holds something of the peer alone. Never one with our money, or with claims that are not paid out. Undefined: none.
 */
export function replaceable (
  all: readonly KnownChannel[], hasClaims: (channelId: string) => boolean, isForOurs: boolean
): KnownChannel | undefined {
  const idle = all.filter(({ state, ending, filling }) =>
    ending === undefined && filling === undefined && !hasOurs(state) && !hasClaims(state.channelId))
  const old = idle.filter(({ createdMs }) => Date.now() - createdMs > NEW_MS)
  return idle.find(({ state }) => isDone(state)) ?? old.find(({ state }) => !isFunded(state)) ?? (isForOurs ? old[0] : undefined)
}

/** Since when it is shown as over. @param before as of the look before */
export function overMsOf ({ status }: Pick<ChannelState, 'status'>, before?: number): number | undefined {
  return status === 'settled' ? before ?? Date.now() : undefined
}

/** All but what counts from each start anew. */
export function recordOf ({ overMs: _overMs, redeemedBy: _redeemedBy, ...kept }: KnownChannel): object {
  return kept
}

/** From the record of it. @throws Error when that is broken */
export function channelOf (record: unknown): KnownChannel {
  const { state, shown, createdMs, activityMs, seenMs = 0, ending, isOverdue, isGone, isBuried, filling } = fieldsOf(record, 'channel') // former versions keep no `seenMs`
  const { channelId, status, ours, theirs, challengeSecs, settleableAt, closedByThem, expiresAt, readAtMs, payer, payout } = fieldsOf(state, 'state')
  if (status !== 'opening' && status !== 'open' && status !== 'closing' && status !== 'settled') {
    throw new Error(`the record of a payment channel has an unknown status. found=${describeError(status)}`)
  }
  return {
    state: {
      channelId: textOf(channelId, 'channelId'),
      status,
      ours: partyOf(ours),
      theirs: partyOf(theirs),
      challengeSecs: Number(challengeSecs),
      settleableAt: settleableAt === undefined ? undefined : Number(settleableAt),
      closedByThem: closedByThem === true,
      expiresAt: expiresAt === undefined ? undefined : Number(expiresAt),
      readAtMs: Number(readAtMs),
      payer: payer === 'us' || payer === 'them' ? payer : undefined,
      payout: payout === undefined ? undefined : payoutOf(payout)
    },
    shown: amountOf(shown, 'shown'),
    createdMs: Number(createdMs),
    activityMs: Number(activityMs),
    seenMs: Number(seenMs),
    ending: ending === undefined ? undefined : endingOf(ending),
    isOverdue: isOverdue === true,
    isGone: isGone === true,
    isBuried: isBuried === true,
    overMs: overMsOf({ status }),
    filling: filling === undefined ? undefined : amountOf(filling, 'filling')
  }
}

function partyOf (record: unknown): Party {
  const { address, deposit, redeemed, nonce } = fieldsOf(record, 'party')
  return {
    address: textOf(address, 'address'),
    deposit: amountOf(deposit, 'deposit'),
    redeemed: amountOf(redeemed, 'redeemed'),
    nonce: amountOf(nonce, 'nonce')
  }
}

function payoutOf (record: unknown): ChannelState['payout'] {
  const { granted, taken } = fieldsOf(record, 'payout')
  return { granted: amountOf(granted, 'granted'), taken: amountOf(taken, 'taken') }
}

function endingOf (record: unknown): Ending {
  const { by, consent, signature, until } = fieldsOf(record, 'ending')
  return {
    by: by === 'us' ? 'us' : 'them',
    consent: consent === undefined ? undefined : consentOf(consent),
    signature: textOf(signature, 'signature'),
    until: until === undefined ? undefined : Number(until)
  }
}

function consentOf (record: unknown): CloseConsent {
  const { channelId, least, pays = '0', validUntil } = fieldsOf(record, 'consent') // the EVM's of former versions say nothing of `pays`
  return { channelId: textOf(channelId, 'channelId'), least: amountOf(least, 'least'), pays: amountOf(pays, 'pays'), validUntil: Number(validUntil) }
}
