/** What is kept of an operation and of its transactions: see OperationStore. */
import { z } from 'zod'

const Attempt = z.object({
  nonce: z.int().min(0),
  hash: z.string(),
  /** The signed transaction in hex; empty when another has replaced it, which may still be mined instead. */
  raw: z.string(),
  /** When it was signed, ms since the epoch. */
  signedMs: z.number()
})

const Outcome = z.object({
  txId: z.string(),
  /** Why the transaction failed, where it did. */
  error: z.string().optional()
})

/** The record of an operation. */
export const Operation = z.object({
  id: z.string(),
  call: z.object({ to: z.string(), data: z.string() }),
  /** The limit, as a decimal string. */
  gas: z.string(),
  /** All with one nonce, so that one of them is mined at most. The last offers most. */
  attempts: z.array(Attempt),
  outcome: Outcome.optional()
})

export type Attempt = z.infer<typeof Attempt>
export type Outcome = z.infer<typeof Outcome>
export type Operation = z.infer<typeof Operation>
