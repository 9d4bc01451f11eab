/** Fulfill and Reject packets (RFC 0027): what an answer says, and how one is built. */
import { isValidAddress } from './address.js'
import { InvalidPacketError, THROTTLED } from './errors.js'
import { LENGTH_BYTES_MAX, OctetReader, lengthSize, lengthSizeAt, shortLengthAt, writeLength, writeOctets } from './oer.js'

const TYPE_FULFILL = 13
const TYPE_REJECT = 14
const FULFILLMENT_LENGTH = 32
const CODE_LENGTH = 3
const NOTHING = Buffer.alloc(0)

export interface RejectFields {
  /** Three ASCII characters: F (final), T (temporary) or R (relative) and two digits. */
  code: string
  /** The address of the node that rejected the packet; may be empty. */
  triggeredBy: string
  message: string
  data: Buffer
}

export function isFulfill (packet: Buffer): boolean {
  return packet[0] === TYPE_FULFILL
}

export function isReject (packet: Buffer): boolean {
  return packet[0] === TYPE_REJECT
}

/** The 32 bytes whose SHA-256 is the condition. Throws F01 when the packet is not a well-formed Fulfill. */
export function fulfillmentOf (packet: Buffer): Buffer {
  const reader = contentsOf(packet, TYPE_FULFILL)
  const fulfillment = reader.bytes(FULFILLMENT_LENGTH)
  reader.skip(reader.length())
  return fulfillment
}

/** Throws F01 when the packet is not a well-formed Fulfill. */
export function fulfillOf (packet: Buffer): { fulfillment: Buffer, data: Buffer } {
  const reader = contentsOf(packet, TYPE_FULFILL)
  return { fulfillment: reader.bytes(FULFILLMENT_LENGTH), data: reader.octets() }
}

/** Throws F01 when the packet is not a well-formed Reject. */
export function rejectOf (packet: Buffer): RejectFields {
  const reader = contentsOf(packet, TYPE_REJECT)
  const code = reader.bytes(CODE_LENGTH).toString('latin1')
  const triggeredBy = reader.octets().toString('latin1')
  if (!isSignature(triggeredBy)) throw new InvalidPacketError('reject has an invalid triggeredBy address.')
  return { code, triggeredBy, message: reader.octets().toString('utf8'), data: reader.octets() }
}

/**
 * The Reject itself, or, where its only fault is that `triggeredBy` is not an address, a copy without it: some connectors sign with a name
 * of their own, and what they say is still for the sender.
 */
export function withUsableSignature (reject: Buffer): Buffer {
  try {
    const reader = contentsOf(reject, TYPE_REJECT)
    const code = reader.bytes(CODE_LENGTH)
    if (isSignature(reader.octets().toString('latin1'))) return reject
    const rest = reader.position
    for (let left = 2; left > 0; left--) reader.octets() // message and data
    const { packet, position } = envelope(TYPE_REJECT, CODE_LENGTH + 1 + reader.position - rest)
    const afterCode = writeOctets(packet, NOTHING, position + code.copy(packet, position))
    reject.copy(packet, afterCode, rest, reader.position)
    return packet
  } catch {
    return reject // it has other faults, which its reader will name
  }
}

/** The three characters at the place of a Reject's code, whatever the rest of it looks like. */
export function codeOf (reject: Buffer): string {
  const start = 1 + lengthSizeAt(reject, 1)
  return reject.toString('latin1', start, start + CODE_LENGTH)
}

/** Whether the packet is a Reject with this code and from this address, whatever the rest of it looks like. */
export function isRejectBy (packet: Buffer, code: string, triggeredBy: string): boolean {
  if (!isReject(packet) || codeOf(packet) !== code) return false
  const at = 1 + lengthSizeAt(packet, 1) + CODE_LENGTH
  const start = at + lengthSizeAt(packet, at)
  return shortLengthAt(packet, at) === triggeredBy.length && packet.toString('latin1', start, start + triggeredBy.length) === triggeredBy
}

