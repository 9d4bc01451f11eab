/**
 * Signatures on secp256k1 as a Signer gives them. Uses npm's `secp256k1` (libsecp256k1, about 50 us each) if it is installed and built,
 * otherwise JavaScript (about 350 us).
 */
import { createECDH } from 'node:crypto'
import { createRequire } from 'node:module'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type * as Native from 'secp256k1'

const KEY_BYTES = 32
const DIGEST_BYTES = 32
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

/**
 * r, s of the lower half, and the recovery id: 65 bytes. RFC 6979: the same digest gives the same signature.
 * @param native null: in JavaScript @throws RangeError for what is not a digest of 32 bytes
 */
export function signDigest (digest: Uint8Array, key: Uint8Array, native: Pick<typeof Native, 'ecdsaSign'> | null = nativeSecp256k1() ?? null): Buffer {
  if (digest.length !== DIGEST_BYTES) throw new RangeError(`not a digest of ${DIGEST_BYTES} bytes. found=${digest.length}`)
  const signature = Buffer.allocUnsafe(COMPACT_BYTES + 1)
  if (native === null) {
    const [recovery = 0, ...compact] = secp256k1.sign(digest, key, { prehash: false, format: 'recovered' })
    signature.set(compact)
    signature[COMPACT_BYTES] = recovery
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
    const given = secp256k1.Signature.fromBytes(compact)
    const lower = given.hasHighS() ? new secp256k1.Signature(given.r, secp256k1.Point.Fn.ORDER - given.s) : given
    const recovery = [0, 1].find(id => publicKey.equals(lower.addRecoveryBit(id).recoverPublicKey(digest).toBytes(true)))
    return recovery === undefined ? undefined : Buffer.concat([lower.toBytes(), Buffer.from([recovery])])
  } catch {
    return undefined // r or s out of range, or not a point of the curve
  }
}

/** r and s of a signature in DER (SEC 1, C.5), 32 bytes each. Undefined when it is not one. */
export function compactOf (der: Uint8Array): Buffer | undefined {
  try {
    return Buffer.from(secp256k1.Signature.fromBytes(der, 'der').toBytes())
  } catch {
    return undefined
  }
}

/** In DER, as the XRP Ledger takes it. */
export function derOf (signature: Uint8Array): Buffer {
  return Buffer.from(secp256k1.Signature.fromBytes(signature.subarray(0, COMPACT_BYTES)).toBytes('der'))
}

/** Any form of a public key in its compressed one. Undefined when it is not a point of the curve. */
export function compressed (publicKey: Uint8Array): Buffer | undefined {
  try {
    return Buffer.from(secp256k1.Point.fromBytes(publicKey).toBytes(true))
  } catch {
    return undefined
  }
}
