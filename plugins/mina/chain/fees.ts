/** What a transaction offers: what others offer, within what it is worth. Amounts are nanomina. */
import { ChainError } from '../../lib/channels/types.js'
import type { Feed } from './feed.js'

export interface FeePolicy {
  /** At least this. */
  least: bigint
  /** At most this, unless an end has to be answered. */
  most: bigint
}

/** Of what an end is about, so much may be spent once most of its time is over. */
const STAKE_PARTS = 10n
const RECENT_BLOCKS = 20

/** What others offer for zkApp transactions in the newest blocks and in the pool; where the pool is not shown, in the blocks. */
export async function offersOf (feed: Feed): Promise<bigint[]> {
  const inBlocks = feed.blocks.slice(-RECENT_BLOCKS).flatMap(({ commands }) => commands.filter(({ kind }) => kind === 'zkapp').map(({ fee }) => fee))
  return [...inBlocks, ...await feed.node.pooledFees().catch(() => [])]
}

/** @param isUrgent an end has to be answered: more than nearly all others */
export function offer (others: readonly bigint[], { least, most }: FeePolicy, isUrgent: boolean): bigint {
  const market = isUrgent ? percentile(others, 90) * 3n / 2n : percentile(others, 75)
  const wanted = market > least ? market : least
  return wanted < most ? wanted : most
}

/** More than was offered before, as nodes ask of what replaces something. Undefined: that is not worth it. */
export function raised (before: bigint, { most }: FeePolicy): bigint | undefined {
  const more = before * 5n / 4n
  if (before >= most) return undefined
  return more < most ? more : most
}

/** More than `before`, and what others offer. Undefined: that is not worth it. @param before 0n: nothing has to be outbid */
export function outbidding (before: bigint, usual: bigint, policy: FeePolicy): bigint | undefined {
  const more = before === 0n ? usual : raised(before, policy)
  return more !== undefined && more < usual ? usual : more
}

/** @param stake what is lost if it comes too late; `left` and `whole` are slots of the challenge */
export function mostFor (policy: FeePolicy, { stake, left, whole }: { stake: bigint, left: number, whole: number }): bigint {
  const worth = stake / STAKE_PARTS
  return left * 4 < whole && worth > policy.most ? worth : policy.most
}

/** @throws ChainError where nothing can be offered */
export function refusePoor (balance: bigint, fee: bigint, address: string): void {
  if (balance < fee) throw new ChainError(`our account cannot pay the fee: send it some MINA. address=${address} has=${balance} fee=${fee} (nanomina)`, false)
}

function percentile (values: readonly bigint[], percent: number): bigint {
  const sorted = [...values].sort((a, b) => a < b ? -1 : 1)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * percent / 100))] ?? 0n
}
