/**
 * Answers to packets that the connector has no time for, at a fraction of the cost of a packet that goes on: the packet is not even looked
 * at. So a flood leaves the connector to those it serves.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { busyReject } from '../../../src/packet/reply.js'
import { FrameType, beginsWithPacket, packetFrameBytes, requestIdAt, setRequestId, writePacketFrame } from './frame.js'

/** Refused packets make one log line in this time. */
const LOG_INTERVAL_MS = 1000

export interface EarlyRejectOptions {
  log: Logger
  /** The connector's ILP address. */
  ownAddress: () => string
  /** Whether a frame of so many bytes cannot be worked on now. */
  isBusy: (size: number) => boolean
  /** Whether a request with this id has come before. */
  isKnown: (requestId: number) => boolean
  /** Sends a frame. */
  send: (bytes: Buffer, start: number, end: number) => void
}

export class EarlyReject {
  /** The answer; only the request's id is new each time. */
  #frame: Buffer = Buffer.alloc(0)
  #ownAddress: string | undefined
  #count = 0
  #loggedAt = -Infinity

  constructor (private readonly options: EarlyRejectOptions) {}

  /**
   * Answers the frame in `bytes` from `start` to `end` with T03 if it is a packet for which there is no time. Where one with this id has
   * come before, says nothing: it may be the same one, which has another answer. Returns whether the frame is dealt with.
   */
  refuses (bytes: Buffer, start: number, end: number): boolean {
    const { isBusy, isKnown, send } = this.options
    if (!isBusy(end - start) || !beginsWithPacket(bytes, start, end)) return false
    const requestId = requestIdAt(bytes, start)
    if (isKnown(requestId)) return true
    const frame = this.#frameFor(requestId)
    send(frame, 0, frame.length)
    return true
  }

  /** Writes a line into the log if there is something to tell. To be called once in a while. */
  report (): void {
    if (this.#count === 0 || Date.now() - this.#loggedAt < LOG_INTERVAL_MS) return
    this.options.log.warn('more packets than can be served, refusing those of this peer with T03. refusedSinceLastLine=%d', this.#count)
    this.#count = 0
    this.#loggedAt = Date.now()
  }

  /** The Response that refuses a packet. There is one Buffer for all: it is sent, which copies it, before the next one is asked for. */
  #frameFor (requestId: number): Buffer {
    const ownAddress = this.options.ownAddress()
    if (ownAddress !== this.#ownAddress) {
      const packet = busyReject(ownAddress)
      this.#frame = Buffer.allocUnsafe(packetFrameBytes(packet.length))
      writePacketFrame(this.#frame, 0, FrameType.RESPONSE, requestId, packet)
      this.#ownAddress = ownAddress
    }
    setRequestId(this.#frame, requestId)
    this.#count++
    return this.#frame
  }
}
