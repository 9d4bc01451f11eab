/** Lengths as OER writes them (RFC 0030): one byte below 128, otherwise 0x80 | n and n big-endian bytes, shortest form only. */
import { InvalidPacketError } from './errors.js'

const LONG_FORM = 0x80
/** A length of more bytes could only announce more than any packet or frame may hold. */
export const LENGTH_BYTES_MAX = 4

/** Reads octets (a length and that many bytes) at a moving position. Every refusal is F01. */
export class OctetReader {
  constructor (private readonly buffer: Buffer, public position: number, private end: number) {}

  /** Reads a length, and from here on sees only so many bytes. Returns where they end. */
  enter (): number {
    const length = this.length()
    return this.end = this.position + length
  }

  /** Reads a length and makes sure that so many bytes follow. */
  length (): number {
    const first = this.byte()
    const length = first < LONG_FORM ? first : this.longLength(first & ~LONG_FORM)
    this.need(length)
    return length
  }

  octets (): Buffer {
    return this.bytes(this.length())
  }

  bytes (count: number): Buffer {
    this.need(count)
    return this.buffer.subarray(this.position, this.position += count)
  }

  byte (): number {
    this.need(1)
    return this.buffer[this.position++] ?? 0
  }

  skip (count: number): void {
    this.need(count)
    this.position += count
  }

  private longLength (count: number): number {
    if (count === 0 || count > LENGTH_BYTES_MAX) throw new InvalidPacketError(`unusable length prefix. lengthBytes=${count}`)
    this.need(count)
    const length = this.buffer.readUIntBE(this.position, count)
    const shortest = count === 1 ? LONG_FORM : 2 ** (8 * (count - 1))
    if (length < shortest) throw new InvalidPacketError(`length prefix is not in its shortest form. length=${length}`)
    this.position += count
    return length
  }

  private need (count: number): void {
    const left = this.end - this.position
    if (count > left) throw new InvalidPacketError(`packet is truncated. needed=${count} available=${left}`)
  }
}

/** Bytes that a length prefix for `length` takes. */
export function lengthSize (length: number): number {
  return length < LONG_FORM ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : length < 0x1000000 ? 4 : 5
}

/** Bytes that the length prefix takes that stands at `position`, by its first byte. */
export function lengthSizeAt (buffer: Buffer, position: number): number {
  const first = buffer[position] ?? 0
  return first < LONG_FORM ? 1 : 1 + (first & ~LONG_FORM)
}

/** A length prefix of up to 3 bytes, in its shortest form; NaN for any other, and where the buffer ends before it. */
export function shortLengthAt (buffer: Buffer, position: number): number {
  const first = buffer[position] ?? NaN
  if (first < LONG_FORM) return first
  const size = lengthSizeAt(buffer, position)
  if (position + size > buffer.length || size < 2 || size > 3) return NaN
  const length = size === 2 ? buffer.readUInt8(position + 1) : buffer.readUInt16BE(position + 1)
  return lengthSize(length) === size ? length : NaN
}

/** Writes a length prefix and returns the position after it. */
export function writeLength (buffer: Buffer, length: number, position: number): number {
  if (length < LONG_FORM) {
    buffer[position] = length
    return position + 1
  }
  const count = lengthSize(length) - 1
  buffer[position] = LONG_FORM | count
  return buffer.writeUIntBE(length, position + 1, count)
}

/** Writes octets and returns the position after them. */
export function writeOctets (buffer: Buffer, octets: Buffer, position: number): number {
  const start = writeLength(buffer, octets.length, position)
  return start + octets.copy(buffer, start)
}
