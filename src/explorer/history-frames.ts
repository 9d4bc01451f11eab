/**
 * The bytes of the history's files. A file is a row of frames: a header and a few dozen events, compressed. Each has checksums, so that
 * damage costs the frame that it is in; a reader finds the next one by its first four bytes.
 *
 *     "SLH1" | length | length of the text | events | CRC of the payload | CRC of the header | payload: deflated lines of "id event"
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

const MAGIC = Buffer.from('SLH1')
const HEADER_BYTES = 24
/** So many events are in a frame at most, and about so many bytes of text: what a reader unpacks to show one event. */
export const FRAME_EVENTS = 32
export const FRAME_TEXT_BYTES = 16 * 1024
/** One event alone. A longer one is not kept. */
export const EVENT_BYTES_MAX = 256 * 1024
const TEXT_BYTES_MAX = FRAME_TEXT_BYTES + EVENT_BYTES_MAX + FRAME_EVENTS

export interface Frame {
  /** In the file, in bytes. */
  offset: number
  length: number
  lines: string[]
}

/** Lines without line breaks, as `JSON.stringify` makes them. Takes about 0.2 ms. */
export function encodeFrame (lines: readonly string[]): Buffer {
  const text = Buffer.from(lines.join('\n'))
  const payload = deflateRawSync(text, { level: 3 })
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(payload.length, 4)
  header.writeUInt32LE(text.length, 8)
  header.writeUInt32LE(lines.length, 12)
  header.writeUInt32LE(crc32(payload), 16)
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20)
  return Buffer.concat([header, payload])
}

/** The lines of the frame that begins at `offset`, and how long it is; undefined if there is no whole and sound one. */
export function decodeFrame (bytes: Buffer, offset: number): Frame | undefined {
  const payloadAt = offset + HEADER_BYTES
  if (payloadAt > bytes.length || !bytes.subarray(offset, offset + MAGIC.length).equals(MAGIC)) return undefined
  if (crc32(bytes.subarray(offset, offset + 20)) !== bytes.readUInt32LE(offset + 20)) return undefined
  const payload = bytes.subarray(payloadAt, payloadAt + bytes.readUInt32LE(offset + 4))
  const textBytes = bytes.readUInt32LE(offset + 8)
  if (payload.length !== bytes.readUInt32LE(offset + 4) || textBytes > TEXT_BYTES_MAX) return undefined
  if (crc32(payload) !== bytes.readUInt32LE(offset + 16)) return undefined
  const lines = inflateRawSync(payload, { maxOutputLength: Math.max(textBytes, 1) }).toString().split('\n')
  return lines.length === bytes.readUInt32LE(offset + 12) ? { offset, length: HEADER_BYTES + payload.length, lines } : undefined
}

/** The sound frames in a file, in order, and the stretches of bytes between them that are not. The last may be an unfinished write. */
export function * framesIn (bytes: Buffer, end: number): Generator<Frame | { damagedBytes: number }> {
  let offset = 0
  while (offset < end) {
    const frame = decodeFrame(bytes, offset)
    if (frame !== undefined) {
      yield frame
      offset += frame.length
      continue
    }
    const from = offset
    do {
      const next = bytes.indexOf(MAGIC, offset + 1)
      offset = next === -1 || next >= end ? end : next
    } while (offset < end && decodeFrame(bytes, offset) === undefined)
    yield { damagedBytes: offset - from }
  }
}
