/** Keys of Ed25519 (RFC 8032) between their 32 bytes and the objects of node:crypto, which takes them in DER (RFC 8410). */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

export const ED25519_BYTES = 32
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/** @param seed 32 bytes. Leaves no other copy of them than the key */
export function ed25519PrivateKey (seed: Uint8Array): KeyObject {
  const der = Buffer.concat([PRIVATE_HEAD, seed])
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}

/** @param bytes 32 of them. @throws Error when node:crypto takes them for no key */
export function ed25519PublicKey (bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, bytes]), format: 'der', type: 'spki' })
}

/** Keys of peers that were read lately. */
const MAX_KEYS = 1000
const keys = new Map<string, KeyObject>()

/** The same, remembered: for the keys under which claims come again and again, as reading one takes half as long as a signature. */
export function knownEd25519Key (bytes: Uint8Array): KeyObject {
  const name = Buffer.from(bytes).toString('latin1')
  const known = keys.get(name)
  if (known !== undefined) return known
  const key = ed25519PublicKey(bytes)
  if (keys.size >= MAX_KEYS) keys.clear()
  keys.set(name, key)
  return key
}

/** The 32 bytes of the public half of either. */
export function ed25519PublicBytes (key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(-ED25519_BYTES)
}
