/** A claim as operations keep it, and the contract takes it. */
import { ChainError } from '../lib/channels/types.js'
import type { ClaimRecord } from './chain/operations.js'
import { signatureOf } from './formats.js'

/** @param signature in base58. @throws ChainError, final, when it is none */
export function claimRecordOf (total: bigint, nonce: bigint, signature: string): ClaimRecord {
  const read = signatureOf(signature)
  if (read === undefined) throw new ChainError('the claim has no signature of Mina', true)
  return { amount: String(total), nonce: String(nonce), signature: { r: String(read.r), s: String(read.s) } }
}
