/**
 * The holder of an EVM account's key. Keys in the cloud or in hardware fit here as well: a digest goes in, a signature comes out, and the
 * key stays where it is.
 */
import { computeAddress } from 'ethers'
import { curve } from '../crypto/secp256k1.js'
import { RAW_KEY } from '../formats.js'

export interface Signer {
  /** `0x` and 40 hex digits in lower case. */
  readonly address: string
  /** Signs 32 bytes. 65 bytes: r, s (of the lower half, EIP-2), v (27 or 28). */
  sign (digest: Uint8Array): Promise<Buffer>
}

/** @throws Error that never repeats the key, when it is none */
export function signerOf (keyId: string): Signer {
  if (!RAW_KEY.test(keyId)) throw new Error('this form of keyId is not supported. Use the raw form: 0x and 64 hex digits')
  const key = Buffer.from(keyId.slice(2), 'hex')
  return new RawKey(key, addressOf(keyId))
}

class RawKey implements Signer {
  readonly #key: Buffer

  constructor (key: Buffer, readonly address: string) {
    this.#key = key
  }

  async sign (digest: Uint8Array): Promise<Buffer> {
    return await curve().sign(digest, this.#key)
  }
}

function addressOf (keyId: string): string {
  try {
    return computeAddress(keyId).toLowerCase()
  } catch {
    throw new Error('keyId is not a private key of secp256k1') // what ethers says may have the key in it
  }
}
