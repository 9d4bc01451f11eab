/** Reads the account of a channel, 216 bytes as the program lays them out, and shows it as one of its parties sees it. */
import type { ChainStatus, ChannelState, Party } from '../../lib/channels/types.js'
import { channelIdOf, encodeBase58, KEY_BYTES } from '../formats.js'

const SIZE = 216
const TAG = Buffer.from('pchannl2', 'latin1')
const STATUS: readonly ChainStatus[] = ['open', 'closing', 'settled']
/** A channel cannot end within so many slots after its instance. */
export const BIRTH_SLOTS = 150n
/** A year after it was opened anybody may begin the challenge of a channel. */
const LIFE_SECS = 365n * 24n * 60n * 60n
/** What a slot takes on a cluster that goes on: an estimate, and the program has the last word. */
const SLOT_MS = 400

/** Pairs are of side a and side b, who has the higher key. */
export interface ChannelAccount {
  parties: readonly [string, string]
  mint: string
  deposits: readonly [bigint, bigint]
  /** What the chain has recorded that each has paid the other. */
  transferred: readonly [bigint, bigint]
  nonces: readonly [bigint, bigint]
  challengeSecs: bigint
  status: ChainStatus
  /** Seconds since the epoch, and the slot; 0 before. */
  closedAt: bigint
  closedSlot: bigint
  /** 0: nobody; 1 and 2: a and b; 3: anybody, when it was very old; 4: both together. */
  closedBy: number
  /** 0 or 1. */
  opener: number
  lane: number
  instance: bigint
  /** What was paid out to each so far. */
  withdrawn: readonly [bigint, bigint]
  openedAt: bigint
}

/** What the chain said when. */
export interface Moment {
  /** Of the chain's clock: slot, and ms since the epoch. */
  slot: number
  timeMs: number
}

/** Undefined when it is not an account of a channel in the layout that is known here. */
export function decodeChannel (data: Buffer): ChannelAccount | undefined {
  if (data.length !== SIZE || !data.subarray(0, TAG.length).equals(TAG)) return undefined
  const number = (at: number): bigint => data.readBigUInt64LE(at)
  const pair = (at: number): readonly [bigint, bigint] => [number(at), number(at + 8)]
  const key = (at: number): string => encodeBase58(data.subarray(at, at + KEY_BYTES))
  const status = STATUS[data.readUInt8(160)]
  if (status === undefined) return undefined
  return {
    parties: [key(8), key(40)],
    mint: key(72),
    deposits: pair(104),
    transferred: pair(120),
    nonces: pair(136),
    challengeSecs: number(152),
    status,
    closedAt: data.readBigInt64LE(161),
    opener: data.readUInt8(170),
    lane: data.readUInt8(171),
    closedBy: data.readUInt8(174),
    instance: number(176),
    withdrawn: pair(184),
    openedAt: data.readBigInt64LE(200),
    closedSlot: number(208)
  }
}

/** Undefined for somebody else's channel. */
export function sideOf ({ parties }: ChannelAccount, address: string): 0 | 1 | undefined {
  const side = parties.indexOf(address)
  return side === 0 || side === 1 ? side : undefined
}

/** Whether a challenge would protect nobody: then the channel can be paid out at once. */
export function isMoot ({ closedBy, deposits, transferred }: ChannelAccount): boolean {
  const closer = closedBy - 1
  return (closer === 0 || closer === 1) && deposits[closer] === transferred[closer]
}

/** As the party on `side` sees it. `account` is the channel's address. */
export function stateOf (account: string, channel: ChannelAccount, side: 0 | 1, now: Moment): ChannelState {
  const other = side === 0 ? 1 : 0
  const partyOn = (index: 0 | 1): Party => ({
    address: channel.parties[index], deposit: channel.deposits[index], redeemed: channel.transferred[index], nonce: channel.nonces[index]
  })
  return {
    channelId: channelIdOf({ account, instance: channel.instance }),
    readAtMs: now.timeMs,
    status: channel.status,
    ours: partyOn(side),
    theirs: partyOn(other),
    challengeSecs: Number(channel.challengeSecs),
    expiresAt: Number(channel.openedAt + LIFE_SECS) * 1000,
    ...channel.status === 'closing' && { settleableAt: settleableAt(channel, now), closedByThem: channel.closedBy === other + 1 }
  }
}

/** Time and slots have to pass. ms since the epoch. */
function settleableAt (channel: ChannelAccount, now: Moment): number {
  if (isMoot(channel)) return now.timeMs
  const byTime = Number(channel.closedAt + channel.challengeSecs) * 1000
  const slotsLeft = Number(channel.closedSlot + channel.challengeSecs) - now.slot
  return slotsLeft <= 0 ? byTime : Math.max(byTime, now.timeMs + slotsLeft * SLOT_MS)
}
