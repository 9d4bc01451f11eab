/**
 * How much of what a peer sends is taken in. Its socket is not read from for a while
 *
 * - when it does not read our answers: what it asks stays with it then, and not in our memory;
 * - when it goes on and on beyond its rate limit: it hears of that (T05) so many times in a tenth of a second, and then has to wait.
 */
import { isRejectBy } from '../../../src/packet/reply.js'
import type { Wire } from './fast-reader.js'

/** With more than this unsent, nothing is read and our own requests are refused; with twice as much the peer is dropped. */
export const MAX_UNSENT_BYTES = 8 * 1024 * 1024

/** What our rate limit refuses of one socket in one window; after that the socket rests until the window is over. */
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

  constructor (private readonly wire: Wire) {}

  /** Call this for every packet that answers the peer. `ownAddress`: limits of connectors further on are not a reason to wait. */
  answered (packet: Buffer, ownAddress: string): void {
    if (isRejectBy(packet, RATE_LIMITED, ownAddress)) this.throttled()
  }

  /** Call this for everything of the peer that is refused because it sends too often. */
  throttled (): void {
    const now = Date.now()
    if (now >= this.#windowEnds) {
      this.#windowEnds = now + THROTTLE_WINDOW_MS
      this.#throttled = 0
    }
    if (++this.#throttled < MAX_THROTTLED || this.#isResting) return
    this.#isResting = true
    this.wire.ws.pause()
    this.#timer = setTimeout(() => {
      this.#isResting = false
      this.#goOn()
    }, this.#windowEnds - now).unref()
  }

  /** To be told whenever something was written. */
  wrote (): void {
    if (this.#isFull || this.wire.raw.writableLength <= MAX_UNSENT_BYTES) return
    this.#isFull = true
    this.wire.ws.pause()
    this.wire.raw.once('drain', () => {
      this.#isFull = false
      this.#goOn()
    })
  }

  /** Whether the peer cannot be heard because of us, and has not stopped to read. Counts from one call to the next. */
  isHeldUp (): boolean {
    const sent = this.wire.raw.bytesWritten - this.wire.raw.writableLength
    const isReading = sent !== this.#sentAtLastLook
    this.#sentAtLastLook = sent
    return this.#isResting || (this.#isFull && isReading)
  }

  stop (): void {
    clearTimeout(this.#timer)
  }

  #goOn (): void {
    if (this.#isResting || this.#isFull) return
    this.wire.ws.resume()
    this.wire.readOn?.()
  }
}
