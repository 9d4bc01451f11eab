/**
 * How the XRP Ledger writes addresses and seeds: bytes with a checksum, in its own alphabet. Here and not in the SDK, because a node reads
 * its configuration without one. Source: xrpl.org, "base58 encodings"; X-addresses: XLS-5d.
 */
import { createHash } from 'node:crypto'

const ALPHABET = 'rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz'
const CHECKSUM_BYTES = 4
/** Longer than anything that is written this way here. */
const MAX_CHARACTERS = 64

const ADDRESS_PREFIX = Buffer.from([0])
const ED25519_SEED_PREFIX = Buffer.from([0x01, 0xe1, 0x4b])
const SECP256K1_SEED_PREFIX = Buffer.from([0x21])
const X_PREFIX = Buffer.from([0x05, 0x44])
const T_PREFIX = Buffer.from([0x04, 0x93])
const ACCOUNT_BYTES = 20
const SEED_BYTES = 16
/** After the account: whether there is a tag, and eight bytes for it, of which the ledger uses four. */
const TAG_BYTES = 9

/** Whose account it is, and what the holder of the account tells payments apart by. */
export interface AddressParts {
  /** `r...` */
  address: string
  tag?: number | undefined
  /** Of an X-address: whether it is for test networks. */
  isTest?: boolean | undefined
}

export interface Seed {
  algorithm: 'ed25519' | 'secp256k1'
  /** 16 bytes. */
  entropy: Buffer
}

/** Reads `r...`, `X...` and `T...`. Undefined for anything else. */
export function addressIn (text: string): AddressParts | undefined {
  const bytes = decode(text)
  if (bytes === undefined) return undefined
  const account = after(bytes, ADDRESS_PREFIX, ACCOUNT_BYTES)
  if (account !== undefined) return { address: text }
  const isTest = after(bytes, T_PREFIX, ACCOUNT_BYTES + TAG_BYTES) !== undefined
  const body = after(bytes, isTest ? T_PREFIX : X_PREFIX, ACCOUNT_BYTES + TAG_BYTES)
  if (body === undefined) return undefined
  const tag = tagIn(body.subarray(ACCOUNT_BYTES))
  return tag === undefined ? undefined : { address: addressOf(body.subarray(0, ACCOUNT_BYTES)), isTest, ...tag }
}

/** The one form of an address: with a tag `X...`, whatever network it was written for; without, `r...`. Anything else stays as it is. */
export function canonicalAddress (text: string): string {
  const parts = addressIn(text)
  if (parts?.tag === undefined) return parts?.address ?? text
  const tag = Buffer.alloc(TAG_BYTES)
  tag[0] = 1
  tag.writeUInt32LE(parts.tag, 1)
  return encode(Buffer.concat([X_PREFIX, accountOf(parts.address), tag]))
}

/** The 20 bytes of `r...`. @throws Error when it is not an address */
export function accountOf (address: string): Buffer {
  const account = after(decode(address) ?? Buffer.alloc(0), ADDRESS_PREFIX, ACCOUNT_BYTES)
  if (account === undefined) throw new Error(`not an address of the XRP Ledger. found=${address}`)
  return account
}

/** Reads `sEd...` and `s...`. Undefined for anything else. */
export function seedIn (text: string): Seed | undefined {
  const bytes = decode(text)
  if (bytes === undefined) return undefined
  const ed25519 = after(bytes, ED25519_SEED_PREFIX, SEED_BYTES)
  if (ed25519 !== undefined) return { algorithm: 'ed25519', entropy: ed25519 }
  const secp256k1 = after(bytes, SECP256K1_SEED_PREFIX, SEED_BYTES)
  return secp256k1 && { algorithm: 'secp256k1', entropy: secp256k1 }
}

/** `r...` of the 20 bytes of an account. */
export function addressOf (account: Buffer): string {
  return encode(Buffer.concat([ADDRESS_PREFIX, account]))
}

function tagIn (bytes: Buffer): { tag?: number } | undefined {
  if (bytes.subarray(5).some(byte => byte !== 0)) return undefined
  const tag = bytes.readUInt32LE(1)
  if (bytes[0] === 1) return { tag }
  return bytes[0] === 0 && tag === 0 ? {} : undefined
}

function after (bytes: Buffer, prefix: Buffer, length: number): Buffer | undefined {
  const isIt = bytes.length === prefix.length + length && bytes.subarray(0, prefix.length).equals(prefix)
  return isIt ? bytes.subarray(prefix.length) : undefined
}

function encode (bytes: Buffer): string {
  const all = Buffer.concat([bytes, checksumOf(bytes)])
  let digits = ''
  for (let number = BigInt(`0x${all.toString('hex')}`); number > 0n; number /= 58n) digits = `${ALPHABET[Number(number % 58n)] ?? ''}${digits}`
  return ALPHABET.charAt(0).repeat(zerosIn(all)) + digits
}

/** Undefined when it is not written so, or its checksum is wrong. */
function decode (text: string): Buffer | undefined {
  if (text.length === 0 || text.length > MAX_CHARACTERS) return undefined
  let number = 0n
  for (const character of text) {
    const digit = ALPHABET.indexOf(character)
    if (digit === -1) return undefined
    number = number * 58n + BigInt(digit)
  }
  let zeros = 0
  while (text.charAt(zeros) === ALPHABET.charAt(0)) zeros++
  const hex = number === 0n ? '' : number.toString(16)
  const all = Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')])
  if (all.length <= CHECKSUM_BYTES) return undefined
  const bytes = all.subarray(0, -CHECKSUM_BYTES)
  return checksumOf(bytes).equals(all.subarray(-CHECKSUM_BYTES)) ? bytes : undefined
}

function zerosIn (bytes: Buffer): number {
  const first = bytes.findIndex(byte => byte !== 0)
  return first === -1 ? bytes.length : first
}

function checksumOf (bytes: Buffer): Buffer {
  return sha256(sha256(bytes)).subarray(0, CHECKSUM_BYTES)
}

function sha256 (bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
