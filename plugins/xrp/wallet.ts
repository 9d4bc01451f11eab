/** Where a wallet of words has its keys of the XRP Ledger. */
import { createHash } from 'node:crypto'
import type { WalletPlace } from '../lib/keys/derive.js'
import { addressOf } from './base58.js'

export const walletPlace: WalletPlace = {
  curve: 'secp256k1',
  /** With 1 where Xaman has 0: a node's accounts are not the ones that a person uses with the same words. */
  path: index => `m/44'/144'/1'/0/${index}`,
  addressOf: publicKey => addressOf(createHash('ripemd160').update(createHash('sha256').update(publicKey).digest()).digest())
}
