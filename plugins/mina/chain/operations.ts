/** What is kept of an operation and of its transactions: see OperationStore. */
import { z } from 'zod'

const Amount = z.string().regex(/^\d+$/)
const Claim = z.object({ amount: Amount, nonce: Amount, signature: z.object({ r: Amount, s: Amount }) })

/** What is to be done, and by what the chain shows that it is done. Amounts are nanomina. */
const Call = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), channelId: z.string(), peer: z.string(), index: z.int(), challengeSlots: z.int(), deposit: Amount }),
  /** `to`: all that was put in by then. */
  z.object({ kind: z.literal('deposit'), channelId: z.string(), amount: Amount, to: Amount }),
  z.object({ kind: z.literal('redeem'), channelId: z.string(), claim: Claim }),
  /** Without a claim, with what was redeemed before. */
  z.object({ kind: z.literal('finish'), channelId: z.string(), claim: Claim.optional() }),
  z.object({ kind: z.literal('startClose'), channelId: z.string() }),
  z.object({ kind: z.literal('settle'), channelId: z.string() })
])

const Attempt = z.object({
  nonce: z.int().min(0),
  fee: Amount,
  /** The signed transaction, as JSON. */
  signed: z.string(),
  /** The block height when it was signed. */
  height: z.int(),
  /** After this slot it cannot be included. */
  until: z.int().optional(),
  /** As the node called it, once it was sent. */
  hash: z.string().optional()
})

const Outcome = z.object({
  txId: z.string(),
  /** Why nothing came of it, where nothing did. */
  error: z.string().optional()
})

/** The record of an operation. */
export const Operation = z.object({
  id: z.string(),
  call: Call,
  /** All that share a nonce: one of them counts at most. */
  attempts: z.array(Attempt),
  /** How many nonces were used up without reaching the goal. */
  failures: z.int().min(0),
  outcome: Outcome.optional()
})

export type Call = z.infer<typeof Call>
export type ClaimRecord = z.infer<typeof Claim>
export type Attempt = z.infer<typeof Attempt>
export type Outcome = z.infer<typeof Outcome>
export type Operation = z.infer<typeof Operation>
