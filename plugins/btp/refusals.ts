/**
 * Answers to packets that the connector has no time for, at a twentieth of the cost of a packet that goes on: the packet is not even looked
 * at. So a flood leaves the connector to those it serves.
 */
import type { Logger } from '../../src/types/logger.js'
import { busyReject } from '../../src/packet/reply.js'
import { ContentType, FrameType, encodeFrame } from './frame.js'
import { headerBytes, writeHeader } from './ws-header.js'

/** Refused packets make one log line in this time. */
const LOG_INTERVAL_MS = 1000

const REFUSALS_BYTES = 16 * 1024
const REQUEST_ID_AT = 1

const LENGTH_AT = 5
/** Of the number of entries, with its own length in front. */
const ONE_ENTRY = 0x0101
/** The name of an entry, with its length in front. */
const ILP = 0x03696c70
const ENTRY_BYTES = 6

/** Whether a frame that arrived is a MESSAGE with an ILP packet and nothing else. Cheaper than to read it. */
export function isLonePacket (bytes: Buffer): boolean {
  if (bytes[0] !== FrameType.MESSAGE) return false
  const first = bytes[LENGTH_AT] ?? 0
  const start = LENGTH_AT + 1 + (first < 0x80 ? 0 : first & 0x7f)
  return bytes.length >= start + ENTRY_BYTES && bytes.readUInt16BE(start) === ONE_ENTRY && bytes.readUInt32BE(start + 2) === ILP
}

/** Answers with T03, gathered into few large writes. */
export class Refusals {
  #template = Buffer.alloc(0)
  #idAt = 0
  #ownAddress: string | undefined
  #gathered = Buffer.alloc(0)
  #used = 0
  #count = 0
  #loggedAt = -Infinity

  /** `write` gets whole WebSocket messages of a server. */
  constructor (private readonly log: Logger, private readonly write: (bytes: Buffer) => void) {}

  /** Refuses a packet; it is told with the next flush at the latest. */
  add (requestId: number, ownAddress: string): void {
    if (ownAddress !== this.#ownAddress) this.#prepare(ownAddress)
    const { length } = this.#template
    if (this.#used + length > this.#gathered.length) {
      this.flush()
      this.#gathered = Buffer.allocUnsafeSlow(REFUSALS_BYTES)
    }
    this.#template.copy(this.#gathered, this.#used)
    this.#gathered.writeUInt32BE(requestId, this.#used + this.#idAt)
    this.#used += length
    this.#count++
  }

  flush (): void {
    if (this.#used === 0) return
    this.write(this.#gathered.subarray(0, this.#used))
    this.#gathered = this.#gathered.subarray(this.#used)
    this.#used = 0
    if (Date.now() - this.#loggedAt < LOG_INTERVAL_MS) return
    this.log.warn('more packets than can be served, refusing those of this peer with T03. refusedSinceLastLine=%d', this.#count)
    this.#count = 0
    this.#loggedAt = Date.now()
  }

  #prepare (ownAddress: string): void {
    const frame = busyResponse(0, ownAddress)
    const start = headerBytes(frame.length)
    this.#ownAddress = ownAddress
    this.#idAt = start + REQUEST_ID_AT
    this.#template = Buffer.alloc(start + frame.length)
    writeHeader(this.#template, frame.length)
    frame.copy(this.#template, start)
  }
}

/** The Response that refuses a packet with T03. */
export function busyResponse (requestId: number, ownAddress: string): Buffer {
  const protocolData = [{ protocolName: 'ilp', contentType: ContentType.OCTET_STREAM, data: busyReject(ownAddress) }]
  return encodeFrame({ type: FrameType.RESPONSE, requestId, protocolData })
}
