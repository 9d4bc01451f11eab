/** Keys from a seed: BIP-32 for secp256k1, SLIP-0010 for Ed25519, where every step of a path is hardened. */
import { HDKey } from '@scure/bip32'
import { createHmac } from 'node:crypto'
import type { WalletAccounts } from '../../../src/contracts/chain-kind.js'
import type { Curve } from '../../../src/contracts/signer.js'
import { ed25519PrivateKey, ed25519PublicBytes } from './ed25519.js'

export interface DerivedKey {
  /** 32 bytes. Fill them with zeros after use. */
  readonly privateKey: Buffer
  /** secp256k1: 33 bytes, compressed. Ed25519: 32 bytes. */
  readonly publicKey: Buffer
}

/** Where a kind of chain has its keys in a wallet. */
export interface KeyPlace {
  readonly curve: Curve
  /** Of the key with this index: `m/44'/60'/0'/0/0`. For Ed25519 every step is hardened. */
  path (index: number): string
}

/** And what their addresses are, where they follow from the public key alone. */
export interface WalletPlace extends KeyPlace {
  /** @param publicKey as DerivedKey has it */
  addressOf (publicKey: Uint8Array): string
}

const HARDENED = 0x80000000
const PATH = /^m(?:\/\d{1,10}'?)+$/
const ED25519_MASTER = 'ed25519 seed'

/** For a chain kind. */
export function accountsOf (place: WalletPlace): WalletAccounts {
  return {
    accountAt: (seed, index) => {
      const path = place.path(index)
      const { privateKey, publicKey } = deriveKey(seed, place.curve, path)
      privateKey.fill(0)
      return { path, address: place.addressOf(publicKey) }
    }
  }
}

/** @param path such as `m/44'/60'/0'/0/0` @throws Error for a path that the curve does not have */
export function deriveKey (seed: Uint8Array, curve: Curve, path: string): DerivedKey {
  const steps = stepsOf(path)
  return curve === 'secp256k1' ? secp256k1(seed, path) : ed25519(seed, steps, path)
}

function stepsOf (path: string): number[] {
  if (!PATH.test(path)) throw new Error(`not a path of a wallet: ${path}`)
  return path.split('/').slice(1).map(step => {
    const index = Number.parseInt(step)
    if (index >= HARDENED) throw new Error(`not a path of a wallet: ${path}`)
    return step.endsWith("'") ? index + HARDENED : index
  })
}

function secp256k1 (seed: Uint8Array, path: string): DerivedKey {
  const root = HDKey.fromMasterSeed(seed)
  const key = root.derive(path)
  try {
    if (key.privateKey === null || key.publicKey === null) throw new Error(`there is no key at ${path}`)
    return { privateKey: Buffer.from(key.privateKey), publicKey: Buffer.from(key.publicKey) }
  } finally {
    root.wipePrivateData()
    key.wipePrivateData()
  }
}

function ed25519 (seed: Uint8Array, steps: readonly number[], path: string): DerivedKey {
  if (steps.some(step => step < HARDENED)) throw new Error(`Ed25519 has hardened steps only, which end in ': ${path}`)
  let node = hmac(ED25519_MASTER, seed)
  for (const step of steps) {
    const data = Buffer.alloc(37) // a zero, the key, the step
    node.copy(data, 1, 0, 32)
    data.writeUInt32BE(step, 33)
    const next = hmac(node.subarray(32), data)
    node.fill(0)
    data.fill(0)
    node = next
  }
  const privateKey = Buffer.from(node.subarray(0, 32))
  node.fill(0)
  return { privateKey, publicKey: ed25519PublicBytes(ed25519PrivateKey(privateKey)) }
}

function hmac (key: Uint8Array | string, data: Uint8Array): Buffer {
  return createHmac('sha512', key).update(data).digest()
}
