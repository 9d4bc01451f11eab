/** Reads our key: 32 or 64 bytes in base58, as wallets show it, or the path of a keypair.json, as the tools of Solana keep it. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Logger } from '../../src/contracts/logger.js'
import type { Curve } from '../../src/contracts/signer.js'
import { describeError } from '../../src/lib/describe-error.js'
import type { ChainKeys } from '../lib/keys/key-fault.js'
import { vaultKeyIn } from '../lib/keys/key-id.js'
import { openVaultKey } from '../lib/keys/open.js'
import type { KeySource } from '../lib/keys/open.js'
import { walletKey } from '../lib/keys/wallet.js'
import { rawKey, SolanaKey } from './ed25519.js'
import { bytesOf, decodeBase58, KEY_BYTES } from './formats.js'
import { walletPlace } from './wallet.js'

/** That addresses sign with. */
const CURVES: readonly Curve[] = ['ed25519']
export const KEYS: ChainKeys = { curves: CURVES, label: 'Solana', isOwnForm: keyId => isRawKey(keyId) || isKeyPath(keyId) }

const KEYPAIR_BYTES = 64
const Keypair = z.array(z.int().min(0).max(255)).length(KEYPAIR_BYTES)

/** Whether it has the form of a key: the bytes themselves. */
export function isRawKey (text: string): boolean {
  const { length } = decodeBase58(text) ?? []
  return length === KEY_BYTES || length === KEYPAIR_BYTES
}

/** Whether it has the form of a path. */
export function isKeyPath (text: string): boolean {
  return /\.json$/i.test(text)
}

/** The key of a `keyId`, wherever it is. Rejects with words without secrets, when it cannot be used now. */
export async function openKey ({ keyId, vault, socksProxy }: KeySource, log: Logger): Promise<SolanaKey> {
  const key = vaultKeyIn(keyId)
  return key === undefined ? keyOf(keyId) : new SolanaKey(await openVaultKey({ key, settings: vault, socksProxy, curves: CURVES, log }))
}

/** The key of a `keyId`: of the wallet, of a file, or one that stands in the configuration itself. @throws Error without secrets */
export function keyOf (keyId: string): SolanaKey {
  const derived = walletKey(keyId, walletPlace)
  return derived === undefined ? rawKeyOf(keyId) : rawKey(derived.privateKey)
}

/** @throws Error that never holds a part of the key */
export function rawKeyOf (keyId: string): SolanaKey {
  const bytes = isKeyPath(keyId) ? bytesIn(keyId) : decodeBase58(keyId)
  if (bytes?.length !== KEY_BYTES && bytes?.length !== KEYPAIR_BYTES) {
    throw new Error('keyId is not a key of Solana: 32 or 64 bytes in base58 are expected, or the path of a keypair.json')
  }
  const key = rawKey(bytes.subarray(0, KEY_BYTES))
  if (bytes.length === KEYPAIR_BYTES && !bytesOf(key.address).equals(bytes.subarray(KEY_BYTES))) {
    throw new Error('the two halves of keyId do not belong together: its last 32 bytes are not the address of the first 32')
  }
  return key
}

function bytesIn (path: string): Buffer {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`keyId names a file that cannot be read: ${describeError(error)}`, { cause: error })
  }
  const { data } = Keypair.safeParse(parsed(text))
  if (data === undefined) throw new Error(`keyId names a file that is not a keypair of Solana: 64 numbers in a list are expected. path=${path}`)
  return Buffer.from(data)
}

/** Undefined when it is not JSON: the error of the parser would show a part of it. */
function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
