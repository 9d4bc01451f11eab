/** What a kind of vault has to bring. Everything else (limits, patience, checks of what it gives) is the same for all: vault-signer.ts. */
import { createPublicKey } from 'node:crypto'
import type { Curve } from '../../../src/contracts/signer.js'
import { compressed } from './secp256k1.js'

export interface FoundKey {
  curve: Curve
  /** As a Signer has it. */
  publicKey: Buffer
}

export interface Vault {
  /** In words, without anything secret: `AWS KMS`. */
  readonly label: string
  /** How many signatures may be asked for at a time. */
  readonly parallel: number
  /** How long an answer may take, ms. Undefined: as long as is usual. */
  readonly answerMs?: number | undefined
  /** The key as it is now. Rejects with VaultError. */
  read (signal: AbortSignal): Promise<FoundKey>
  /** 64 bytes: of secp256k1 r and s, whichever the vault gives; of Ed25519 the signature. Rejects with VaultError. */
  sign (curve: Curve, bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

/** Where a key is, and how to get in, where the environment does not say it. All of it may be secret. */
export interface VaultSettings {
  /** It is reached directly, also where the chain is not. */
  transport?: 'direct' | undefined
  region?: string | undefined
  endpoint?: string | undefined
  accessKeyId?: string | undefined
  secretAccessKey?: string | undefined
  tenantId?: string | undefined
  clientId?: string | undefined
  clientSecret?: string | undefined
  modulePath?: string | undefined
  slotId?: number | undefined
  pin?: string | undefined
}

/** The vault did not do what was asked. The message has no secret in it. */
export class VaultError extends Error {
  override readonly name = 'VaultError'

  /** @param isPassing the same may work a moment later: it was busy, or could not be reached */
  constructor (message: string, readonly isPassing: boolean, options?: ErrorOptions) {
    super(message, options)
  }
}

/** Of a public key in the form of X.509 (SPKI), PEM or DER. @throws VaultError when it is of a curve that nothing here signs with */
export function keyInSpki (spki: string | Buffer): FoundKey {
  let jwk
  try {
    const key = typeof spki === 'string' ? createPublicKey(spki) : createPublicKey({ key: spki, format: 'der', type: 'spki' })
    jwk = key.export({ format: 'jwk' })
  } catch (error) {
    throw new VaultError('the vault shows no public key that can be read', false, { cause: error })
  }
  const { crv, x = '', y = '' } = jwk
  if (crv === 'Ed25519') return { curve: 'ed25519', publicKey: Buffer.from(x, 'base64url') }
  if (crv === 'secp256k1') return pointKey(Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]))
  throw otherCurve(crv ?? jwk.kty ?? 'an unknown kind')
}

/** @throws VaultError when it is not a point of secp256k1 */
export function pointKey (point: Uint8Array): FoundKey {
  const publicKey = compressed(point)
  if (publicKey === undefined) throw new VaultError('the vault shows no public key that can be read', false)
  return { curve: 'secp256k1', publicKey }
}

export function otherCurve (found: string): VaultError {
  return new VaultError(`the key is of ${found}, and only keys of secp256k1 and ed25519 sign here. Create one of those`, false)
}
