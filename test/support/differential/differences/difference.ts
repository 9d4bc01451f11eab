/** What a listed difference is: a title in docs/differences.md, and a proof that both connectors do what stands there. */
import type { Arena, Duel } from '../harness.js'

export type Differences = Record<string, (arena: Arena) => Promise<void>>

/** An answer as `describeReply` has it. */
export type Answer = Record<string, unknown>

/** What each side answers to a packet. */
export async function askBoth (duel: Duel, from: string, packet: unknown): Promise<{ reference: Answer, sluice: Answer }> {
  return await duel.send(from, packet as Buffer) as { reference: Answer, sluice: Answer }
}
