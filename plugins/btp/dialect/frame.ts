/**
 * BTP frames as agent connectors write them (`@toon-protocol/connector`): one for one the frames of RFC 0023, in other bytes, with the ILP
 * packet behind the entries and not among them.
 *
 *     frame     type u8 | requestId u32 | contents
 *     contents  Message, Response, Transfer: entries, packet · Error: code, name, triggeredAt (each with its length in a u8), data (u32)
 *     entries   count u8 | count x { name (u8) | contentType u16 | data (u32) }
 *     packet    length u32 | the bytes; 0: none
 *
 * A Transfer of the dialect has no amount. Times in Errors are ISO 8601. Text is UTF-8.
 */
import { packetEntry, packetOf } from '../../../src/contracts/transport.js'
import { FrameError, FrameType, toGeneralizedTime } from '../wire/frame.js'
import type { BtpError, Frame, SubProtocol } from '../wire/frame.js'
import { toRfcPacket, toToonPacket } from './packet.js'

const HEADER_BYTES = 5
const MAX_CONTENT_TYPE = 255
const MAX_SHORT_BYTES = 255

/**
 * Reads one frame of the dialect, its packet in the form of RFC 0027.
 * @throws FrameError
 */
export function decodeToonFrame (bytes: Buffer): Frame {
  const reader = new Reader(bytes)
  const type = reader.uint(1)
  const requestId = reader.uint(4)
  const frame = contentsOf(reader, type, requestId)
  reader.end()
  return frame
}

/**
 * Writes one frame in the dialect.
 * @throws FrameError for a name of more than 255 bytes, or too many entries
 */
export function encodeToonFrame (frame: Frame): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header[0] = frame.type
  header.writeUInt32BE(frame.requestId, 1)
  if (frame.type === FrameType.ERROR) return Buffer.concat([header, ...errorParts(frame.error)])
  const packet = packetOf(frame.protocolData)
  const entries = frame.protocolData.filter(({ protocolName }) => protocolName !== 'ilp')
  return Buffer.concat([
    header,
    uint(1, entries.length),
    ...entries.flatMap(({ protocolName, contentType, data }) => [short(protocolName), uint(2, contentType), uint(4, data.length), data]),
    ...long(packet === undefined ? Buffer.alloc(0) : toToonPacket(packet))
  ])
}

/** Whether the bytes from `start` to `end` are a MESSAGE with a packet. Of bytes that are not a frame, the answer means nothing. */
export function hasToonPacket (bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== FrameType.MESSAGE) return false
  let at = start + HEADER_BYTES + 1
  for (let left = bytes[at - 1] ?? 0; left > 0 && at < end; left--) {
    at += 1 + (bytes[at] ?? 0) + 2
    at += at + 4 <= end ? 4 + bytes.readUInt32BE(at) : end
  }
  return at + 4 < end
}

/** Whether the bytes are an Error that answers no particular frame: what such a peer says to a frame that it cannot read. */
export function isComplaint (bytes: Buffer): boolean {
  try {
    const { type, requestId } = decodeToonFrame(bytes)
    return type === FrameType.ERROR && requestId === 0
  } catch {
    return false
  }
}

function contentsOf (reader: Reader, type: number, requestId: number): Frame {
  switch (type) {
  case FrameType.RESPONSE:
    return { type, requestId, protocolData: readEntries(reader) }
  case FrameType.MESSAGE:
    return { type, requestId, protocolData: readEntries(reader) }
  case FrameType.TRANSFER:
    return { type, requestId, amount: 0n, protocolData: readEntries(reader) }
  case FrameType.ERROR:
    return { type, requestId, error: readError(reader), protocolData: [] }
  default:
    throw new FrameError(`unknown BTP frame type. type=${type}`)
  }
}

/** The packet first, as all peers of RFC 0023 have it. */
function readEntries (reader: Reader): SubProtocol[] {
  const count = reader.uint(1)
  const entries: SubProtocol[] = []
  for (let i = 0; i < count; i++) {
    const protocolName = reader.text(1)
    const contentType = reader.uint(2)
    if (contentType > MAX_CONTENT_TYPE) throw new FrameError(`unknown content type in a BTP frame. contentType=${contentType}`)
    if (protocolName === 'ilp') throw new FrameError('an ILP packet stands behind the entries in this dialect of BTP, and not among them')
    entries.push({ protocolName, contentType, data: reader.bytes(4) })
  }
  const packet = reader.bytes(4)
  return packet.length === 0 ? entries : [packetEntry(toRfcPacket(packet)), ...entries]
}

function readError (reader: Reader): BtpError {
  return { code: reader.text(1), name: reader.text(1), triggeredAt: toGeneralized(reader.text(1)), data: reader.bytes(4).toString() }
}

function errorParts ({ code, name, triggeredAt, data }: BtpError): Buffer[] {
  return [short(code), short(name), short(toIso(triggeredAt)), ...long(Buffer.from(data))]
}

function toGeneralized (iso: string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : toGeneralizedTime(time)
}

function toIso (time: string): string {
  return time.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{3})Z$/, '$1-$2-$3T$4:$5:$6.$7Z')
}

function uint (size: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}

function short (text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length > MAX_SHORT_BYTES) throw new FrameError(`too long for this dialect of BTP. bytes=${bytes.length} maximum=${MAX_SHORT_BYTES}`)
  return Buffer.concat([uint(1, bytes.length), bytes])
}

function long (bytes: Buffer): Buffer[] {
  return [uint(4, bytes.length), bytes]
}

/** Walks over the bytes; every step checks that what it takes is there. */
class Reader {
  #at = 0

  constructor (private readonly frame: Buffer) {}

  uint (size: number): number {
    return this.#take(size).readUIntBE(0, size)
  }

  /** Bytes behind their length, which takes `size` bytes. */
  bytes (size: number): Buffer {
    return this.#take(this.uint(size))
  }

  text (size: number): string {
    return this.bytes(size).toString()
  }

  end (): void {
    const left = this.frame.length - this.#at
    if (left > 0) throw new FrameError(`BTP frame has bytes behind its end. left=${left}`)
  }

  #take (size: number): Buffer {
    const left = this.frame.length - this.#at
    if (size > left) throw new FrameError(`BTP frame ends too early. wanted=${size} left=${left}`)
    return this.frame.subarray(this.#at, this.#at += size)
  }
}
