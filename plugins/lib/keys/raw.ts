/** A key that this process has: from its configuration, or derived from a seed. For development, and where nothing safer is available. */
import { sign } from 'node:crypto'
import type { Curve, Signer } from '../../../src/contracts/signer.js'
import { ED25519_BYTES, ed25519PrivateKey, ed25519PublicBytes } from './ed25519.js'
import { publicKeyOf, signDigest } from './secp256k1.js'

/** @param key 32 bytes: of Ed25519 the seed of RFC 8032. @throws Error that never repeats it, when it is not a key of the curve */
export function rawSigner (curve: Curve, key: Uint8Array): Signer {
  return curve === 'secp256k1' ? secp256k1Signer(key) : ed25519Signer(key)
}

function secp256k1Signer (key: Uint8Array): Signer {
  return {
    curve: 'secp256k1',
    publicKey: publicKeyOf(key),
    sign: async digest => await Promise.resolve(signDigest(digest, key))
  }
}

function ed25519Signer (seed: Uint8Array): Signer {
  if (seed.length !== ED25519_BYTES) throw new Error('not a private key of Ed25519: 32 bytes are expected')
  const key = ed25519PrivateKey(seed)
  return {
    curve: 'ed25519',
    publicKey: ed25519PublicBytes(key),
    sign: async message => await Promise.resolve(sign(null, message, key))
  }
}
