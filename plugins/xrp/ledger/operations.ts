/** What is kept of an operation and of its transactions: see OperationStore. */
import { z } from 'zod'

/** What is to be done, as it was asked for. Amounts are drops, as decimal strings. */
const Call = z.discriminatedUnion('type', [
  z.object({ type: z.literal('create'), peer: z.string(), tag: z.int().optional(), amount: z.string(), delay: z.int() }),
  z.object({ type: z.literal('fund'), channelId: z.string(), amount: z.string() }),
  /** Takes what a claim grants. With `ends`, and ends the channel; then a claim may be missing. */
  z.object({
    type: z.literal('claim'),
    channelId: z.string(),
    claim: z.object({ total: z.string(), signature: z.string(), publicKey: z.string() }).optional(),
    ends: z.boolean()
  }),
  /** Of a channel that we pay through: begins its end. */
  z.object({ type: z.literal('close'), channelId: z.string() }),
  /** Touches a channel whose time is over. */
  z.object({ type: z.literal('settle'), channelId: z.string() })
])

const Attempt = z.object({
  sequence: z.int().min(0),
  hash: z.string(),
  /** The signed transaction in hex. */
  blob: z.string(),
  /** Drops. */
  fee: z.string(),
  /** The validated ledger when it was signed, and the last one that can have it. */
  first: z.int(),
  last: z.int()
})

const Outcome = z.object({
  txId: z.string(),
  channelId: z.string().optional(),
  /** Why nothing came of it, where nothing did. */
  error: z.string().optional()
})

/** The record of an operation. */
export const Operation = z.object({
  id: z.string(),
  call: Call,
  /** What the most is that can be paid for it, drops. */
  cap: z.string(),
  /** Of a claim: and that, once the channel is about to end. */
  urgentCap: z.string().optional(),
  /** All that was ever signed for it and may still come into a ledger. */
  attempts: z.array(Attempt),
  outcome: Outcome.optional()
})

export type Call = z.infer<typeof Call>
export type Attempt = z.infer<typeof Attempt>
export type Outcome = z.infer<typeof Outcome>
export type Operation = z.infer<typeof Operation>
