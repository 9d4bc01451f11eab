/** How the EVM writes addresses, hashes, keys and the ids of chains. */
import type { Curve } from '../../src/contracts/signer.js'
import type { ChainKeys } from '../lib/keys/key-fault.js'

export const ADDRESS = /^0x[0-9a-fA-F]{40}$/
/** Of 32 bytes: a transaction, a channel. */
export const HASH = /^0x[0-9a-fA-F]{64}$/
/** A private key that stands in the configuration itself. */
export const RAW_KEY = /^0x[0-9a-fA-F]{64}$/

/** That accounts sign with. */
export const CURVES: readonly Curve[] = ['secp256k1']
export const KEYS: ChainKeys = { curves: CURVES, label: 'EVM', isOwnForm: keyId => RAW_KEY.test(keyId) }

const CHAIN_ID = /^evm:(?:[a-zA-Z0-9]+:)?([1-9]\d{0,15})$/

/** `8453` of `evm:8453` and of `evm:base:8453`. Undefined for anything else. */
export function chainNumberOf (chainId: string): string | undefined {
  return CHAIN_ID.exec(chainId)?.[1]
}

/** The bytes of `0x` and hexadecimal digits. */
export function bytesOf (hex: string): Buffer {
  return Buffer.from(hex.slice(2), 'hex')
}
