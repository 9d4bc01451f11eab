/** One timer for everything that ends in the same millisecond, instead of one for each. */

/** A longer timer would fire at once. */
const TIMER_LONGEST_MS = 2 ** 31 - 1

interface Slot {
  timer: NodeJS.Timeout
  callbacks: Set<() => void>
}

export class Deadlines {
  private readonly slots = new Map<number, Slot>()

  /** Calls `callback` at `time` (ms since the epoch), or at once when that has passed. */
  set (time: number, callback: () => void): void {
    (this.slots.get(time) ?? this.open(time)).callbacks.add(callback)
  }

  clear (time: number, callback: () => void): void {
    const slot = this.slots.get(time)
    if (slot?.callbacks.delete(callback) !== true || slot.callbacks.size > 0) return
    clearTimeout(slot.timer)
    this.slots.delete(time)
  }

  private open (time: number): Slot {
    const timer = setTimeout(() => this.fire(time), Math.min(time - Date.now(), TIMER_LONGEST_MS))
    timer.unref()
    const slot = { timer, callbacks: new Set<() => void>() }
    this.slots.set(time, slot)
    return slot
  }

  private fire (time: number): void {
    const callbacks = this.slots.get(time)?.callbacks ?? []
    this.slots.delete(time)
    for (const callback of callbacks) callback()
  }
}
