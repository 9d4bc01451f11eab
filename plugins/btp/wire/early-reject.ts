/**
 * Answers to packets that the connector has no time for, at a fraction of the cost of a packet that goes on: the packet is not even looked
 * at. So a flood leaves the connector to those it serves.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { busyReject } from '../../../src/packet/reply.js'
import { HEAD_BYTES } from './fast-reader.js'
import { ContentType } from '../../../src/contracts/transport.js'
import { FrameType, encodeFrame } from './frame.js'

/** Refused packets make one log line in this time. */
const LOG_INTERVAL_MS = 1000

const REQUEST_ID_AT = 1

const LENGTH_AT = 5
/** Of the number of entries: an honest frame has a handful. */
const ONE_BYTE = 1
/** The name of an entry, with its length in front. */
const ILP = 0x03696c70
const ENTRY_BYTES = 6

/**
 * Whether the frame in `bytes` from `start` to `end` is a MESSAGE that has an ILP packet first; a claim that pays for it may follow.
 * Looks at its first HEAD_BYTES: enough for a length of up to four bytes behind its own.
 */
export function beginsWithPacket (bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== FrameType.MESSAGE) return false
  const first = bytes[start + LENGTH_AT] ?? 0
  const entry = start + LENGTH_AT + 1 + (first < 0x80 ? 0 : first & 0x7f)
  return entry + ENTRY_BYTES <= Math.min(end, start + HEAD_BYTES) &&
    bytes[entry] === ONE_BYTE && bytes.readUInt32BE(entry + 2) === ILP
}

/** The answers with T03, and a line in the log now and then. */
export class Refusals {
  #frame: Buffer = Buffer.alloc(0)
  #ownAddress: string | undefined
  #count = 0
  #loggedAt = -Infinity

  constructor (private readonly log: Logger) {}

  /** The Response that refuses a packet. It is to be written before the next one is asked for: there is one Buffer for all. */
  frameFor (requestId: number, ownAddress: string): Buffer {
    if (ownAddress !== this.#ownAddress) {
      const protocolData = [{ protocolName: 'ilp', contentType: ContentType.OCTET_STREAM, data: busyReject(ownAddress) }]
      this.#frame = encodeFrame({ type: FrameType.RESPONSE, requestId, protocolData })
      this.#ownAddress = ownAddress
    }
    this.#frame.writeUInt32BE(requestId, REQUEST_ID_AT)
    this.#count++
    return this.#frame
  }

  /** To be called once in a while. */
  report (): void {
    if (this.#count === 0 || Date.now() - this.#loggedAt < LOG_INTERVAL_MS) return
    this.log.warn('more packets than can be served, refusing those of this peer with T03. refusedSinceLastLine=%d', this.#count)
    this.#count = 0
    this.#loggedAt = Date.now()
  }
}
