/** Our key on Solana, and signatures of others as the chain takes them. */
import type { Signer } from '../../src/contracts/signer.js'
import { rawSigner } from '../lib/keys/raw.js'
import { isGoodPoint, isStrictlySignedBy } from '../lib/keys/strict-ed25519.js'
import { bytesOf, encodeBase58 } from './formats.js'

/** Whether this address can sign what the chain takes. */
export function canSign (address: string): boolean {
  return isGoodPoint(bytesOf(address))
}

/** Whether the chain would take the signature: its precompile is strict. */
export function isSignedBy (address: string, message: Buffer, signature: Buffer): boolean {
  return isStrictlySignedBy(bytesOf(address), message, signature)
}

/** What no transaction begins with, and every claim and every consent does. */
const NOT_A_TRANSACTION = 0xff

/** Our key. What it is asked to sign is either a claim or a consent, or a transaction: neither is ever passed off as the other. */
export class SolanaKey {
  readonly address: string
  readonly #signer: Signer

  constructor (signer: Signer) {
    this.#signer = signer
    this.address = encodeBase58(signer.publicKey)
  }

  get trouble (): string | undefined {
    return this.#signer.trouble
  }

  /** Rejects when it could be a transaction. */
  async signMessage (message: Buffer): Promise<Buffer> {
    if (message[0] !== NOT_A_TRANSACTION) throw new Error('this is not a message that is signed for a channel')
    return await this.#signer.sign(message)
  }

  /** Rejects when it could be a claim or a consent. */
  async signTransaction (message: Uint8Array): Promise<Buffer> {
    if (message[0] === NOT_A_TRANSACTION) throw new Error('this is not a transaction')
    return await this.#signer.sign(message)
  }
}

/** @param seed 32 bytes */
export function rawKey (seed: Uint8Array): SolanaKey {
  return new SolanaKey(rawSigner('ed25519', seed))
}
