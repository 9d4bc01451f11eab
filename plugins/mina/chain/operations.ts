/** What is kept of an operation and of its transactions: see OperationStore. */
import { z } from 'zod'
import { ChainError } from '../../lib/channels/types.js'

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

/** A transaction without signatures. */
export type Unsigned = {
  /** Whether the chain would still take it. */
  isFresh: () => boolean
} & (
  { kind: 'payment', to: string, amount: bigint } |
  /** `keys`: of the accounts that sign it besides ours, as texts. `until`: no block after this slot takes it. */
  { kind: 'zkapp', json: string, keys: readonly string[], until?: number | undefined }
)

/** What was signed before, to be signed again for another fee. */
export function unsignedOf ({ attempts }: Operation, keys: readonly string[]): Unsigned {
  const last = attempts.at(-1)
  if (last === undefined) throw new ChainError('there is no transaction to sign again', false)
  const { payment, zkappCommand } = JSON.parse(last.signed) as { payment?: { to: string, amount: string }, zkappCommand?: unknown }
  const isFresh = (): boolean => true // its nonce is ours already
  if (payment !== undefined) return { kind: 'payment', to: payment.to, amount: BigInt(payment.amount), isFresh }
  return { kind: 'zkapp', json: JSON.stringify(zkappCommand), keys, until: last.until, isFresh }
}