/** Builds a Fulfill. Throws RangeError for a fulfillment that is not 32 bytes long. */
export function encodeFulfill (fulfillment: Buffer, data: Buffer): Buffer {
  if (fulfillment.length !== FULFILLMENT_LENGTH) throw new RangeError(`fulfillment is not 32 bytes long. length=${fulfillment.length}`)
  const contentLength = FULFILLMENT_LENGTH + lengthSize(data.length) + data.length
  const { packet, position } = envelope(TYPE_FULFILL, contentLength)
  writeOctets(packet, data, position + fulfillment.copy(packet, position))
  return packet
}

/** Builds a Reject. Throws when the code is not three bytes long. */
export function encodeReject ({ code, triggeredBy, message, data }: RejectFields): Buffer {
  const codeBytes = Buffer.from(code, 'latin1')
  if (codeBytes.length !== CODE_LENGTH) throw new Error(`ILP error codes must be three bytes long, received: ${code}`)
  const address = Buffer.from(triggeredBy, 'latin1')
  const text = Buffer.from(message, 'utf8')
  const contentLength = CODE_LENGTH + [address, text, data].reduce((sum, part) => sum + lengthSize(part.length) + part.length, 0)
  const { packet, position } = envelope(TYPE_REJECT, contentLength)
  const afterCode = position + codeBytes.copy(packet, position)
  writeOctets(packet, data, writeOctets(packet, text, writeOctets(packet, address, afterCode)))
  return packet
}

/**
 * A Reject of at most `bytes` bytes that says as much as it can of what this one says: its message is cut, at the end of a character, and
 * if that is not enough, its data is left out. A packet that is short enough, or no Reject, is returned as it is. Throws F01 when it is
 * malformed.
 */
export function shortReject (packet: Buffer, bytes: number): Buffer {
  if (packet.length <= bytes || !isReject(packet)) return packet
  const reject = rejectOf(packet)
  const data = encodeReject({ ...reject, message: '' }).length <= bytes ? reject.data : NOTHING
  const message = Buffer.from(reject.message)
  const room = bytes - encodeReject({ ...reject, data, message: '' }).length - 2 * LENGTH_BYTES_MAX // two lengths grow with it
  return encodeReject({ ...reject, data, message: message.toString('utf8', 0, endOfCharacter(message, Math.max(0, room))) })
}

/** The answer to a packet that is refused before work is spent on it, because too much is under way. RFC 0027, T03. */
export function busyReject (ownAddress: string): Buffer {
  return earlyReject('T03', ownAddress, 'connector is busy.')
}

/** The answer to a packet that is refused before work is spent on it, because its account sends too many. RFC 0027, T05. */
export function throttledReject (ownAddress: string): Buffer {
  return earlyReject('T05', ownAddress, THROTTLED)
}

function earlyReject (code: string, ownAddress: string, message: string): Buffer {
  return encodeReject({ code, triggeredBy: signatureOf(ownAddress), message, data: NOTHING })
}

/** The `triggeredBy` of a node's own Rejects: nothing as long as it has no address. */
export function signatureOf (ownAddress: string): string {
  return isValidAddress(ownAddress) ? ownAddress : ''
}

/** The last place up to `end` where no character of UTF-8 is cut into two. */
function endOfCharacter (text: Buffer, end: number): number {
  let at = Math.min(end, text.length)
  while (at > 0 && ((text[at] ?? 0) & 0xc0) === 0x80) at--
  return at
}

/** Whether a Reject may be signed like this: with an address, or not at all. */
function isSignature (triggeredBy: string): boolean {
  return triggeredBy === '' || isValidAddress(triggeredBy)
}

function contentsOf (packet: Buffer, type: number): OctetReader {
  const reader = new OctetReader(packet, 0, packet.length)
  const found = reader.byte()
  if (found !== type) throw new InvalidPacketError(`packet has an unexpected type. type=${found} expected=${type}`)
  reader.enter()
  return reader
}

function envelope (type: number, contentLength: number): { packet: Buffer, position: number } {
  const packet = Buffer.allocUnsafe(1 + lengthSize(contentLength) + contentLength)
  return { packet, position: writeLength(packet, contentLength, packet.writeUInt8(type, 0)) }
}
