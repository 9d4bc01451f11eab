/**
 * What a server writes in one turn of the event loop, in one Buffer: frames are encoded where they are sent from, and the network socket
 * gets them in one piece. A Buffer, and a write, for each frame would cost as much as all the rest of sending it.
 */
import type { Writable } from 'node:stream'
import { headerBytes, writeHeader } from './websocket-header.js'

const SMALLEST_BYTES = 512
/** A turn that writes more needs several. */
const LARGEST_BYTES = 64 * 1024

export class Outbox {
  #bytes: Buffer = Buffer.alloc(0)
  #used = 0
  #placed = 0
  /** Grows and shrinks with what is written in a turn. */
  #nextBytes = SMALLEST_BYTES

  constructor (private readonly socket: Writable) {}

  /** Where to write a WebSocket message of `size` bytes: into `bytes`, at the returned place. It is part of the outbox from `added` on. */
  place (size: number): number {
    const header = headerBytes(size)
    this.#makeRoom(header + size)
    writeHeader(this.#bytes, this.#used, size)
    this.#placed = header + size
    return this.#used + header
  }

  get bytes (): Buffer {
    return this.#bytes
  }

  /** What was placed last is written. */
  added (): void {
    this.#used += this.#placed
    this.#placed = 0
  }

  /** Hands what was added to the socket. */
  flush (): void {
    if (this.#used === 0) return
    this.#nextBytes = Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, this.#used * 4, this.#nextBytes / 2))
    this.socket.write(this.#bytes.subarray(0, this.#used))
    this.#bytes = this.#bytes.subarray(this.#used) // nothing of an idle socket is kept but that
    this.#used = 0
  }

  #makeRoom (size: number): void {
    if (this.#used + size <= this.#bytes.length) return
    if (this.#used + size > LARGEST_BYTES) this.flush()
    const bytes = Buffer.allocUnsafe(Math.max(2 * (this.#used + size), this.#nextBytes))
    this.#bytes.copy(bytes, 0, 0, this.#used)
    this.#bytes = bytes
  }
}
