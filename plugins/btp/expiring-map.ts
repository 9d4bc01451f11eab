/**
 * A map whose entries all live equally long. The first one is then always the next to expire, so one coarse timer that looks at the
 * front does what a timer per entry would do, at none of the cost: requests come and go a hundred thousand times a second.
 */

/** An entry expires at most this part of its lifetime late (plus a tick). */
const TICKS_PER_LIFETIME = 10
const MIN_TICK_MS = 10
const MAX_TICK_MS = 1000

interface Entry<V> {
  value: V
  dueTick: number
}

export class ExpiringMap<K, V> {
  readonly #entries = new Map<K, Entry<V>>()
  readonly #tickMs: number
  readonly #lifetimeTicks: number
  readonly #onExpire: (key: K, value: V) => void
  #tick = 0
  #timer: NodeJS.Timeout | undefined

  /** `onExpire` is called once for an entry that was not taken within `lifetimeMs`; the entry is gone by then. It must not throw. */
  constructor (lifetimeMs: number, onExpire: (key: K, value: V) => void) {
    this.#tickMs = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, lifetimeMs / TICKS_PER_LIFETIME))
    this.#lifetimeTicks = Math.ceil(lifetimeMs / this.#tickMs) + 1
    this.#onExpire = onExpire
  }

  get size (): number {
    return this.#entries.size
  }

  get (key: K): V | undefined {
    return this.#entries.get(key)?.value
  }

  /** Adds an entry under a key that is not there yet. The caller bounds the size. */
  add (key: K, value: V): void {
    this.#entries.set(key, { value, dueTick: this.#tick + this.#lifetimeTicks })
    this.#timer ??= setInterval(() => { this.#expire() }, this.#tickMs).unref()
  }

  /** Removes the entry and returns its value. */
  take (key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    return entry.value
  }

  /** Removes the entry that is the next to expire and returns its value. */
  takeOldest (): V | undefined {
    for (const key of this.#entries.keys()) return this.take(key)
    return undefined
  }

  /** Removes all entries, stops the timer, and returns the values. */
  clear (): V[] {
    clearInterval(this.#timer)
    this.#timer = undefined
    const values = [...this.#entries.values()].map(({ value }) => value)
    this.#entries.clear()
    return values
  }

  #expire (): void {
    this.#tick++
    for (const [key, { value, dueTick }] of this.#entries) {
      if (dueTick > this.#tick) return
      this.#entries.delete(key)
      this.#onExpire(key, value)
    }
    if (this.#entries.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
