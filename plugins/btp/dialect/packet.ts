/**
 * ILP packets as agent connectors write them (`@toon-protocol/connector`), and as RFC 0027 wants them. The same fields in the same order,
 * but without the length around them, with an amount of as many bytes as it needs, and times with a dot and a Z:
 *
 *     Prepare   12 | amount (like a length) | 20260102030405.678Z | condition 32 | destination octets | data octets
 *     Fulfill   13 | fulfillment 32 | data octets
 *     Reject    14 | code 3 | triggeredBy octets | message octets | data octets
 *
 * Both directions keep every field as it is, whatever it says, so there and back is the same packet. Bytes that are not such a packet stay
 * as they are: the connector answers them as it answers any other packet that it cannot read.
 */
import { lengthSize, writeLength } from '../../../src/packet/oer.js'

const PREPARE = 12
const FULFILL = 13
const REJECT = 14
const NO_BYTE = 0

const LONG_FORM = 0x80
const AMOUNT_BYTES = 8
/** `20260102030405678`: what both forms of a time have in common. */
const DIGITS = 17
const DIGITS_BEFORE_DOT = 14
const TIME_BYTES = 19
const DOT = 0x2e
const Z = 0x5a
/** The condition of a Prepare, the fulfillment of a Fulfill. */
const HASH_BYTES = 32
const CODE_BYTES = 3

/** The packet of RFC 0027 with the same fields. */
export function toRfcPacket (packet: Buffer): Buffer {
  const contents = rfcContents(packet)
  if (contents === undefined) return packet
  const bytes = Buffer.allocUnsafe(1 + lengthSize(contents.length) + contents.length)
  bytes[0] = packet[0] ?? 0
  contents.copy(bytes, writeLength(bytes, contents.length, 1))
  return bytes
}

/** The packet of the dialect with the same fields. */
export function toToonPacket (packet: Buffer): Buffer {
  const prefix = prefixAt(packet, 1)
  if (prefix === undefined || prefix.end + Number(prefix.value) !== packet.length) return packet
  const type = packet.subarray(0, 1)
  const contents = packet.subarray(prefix.end)
  switch (packet[0] ?? NO_BYTE) {
  case PREPARE: {
    const timeEnd = AMOUNT_BYTES + DIGITS
    if (!hasOctets(contents, timeEnd + HASH_BYTES, 2) || !isDigits(contents, AMOUNT_BYTES, DIGITS)) return packet
    const amount = encodeAmount(contents.readBigUInt64BE(0))
    const time = contents.toString('latin1', AMOUNT_BYTES, timeEnd)
    return Buffer.concat([
      type, amount, Buffer.from(`${time.slice(0, DIGITS_BEFORE_DOT)}.${time.slice(DIGITS_BEFORE_DOT)}Z`, 'latin1'), contents.subarray(timeEnd)
    ])
  }
  case FULFILL:
    return hasOctets(contents, HASH_BYTES, 1) ? Buffer.concat([type, contents]) : packet
  case REJECT:
    return hasOctets(contents, CODE_BYTES, 3) ? Buffer.concat([type, contents]) : packet
  default:
    return packet
  }
}

/** What stands in the envelope of RFC 0027. Undefined: the bytes are not a packet of the dialect. */
function rfcContents (packet: Buffer): Buffer | undefined {
  switch (packet[0] ?? NO_BYTE) {
  case PREPARE: {
    const amount = prefixAt(packet, 1)
    if (amount === undefined) return undefined
    const timeEnd = amount.end + TIME_BYTES
    if (!hasOctets(packet, timeEnd + HASH_BYTES, 2) || !isTime(packet, amount.end)) return undefined
    const dot = amount.end + DIGITS_BEFORE_DOT
    const bytes = Buffer.allocUnsafe(AMOUNT_BYTES)
    bytes.writeBigUInt64BE(amount.value)
    return Buffer.concat([bytes, packet.subarray(amount.end, dot), packet.subarray(dot + 1, timeEnd - 1), packet.subarray(timeEnd)])
  }
  case FULFILL:
    return hasOctets(packet, 1 + HASH_BYTES, 1) ? packet.subarray(1) : undefined
  case REJECT:
    return hasOctets(packet, 1 + CODE_BYTES, 3) ? packet.subarray(1) : undefined
  default:
    return undefined
  }
}

/** An amount, or a length, and where it ends. Undefined: it is not there, has more than 8 bytes, or more than it needs. */
function prefixAt (bytes: Buffer, start: number): { value: bigint, end: number } | undefined {
  const first = bytes[start]
  if (first === undefined) return undefined
  if (first < LONG_FORM) return { value: BigInt(first), end: start + 1 }
  const size = first - LONG_FORM
  const end = start + 1 + size
  if (size === 0 || size > AMOUNT_BYTES || end > bytes.length) return undefined
  const value = BigInt(`0x${bytes.toString('hex', start + 1, end)}`)
  return encodeAmount(value).length === 1 + size ? { value, end } : undefined
}

function encodeAmount (amount: bigint): Buffer {
  if (amount < BigInt(LONG_FORM)) return Buffer.from([Number(amount)])
  const hex = amount.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + hex.length % 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([LONG_FORM + bytes.length]), bytes])
}

/** Whether `count` octets, one behind the other, take all the bytes from `start` to the end. */
function hasOctets (bytes: Buffer, start: number, count: number): boolean {
  let at = start
  for (let i = 0; i < count; i++) {
    const length = prefixAt(bytes, at)
    if (length === undefined || length.value > BigInt(bytes.length)) return false
    at = length.end + Number(length.value)
  }
  return at === bytes.length
}

function isTime (bytes: Buffer, start: number): boolean {
  return isDigits(bytes, start, DIGITS_BEFORE_DOT) && bytes[start + DIGITS_BEFORE_DOT] === DOT &&
    isDigits(bytes, start + DIGITS_BEFORE_DOT + 1, DIGITS - DIGITS_BEFORE_DOT) && bytes[start + TIME_BYTES - 1] === Z
}

function isDigits (bytes: Buffer, start: number, count: number): boolean {
  return /^\d+$/.test(bytes.toString('latin1', start, start + count))
}
