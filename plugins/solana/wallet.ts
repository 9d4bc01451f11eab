/** Where a wallet of words has its keys of Solana: where Phantom and `solana-keygen` look for them, too. */
import type { WalletPlace } from '../lib/keys/derive.js'
import { encodeBase58 } from './formats.js'

export const walletPlace: WalletPlace = {
  curve: 'ed25519',
  path: index => `m/44'/501'/${index}'/0'`,
  addressOf: encodeBase58
}
