/**
 * Signed transactions as a node reads them: BCS of the raw transaction and the authenticator, hash, signing message and authentication key
 * (spec of the SDK's generated transactions, vectors in `vectors.json`). Only entry functions and single Ed25519 signers.
 */
import { BcsError, BcsReader, hexOf } from './bcs.js'
import { sha3, verifyStrict } from './signatures.js'
import { readTypeTag } from './type-tags.js'

const RAW_SALT = sha3(Buffer.from('APTOS::RawTransaction'))
const TRANSACTION_SALT = sha3(Buffer.from('APTOS::Transaction'))
const ED25519_SCHEME = Uint8Array.of(0)
const ENTRY_FUNCTION = 2

export interface EntryFunction {
  /** Of the module. */
  readonly address: string
  readonly module: string
  readonly name: string
  /** As text, such as `0x1::aptos_coin::AptosCoin`. */
  readonly typeArguments: readonly string[]
  /** Each in BCS. */
  readonly args: readonly Uint8Array[]
}

export interface Transaction {
  readonly hash: string
  readonly bytes: Uint8Array
  readonly sender: string
  readonly sequence: bigint
  readonly call: EntryFunction
  readonly maxGas: bigint
  readonly gasPrice: bigint
  readonly expiration: bigint
  readonly chainId: number
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
  readonly signingMessage: Uint8Array
}

/** @throws BcsError if it cannot be read, or is of a kind that this stand-in does not know */
export function readSigned (bytes: Uint8Array): Transaction {
  const reader = new BcsReader(bytes)
  const sender = reader.address()
  const sequence = reader.u64()
  const kind = reader.uleb()
  if (kind !== ENTRY_FUNCTION) throw new BcsError(`payloads of kind ${kind} are not known here: entry functions (${ENTRY_FUNCTION}) only`)
  const call = readEntryFunction(reader)
  const maxGas = reader.u64()
  const gasPrice = reader.u64()
  const expiration = reader.u64()
  const chainId = reader.u8()
  const raw = reader.since(0)
  const { publicKey, signature } = readAuthenticator(reader)
  reader.end()
  return {
    hash: hexOf(sha3(TRANSACTION_SALT, Uint8Array.of(0), bytes)),
    signingMessage: Buffer.concat([RAW_SALT, raw]),
    bytes, sender, sequence, call, maxGas, gasPrice, expiration, chainId, publicKey, signature
  }
}

export function readEntryFunction (reader: BcsReader): EntryFunction {
  return {
    address: reader.address(),
    module: reader.text(),
    name: reader.text(),
    typeArguments: reader.list(() => readTypeTag(reader)),
    args: reader.list(() => reader.vector())
  }
}

/** Of a transaction: Ed25519 (0), or a single sender (4) that signs with it. */
function readAuthenticator (reader: BcsReader): { publicKey: Uint8Array, signature: Uint8Array } {
  const kind = reader.uleb()
  const inner = kind === 4 ? reader.uleb() : kind
  if (inner !== 0) throw new BcsError(`authenticators of kind ${kind}/${inner} are not known here: a single Ed25519 signer only`)
  const [publicKey, signature] = [reader.vector(), reader.vector()]
  if (publicKey.length !== 32 || signature.length !== 64) throw new BcsError('an Ed25519 key has 32 bytes and its signature 64')
  return { publicKey, signature }
}

export function isSigned (tx: Transaction): boolean {
  return verifyStrict(tx.signingMessage, tx.publicKey, tx.signature)
}

/** Of an Ed25519 key; also the address of an account, as long as its key has not been rotated. */
export function authenticationKeyOf (publicKey: Uint8Array): string {
  return hexOf(sha3(publicKey, ED25519_SCHEME))
}
