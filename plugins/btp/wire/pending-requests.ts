/**
 * The requests that wait for the peer's answer, found by their ids, and the one timer that ends those that wait too long.
 *
 * Not a Map: while requests come and go, a Map throws its table away every few hundred of them, and a table that has reached the old
 * generation keeps all later ones alive, with what was in them, until the next full collection. That is half of the cost of a packet.
 * Here a request gets an id whose slot in an array is free:
 *
 *     slot       0     1     2     3   ...        slot of id = id mod number of slots (a power of two)
 *     waiting  [ 64 |     |  2  | 67  ... ]       65 is answered; 66 was never given out, because 2 still waits
 */

const FIRST_SLOTS = 64

/** A request ends at most this part of its time late, plus a tick. */
const TICKS_PER_TIMEOUT = 10
const MIN_TICK_MS = 10
const MAX_TICK_MS = 1000

/** One request. The number fields are set when it is added. */
export interface Waiting {
  requestId: number
  dueTick: number
}

export class PendingRequests<W extends Waiting> {
  #slots: Array<W | undefined> = emptySlots(FIRST_SLOTS)
  #size = 0
  #lastId: number
  #tick = 0
  #timer: NodeJS.Timeout | undefined
  readonly #tickMs: number
  readonly #timeoutTicks: number
  readonly #onTimeout: (waiting: W) => void

  /** Ids count up from `lastId`, a u32. `onTimeout` gets, once, each request that was not taken within `timeoutMs`. */
  constructor (lastId: number, timeoutMs: number, onTimeout: (waiting: W) => void) {
    this.#lastId = lastId
    this.#tickMs = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, timeoutMs / TICKS_PER_TIMEOUT))
    this.#timeoutTicks = Math.ceil(timeoutMs / this.#tickMs) + 1
    this.#onTimeout = onTimeout
  }

  get size (): number {
    return this.#size
  }

  /** Adds a request under a new id, which it sets. The caller bounds the number of requests. */
  add (waiting: W): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    waiting.requestId = this.#lastId = this.#freeId()
    waiting.dueTick = this.#tick + this.#timeoutTicks
    this.#slots[this.#slotOf(waiting.requestId)] = waiting
    this.#size++
    this.#timer ??= setInterval(() => { this.#expire() }, this.#tickMs).unref()
  }

  has (requestId: number): boolean {
    return this.#slots[this.#slotOf(requestId)]?.requestId === requestId
  }

  /** Removes the request with this id and returns it. */
  take (requestId: number): W | undefined {
    const slot = this.#slotOf(requestId)
    const waiting = this.#slots[slot]
    if (waiting?.requestId !== requestId) return undefined
    this.#slots[slot] = undefined
    this.#size--
    return waiting
  }

  /** Removes all requests, stops the timer, and returns the requests. */
  clear (): W[] {
    const all = this.#slots.filter(waiting => waiting !== undefined)
    this.#slots = emptySlots(FIRST_SLOTS)
    this.#size = 0
    this.#stop()
    return all
  }

  #freeId (): number {
    let requestId = this.#lastId
    do {
      requestId = (requestId + 1) >>> 0
    } while (this.#slots[this.#slotOf(requestId)] !== undefined)
    return requestId
  }

  #slotOf (requestId: number): number {
    return requestId & (this.#slots.length - 1)
  }

  /** Ids that had different slots have different ones among twice as many. */
  #grow (): void {
    const slots = this.#slots
    this.#slots = emptySlots(slots.length * 2)
    for (const waiting of slots) {
      if (waiting !== undefined) this.#slots[this.#slotOf(waiting.requestId)] = waiting
    }
  }

  #expire (): void {
    this.#tick++
    for (const waiting of this.#slots) {
      if (waiting === undefined || waiting.dueTick > this.#tick) continue
      this.take(waiting.requestId)
      this.#onTimeout(waiting)
    }
    if (this.#size === 0) this.#stop()
  }

  #stop (): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function emptySlots<W> (count: number): Array<W | undefined> {
  return new Array<W | undefined>(count).fill(undefined)
}
