/**
 * How many packets are worked on in one turn of the event loop, by all sockets of the process together. What comes beyond that waits for
 * the next turns, the sockets one after the other, a packet each; and where too much waits, more is refused at once. So there is a turn
 * soon for answers, timers and other peers, whatever a peer sends at a time; and a queue only forms where the connector cannot keep up.
 */

/** At 20 us each, a turn of 10 ms. */
export const PACKETS_PER_TURN = 512

/** Packets of one socket that wait. */
export const MAX_WAITING = 4096
export const MAX_WAITING_BYTES = 4 * 1024 * 1024

/** Packets of one socket that wait for their turn, oldest first. */
export class PacketQueue {
  #frames: Array<Buffer | undefined> = []
  #first = 0
  #bytes = 0

  /** `work` does with a frame what is to be done. */
  constructor (readonly work: (frame: Buffer) => void) {}

  get size (): number {
    return this.#frames.length - this.#first
  }

  get isEmpty (): boolean {
    return this.size === 0
  }

  /** Works on a frame in this turn or a later one. False: there is no room. */
  add (frame: Buffer): boolean {
    if (this.isEmpty && turns.take()) {
      this.work(frame)
      return true
    }
    if (this.size >= MAX_WAITING || this.#bytes + frame.length > MAX_WAITING_BYTES) return false
    if (this.isEmpty) turns.wait(this)
    this.#frames.push(Buffer.from(frame)) // a copy: it came as a view on all that was read at a time
    this.#bytes += frame.length
    return true
  }

  workOnNext (): void {
    const frame = this.#frames[this.#first]
    this.#frames[this.#first++] = undefined
    if (this.isEmpty || this.#first === MAX_WAITING) {
      this.#frames = this.#frames.slice(this.#first)
      this.#first = 0
    }
    if (frame === undefined) return
    this.#bytes -= frame.length
    this.work(frame)
  }

  clear (): void {
    this.#frames = []
    this.#first = this.#bytes = 0
  }
}

class Turns {
  #left = PACKETS_PER_TURN
  #isCounting = false
  /** At most as many as there are sockets. */
  #waiting: PacketQueue[] = []

  /** Whether there is room for a packet in this turn. */
  take (): boolean {
    this.#count()
    if (this.#left === 0) return false
    this.#left--
    return true
  }

  wait (queue: PacketQueue): void {
    this.#waiting.push(queue)
    this.#count()
  }

  #count (): void {
    if (this.#isCounting) return
    this.#isCounting = true
    setImmediate(() => { this.#next() })
  }

  #next (): void {
    this.#isCounting = false
    this.#left = PACKETS_PER_TURN
    while (this.#left > 0) {
      const queue = this.#waiting.shift()
      if (queue === undefined) break
      this.#left--
      queue.workOnNext()
      if (!queue.isEmpty) this.#waiting.push(queue)
    }
    if (this.#left < PACKETS_PER_TURN) this.#count() // the next turn is a full one again
  }
}

const turns = new Turns()
