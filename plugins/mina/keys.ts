/** Reads our key: EK and 50 letters and digits, as wallets of Mina show it, or a key of the node's own wallet. Loads no SDK. */
import { keyFault, type ChainKeys, type KeyFault } from '../lib/keys/key-fault.js'
import { vaultKeyIn } from '../lib/keys/key-id.js'
import { walletKey } from '../lib/keys/wallet.js'
import { publicPointOf } from './crypto/pallas.js'
import { addressOf, keyTextOf, scalarOf } from './formats.js'
import { keyPlace, scalarFrom } from './wallet.js'

const KEYS: ChainKeys = { curves: [], label: 'Mina', isOwnForm: keyId => scalarOf(keyId) !== undefined }
const IN_NO_VAULT = 'Mina signs on the curve Pallas, which no vault has. Use a private key (EK...) or wallet:0'

export interface MinaKey {
  /** B62... */
  readonly address: string
  /** EK...: what mina-signer signs with. */
  readonly text: string
}

/** What is wrong with a `keyId`; undefined: nothing. Never repeats it. */
export function minaKeyFault (keyId: string): KeyFault | undefined {
  return vaultKeyIn(keyId) === undefined ? keyFault(keyId, KEYS) : { words: IN_NO_VAULT }
}

/** @throws Error without secrets when it is not a key, or the wallet cannot be opened */
export function keyOf (keyId: string): MinaKey {
  const derived = walletKey(keyId, keyPlace)
  const scalar = derived === undefined ? scalarOf(keyId) : scalarFrom(derived.privateKey)
  if (scalar === undefined) throw new Error('keyId is not a private key of Mina: EK and 50 letters and digits are expected, or wallet:0')
  return keyWith(scalar)
}

export function keyWith (scalar: bigint): MinaKey {
  return { address: addressOf(publicPointOf(scalar)), text: keyTextOf(scalar) }
}
