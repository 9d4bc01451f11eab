/** What a key is on EVM chains: the address that it signs for, and signatures in the form that contracts recover an address from. */
import { computeAddress } from 'ethers'
import type { Signer } from '../../../src/contracts/signer.js'
import { rawSigner } from '../../lib/keys/raw.js'
import { walletKey } from '../../lib/keys/wallet.js'
import { bytesOf, RAW_KEY } from '../formats.js'
import { walletPlace } from '../wallet.js'

const V_AT = 64
const V_BASE = 27

export class EvmKey {
  /** `0x` and 40 hex digits in lower case. */
  readonly address: string
  readonly #signer: Signer

  constructor (signer: Signer) {
    this.#signer = signer
    this.address = computeAddress(`0x${signer.publicKey.toString('hex')}`).toLowerCase()
  }

  /** Signs 32 bytes. 65 bytes: r, s (of the lower half, EIP-2), v (27 or 28). */
  async sign (digest: Uint8Array): Promise<Buffer> {
    const signature = await this.#signer.sign(digest)
    signature[V_AT] = V_BASE + (signature[V_AT] ?? 0)
    return signature
  }
}

/** The key of a `keyId`: of the wallet, or one that stands in the configuration itself. @throws Error without secrets */
export function keyOf (keyId: string): EvmKey {
  const derived = walletKey(keyId, walletPlace)
  return derived === undefined ? rawKeyOf(keyId) : new EvmKey(rawSigner(walletPlace.curve, derived.privateKey))
}

/** A key that stands in the configuration itself. @throws Error that never repeats it, when it is none */
export function rawKeyOf (keyId: string): EvmKey {
  if (!RAW_KEY.test(keyId)) throw new Error('keyId is not a private key: 0x and 64 hex digits are expected')
  return new EvmKey(rawSigner('secp256k1', bytesOf(keyId)))
}
