/** How Mina writes keys, addresses, signatures and the names of its networks. Loads no SDK: a node reads configurations with it. */
import { createHash } from 'node:crypto'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const BASE58 = /^[1-9A-HJ-NP-Za-km-z]+$/
const CHECKSUM_BYTES = 4
const FIELD_BYTES = 32
/** The longest text that is read: a signature. */
const LONGEST_TEXT = 110
/** What the bytes of a thing begin with. Source: MinaProtocol/mina, base58_check/version_bytes.ml, and the version numbers inside. */
const PREFIX = { address: [0xcb, 0x01, 0x01], key: [0x5a, 0x01], signature: [0x9a, 0x01] } as const
type Thing = keyof typeof PREFIX

/** Of the coordinates of public keys, and what hashes are of. */
export const FIELD = 0x40000000000000000000000000000000224698fc094cf91b992d30ed00000001n
/** The order of the curve Pallas: private keys are below it. */
export const ORDER = 0x40000000000000000000000000000000224698fc0994a8dd8c46eb2100000001n

/** The id of the coin in claims; no other token is settled in. */
export const COIN = 'wSHV2S4qX9jFsLjQo8r1BsMLH2ZRKsZx6EJd1sbozGPieEC4Jf'

/** Names of public networks, and what they are called here. */
const NETWORKS: Readonly<Record<string, string>> = { mainnet: 'mainnet', devnet: 'devnet', testnet: 'devnet', berkeley: 'devnet', lightnet: 'lightnet' }
/** Any other is a network of one's own. The contract ties claims to the id of a chain in 31 bytes, so the name is short. */
const CHAIN_ID = /^mina:([a-z][a-z0-9-]{0,11})$/
export const CHAIN_IN_WORDS = 'a chain such as mina:devnet, or mina: and a name of up to 12 letters and digits'

/** `devnet` of `mina:devnet`, and of older names for it. Undefined for anything else. */
export function networkOf (chainId: string): string | undefined {
  const name = CHAIN_ID.exec(chainId)?.[1]
  return name === undefined ? undefined : NETWORKS[name] ?? name
}

/** A point of the curve, as addresses have it. */
export interface PublicPoint {
  x: bigint
  isOdd: boolean
}

/** Schnorr's, as Mina makes it. */
export interface Signature {
  r: bigint
  s: bigint
}

/** Undefined when it is not the address of an account. Whether there is such a point on the curve is not looked at. */
export function pointOf (address: string): PublicPoint | undefined {
  const bytes = bytesOf(address, 'address')
  if (bytes?.length !== FIELD_BYTES + 1) return undefined
  const x = numberIn(bytes.subarray(0, FIELD_BYTES))
  const last = bytes[FIELD_BYTES]
  return x >= FIELD || x === 0n || (last !== 0 && last !== 1) ? undefined : { x, isOdd: last === 1 }
}

export function addressOf ({ x, isOdd }: PublicPoint): string {
  return textOf(Buffer.concat([bytesIn(x), Buffer.from([isOdd ? 1 : 0])]), 'address')
}

/** The private key in a text: EK and 50 letters and digits. Undefined when it is none. */
export function scalarOf (key: string): bigint | undefined {
  const bytes = bytesOf(key, 'key')
  if (bytes?.length !== FIELD_BYTES) return undefined
  const scalar = numberIn(bytes)
  return scalar === 0n || scalar >= ORDER ? undefined : scalar
}

export function keyTextOf (scalar: bigint): string {
  return textOf(bytesIn(scalar), 'key')
}

/** Of a signature in base58. Undefined when it is none. */
export function signatureOf (text: string): Signature | undefined {
  const bytes = bytesOf(text, 'signature')
  if (bytes?.length !== 2 * FIELD_BYTES) return undefined
  return signatureWith(numberIn(bytes.subarray(0, FIELD_BYTES)), numberIn(bytes.subarray(FIELD_BYTES)))
}

export function signatureTextOf ({ r, s }: Signature): string {
  return textOf(Buffer.concat([bytesIn(r), bytesIn(s)]), 'signature')
}

/** Undefined when one of the numbers is larger than there are: each signature has one form. */
export function signatureWith (r: bigint, s: bigint): Signature | undefined {
  return r < 0n || s < 0n || r >= FIELD || s >= ORDER ? undefined : { r, s }
}

/** 32 bytes, the lowest first, as Mina writes numbers. */
export function numberIn (bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

function bytesIn (number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(2 * FIELD_BYTES, '0'), 'hex').reverse()
}

function textOf (payload: Uint8Array, thing: Thing): string {
  const bytes = Buffer.concat([Buffer.from(PREFIX[thing]), payload])
  const all = Buffer.concat([bytes, checksumOf(bytes)])
  let number = BigInt(`0x${all.toString('hex')}`)
  let text = ''
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text
  return text // nothing begins with a zero
}

function bytesOf (text: string, thing: Thing): Buffer | undefined {
  if (!BASE58.test(text) || text.length > LONGEST_TEXT) return undefined
  let number = 0n
  for (const letter of text) number = number * 58n + BigInt(ALPHABET.indexOf(letter))
  const hex = number.toString(16)
  const all = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const bytes = all.subarray(0, -CHECKSUM_BYTES)
  const prefix = Buffer.from(PREFIX[thing])
  if (!checksumOf(bytes).equals(all.subarray(-CHECKSUM_BYTES)) || !bytes.subarray(0, prefix.length).equals(prefix)) return undefined
  if (text.startsWith('1')) return undefined // a zero in front would be a second form
  return bytes.subarray(prefix.length)
}

function checksumOf (bytes: Uint8Array): Buffer {
  const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest()
  return sha256(sha256(bytes)).subarray(0, CHECKSUM_BYTES)
}
