/** Where a wallet of words has its keys of EVM chains. Loads no SDK. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { ECDH } from 'node:crypto'
import type { WalletPlace } from '../lib/keys/derive.js'

export const walletPlace: WalletPlace = {
  curve: 'secp256k1',
  /** With 1 where MetaMask and Ledger have 0: a node's keys are not the ones that a person uses with the same words. */
  path: index => `m/44'/60'/1'/0/${index}`,
  addressOf: publicKey => checksummed(hashOf(uncompressed(publicKey).subarray(1)).subarray(-20).toString('hex'))
}

function uncompressed (publicKey: Uint8Array): Buffer {
  return Buffer.from(ECDH.convertKey(publicKey, 'secp256k1', undefined, undefined, 'uncompressed') as Uint8Array)
}

/** Capitals where the hash of the address says so. Source: EIP-55. */
function checksummed (hex: string): string {
  const hash = hashOf(Buffer.from(hex)).toString('hex')
  return `0x${Array.from(hex, (digit, index) => Number.parseInt(hash.charAt(index), 16) >= 8 ? digit.toUpperCase() : digit).join('')}`
}

function hashOf (bytes: Uint8Array): Buffer {
  return Buffer.from(keccak_256(bytes))
}
