/**
 * Views on ILP Prepare packets (RFC 0027). A packet is parsed once per hop, however many middlewares look at it, and forwarded by
 * copying its bytes and overwriting amount and expiry, which stand at fixed places in front:
 *
 *   12 · length · amount u64 · expiry 17 digits · condition 32 · length · destination · length · data
 */
import { hash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { InvalidPacketError } from './errors.js'
import { isValidAddress } from './address.js'
import { OctetReader, lengthSize, writeLength, writeOctets } from './oer.js'
import { TIME_LENGTH, readTime, writeTime } from './time.js'

const TYPE_PREPARE = 12
export const MAX_UINT64 = 0xffff_ffff_ffff_ffffn
export const DATA_LENGTH_MAX = 32_768

const AMOUNT_LENGTH = 8
const CONDITION_LENGTH = 32
const FIXED_LENGTH = AMOUNT_LENGTH + TIME_LENGTH + CONDITION_LENGTH
/** Checksums are of this process only. */
const CHECKSUM_SEED = randomInt(2 ** 32)

export interface PrepareFields {
  /** Base units, 0 to 2^64-1. */
  amount: bigint
  /** ms since the epoch. */
  expiresAt: number
  /** 32 bytes. */
  executionCondition: Buffer
  destination: string
  data: Buffer
}

/** An immutable view; fields that cost something are made from the packet's bytes when asked for. */
export interface PrepareView extends Readonly<PrepareFields> {
  /** Everything that stays the same on the whole way: condition, destination and data, as they stand in the packet. */
  readonly invariant: Buffer
  /** 32 bits over `invariant`, for tables of packets: computed once per hop. */
  readonly checksum: number
  /** Whether the SHA-256 of these 32 bytes is the condition. */
  isFulfilledBy (fulfillment: Buffer): boolean
  /** The packet for the next hop: a copy with another amount and expiry. Throws RangeError for an amount or a time that does not fit. */
  forwarded (change: Pick<PrepareFields, 'amount' | 'expiresAt'>): Buffer
}

class ParsedPrepare implements PrepareView {
  private parsedAmount: bigint | undefined
  private foundInvariant: Buffer | undefined
  private foundChecksum: number | undefined

  /** The places: of the amount, of the end, and of the data. */
  private constructor (
    readonly buffer: Buffer, readonly start: number, readonly end: number,
    private readonly dataStart: number, private readonly dataEnd: number,
    readonly destination: string, readonly expiresAt: number
  ) {}

  static read (buffer: Buffer): ParsedPrepare {
    const reader = new OctetReader(buffer, 0, buffer.length)
    const type = reader.byte()
    if (type !== TYPE_PREPARE) throw new InvalidPacketError(`packet is not a prepare. type=${type}`)
    const end = reader.enter()
    const start = reader.position
    reader.skip(FIXED_LENGTH)
    const length = reader.length()
    const destination = buffer.toString('latin1', reader.position, reader.position + length)
    if (!isValidAddress(destination)) {
      throw new InvalidPacketError(length === 0 ? 'missing destination.' : 'Packet has invalid destination address')
    }
    reader.skip(length)
    const dataLength = reader.length()
    if (dataLength > DATA_LENGTH_MAX) throw new InvalidPacketError(`packet data is too long. length=${dataLength} maximum=${DATA_LENGTH_MAX}`)
    const dataStart = reader.position
    return new ParsedPrepare(buffer, start, end, dataStart, dataStart + dataLength, destination, readTime(buffer, start + AMOUNT_LENGTH))
  }

  forwarded ({ amount, expiresAt }: Pick<PrepareFields, 'amount' | 'expiresAt'>): Buffer {
    const { buffer, start, end, dataStart, dataEnd, destination } = this
    // With bytes behind the data, inside the envelope, it is written anew.
    if (dataEnd !== end) return encodePrepare({ ...fieldsOf(this), amount, expiresAt })
    const copy = Buffer.allocUnsafe(end)
    buffer.copy(copy, 0, 0, end)
    copy.writeBigUInt64BE(amount, start)
    writeTime(copy, expiresAt, start + AMOUNT_LENGTH)
    const view = new ParsedPrepare(copy, start, end, dataStart, dataEnd, destination, Math.floor(expiresAt))
    view.parsedAmount = amount
    view.foundInvariant = this.foundInvariant
    view.foundChecksum = this.foundChecksum
    remember(copy, view)
    return copy
  }

  get amount (): bigint {
    return this.parsedAmount ??= this.buffer.readBigUInt64BE(this.start)
  }

  get executionCondition (): Buffer {
    const start = this.start + AMOUNT_LENGTH + TIME_LENGTH
    return this.buffer.subarray(start, start + CONDITION_LENGTH)
  }

  isFulfilledBy (fulfillment: Buffer): boolean {
    const start = this.start + AMOUNT_LENGTH + TIME_LENGTH
    return hash('sha256', fulfillment, 'binary') === this.buffer.toString('latin1', start, start + CONDITION_LENGTH)
  }

  get data (): Buffer {
    return this.buffer.subarray(this.dataStart, this.dataEnd)
  }

  get invariant (): Buffer {
    return this.foundInvariant ??= this.buffer.subarray(this.start + AMOUNT_LENGTH + TIME_LENGTH, this.dataEnd)
  }

  get checksum (): number {
    return this.foundChecksum ??= crc32(this.invariant, CHECKSUM_SEED)
  }
}

// The steps of a pipeline look at one packet in a row, so the last view is nearly always the one asked for. (A WeakMap of all of them
// costs more than a packet's parsing: its tables reach the old generation and must be swept.)
let lastPacket: Buffer | undefined
let lastView: ParsedPrepare | undefined

/** Whether the first byte says Prepare; the rest may still be malformed. */
export function isPrepare (packet: Buffer): boolean {
  return packet[0] === TYPE_PREPARE
}

/**
 * The view on a Prepare; the same view for the same Buffer. Throws InvalidPacketError (F01) for anything that is not a
 * well-formed Prepare. Bytes behind the packet are ignored, as ilp-packet does.
 */
export function prepareOf (packet: Buffer): PrepareView {
  if (packet === lastPacket && lastView !== undefined) return lastView
  return remember(packet, ParsedPrepare.read(packet))
}

/** The view on the packet that was read last, at no cost; undefined for any other. */
export function viewJustRead (packet: Buffer): PrepareView | undefined {
  return packet === lastPacket ? lastView : undefined
}

function remember (packet: Buffer, view: ParsedPrepare): ParsedPrepare {
  lastPacket = packet
  lastView = view
  return view
}

/** What a packet carries, in base units: 0 for anything that is not a readable Prepare. */
export function amountIn (packet: Buffer): bigint {
  try {
    return isPrepare(packet) ? prepareOf(packet).amount : 0n
  } catch {
    return 0n
  }
}

/** A plain object with the view's fields. */
export function fieldsOf ({ amount, expiresAt, executionCondition, destination, data }: PrepareView): PrepareFields {
  return { amount, expiresAt, executionCondition, destination, data }
}

/** Builds a Prepare. Throws RangeError for an amount outside u64, a time outside the years 0 to 9999, a condition not of 32 bytes. */
export function encodePrepare ({ amount, expiresAt, executionCondition, destination, data }: PrepareFields): Buffer {
  if (executionCondition.length !== CONDITION_LENGTH) throw new RangeError(`condition is not 32 bytes long. length=${executionCondition.length}`)
  const address = Buffer.from(destination, 'latin1')
  const contentLength = FIXED_LENGTH + lengthSize(address.length) + address.length + lengthSize(data.length) + data.length
  const packet = Buffer.allocUnsafe(1 + lengthSize(contentLength) + contentLength)
  let position = writeLength(packet, contentLength, packet.writeUInt8(TYPE_PREPARE, 0))
  position = packet.writeBigUInt64BE(amount, position)
  writeTime(packet, expiresAt, position)
  position += TIME_LENGTH
  position += executionCondition.copy(packet, position)
  writeOctets(packet, data, writeOctets(packet, address, position))
  return packet
}
