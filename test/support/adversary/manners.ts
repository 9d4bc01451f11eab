/** How the adversary answers what we ask of it: each answer that the protocol knows, true or not, and none. */

export interface Manners {
  /** A packet of ours. `lie`: a Fulfill with another preimage. `late`: when it likes. */
  packet: 'fulfill' | 'reject' | 'lie' | 'late' | 'silence' | 'refused' | 'behind' | 'uncovered' | 'unable'
  /** What it says beside a Reject. */
  beside: 'nothing' | 'behind' | 'refused' | 'junk'
  /** A claim by itself. */
  claim: 'take' | 'refuse' | 'behind' | 'silence'
  /** Which claims it has of ours, how much of them is unused, and which of its own we have acknowledged. */
  shows: 'truth' | 'nothing' | 'all used' | 'all unused' | 'the first' | 'others' | 'forgeries' | 'error' | 'silence'
  /** How much of our deposit it sees. */
  sees: 'truth' | 'nothing' | 'more' | 'error' | 'silence'
  /** How far it is with opening a channel. */
  opens: 'none' | 'asking' | 'opening' | 'error'
  /** That we ask for the end of a channel. */
  ends: 'bring' | 'agree' | 'refuse' | 'silence'
}

export const GOOD: Manners = {
  packet: 'fulfill', beside: 'nothing', claim: 'take', shows: 'truth', sees: 'truth', opens: 'none', ends: 'bring'
}

/** Of all answers, in the order in which the type has them. */
export const ANSWERS: { [K in keyof Manners]: ReadonlyArray<Manners[K]> } = {
  packet: ['fulfill', 'reject', 'lie', 'late', 'silence', 'refused', 'behind', 'uncovered', 'unable'],
  beside: ['nothing', 'behind', 'refused', 'junk'],
  claim: ['take', 'refuse', 'behind', 'silence'],
  shows: ['truth', 'nothing', 'all used', 'all unused', 'the first', 'others', 'forgeries', 'error', 'silence'],
  sees: ['truth', 'nothing', 'more', 'error', 'silence'],
  opens: ['none', 'asking', 'opening', 'error'],
  ends: ['bring', 'agree', 'refuse', 'silence']
}
