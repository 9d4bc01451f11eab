/** What is wrong with a `keyId`, in a configuration or in the options of a plugin: the same on every chain, but for its own forms. */
import type { Curve } from '../../../src/contracts/signer.js'
import { vaultFaultIn, vaultKeyIn } from './key-id.js'
import { isWalletKey } from './wallet.js'

/** The keys of a chain. */
export interface ChainKeys {
  curves: readonly Curve[]
  /** Of the chain, for a sentence. */
  label: string
  /** Whether it has a form that the chain itself gives keys. */
  isOwnForm: (keyId: string) => boolean
}

/** `words`: why a key in a vault cannot be used, in a sentence without its end. Without them, it has none of the forms of a key. */
export interface KeyFault {
  words?: string | undefined
}

/** Undefined: it names a key well, of the chain itself, the wallet or a vault. */
export function keyFault (keyId: string, { curves, label, isOwnForm }: ChainKeys): KeyFault | undefined {
  const words = vaultFaultIn(keyId, curves, label)
  if (words !== undefined) return { words }
  return vaultKeyIn(keyId) !== undefined || isOwnForm(keyId) || isWalletKey(keyId) ? undefined : {}
}
