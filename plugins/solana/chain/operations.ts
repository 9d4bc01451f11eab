/** What is kept of an operation and of its transactions: see OperationStore. */
import { z } from 'zod'

const Amount = z.string().regex(/^\d+$/)

/** What is to be done, with all that makes it the same when it is done again. Amounts are decimal strings. */
const Call = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), peer: z.string(), challengeSecs: z.int(), lane: z.int(), instance: Amount }),
  z.object({ kind: z.literal('deposit'), channelId: z.string(), total: Amount }),
  z.object({ kind: z.literal('redeem'), channelId: z.string(), nonce: Amount, total: Amount, signature: z.string() }),
  z.object({ kind: z.literal('close'), channelId: z.string() }),
  z.object({
    kind: z.literal('together'), channelId: z.string(), paidA: Amount, paidB: Amount, validUntil: Amount, signatures: z.tuple([z.string(), z.string()])
  }),
  z.object({ kind: z.literal('settle'), channelId: z.string() })
])

const Attempt = z.object({
  /** In base58: the name of the transaction. */
  signature: z.string(),
  /** The transaction, in base64. */
  raw: z.string(),
  /** After this one the chain does not take it any more. */
  lastValidBlockHeight: z.int(),
  /** ms since the epoch. */
  signedMs: z.number()
})

const Outcome = z.object({
  txId: z.string(),
  /** Why it failed, where it did. */
  error: z.string().optional()
})

/** The record of an operation. */
export const Operation = z.object({
  id: z.string(),
  call: Call,
  /** The last offers most. More than one may be taken: the program does what is asked once. */
  attempts: z.array(Attempt),
  outcome: Outcome.optional()
})

export type Call = z.infer<typeof Call>
export type Attempt = z.infer<typeof Attempt>
export type Outcome = z.infer<typeof Outcome>
export type Operation = z.infer<typeof Operation>
