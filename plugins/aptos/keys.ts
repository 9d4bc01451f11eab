/** Our key on Aptos, and what the keys of claims are derived from, wherever they are. */
import type { PluginServices } from '../../src/contracts/plugin.js'
import type { Curve, Signer } from '../../src/contracts/signer.js'
import type { ChainKeys } from '../lib/keys/key-fault.js'
import { vaultKeyIn } from '../lib/keys/key-id.js'
import { openVaultKey, type KeySource } from '../lib/keys/open.js'
import { rawSigner } from '../lib/keys/raw.js'
import { sessionSecret } from '../lib/keys/session-secret.js'
import { walletKey } from '../lib/keys/wallet.js'
import { addressOf, rawKeyIn } from './formats.js'
import { statementMessage } from './messages.js'
import { walletPlace } from './wallet.js'

/** That accounts sign with here. */
const CURVES: readonly Curve[] = ['ed25519']
export const KEYS: ChainKeys = { curves: CURVES, label: 'Aptos', isOwnForm: keyId => rawKeyIn(keyId) !== undefined }
export const KEY_IN_WORDS = 'a key of 32 bytes in hexadecimal digits, with 0x or ed25519-priv-0x in front, wallet:0, or a key in a vault ' +
  '(aws-kms:, gcp-kms:, pkcs11:)'

/** Of an account that has never changed its key. */
export class AptosKey {
  readonly address: string
  readonly #signer: Signer

  constructor (signer: Signer) {
    this.#signer = signer
    this.address = addressOf(signer.publicKey)
  }

  get publicKey (): Buffer {
    return this.#signer.publicKey
  }

  get trouble (): string | undefined {
    return this.#signer.trouble
  }

  /** Signs a transaction, with what says that it is one in front: no claim begins so. */
  async sign (message: Uint8Array): Promise<Buffer> {
    return await this.#signer.sign(message)
  }

  /** The public key, a colon, and the signature, in hexadecimal digits. */
  async signStatement (text: string): Promise<string> {
    return `${this.publicKey.toString('hex')}:${(await this.#signer.sign(statementMessage(text))).toString('hex')}`
  }
}

/** Who signs, and what the keys of claims are derived from. */
export interface AptosKeys {
  key: AptosKey
  claimSecret: Buffer
}

/** Both of a `keyId`, wherever it is. Rejects with words without secrets, when they cannot be used now. */
export async function openKeys (
  { keyId, vault, socksProxy }: KeySource, network: number, { store, log }: Pick<PluginServices, 'store' | 'log'>
): Promise<AptosKeys> {
  const inVault = vaultKeyIn(keyId)
  if (inVault === undefined) return keysOf(keyId)
  const key = new AptosKey(await openVaultKey({ key: inVault, settings: vault, socksProxy, curves: CURVES, log }))
  return { key, claimSecret: await sessionSecret(store, `aptos:session:${network}:${key.address}`) }
}

/** Both of a `keyId` that is in the wallet, or stands in the configuration itself. @throws Error that never repeats it */
export function keysOf (keyId: string): AptosKeys {
  const bytes = walletKey(keyId, walletPlace)?.privateKey ?? rawKeyIn(keyId)
  if (bytes === undefined) throw new Error(`keyId is not a key of Aptos: ${KEY_IN_WORDS} is expected`)
  return { key: new AptosKey(rawSigner('ed25519', bytes)), claimSecret: bytes }
}
