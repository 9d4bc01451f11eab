/** What a key is on EVM chains: the address that it signs for, and signatures in the form that contracts recover an address from. */
import { computeAddress } from 'ethers'
import type { Logger } from '../../../src/contracts/logger.js'
import type { Signer } from '../../../src/contracts/signer.js'
import { vaultKeyIn } from '../../lib/keys/key-id.js'
import { openVaultKey } from '../../lib/keys/open.js'
import type { KeySource } from '../../lib/keys/open.js'
import { rawSigner } from '../../lib/keys/raw.js'
import { walletKey } from '../../lib/keys/wallet.js'
import { bytesOf, CURVES, RAW_KEY } from '../formats.js'
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

  get trouble (): string | undefined {
    return this.#signer.trouble
  }

  /** Signs 32 bytes. 65 bytes: r, s (of the lower half, EIP-2), v (27 or 28). */
  async sign (digest: Uint8Array): Promise<Buffer> {
    const signature = await this.#signer.sign(digest)
    signature[V_AT] = V_BASE + (signature[V_AT] ?? 0)
    return signature
  }
}

/** The key of a `keyId`, wherever it is. Rejects with words without secrets, when it cannot be used now. */
export async function openKey ({ keyId, vault, socksProxy }: KeySource, log: Logger): Promise<EvmKey> {
  const key = vaultKeyIn(keyId)
  return key === undefined ? keyOf(keyId) : new EvmKey(await openVaultKey({ key, settings: vault, socksProxy, curves: CURVES, log }))
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
