/** What the parts that a packet passes say of it, for those who follow packets. Called on the packet path: nothing here throws or waits. */
export interface PacketTrace {
  /** Whether somebody wants to know each step. If not, it is not worth composing notes. */
  readonly isDetailed: boolean
  /** The packet has reached this step of this account. */
  reached (step: string, accountId: string): void
  /** What there is to say of the step that it has reached, in a line. */
  note (text: string): void
  /** This step has refused it; without one, the step that it has reached. The first to say so is the one that did. */
  refused (step: string | undefined, accountId: string): void
  /** Another node has rejected it. */
  refusedElsewhere (): void
  /** Its next hop is found. */
  routed (nextHop: string): void
  /** It is being sent there, with `amount` in base units of the next hop. */
  forwarded (amount: bigint): void
  /** What came of it at the next hop: not always what comes of it here. */
  returned (isFulfilled: boolean): void
}
