/** What is kept of an operation and of its transaction: see OperationStore. */
import { z } from 'zod'

const Amount = z.string().regex(/^\d+$/)

/** What is to be done, as it was asked for. Amounts are decimal strings, signatures hexadecimal digits. */
const Call = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), peer: z.string(), challengeSecs: z.int() }),
  z.object({ kind: z.literal('join'), channelId: z.string() }),
  /** What our deposit is to be in all. */
  z.object({ kind: z.literal('deposit'), channelId: z.string(), total: Amount }),
  z.object({ kind: z.literal('redeem'), channelId: z.string(), total: Amount, signature: z.string() }),
  /** `above`: what was taken out before. */
  z.object({ kind: z.literal('withdraw'), channelId: z.string(), above: Amount }),
  z.object({ kind: z.literal('close'), channelId: z.string() }),
  z.object({
    kind: z.literal('together'), channelId: z.string(), total: Amount, claim: z.string(), least: Amount, validUntil: Amount, consent: z.string()
  }),
  z.object({ kind: z.literal('settle'), channelId: z.string() })
])

const Attempt = z.object({
  /** 0x and 64 hexadecimal digits: the name of the transaction. */
  hash: z.string(),
  /** The signed transaction, in base64. */
  bytes: z.string(),
  sequence: Amount,
  /** From this second on no block has it. */
  expiration: z.int()
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
  /** What was signed last, while it may still come. */
  attempt: Attempt.optional(),
  /** The last of its transactions that the chain has. */
  txId: z.string().optional(),
  outcome: Outcome.optional()
})

export type Call = z.infer<typeof Call>
export type Attempt = z.infer<typeof Attempt>
export type Outcome = z.infer<typeof Outcome>
export type Operation = z.infer<typeof Operation>
