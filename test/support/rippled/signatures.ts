/**
 * Signatures as rippled judges them (PublicKey.cpp): Ed25519 without the cofactor and with S below the order, as Node does it, and
 * secp256k1 in strict DER with a low S. The library of xrpl.js is laxer with Ed25519.
 */
import { createPublicKey, verify as verifyWithNode } from 'node:crypto'
import { verifyKeypairSignature } from 'xrpl'
import { uint64Hex } from './hashing.js'

const CLAIM_PREFIX = '434C4D00'
/** DER of a public key of RFC 8410, up to the 32 bytes of the key. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const ED25519_KEY = /^ED[0-9A-F]{64}$/i
const SECP256K1_KEY = /^0[23][0-9A-F]{64}$/i
const SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141n

/** As rippled's `publicKeyType`: by length and first byte; the point is not looked at. */
export function isKnownKey (publicKey: string): boolean {
  return ED25519_KEY.test(publicKey) || SECP256K1_KEY.test(publicKey)
}

/** What the source of a channel signs, in hex. @param drops what it lets the destination have in all */
export function claimMessage (channelId: string, drops: bigint): string {
  return `${CLAIM_PREFIX}${channelId}${uint64Hex(drops)}`
}

/** @param message,signature,publicKey hex */
export function isSignedBy (publicKey: string, message: string, signature: string): boolean {
  if (ED25519_KEY.test(publicKey)) return isSignedByEd25519(publicKey, message, signature)
  return SECP256K1_KEY.test(publicKey) && isCanonicalDer(signature) && isSignedBySecp256k1(publicKey, message, signature)
}

function isSignedByEd25519 (publicKey: string, message: string, signature: string): boolean {
  const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, Buffer.from(publicKey.slice(2), 'hex')]), format: 'der', type: 'spki' })
  return verifyWithNode(null, Buffer.from(message, 'hex'), key, Buffer.from(signature, 'hex'))
}

function isSignedBySecp256k1 (publicKey: string, message: string, signature: string): boolean {
  try {
    return verifyKeypairSignature(message, signature, publicKey)
  } catch {
    return false // not a point of the curve
  }
}

/** 30 length, 02 length R, 02 length S: shortest forms, positive, S at most half of the order. */
function isCanonicalDer (signature: string): boolean {
  const bytes = Buffer.from(signature, 'hex')
  if (bytes.length < 8 || bytes.length > 72 || bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2) return false
  const r = derInteger(bytes, 2)
  if (r === undefined) return false
  const s = derInteger(bytes, r.end)
  if (s?.end !== bytes.length) return false
  return r.value > 0n && r.value < SECP256K1_ORDER && s.value > 0n && s.value <= SECP256K1_ORDER / 2n
}

function derInteger (bytes: Buffer, start: number): { value: bigint, end: number } | undefined {
  const length = bytes[start + 1] ?? 0
  const content = bytes.subarray(start + 2, start + 2 + length)
  const [first = 0x80, second = 0x80] = content
  if (bytes[start] !== 0x02 || length === 0 || content.length !== length || first >= 0x80) return undefined
  if (first === 0 && length > 1 && second < 0x80) return undefined
  return { value: BigInt(`0x${content.toString('hex')}`), end: start + 2 + length }
}
