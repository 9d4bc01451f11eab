/**
 * Plain payments. o1js's ledger knows zkApp commands only, and checks every signature, so the stand-in verifies the signature of the
 * payment with mina-signer, and then moves the money by a zkApp command that it signs itself: for that it must have been given the
 * payer's key.
 */
import Client from 'mina-signer'
import { AccountUpdate, PublicKey, Types } from 'o1js'
import { ACCOUNT_CREATION_FEE, MAX_SLOT, type Payment, type ZkappCommand } from './types.js'

const signer = new Client({ network: 'devnet' })

export function isSignedPayment (payment: Payment, signature: { field: string, scalar: string }): boolean {
  return signer.verifyPayment({ data: payment, publicKey: payment.from, signature })
}

/** The hash that clients compute, too. */
export function hashOfPayment (payment: Payment, signature: { field: string, scalar: string }): string {
  return signer.hashPayment({ data: { ...payment, memo: payment.memo }, publicKey: payment.from, signature }, { berkeley: true })
}

/** @param creates whether the receiver does not exist: the fee for its creation comes out of the amount */
export function movementOf (payment: Payment, privateKey: string, creates: boolean): ZkappCommand {
  const { from, to, amount, fee, nonce, validUntil, memo } = payment
  const zkappCommand = {
    feePayer: { body: { publicKey: from, fee: '0', validUntil: null, nonce: '0' }, authorization: '' },
    accountUpdates: [changeOf(from, -amount), changeOf(to, creates ? amount - ACCOUNT_CREATION_FEE : amount)],
    memo: ''
  }
  const feePayer = { feePayer: from, fee, nonce, memo, validUntil: validUntil === MAX_SLOT ? null : validUntil }
  return signer.signZkappCommand({ zkappCommand, feePayer }, privateKey).data.zkappCommand
}

function changeOf (address: string, change: bigint): ReturnType<typeof Types.AccountUpdate.toJSON> {
  const { body, authorization } = Types.AccountUpdate.toJSON(AccountUpdate.default(PublicKey.fromBase58(address)))
  body.balanceChange = { magnitude: String(change < 0n ? -change : change), sgn: change < 0n ? 'Negative' : 'Positive' }
  if (change < 0n) {
    body.useFullCommitment = true
    body.authorizationKind.isSigned = true
  }
  return { body, authorization }
}
