/** The one place where mina-signer is loaded: for claims, payments and the signatures of zkApp transactions. */
import { withPackage } from '../../lib/optional-package.js'

/** What is used of it. Its own types are the ones of the whole package, which is optional. */
export interface MinaSigner {
  signFields (fields: bigint[], key: string): { signature: string }
  verifyFields (signed: { data: bigint[], signature: string, publicKey: string }): boolean
  signMessage (message: string, key: string): { signature: TextSignature }
  verifyMessage (signed: { data: string, signature: TextSignature, publicKey: string }): boolean
  signPayment (payment: Payment, key: string): { signature: TextSignature }
  signZkappCommand (
    unsigned: { zkappCommand: unknown, feePayer: { feePayer: string, fee: string, nonce: string, memo: string } }, key: string
  ): { data: { zkappCommand: unknown } }
}

/** Decimal. */
interface TextSignature {
  field: string
  scalar: string
}

interface Payment {
  from: string
  to: string
  /** nanomina, like `fee`. */
  amount: string
  fee: string
  nonce: string
  memo: string
  validUntil: string
}

/** @param network `mainnet` signs for the main network, everything else for all others. Rejects with what to install */
export async function openSigner (network: string): Promise<MinaSigner> {
  const { default: Client } = await withPackage('mina-signer', 'settlement on Mina', () => import('mina-signer'))
  return new Client({ network: network === 'mainnet' ? 'mainnet' : 'devnet' }) as unknown as MinaSigner
}
