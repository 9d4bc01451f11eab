/**
 * Signatures on secp256k1 as a Signer gives them. Uses npm's `secp256k1` (libsecp256k1, about 50 us each) if it is installed and built,
 * otherwise JavaScript (about 350 us).
 */
import { createECDH } from 'node:crypto'
import { createRequire } from 'node:module'
import { secp256k1 } from '@noble/curves/secp256k1'
import type * as Native from 'secp256k1'

const KEY_BYTES = 32
const COMPACT_BYTES = 64

let loaded: { native: typeof Native | undefined } | undefined

/** Undefined where the package is not installed or not built for this machine. */
export function nativeSecp256k1 (): typeof Native | undefined {
  loaded ??= { native: load() }
  return loaded.native
}

function load (): typeof Native | undefined {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings') as typeof Native
  } catch {
    return undefined
  }
}

/** The 33 bytes of a key's public half. @throws Error that never repeats the key, when it is not one */
export function publicKeyOf (key: Uint8Array): Buffer {
  const ecdh = createECDH('secp256k1')
  try {
    if (key.length !== KEY_BYTES) throw new RangeError()
    ecdh.setPrivateKey(Buffer.from(key))
  } catch {
    throw new Error('not a private key of secp256k1') // what the library says may have the key in it
  }
  return ecdh.getPublicKey(null, 'compressed')
}

/** r, s of the lower half, and the recovery id: 65 bytes. RFC 6979: the same digest gives the same signature. */
export function signDigest (digest: Uint8Array, key: Uint8Array): Buffer {
  const signature = Buffer.allocUnsafe(COMPACT_BYTES + 1)
  const native = nativeSecp256k1()
  if (native === undefined) {
    const signed = secp256k1.sign(digest, key, { lowS: true })
    signature.set(signed.toCompactRawBytes())
    signature[COMPACT_BYTES] = signed.recovery
  } else {
    const signed = native.ecdsaSign(digest, key)
    signature.set(signed.signature)
    signature[COMPACT_BYTES] = signed.recid
  }
  return signature
}

/**
 * Completes what a vault gives: the lower s, and the recovery id, which is the one that leads to the public key. Undefined: another key has
 * made it, or of other bytes.
 * @param compact r and s, 32 bytes each
 */
export function completed (digest: Uint8Array, compact: Uint8Array, publicKey: Buffer): Buffer | undefined {
  if (compact.length !== COMPACT_BYTES) return undefined
  try {
    const lower = secp256k1.Signature.fromCompact(compact).normalizeS()
    const recovery = [0, 1].find(id => publicKey.equals(lower.addRecoveryBit(id).recoverPublicKey(digest).toRawBytes(true)))
    return recovery === undefined ? undefined : Buffer.concat([lower.toCompactRawBytes(), Buffer.from([recovery])])
  } catch {
    return undefined // r or s out of range, or not a point of the curve
  }
}

/** r and s of a signature in DER (SEC 1, C.5), 32 bytes each. Undefined when it is not one. */
export function compactOf (der: Uint8Array): Buffer | undefined {
  try {
    return Buffer.from(secp256k1.Signature.fromDER(der).toCompactRawBytes())
  } catch {
    return undefined
  }
}

/** In DER, as the XRP Ledger takes it. */
export function derOf (signature: Uint8Array): Buffer {
  return Buffer.from(secp256k1.Signature.fromCompact(signature.subarray(0, COMPACT_BYTES)).toDERRawBytes())
}

/** Any form of a public key in its compressed one. Undefined when it is not a point of the curve. */
export function compressed (publicKey: Uint8Array): Buffer | undefined {
  try {
    return Buffer.from(secp256k1.ProjectivePoint.fromHex(publicKey).toRawBytes(true))
  } catch {
    return undefined
  }
}
