/**
 * Keys from the wallet of the node: `keyId: wallet:0`. Where the wallet is, and its password, stand in the environment and never in a
 * configuration (src/lib/wallet/environment.ts).
 */
import { readWalletText, unseal, WalletError } from '../../../src/lib/wallet/wallet-file.js'
import { walletFileIn, walletPasswordIn } from '../../../src/lib/wallet/environment.js'
import { seedOf } from '../../../src/lib/wallet/words.js'
import { deriveKey, type DerivedKey, type KeyPlace } from './derive.js'

const WALLET_KEY = /^wallet:(0|[1-9]\d{0,9})$/
const INDEX_MAX = 2 ** 31 - 1
/** Keys of the wallet that are in use. One that is not kept is derived anew. */
const KEYS_MAX = 1000

/** By file and path. Accounts of one chain share a key, and to open the wallet takes a third of a second. */
const opened = new Map<string, DerivedKey>()

/** Whether it names a key of the wallet. */
export function isWalletKey (keyId: string): boolean {
  return indexIn(keyId) !== undefined
}

/**
 * The key that `keyId` names. Blocks this thread for a third of a second the first time; later the key is at hand, whatever became of the
 * file. Undefined when it names no key of the wallet.
 * @throws WalletError that says why the wallet cannot be opened, without secrets
 */
export function walletKey (keyId: string, place: KeyPlace, env: NodeJS.ProcessEnv = process.env): DerivedKey | undefined {
  const index = indexIn(keyId)
  if (index === undefined) return undefined
  const file = walletFileIn(env)
  const path = place.path(index)
  const name = `${file}\n${path}`
  const key = opened.get(name) ?? deriveFrom(file, walletPasswordIn(env), seed => deriveKey(seed, place.curve, path))
  if (opened.size < KEYS_MAX) opened.set(name, key)
  return key
}

function indexIn (keyId: string): number | undefined {
  const digits = WALLET_KEY.exec(keyId)?.[1]
  return digits === undefined || Number(digits) > INDEX_MAX ? undefined : Number(digits)
}

function deriveFrom (file: string, password: string | undefined, derive: (seed: Buffer) => DerivedKey): DerivedKey {
  if (password === undefined) {
    throw new WalletError(`There is no password for the wallet ${file}, from which keyId takes the key. Set WALLET_PASSWORD, or WALLET_PASSWORD_FILE to a file that has it.`)
  }
  const entropy = unseal(readWalletText(file), password, file)
  const seed = seedOf(entropy)
  try {
    return derive(seed)
  } finally {
    entropy.fill(0)
    seed.fill(0)
  }
}
