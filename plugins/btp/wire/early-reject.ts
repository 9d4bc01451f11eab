/**
 * Answers to what the connector has no time for, or what an account sends too often, at a fraction of the cost of a packet that goes on:
 * nothing but the beginning of a frame is looked at, and the answers are ready. So a flood, whatever it carries, leaves the connector to
 * those it serves.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { THROTTLED } from '../../../src/packet/errors.js'
import { busyReject, throttledReject } from '../../../src/packet/reply.js'
import { NO_MONEY, errorFrame, temporaryErrorFrame } from './errors.js'
import { TOO_MANY } from './exchange.js'
import {
  FrameType, HEADER_BYTES, encodeFrame, packetFrameBytes, requestIdAt, setRequestId, writePacketFrame
} from './frame.js'

/** Refused packets make one log line in this time. */
const LOG_INTERVAL_MS = 1000

/** Error frames say when they were made, so they are made anew after this time. */
const FRESH_MS = 1000

export interface EarlyRejectOptions {
  log: Logger
  /** The connector's ILP address. */
  ownAddress: () => string
  /** Whether the bytes from `start` to `end` are a MESSAGE whose packet can be refused with a Reject. */
  beginsWithPacket: (bytes: Buffer, start: number, end: number) => boolean
  /** Counts a request, and tells whether it may go on. */
  admits: () => boolean
  /** Whether a frame of so many bytes, whatever it carries, cannot be worked on now. */
  isFull: (bytes: number) => boolean
  /** Whether the connector has no room for a packet of so many bytes. */
  isBusy: (bytes: number) => boolean
  /** Whether anything is done with a TRANSFER. */
  takesTransfers: () => boolean
  /** Whether a request with this id has come before. */
  isKnown: (requestId: number) => boolean
  /** Whether we wait for an answer with this id. */
  isAwaited: (requestId: number) => boolean
  /** Sends a frame. */
  send: (bytes: Buffer, start: number, end: number) => void
}

/** `other`: a request that does not begin with a packet. */
const ANSWERS = {
  busyPacket: ownAddress => packetFrame(busyReject(ownAddress)),
  busyOther: () => encodeFrame(temporaryErrorFrame(0, TOO_MANY)),
  throttledPacket: ownAddress => packetFrame(throttledReject(ownAddress)),
  throttledOther: () => encodeFrame(temporaryErrorFrame(0, THROTTLED)),
  transfer: () => encodeFrame(errorFrame(0, NO_MONEY))
} satisfies Record<string, (ownAddress: string) => Buffer>

type Kind = keyof typeof ANSWERS

export class EarlyReject {
  /** Only the request's id is new each time. There is one Buffer for all: it is sent, which copies it, before the next one is asked for. */
  #frames: Partial<Record<Kind, Buffer>> = {}
  #ownAddress: string | undefined
  #madeAt = -Infinity
  #count = 0
  #loggedAt = -Infinity

  constructor (private readonly options: EarlyRejectOptions) {}

  /**
   * Looks at the frame in `bytes` from `start` to `end`, and answers it if it may not go on. Returns whether it is dealt with. Answers that
   * we wait for cost nothing, because we have asked for them. All else counts against the limit of the account: requests, answers that
   * nobody waits for, and what is not a frame at all.
   */
  refuses (bytes: Buffer, start: number, end: number): boolean {
    const { admits, beginsWithPacket, isAwaited, isBusy, isFull, takesTransfers } = this.options
    const size = end - start
    const type = size < HEADER_BYTES ? undefined : bytes[start]
    const isAnswer = type === FrameType.RESPONSE || type === FrameType.ERROR
    if (isAnswer && isAwaited(requestIdAt(bytes, start))) return false
    const isPacket = !isAnswer && beginsWithPacket(bytes, start, end)
    const isRequest = type === FrameType.MESSAGE || type === FrameType.TRANSFER
    if (!admits()) {
      if (isRequest) this.#answer(bytes, start, isPacket ? 'throttledPacket' : 'throttledOther')
      return true
    }
    if (!isRequest) return isAnswer
    if (isFull(size) || (isPacket && isBusy(size))) {
      this.#answer(bytes, start, isPacket ? 'busyPacket' : 'busyOther')
      this.#count++
      return true
    }
    if (type === FrameType.MESSAGE || takesTransfers()) return false
    this.#answer(bytes, start, 'transfer')
    return true
  }

  /** Writes a line into the log if there is something to tell. To be called once in a while. */
  report (): void {
    if (this.#count === 0 || Date.now() - this.#loggedAt < LOG_INTERVAL_MS) return
    this.options.log.warn('more packets than can be served, refusing those of this peer with T03. refusedSinceLastLine=%d', this.#count)
    this.#count = 0
    this.#loggedAt = Date.now()
  }

  /** Where a request with this id has come before, says nothing: it may be the same one, which has another answer. */
  #answer (bytes: Buffer, start: number, kind: Kind): void {
    const requestId = requestIdAt(bytes, start)
    if (this.options.isKnown(requestId)) return
    const frame = this.#frameFor(kind)
    setRequestId(frame, requestId)
    this.options.send(frame, 0, frame.length)
  }

  #frameFor (kind: Kind): Buffer {
    const ownAddress = this.options.ownAddress()
    const now = Date.now()
    if (ownAddress !== this.#ownAddress || now - this.#madeAt >= FRESH_MS) {
      this.#frames = {}
      this.#ownAddress = ownAddress
      this.#madeAt = now
    }
    return this.#frames[kind] ??= ANSWERS[kind](ownAddress)
  }
}

function packetFrame (packet: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(packetFrameBytes(packet.length))
  writePacketFrame(frame, 0, FrameType.RESPONSE, 0, packet)
  return frame
}
