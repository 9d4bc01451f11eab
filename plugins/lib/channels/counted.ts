/** What the peer says about our claims and its own when we ask, so that neither side continues with fewer claims than the other has. */
import { amountOf, arrayOf, textOf } from './read-record.js'

/** The most claims that are shown; the two do not watch more channels than that between them. */
export const MAX_SHOWN = 100

export interface Counted {
  /** Our best claim on each channel. Whether it is ours shows in the signature. */
  claims: Buffer[]
  /** Base units that our claims have paid and that it has used for no packet and no debt. */
  unused: bigint
  /** What we have acknowledged of its claims, on each channel, as it says: a claim each. */
  acknowledged: Buffer[]
}

/** @throws Error when the answer is unreadable */
export function countedOf ({ claims, unused, acknowledged = [] }: Record<string, unknown>): Counted {
  return { claims: textsOf(claims, 'claims'), unused: amountOf(unused, 'unused'), acknowledged: textsOf(acknowledged, 'acknowledged') }
}

function textsOf (list: unknown, name: string): Buffer[] {
  return arrayOf(list, name).map(claim => Buffer.from(textOf(claim, 'claim'))).slice(0, MAX_SHOWN)
}
