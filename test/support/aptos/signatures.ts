/**
 * Ed25519 as the chain judges it: `signature_verify_strict` takes no key and no point of small order, and no other form of a signature
 * (aptos-stdlib, ed25519.move). Node's own check takes small orders, so they are refused before.
 */
import { createHash, createPublicKey, sign, verify, createPrivateKey, type KeyObject } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'

const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Whether these 32 bytes are a point of the curve, and not one of small order: `new_validated_public_key_from_bytes`. */
export function isGoodPoint (bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  try {
    return !ed25519.Point.fromBytes(Uint8Array.from(bytes), true).isSmallOrder()
  } catch {
    return false
  }
}

export function verifyStrict (message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || !isGoodPoint(publicKey) || !isGoodPoint(signature.subarray(0, 32))) return false
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, publicKey]), format: 'der', type: 'spki' })
  return verify(null, message, key, signature)
}

export function sha3 (...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha3-256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** A key pair for tests, from a seed of 32 bytes. */
export class TestKey {
  readonly publicKey: Uint8Array
  private readonly key: KeyObject

  constructor (readonly seed: Uint8Array) {
    this.key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
    this.publicKey = createPublicKey(this.key).export({ format: 'der', type: 'spki' }).subarray(-32)
  }

  sign (message: Uint8Array): Uint8Array { return sign(null, message, this.key) }
}
