/** Reads what the module says of channels, and shows a channel as one of its parties sees it. */
import { z } from 'zod'
import { ChainError } from '../../lib/channels/types.js'
import type { ChainStatus, ChannelState, Party } from '../../lib/channels/types.js'
import { canonicalAddress, isAddress } from '../formats.js'
import type { Moment } from './rest.js'

const STATUS: readonly ChainStatus[] = ['open', 'closing', 'settled']
/** Numbers of 64 bits travel as texts. */
const U64 = z.string().regex(/^\d{1,20}$/).transform(BigInt)
const Address = z.string().refine(isAddress).transform(canonicalAddress)
const SideState = z.object({
  party: Address,
  key: z.string().regex(/^0x([0-9a-f]{64})?$/i).transform(key => key.slice(2).toLowerCase()),
  deposit: U64,
  paid: U64,
  withdrawn: U64
})
const State = z.object({
  channel: Address,
  chain_id: z.int(),
  asset: Address,
  one: SideState,
  two: SideState,
  challenge_secs: U64,
  state: z.int().min(0).max(2),
  settleable_at: U64,
  revision: U64,
  balance: U64
})

/** A party of a channel. Amounts are token units, and none of them ever falls. */
interface Side {
  party: string
  /** That its claims are signed with, 64 hexadecimal digits; empty before it has set it. */
  key: string
  deposit: bigint
  /** What the chain has granted the other party for its claims. */
  paid: bigint
  withdrawn: bigint
}

/** A channel as the chain has it. */
export interface ChannelData {
  channelId: string
  network: number
  asset: string
  /** The first one has opened it. */
  sides: readonly [Side, Side]
  challengeSecs: number
  status: ChainStatus
  /** Seconds since the epoch; 0 before it is closed. */
  settleableAt: number
  /** Rises with each change. */
  revision: bigint
  /** What its store really holds. */
  balance: bigint
}

/** A channel as it was at a moment; undefined: there was none at the address. */
export interface Reading extends Moment {
  channel: ChannelData | undefined
}

/** So many channels are given in one answer. */
export const IN_ONE_CALL = 100

/** @throws ChainError when it is of another form: nothing in it may pass for a channel that is missing */
export function channelsIn (body: unknown): ChannelData[] {
  const { data } = z.tuple([z.array(State)]).safeParse(body)
  if (data === undefined) throw new ChainError('the node answers a question about channels with something else', false)
  return data[0].map(({ channel, chain_id: network, asset, one, two, state, revision, balance, ...times }) => ({
    channelId: channel,
    network,
    asset,
    sides: [one, two] as const,
    challengeSecs: Number(times.challenge_secs),
    status: STATUS[state] ?? 'settled',
    settleableAt: Number(times.settleable_at),
    revision,
    balance
  }))
}

/** Those of a party and the other one. Undefined for somebody else's channel. */
export function sidesOf ({ sides: [one, two] }: ChannelData, address: string): { ours: Side, theirs: Side } | undefined {
  if (one.party === address) return { ours: one, theirs: two }
  return two.party === address ? { ours: two, theirs: one } : undefined
}

/** As the party with the address sees it. Undefined for somebody else's channel. */
export function stateOf (channel: ChannelData, address: string, readAtMs: number): ChannelState | undefined {
  const sides = sidesOf(channel, address)
  if (sides === undefined) return undefined
  const { ours, theirs } = sides
  const { channelId, status, challengeSecs, settleableAt } = channel
  const back = status === 'settled' ? ours.deposit - ours.paid : 0n
  return {
    channelId,
    readAtMs,
    status,
    ours: partyOf(ours),
    theirs: partyOf({ ...theirs, deposit: theirs.deposit - lackingOf(channel, theirs) }),
    challengeSecs,
    payout: { granted: theirs.paid + back, taken: ours.withdrawn },
    ...status === 'closing' && { settleableAt: settleableAt * 1000 }
  }
}

function partyOf ({ party, deposit, paid }: Side): Party {
  return { address: party, deposit, redeemed: paid, nonce: 0n }
}

/**
 * What the store holds less than it has to: the issuer of some assets can take it out. The peer's deposit is not good for that much, but
 * for what the chain has granted already.
 */
function lackingOf ({ sides: [one, two], balance }: ChannelData, { deposit, paid }: Side): bigint {
  const lacking = one.deposit + two.deposit - one.withdrawn - two.withdrawn - balance
  if (lacking <= 0n) return 0n
  return lacking < deposit - paid ? lacking : deposit - paid
}
