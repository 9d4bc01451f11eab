/**
 * How much of what a peer sends is taken in. Its socket is not read from for a while
 *
 * - when it does not read our answers: what it asks stays with it then, and not in our memory;
 * - when it goes on and on beyond its rate limit: it hears of that (T05) so many times in a tenth of a second, and then has to wait.
 */
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { isRejectBy } from '../../../src/packet/reply.js'

/** With more than this unsent, nothing is read and our own requests are refused; with twice as much the peer is dropped. */
export const MAX_UNSENT_BYTES = 8 * 1024 * 1024

/** Packets of one socket that our rate limit refuses in one window; after that the socket rests until the window is over. */
export const MAX_THROTTLED = 100
export const THROTTLE_WINDOW_MS = 100

const RATE_LIMITED = 'T05'

export class Backpressure {
  #isResting = false
  #isFull = false
  #throttled = 0
  #windowEnds = 0
  #sentAtLastLook = 0
  #timer: NodeJS.Timeout | undefined

  /** `raw` is the network socket under `ws`. */
  constructor (private readonly ws: WebSocket, private readonly raw: Socket) {}

  /** Call this for every packet that answers the peer. `ownAddress`: limits of connectors further on are not a reason to wait. */
  answered (packet: Buffer, ownAddress: string): void {
    if (!isRejectBy(packet, RATE_LIMITED, ownAddress)) return
    const now = Date.now()
    if (now >= this.#windowEnds) {
      this.#windowEnds = now + THROTTLE_WINDOW_MS
      this.#throttled = 0
    }
    if (++this.#throttled < MAX_THROTTLED || this.#isResting) return
    this.#isResting = true
    this.ws.pause()
    this.#timer = setTimeout(() => {
      this.#isResting = false
      this.#goOn()
    }, this.#windowEnds - now).unref()
  }

  /** To be told whenever something was written. */
  wrote (): void {
    if (this.#isFull || this.raw.writableLength <= MAX_UNSENT_BYTES) return
    this.#isFull = true
    this.ws.pause()
    this.raw.once('drain', () => {
      this.#isFull = false
      this.#goOn()
    })
  }

  /** Whether the peer cannot be heard because of us, and has not stopped to read. Counts from one call to the next. */
  isHeldUp (): boolean {
    const sent = this.raw.bytesWritten - this.raw.writableLength
    const isReading = sent !== this.#sentAtLastLook
    this.#sentAtLastLook = sent
    return this.#isResting || (this.#isFull && isReading)
  }

  stop (): void {
    clearTimeout(this.#timer)
  }

  #goOn (): void {
    if (!this.#isResting && !this.#isFull) this.ws.resume()
  }
}
