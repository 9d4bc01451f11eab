/** Where a wallet of words has its keys of Aptos: where the SDK of Aptos looks for them, too. */
import type { WalletPlace } from '../lib/keys/derive.js'
import { addressOf } from './formats.js'

export const walletPlace: WalletPlace = {
  curve: 'ed25519',
  path: index => `m/44'/637'/${index}'/0'/0'`,
  addressOf
}
