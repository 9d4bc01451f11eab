/** Where a wallet of words has its keys of Mina. Loads no SDK. */
import type { WalletAccounts } from '../../src/contracts/chain-kind.js'
import { deriveKey, type KeyPlace } from '../lib/keys/derive.js'
import { publicPointOf } from './crypto/pallas.js'
import { addressOf } from './formats.js'

/** As the wallets Auro and Ledger have it, by BIP-32 on secp256k1: the key is the scalar without its two highest bits. */
export const keyPlace: KeyPlace = { curve: 'secp256k1', path: index => `m/44'/12586'/${index}'/0/0` }

const SCALAR_BITS = 254

/** @param privateKey 32 bytes, as derived from the words */
export function scalarFrom (privateKey: Uint8Array): bigint {
  return BigInt.asUintN(SCALAR_BITS, BigInt(`0x${Buffer.from(privateKey).toString('hex')}`))
}

export const walletAccounts: WalletAccounts = {
  accountAt: (seed, index) => {
    const path = keyPlace.path(index)
    const { privateKey } = deriveKey(seed, keyPlace.curve, path)
    const scalar = scalarFrom(privateKey)
    privateKey.fill(0)
    return { path, address: addressOf(publicPointOf(scalar)) }
  }
}
