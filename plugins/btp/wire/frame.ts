/**
 * The bytes of BTP/2.0 (RFC 0023), one frame per WebSocket message. Every packet of the connector passes here twice, hence a codec by
 * hand: a frame is written into one Buffer, and what is read are views on the received bytes, never copies.
 *
 *     frame     type u8 | requestId u32 | octets(contents)
 *     contents  Message, Response: entries · Transfer: amount u64, entries · Error: code 3, name, triggeredAt, data (octets), entries
 *     entries   count (its own length first) | count x { name octets | contentType u8 | data octets }
 *     octets    length (OER, RFC 0030: one byte below 128, else 0x80 | n and n bytes) | the bytes
 */
import { ContentType } from '../../../src/contracts/transport.js'
import type { Entry } from '../../../src/contracts/transport.js'
import { LENGTH_BYTES_MAX, lengthSize, lengthSizeAt, shortLengthAt, writeLength } from '../../../src/packet/oer.js'

export const FrameType = { RESPONSE: 1, ERROR: 2, MESSAGE: 6, TRANSFER: 7 } as const

/** A packet that is less than one in so many parts of what it came in is copied. */
const SPARE_PARTS = 2

/** One entry of a frame, as RFC 0023 calls it: data of the sub-protocol `protocolName`. */
export type SubProtocol = Entry

/** What an Error frame says. `code` is three ASCII characters, `triggeredAt` a GeneralizedTime as it stands on the wire. */
export interface BtpError {
  code: string
  name: string
  triggeredAt: string
  data: string
}

interface Entries {
  requestId: number
  protocolData: readonly SubProtocol[]
}

export interface ResponseFrame extends Entries { type: typeof FrameType.RESPONSE }
export interface MessageFrame extends Entries { type: typeof FrameType.MESSAGE }
/** `amount` is a u64 in base units of the account's asset. */
export interface TransferFrame extends Entries { type: typeof FrameType.TRANSFER, amount: bigint }
export interface ErrorFrame extends Entries { type: typeof FrameType.ERROR, error: BtpError }
export type Frame = ResponseFrame | MessageFrame | TransferFrame | ErrorFrame

/** The bytes are not a frame that this plugin reads, or the values cannot be written as one. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** An honest frame has one to a handful; without a bound a small frame of empty entries would become a large list of objects. */
const MAX_ENTRIES = 64

const MAX_COUNT_BYTES = 6
const REQUEST_ID_AT = 1
/** Type and request id: what every frame begins with. */
export const HEADER_BYTES = 5
const CODE_BYTES = 3
const AMOUNT_BYTES = 8

/** The name `ilp` with its length in front, as one u32: nearly every entry has it, and a comparison is cheaper than a string. */
const ILP_NAME = 0x03696c70
const ILP_NAME_BYTES = 4
/** The number of entries, 1, with its own length in front. */
const ONE_ENTRY = 0x0101
/** The number of entries, below 256, with its own length in front. */
const COUNT_BYTES = 2
/** Number of entries, name and content type. */
const PACKET_ENTRY_BYTES = COUNT_BYTES + ILP_NAME_BYTES + 1
/** Type, request id, a length of up to four bytes behind its own, number of entries, and name. */
export const PEEK_BYTES = HEADER_BYTES + 1 + LENGTH_BYTES_MAX + COUNT_BYTES + ILP_NAME_BYTES

/**
 * Reads one frame. Accepts what btp-packet 2.2.1 accepts, except: more than 64 entries, names and codes that are not ASCII, lengths
 * in more than 4 bytes. Bytes after the contents are ignored.
 * @throws FrameError
 */
export function decodeFrame (bytes: Buffer): Frame {
  const reader = new Reader(bytes)
  const type = reader.uint(1)
  const requestId = reader.uint(4)
  reader.enter()
  switch (type) {
  case FrameType.RESPONSE:
    return { type, requestId, protocolData: readEntries(reader) }
  case FrameType.MESSAGE:
    return { type, requestId, protocolData: readEntries(reader) }
  case FrameType.TRANSFER:
    return { type, requestId, amount: reader.uint64(), protocolData: readEntries(reader) }
  case FrameType.ERROR:
    return { type, requestId, error: readError(reader), protocolData: readEntries(reader) }
  default:
    throw new FrameError(`unknown BTP frame type. type=${type}`)
  }
}

/**
 * Writes one frame into a Buffer of exactly its size.
 * @throws FrameError for a name or code that is not ASCII, or too many entries
 * @throws RangeError for an amount outside u64
 */
export function encodeFrame (frame: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(frameBytes(frame))
  writeFrame(bytes, 0, frame)
  return bytes
}

/** The size of a frame. */
export function frameBytes (frame: Frame): number {
  return HEADER_BYTES + octetsBytes(contentsBytes(frame))
}

