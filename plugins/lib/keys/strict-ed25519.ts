/**
 * Ed25519 as chains verify it, which is stricter than OpenSSL: a signature that only OpenSSL takes is worth nothing on a chain, so a peer
 * could pay with claims that nobody can redeem. RFC 8032; chains refuse points of small order, too, other encodings of a point than the
 * shortest, and an S that is not below the order of the group.
 */
import { verify } from 'node:crypto'
import { knownEd25519Key } from './ed25519.js'

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
const SIGN_BIT = 2n ** 255n
/** Of the points of order 8, one; the other has the negative of it. */
const Y_OF_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
const SMALL_ORDER = new Set([0n, 1n, P - 1n, Y_OF_ORDER_8, P - Y_OF_ORDER_8])
const SIGNATURE_BYTES = 64

/** Whether a chain takes it for the key of a signer, or for the point of a signature. @param point 32 bytes */
export function isGoodPoint (point: Uint8Array): boolean {
  const y = numberOf(point) % SIGN_BIT
  return y < P && !SMALL_ORDER.has(y)
}

/** Whether a chain would take the signature. Anything malformed is simply not one. @param publicKey 32 bytes */
export function isStrictlySignedBy (publicKey: Uint8Array, message: Uint8Array, signature: Buffer): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false
  if (!isGoodPoint(publicKey) || !isGoodPoint(signature.subarray(0, 32)) || numberOf(signature.subarray(32)) >= L) return false
  return verify(null, message, knownEd25519Key(publicKey), signature)
}

/** Little-endian. */
function numberOf (bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}
