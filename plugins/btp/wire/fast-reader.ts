/**
 * Reads the common kind of message, binary and unfragmented (RFC 6455 section 5.2), straight from the network socket, and emits it on the
 * WebSocket as `ws` would, without the several objects that `ws` creates for each. Everything else is left to `ws`: control frames,
 * fragmented messages, frames that arrive in pieces, and protocol errors. `ws` sees the stream without the messages that were read here.
 */
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { PEEK_BYTES } from './frame.js'
import { endLongTurn } from './turn-end.js'
import { MASK_BYTES, isClose, isControl, isFinal, isMaskedAt, isWholeBinary, lengthEndAt, payloadBytesAt } from './websocket-header.js'

const NOTHING = Buffer.alloc(0)

/** This many bytes of a message are unmasked before it is clear whether the rest is needed. A multiple of the mask's four bytes. */
const HEAD_BYTES = Math.ceil(PEEK_BYTES / MASK_BYTES) * MASK_BYTES

/** Translates whole frames between another dialect and RFC 0023. Throws a FrameError for what it cannot translate. */
export interface Codec {
  /** Whether the bytes from `start` to `end` are a MESSAGE with a packet, as far as that is seen at a glance. */
  beginsWithPacket: (bytes: Buffer, start: number, end: number) => boolean
  /** What the peer has sent. */
  read: (bytes: Buffer) => Buffer
  /** What it is sent. */
  write: (bytes: Buffer) => Buffer
}

/** A WebSocket that is open, and the network socket under it. */
export interface Wire {
  readonly ws: WebSocket
  readonly raw: Socket
  /** For a peer that speaks a dialect. To be set with its first frame. */
  codec?: Codec
  /** Where it comes from, if anyone there could have come under any name: all that such a client asks counts together. */
  client?: string
  /**
   * Looks at the first HEAD_BYTES of a message, or all it has, in place: it is `bytes` from `start` to `end`. True: it is dealt with, no
   * 'message' is emitted. Messages that `ws` reads are not shown.
   */
  glance?: (bytes: Buffer, start: number, end: number) => boolean
  /** To be called when `ws` has been resumed: what had been read by then was kept. Set by the reader. */
  readOn?: () => void
}

export interface FastReaderOptions {
  /** Whether the peer's messages are masked: a client's are, a server's are not. */
  isMasked: boolean
  /** The largest message, in bytes. */
  maxPayload: number
}

/** Call this before anything was read. */
export function readFast (wire: Wire, options: FastReaderOptions): void {
  const { raw } = wire
  const [readSlowly, ...others] = raw.listeners('data') as Array<(chunk: Buffer) => void>
  if (readSlowly === undefined || others.length > 0) return // another `ws` than we know: it reads all by itself
  const reader = new FastReader(wire, options, bytes => { readSlowly.call(raw, bytes) })
  raw.removeListener('data', readSlowly)
  raw.on('data', (chunk: Buffer) => {
    endLongTurn()
    reader.read(chunk)
  })
  wire.readOn = () => { reader.read(NOTHING) }
}

class FastReader {
  /** The beginning of a frame that does not say yet how long it is; or all that came with the frame after which `ws` was paused. */
  #rest: Buffer = NOTHING
  /** So much of the present frame is still to come, and for `ws`. */
  #left = 0
  #isInPieces = false
  /** Whether the present chunk had anything but simple messages: `ws` reports an error in it only later. */
  #isSlow = false
  /** Nothing that comes after a close frame, or a mistake, is read. */
  #isOver = false

  constructor (
    private readonly wire: Wire, private readonly options: FastReaderOptions, private readonly readSlowly: (bytes: Buffer) => void
  ) {
    wire.ws.once('error', () => { this.#isOver = true })
  }

  read (chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = NOTHING
    if (this.#left === 0) this.#isSlow = false
    let at = this.#left === 0 ? 0 : this.#pass(bytes, 0, this.#left)
    while (at < bytes.length && !this.#isOver) {
      const lengthEnd = lengthEndAt(bytes, at)
      if (lengthEnd > bytes.length || this.wire.ws.isPaused) {
        this.#rest = Buffer.from(bytes.subarray(at))
        return
      }
      at = this.#frame(bytes, at, lengthEnd)
    }
  }

  /** Reads the frame at `at`, whose length is there up to `lengthEnd`. Returns where it ends, or what there is of it. */
  #frame (bytes: Buffer, at: number, lengthEnd: number): number {
    const first = bytes[at] ?? 0
    const size = payloadBytesAt(bytes, at)
    const isMasked = isMaskedAt(bytes, at)
    const start = lengthEnd + (isMasked ? MASK_BYTES : 0)
    const isExpected = isWholeBinary(first) && isMasked === this.options.isMasked && size <= this.options.maxPayload
    if (!isExpected || this.#isInPieces) this.#isSlow = true
    if (isClose(first)) this.#isOver = true
    if (this.#isSlow || start + size > bytes.length) {
      if (!isControl(first)) this.#isInPieces = !isFinal(first)
      return this.#pass(bytes, at, start - at + size)
    }
    const end = start + size
    const headEnd = Math.min(start + HEAD_BYTES, end)
    if (isMasked) unmask(bytes, start - MASK_BYTES, start, headEnd)
    if (this.wire.glance?.(bytes, start, end) === true) return end
    if (isMasked) unmask(bytes, start - MASK_BYTES, headEnd, end)
    this.wire.ws.emit('message', bytes.subarray(start, end), true)
    return end
  }

  /** Leaves the next `size` bytes to `ws`, those that are not there yet later. */
  #pass (bytes: Buffer, at: number, size: number): number {
    const end = Math.min(at + size, bytes.length)
    this.#left = at + size - end
    this.readSlowly(bytes.subarray(at, end))
    return end
  }
}

/** `start` is as many times four bytes after the first masked one. RFC 6455 section 5.3. */
function unmask (bytes: Buffer, mask: number, start: number, end: number): void {
  const a = bytes[mask] ?? 0
  const b = bytes[mask + 1] ?? 0
  const c = bytes[mask + 2] ?? 0
  const d = bytes[mask + 3] ?? 0
  let i = start
  for (; i + 3 < end; i += 4) {
    bytes[i] = (bytes[i] ?? 0) ^ a
    bytes[i + 1] = (bytes[i + 1] ?? 0) ^ b
    bytes[i + 2] = (bytes[i + 2] ?? 0) ^ c
    bytes[i + 3] = (bytes[i + 3] ?? 0) ^ d
  }
  if (i < end) bytes[i] = (bytes[i] ?? 0) ^ a
  if (i + 1 < end) bytes[i + 1] = (bytes[i + 1] ?? 0) ^ b
  if (i + 2 < end) bytes[i + 2] = (bytes[i + 2] ?? 0) ^ c
}
