/** Virtual time: what is to happen, in order. Minutes of a network pass in milliseconds, and always in the same way. */
import type { Clock } from '../../../src/routing/ccp/clock.js'

interface Event {
  atMs: number
  /** Breaks ties: first planned, first run. */
  order: number
  run: () => void
}

/** After an event, promises that it resolved are followed this many steps: more than any chain in the code under test is long. */
const PROMISE_STEPS = 6

export class Timeline implements Clock {
  #nowMs = 1_700_000_000_000
  #order = 0
  /** A binary heap, the next event at index 0. */
  #events: Event[] = []

  now (): number {
    return this.#nowMs
  }

  setTimer (callback: () => void, delayMs: number): () => void {
    const event = { atMs: this.#nowMs + delayMs, order: this.#order++, run: callback }
    this.#push(event)
    return () => { event.run = () => {} }
  }

  /** Runs everything that is due within the time given, `after` each event. */
  async advance (durationMs: number, after: () => void = () => {}): Promise<void> {
    const endMs = this.#nowMs + durationMs
    for (let next = this.#events[0]; next !== undefined && next.atMs <= endMs; next = this.#events[0]) {
      this.#pop()
      this.#nowMs = next.atMs
      next.run()
      for (let i = 0; i < PROMISE_STEPS; i++) await Promise.resolve()
      after()
    }
    this.#nowMs = endMs
  }

  #push (event: Event): void {
    const heap = this.#events
    let i = heap.push(event) - 1
    for (let parent = (i - 1) >> 1; i > 0 && isBefore(event, heap[parent]); parent = (i - 1) >> 1) {
      heap[i] = heap[parent] as Event
      i = parent
    }
    heap[i] = event
  }

  #pop (): void {
    const heap = this.#events
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (isBefore(heap[child + 1], heap[child])) child++
      if (!isBefore(heap[child], last)) break
      heap[i] = heap[child] as Event
      i = child
    }
    heap[i] = last
  }
}

function isBefore (a: Event | undefined, b: Event | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