/** Writes one frame into `bytes`, at `start`. Throws like `encodeFrame`. */
export function writeFrame (bytes: Buffer, start: number, frame: Frame): void {
  bytes[start] = frame.type
  bytes.writeUInt32BE(frame.requestId, start + REQUEST_ID_AT)
  let offset = writeLength(bytes, contentsBytes(frame), start + HEADER_BYTES)
  if (frame.type === FrameType.TRANSFER) {
    offset = bytes.writeBigUInt64BE(frame.amount, offset)
  } else if (frame.type === FrameType.ERROR) {
    offset = writeError(bytes, offset, frame.error)
  }
  writeEntries(bytes, offset, frame.protocolData)
}

/** The size of a frame whose only entry is an ILP packet of `length` bytes. */
export function packetFrameBytes (length: number): number {
  return HEADER_BYTES + octetsBytes(PACKET_ENTRY_BYTES + octetsBytes(length))
}

/** Writes a frame whose only entry is an ILP packet: what `writeFrame` writes, without a list. */
export function writePacketFrame (
  bytes: Buffer, start: number, type: typeof FrameType.MESSAGE | typeof FrameType.RESPONSE, requestId: number, packet: Buffer
): void {
  bytes[start] = type
  bytes.writeUInt32BE(requestId, start + REQUEST_ID_AT)
  const entry = writeLength(bytes, PACKET_ENTRY_BYTES + octetsBytes(packet.length), start + HEADER_BYTES)
  bytes.writeUInt16BE(ONE_ENTRY, entry)
  bytes.writeUInt32BE(ILP_NAME, entry + COUNT_BYTES)
  bytes[entry + PACKET_ENTRY_BYTES - 1] = ContentType.OCTET_STREAM
  packet.copy(bytes, writeLength(bytes, packet.length, entry + PACKET_ENTRY_BYTES))
}

/** The ILP packet of a frame that has nothing else in it and is well-formed; undefined for other frames, which `decodeFrame` reads. */
export function packetIn (bytes: Buffer): Buffer | undefined {
  const entry = HEADER_BYTES + lengthSizeAt(bytes, HEADER_BYTES)
  const start = entry + PACKET_ENTRY_BYTES + lengthSizeAt(bytes, entry + PACKET_ENTRY_BYTES)
  const end = entry + shortLengthAt(bytes, HEADER_BYTES)
  const length = shortLengthAt(bytes, entry + PACKET_ENTRY_BYTES)
  if (!(start + length <= end && end <= bytes.length)) return undefined // where a length is not there or not in order, it is NaN
  if (bytes.readUInt16BE(entry) !== ONE_ENTRY || bytes.readUInt32BE(entry + COUNT_BYTES) !== ILP_NAME) return undefined
  return bytes[entry + PACKET_ENTRY_BYTES - 1] === ContentType.OCTET_STREAM ? bytes.subarray(start, start + length) : undefined
}

/** The id in the frame at `start`, whose first five bytes are there. */
export function requestIdAt (bytes: Buffer, start: number): number {
  return bytes.readUInt32BE(start + REQUEST_ID_AT)
}

/** Makes the frame in `bytes` one with another id. */
export function setRequestId (bytes: Buffer, requestId: number): void {
  bytes.writeUInt32BE(requestId, REQUEST_ID_AT)
}

/**
 * Whether the bytes from `start` to `end` begin a MESSAGE that has an ILP packet first; a claim that pays for it may follow. That can be
 * seen in the first PEEK_BYTES of a frame.
 */
export function beginsWithPacket (bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== FrameType.MESSAGE) return false
  const entry = start + HEADER_BYTES + lengthSizeAt(bytes, start + HEADER_BYTES)
  return entry + COUNT_BYTES + ILP_NAME_BYTES <= Math.min(end, start + PEEK_BYTES) &&
    bytes[entry] === 1 && bytes.readUInt32BE(entry + COUNT_BYTES) === ILP_NAME
}

/** `20260131235959.123Z`, the form in which RFC 0023 wants times. */
export function toGeneralizedTime (time: Date): string {
  return time.toISOString().replace(/[-:T]/g, '')
}

function readError (reader: Reader): BtpError {
  return {
    code: reader.ascii(CODE_BYTES),
    name: reader.ascii(reader.length()),
    triggeredAt: reader.octets().toString(),
    data: reader.octets().toString()
  }
}

function readEntries (reader: Reader): SubProtocol[] {
  const countBytes = reader.uint(1)
  if (countBytes < 1 || countBytes > MAX_COUNT_BYTES) throw new FrameError(`the entry count has an impossible length. bytes=${countBytes}`)
  const count = reader.uint(countBytes)
  if (count > MAX_ENTRIES) throw new FrameError(`too many entries in a BTP frame. count=${count} maximum=${MAX_ENTRIES}`)
  const entries: SubProtocol[] = []
  for (let i = 0; i < count; i++) {
    entries.push({ protocolName: reader.name(), contentType: reader.uint(1), data: reader.octets() })
  }
  return entries
}

