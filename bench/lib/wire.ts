/**
 * The bytes that the load generator sends and reads: BTP messages in WebSocket messages of a client, made from templates in which only
 * the request id, the expiry and a serial number change. So it costs little, and the same whichever connector is measured.
 */
import { createHash } from 'node:crypto'
import { FrameType, encodeFrame, type Frame, type SubProtocol } from '../../plugins/btp/wire/frame.js'
import { ContentType } from '../../src/contracts/transport.js'
import { encodePrepare } from '../../src/packet/prepare.js'
import { encodeFulfill } from '../../src/packet/reply.js'

const FULFILLMENT = Buffer.alloc(32, 7)
const CONDITION = createHash('sha256').update(FULFILLMENT).digest()
/** A client masks what it sends (RFC 6455 section 5.3). A fixed key costs the server as much as a random one. */
const MASK = Buffer.from([0x9d, 0x37, 0x5a, 0xc1])
const MASKED = 0x80
const BINARY = 2
const REQUEST_ID_AT = 1
const SERIAL_BYTES = 8
/** The expiry 0, as it stands in a packet. */
const EPOCH = '19700101000000000'
const ILP_REJECT = 14

/** A WebSocket message of a client. `opcode` as in RFC 6455 section 5.2; the default is binary. */
export function clientMessage (payload: Buffer, opcode = BINARY): Buffer {
  const size = payload.length
  const header = size < 126 ? Buffer.alloc(2) : Buffer.alloc(4)
  header[0] = 0x80 | opcode
  header[1] = MASKED | (size < 126 ? size : 126)
  if (size >= 126) header.writeUInt16BE(size, 2)
  const masked = Buffer.from(payload)
  mask(masked, 0, masked.length)
  return Buffer.concat([header, MASK, masked])
}

/** The first message of a client: who it is. */
export function authMessage (username: string, secret: string): Buffer {
  const entry = (protocolName: string, text: string) => ({ protocolName, contentType: ContentType.TEXT, data: Buffer.from(text) })
  const protocolData = [
    { protocolName: 'auth', contentType: ContentType.OCTET_STREAM, data: Buffer.alloc(0) },
    entry('auth_username', username),
    entry('auth_token', secret)
  ]
  return clientMessage(encodeFrame({ type: FrameType.MESSAGE, requestId: 1, protocolData }))
}

/** A client's WebSocket message, written many times with another request id each time. */
export class Message {
  readonly size: number
  protected readonly bytes: Buffer
  private readonly start: number

  constructor (frame: Frame) {
    const payload = encodeFrame(frame)
    this.bytes = clientMessage(payload)
    this.size = this.bytes.length
    this.start = this.size - payload.length
  }

  /** Writes the message to `out` at `at`, for this request. */
  write (out: Buffer, at: number, requestId: number): void {
    this.bytes.copy(out, at)
    const start = at + this.start
    out.writeUInt32BE(requestId, start + REQUEST_ID_AT)
    mask(out, start + REQUEST_ID_AT, 4, REQUEST_ID_AT)
  }

  /** Changes a message that begins at `at` of `target`; `offset` counts from the end of the message. */
  protected patch (target: Buffer, at: number, value: Buffer, offset: number): void {
    const index = this.size - offset
    value.copy(target, at + index)
    mask(target, at + index, value.length, index - this.start)
  }
}

/** One with an ILP packet in it. */
export class Template extends Message {
  /** `more` are entries that follow the packet, and `before` such that precede it. */
  constructor (
    type: typeof FrameType.MESSAGE | typeof FrameType.RESPONSE, ilp: Buffer,
    more: readonly SubProtocol[] = [], before: readonly SubProtocol[] = []
  ) {
    const packet = { protocolName: 'ilp', contentType: ContentType.OCTET_STREAM, data: ilp }
    super({ type, requestId: 0, protocolData: [...before, packet, ...more] })
  }
}

let serial = 0

/** Prepares of 100 base units, of which no two are the same: the first 8 bytes of their data are a serial number. */
export class PrepareTemplate extends Template {
  private readonly expiryOffset: number
  private readonly dataOffset: number
  private readonly serial = Buffer.alloc(SERIAL_BYTES)

  /**
   * With `dataBytes` of data each, but at least the serial number. `more` are entries that follow, `moreBytes` what they take, and `before`
   * such that precede it.
   */
  constructor (
    destination: string, dataBytes: number, more: readonly SubProtocol[] = [], moreBytes = 0, before: readonly SubProtocol[] = []
  ) {
    const data = Buffer.alloc(Math.max(SERIAL_BYTES, dataBytes))
    const ilp = encodePrepare({ amount: 100n, expiresAt: 0, executionCondition: CONDITION, destination, data })
    super(FrameType.MESSAGE, ilp, more, before)
    this.expiryOffset = ilp.length - ilp.indexOf(EPOCH) + moreBytes
    this.dataOffset = data.length + moreBytes
  }

  /** Packets from now on expire at `time` (ms since the epoch). */
  expireAt (time: number): void {
    const text = new Date(time).toISOString().replace(/[-:.TZ]/g, '')
    this.patch(this.bytes, 0, Buffer.from(text, 'latin1'), this.expiryOffset)
  }

  override write (out: Buffer, at: number, requestId: number): void {
    super.write(out, at, requestId)
    this.serial.writeDoubleBE(++serial)
    this.patch(out, at, this.serial, this.dataOffset)
  }
}

/** The answer that fulfills these packets, with so many bytes of data. */
export function fulfillAnswer (dataBytes = 0): Template {
  return new Template(FrameType.RESPONSE, encodeFulfill(FULFILLMENT, Buffer.alloc(dataBytes)))
}

/** What became of a request, from the BTP frame that answers it: `fulfill`, the code of a reject, or the code of a BTP error. */
export function outcomeOf (frame: Buffer): string {
  if (frame[0] === FrameType.ERROR) return `BTP ${frame.toString('latin1', 6, 9)}`
  const ilpAt = frame.indexOf('ilp')
  const packet = frame.subarray(ilpAt + 4)
  const packetAt = afterLength(packet, 0)
  if (packet[packetAt] !== ILP_REJECT) return 'fulfill'
  const codeAt = afterLength(packet, packetAt + 1)
  return packet.toString('latin1', codeAt, codeAt + 3)
}

function afterLength (bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  return at + 1 + (first < 0x80 ? 0 : first & 0x7f)
}

/** `phase`: how far into the payload the bytes are. */
function mask (bytes: Buffer, at: number, count: number, phase = 0): void {
  for (let i = 0; i < count; i++) bytes[at + i] = (bytes[at + i] ?? 0) ^ (MASK[(phase + i) & 3] ?? 0)
}
