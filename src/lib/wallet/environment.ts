/** Where the wallet is and how it is opened, as the environment says: the same for the command and for a node. */
import { readFileSync } from 'node:fs'
import { describeError } from '../describe-error.js'
import { WalletError } from './wallet-file.js'

/** In the working folder, beside config.yaml. */
const DEFAULT_FILE = 'wallet.json'

type Variables = Readonly<Record<string, string | undefined>>

export function walletFileIn ({ WALLET_FILE: file }: Variables): string {
  return file === undefined || file === '' ? DEFAULT_FILE : file
}

/**
 * The password, from `WALLET_PASSWORD` or the file that `WALLET_PASSWORD_FILE` names, without a line break at its end.
 * Undefined: neither is set.
 */
export function walletPasswordIn ({ WALLET_PASSWORD: password = '', WALLET_PASSWORD_FILE: file = '' }: Variables): string | undefined {
  if (password !== '' && file !== '') throw new WalletError('Set either WALLET_PASSWORD or WALLET_PASSWORD_FILE, not both.')
  if (file === '') return password === '' ? undefined : password
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new WalletError(`Cannot read the password of the wallet (WALLET_PASSWORD_FILE): ${describeError(error)}.`)
  }
}