/** Walks over the bytes; every step checks that what it takes is there. */
class Reader {
  #offset = 0
  #end: number

  constructor (private readonly bytes: Buffer) {
    this.#end = bytes.length
  }

  /** Takes a length, and from here on sees only that many bytes. */
  enter (): void {
    const length = this.length()
    this.#end = this.#offset + length
  }

  /** An unsigned integer of 1 to 6 bytes. */
  uint (size: number): number {
    const start = this.#take(size)
    return size === 1 ? this.bytes.readUInt8(start) : this.bytes.readUIntBE(start, size)
  }

  uint64 (): bigint {
    return this.bytes.readBigUInt64BE(this.#take(AMOUNT_BYTES))
  }

  /** The length of what follows, of which at least that much is there. */
  length (): number {
    let length = this.uint(1)
    if (length > 127) {
      const size = length & 127
      if (size === 0 || size > LENGTH_BYTES_MAX) throw new FrameError(`impossible length of a length. bytes=${size}`)
      length = this.uint(size)
      if (size !== lengthSize(length) - 1) throw new FrameError(`length not in its shortest form. length=${length} bytes=${size}`)
    }
    this.#check(length)
    return length
  }

  octets (): Buffer {
    const length = this.length()
    const start = this.#take(length)
    return this.bytes.subarray(start, start + length)
  }

  ascii (length: number): string {
    const start = this.#take(length)
    for (let i = start; i < start + length; i++) {
      if (this.bytes.readUInt8(i) > 127) throw new FrameError('a name or code in a BTP frame is not ASCII')
    }
    return this.bytes.toString('latin1', start, start + length)
  }

  name (): string {
    if (this.#end - this.#offset >= ILP_NAME_BYTES && this.bytes.readUInt32BE(this.#offset) === ILP_NAME) {
      this.#offset += ILP_NAME_BYTES
      return 'ilp'
    }
    return this.ascii(this.length())
  }

  #take (size: number): number {
    this.#check(size)
    const start = this.#offset
    this.#offset += size
    return start
  }

  #check (size: number): void {
    const left = this.#end - this.#offset
    if (size > left) throw new FrameError(`BTP frame ends too early. wanted=${size} left=${left}`)
  }
}

function contentsBytes (frame: Frame): number {
  let size = 2
  for (const { protocolName, data } of frame.protocolData) {
    size += octetsBytes(protocolName.length) + 1 + octetsBytes(data.length)
  }
  if (frame.type === FrameType.TRANSFER) return size + AMOUNT_BYTES
  if (frame.type === FrameType.ERROR) {
    const { name, triggeredAt, data } = frame.error
    return size + CODE_BYTES + octetsBytes(name.length) + octetsBytes(triggeredAt.length) + octetsBytes(Buffer.byteLength(data))
  }
  return size
}

function writeError (bytes: Buffer, start: number, { code, name, triggeredAt, data }: BtpError): number {
  if (code.length !== CODE_BYTES) throw new FrameError(`a BTP error code has three characters. code=${code}`)
  let offset = writeAscii(bytes, start, code)
  offset = writeAscii(bytes, writeLength(bytes, name.length, offset), name)
  offset = writeAscii(bytes, writeLength(bytes, triggeredAt.length, offset), triggeredAt)
  offset = writeLength(bytes, Buffer.byteLength(data), offset)
  return offset + bytes.write(data, offset)
}

function writeEntries (bytes: Buffer, start: number, entries: readonly SubProtocol[]): void {
  if (entries.length > MAX_ENTRIES) throw new FrameError(`too many entries for a BTP frame. count=${entries.length} maximum=${MAX_ENTRIES}`)
  bytes[start] = 1
  bytes[start + 1] = entries.length
  let offset = start + COUNT_BYTES
  for (const { protocolName, contentType, data } of entries) {
    if (protocolName === 'ilp') {
      offset = bytes.writeUInt32BE(ILP_NAME, offset)
    } else {
      offset = writeAscii(bytes, writeLength(bytes, protocolName.length, offset), protocolName)
    }
    bytes[offset] = contentType
    offset = writeLength(bytes, data.length, offset + 1)
    offset += data.copy(bytes, offset)
  }
}

function writeAscii (bytes: Buffer, offset: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) throw new FrameError(`names and codes in BTP frames are ASCII. found=${text}`)
    bytes[offset + i] = code
  }
  return offset + text.length
}

function octetsBytes (length: number): number {
  return lengthSize(length) + length
}

/** A packet may be under way for long, and should not keep all that came in the same frame, or the same read, in memory. */
export function alone (packet: Buffer): Buffer {
  return packet.buffer.byteLength > SPARE_PARTS * packet.length ? Buffer.from(packet) : packet
}
