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
/** Of all sockets together. Past this, a socket has room for so much, and for one frame in any case. */
export const ALL_WAITING_BYTES = 64 * 1024 * 1024
export const LEAST_WAITING_BYTES = 64 * 1024

/** With less than this, nothing is won by giving memory back. */
const SMALLEST_BYTES = 64 * 1024
const LENGTH_BYTES = 4

/**
 * Packets of one socket that wait for their turn, oldest first. They stand one after the other in one Buffer: as objects, they would live
 * just long enough to cost the garbage collector more than all the rest of a packet.
 */
export class FairQueue {
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0
  #end = 0
  #size = 0

  /** `work` does with a frame what is to be done. */
  constructor (readonly work: (frame: Buffer) => void) {}

  get size (): number {
    return this.#size
  }

  get isEmpty (): boolean {
    return this.#size === 0
  }

  /** Whether a frame of `length` bytes may be added. */
  hasRoomFor (length: number): boolean {
    const more = LENGTH_BYTES + length
    const bytes = this.#end - this.#start + more
    if (this.#size >= MAX_WAITING || bytes > MAX_WAITING_BYTES) return false
    return this.isEmpty || bytes <= LEAST_WAITING_BYTES || turns.waitingBytes + more <= ALL_WAITING_BYTES
  }

  /** Works on a frame in this turn or a later one. */
  add (frame: Buffer): void {
    if (this.isEmpty && turns.take()) {
      this.work(frame)
      return
    }
    const bytes = LENGTH_BYTES + frame.length
    if (this.isEmpty) turns.wait(this)
    if (this.#end + bytes > this.#bytes.length) this.#makeRoom(bytes)
    this.#bytes.writeUInt32BE(frame.length, this.#end)
    frame.copy(this.#bytes, this.#end + LENGTH_BYTES)
    this.#end += bytes
    this.#size++
    turns.waitingBytes += bytes
  }

  /** Hands the frames that wait to `take`, and not to `work` any more. */
  drain (take: (frame: Buffer) => void): void {
    while (!this.isEmpty) take(this.#next())
  }

  workOnNext (): void {
    if (!this.isEmpty) this.work(this.#next())
  }

  #next (): Buffer {
    const start = this.#start + LENGTH_BYTES
    const end = start + this.#bytes.readUInt32BE(this.#start)
    const frame = Buffer.from(this.#bytes.subarray(start, end))
    turns.waitingBytes -= end - this.#start
    this.#start = end
    this.#size--
    if (this.#start === this.#end) this.clear()
    return frame
  }

  clear (): void {
    turns.waitingBytes -= this.#end - this.#start
    this.#start = this.#end = this.#size = 0
    if (this.#bytes.length > SMALLEST_BYTES) this.#bytes = Buffer.alloc(0)
  }

  #makeRoom (bytes: number): void {
    const used = this.#end - this.#start
    const needed = 2 * (used + bytes)
    const target = needed > this.#bytes.length ? Buffer.allocUnsafeSlow(Math.max(needed, SMALLEST_BYTES)) : this.#bytes
    this.#bytes.copy(target, 0, this.#start, this.#end)
    this.#bytes = target
    this.#start = 0
    this.#end = used
  }
}

class Turns {
  /** Of all queues. */
  waitingBytes = 0
  #left = PACKETS_PER_TURN
  #isCounting = false
  /** At most as many as there are sockets. */
  #waiting: FairQueue[] = []

  /** Whether there is room for a packet in this turn. */
  take (): boolean {
    this.#count()
    if (this.#left === 0) return false
    this.#left--
    return true
  }

  wait (queue: FairQueue): void {
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
