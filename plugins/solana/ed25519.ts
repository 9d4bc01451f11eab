/**
 * Ed25519 as the chain verifies it, which is stricter than OpenSSL: a signature that only OpenSSL takes is worth nothing on the chain, so a
 * peer could pay with claims that nobody can redeem. RFC 8032; the chain's precompile refuses points of small order, other encodings of a
 * point than the shortest, and an S that is not below the order of the group.
 */
import { verify, type KeyObject } from 'node:crypto'
import type { Signer } from '../../src/contracts/signer.js'
import { ed25519PublicKey } from '../lib/keys/ed25519.js'
import { rawSigner } from '../lib/keys/raw.js'
import { bytesOf, encodeBase58 } from './formats.js'

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
const SIGN_BIT = 2n ** 255n
/** Of the points of order 8, one; the other has the negative of it. */
const Y_OF_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
const SMALL_ORDER = new Set([0n, 1n, P - 1n, Y_OF_ORDER_8, P - Y_OF_ORDER_8])
const SIGNATURE_BYTES = 64
/** Keys of peers that were read lately. */
const MAX_KEYS = 1000

/** Whether the chain takes it for the key of a signer, or for the point of a signature. */
function isGoodPoint (point: Uint8Array): boolean {
  const y = numberOf(point) % SIGN_BIT
  return y < P && !SMALL_ORDER.has(y)
}

/** Whether this address can sign what the chain takes. */
export function canSign (address: string): boolean {
  return isGoodPoint(bytesOf(address))
}

const keys = new Map<string, KeyObject>()

/** Whether the chain would take the signature. Anything malformed is simply not one. */
export function isSignedBy (address: string, message: Buffer, signature: Buffer): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false
  const point = bytesOf(address)
  if (!isGoodPoint(point) || !isGoodPoint(signature.subarray(0, 32)) || numberOf(signature.subarray(32)) >= L) return false
  let key = keys.get(address)
  if (key === undefined) {
    if (keys.size >= MAX_KEYS) keys.clear()
    key = ed25519PublicKey(point)
    keys.set(address, key)
  }
  return verify(null, message, key, signature)
}

/** What no transaction begins with, and every claim and every consent does. */
const NOT_A_TRANSACTION = 0xff

/** Our key. What it is asked to sign is either a claim or a consent, or a transaction: neither is ever passed off as the other. */
export class SolanaKey {
  readonly address: string
  readonly #signer: Signer

  constructor (signer: Signer) {
    this.#signer = signer
    this.address = encodeBase58(signer.publicKey)
  }

  get trouble (): string | undefined {
    return this.#signer.trouble
  }

  /** Rejects when it could be a transaction. */
  async signMessage (message: Buffer): Promise<Buffer> {
    if (message[0] !== NOT_A_TRANSACTION) throw new Error('this is not a message that is signed for a channel')
    return await this.#signer.sign(message)
  }

  /** Rejects when it could be a claim or a consent. */
  async signTransaction (message: Uint8Array): Promise<Buffer> {
    if (message[0] === NOT_A_TRANSACTION) throw new Error('this is not a transaction')
    return await this.#signer.sign(message)
  }
}

/** @param seed 32 bytes */
export function rawKey (seed: Uint8Array): SolanaKey {
  return new SolanaKey(rawSigner('ed25519', seed))
}

/** Little-endian. */
function numberOf (bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}
