/** Transactions as they travel: BCS, what is signed, and what names them. Only this file needs @aptos-labs/ts-sdk. */
import { createHash } from 'node:crypto'
import {
  AccountAddress, ChainId, Ed25519PublicKey, Ed25519Signature, EntryFunction, MoveVector, parseTypeTag, RawTransaction, SignedTransaction,
  TransactionAuthenticatorEd25519, TransactionPayloadEntryFunction, U64
} from '@aptos-labs/ts-sdk'
import type { Payload } from './payloads.js'

/** What every transaction says. */
export interface Envelope {
  sender: string
  network: number
  sequence: bigint
  /** Octas for one unit of gas, and units. */
  price: bigint
  maxGas: bigint
  /** From this second on, by the chain's clock, no block has it. */
  expiration: number
}

const RAW_SALT = hash(Buffer.from('APTOS::RawTransaction'))
const HASH_SALT = hash(Buffer.from('APTOS::Transaction'))
/** Of a transaction that somebody has signed. */
const USER_TRANSACTION = Buffer.from([0])
const SIGNATURE_BYTES = 64

/** Signed by `sign`, which gets what is signed: with what says that it is a transaction in front. */
export async function signed (
  payload: Payload, envelope: Envelope, publicKey: Uint8Array, sign: (message: Uint8Array) => Promise<Uint8Array>
): Promise<{ bytes: Buffer, hash: string }> {
  const raw = rawOf(payload, envelope)
  const signature = await sign(Buffer.concat([RAW_SALT, raw.bcsToBytes()]))
  const bytes = bytesWith(raw, publicKey, signature)
  return { bytes, hash: `0x${hash(HASH_SALT, USER_TRANSACTION, bytes).toString('hex')}` }
}

/** As nodes simulate it: under no signature. */
export function unsigned (payload: Payload, envelope: Envelope, publicKey: Uint8Array): Buffer {
  return bytesWith(rawOf(payload, envelope), publicKey, Buffer.alloc(SIGNATURE_BYTES))
}

function rawOf ({ module, name, typeArguments, args }: Payload, envelope: Envelope): RawTransaction {
  const { sender, network, sequence, price, maxGas, expiration } = envelope
  const values = args.map(arg => {
    switch (arg.type) {
    case 'address': return AccountAddress.from(arg.value)
    case 'u64': return new U64(arg.value)
    case 'bytes': return MoveVector.U8(arg.value)
    }
  })
  const call = EntryFunction.build(module, name, typeArguments.map(type => parseTypeTag(type)), values)
  const payload = new TransactionPayloadEntryFunction(call)
  return new RawTransaction(AccountAddress.from(sender), sequence, payload, maxGas, price, BigInt(expiration), new ChainId(network))
}

function bytesWith (raw: RawTransaction, publicKey: Uint8Array, signature: Uint8Array): Buffer {
  const authenticator = new TransactionAuthenticatorEd25519(new Ed25519PublicKey(publicKey), new Ed25519Signature(signature))
  return Buffer.from(new SignedTransaction(raw, authenticator).bcsToBytes())
}

function hash (...parts: Uint8Array[]): Buffer {
  return createHash('sha3-256').update(Buffer.concat(parts)).digest()
}
