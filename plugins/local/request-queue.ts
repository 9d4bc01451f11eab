/**
 * Whose packet the business logic server is asked about next. It gets so many requests at a time and no more, and those that wait for their
 * turn are taken from the peers one after the other: a peer that floods us waits for itself.
 */
import { TIMER_LONGEST_MS } from '../../src/lib/timers.js'

/**
 * `turn`: it may be sent, and `leave` must be called afterwards. `full`: too many wait. `expired`: its time was over before its turn came.
 */
export type Turn = 'turn' | 'full' | 'expired'

interface Waiting {
  expiresAt: number
  end: (turn: Turn) => void
}

export class RequestQueue {
  #underWay = 0
  #size = 0
  /** By peer. The first peer is the next; in each queue, the first request is the oldest. None is empty. */
  readonly #queues = new Map<string, Set<Waiting>>()

  /** `maxWaiting` counts the requests of all peers that have not had their turn. */
  constructor (private readonly limits: { maxUnderWay: number, maxWaiting: number }) {}

  /** Resolves when it is the turn of a request about a packet of `peer`, or when that will not come. */
  enter (peer: string, expiresAt: number): Promise<Turn> {
    if (expiresAt <= Date.now()) return Promise.resolve('expired')
    if (this.#underWay < this.limits.maxUnderWay) {
      this.#underWay++
      return Promise.resolve('turn')
    }
    if (this.#size >= this.limits.maxWaiting && !this.#makeRoomFor(peer)) return Promise.resolve('full')
    return new Promise(resolve => { this.#add(peer, expiresAt, resolve) })
  }

  /** A request that had its turn has its answer, or will have none. */
  leave (): void {
    for (const [peer, queue] of this.#queues) {
      this.#queues.delete(peer)
      this.#queues.set(peer, queue) // which is the last now
      const [next] = queue
      const isInTime = next !== undefined && next.expiresAt > Date.now()
      next?.end(isInTime ? 'turn' : 'expired')
      if (isInTime) return
    }
    this.#underWay--
  }

  #add (peer: string, expiresAt: number, resolve: (turn: Turn) => void): void {
    const queue = this.#queues.get(peer) ?? new Set<Waiting>()
    const timer = setTimeout(() => { waiting.end('expired') }, Math.min(expiresAt - Date.now(), TIMER_LONGEST_MS)).unref()
    const waiting: Waiting = {
      expiresAt,
      end: turn => {
        clearTimeout(timer)
        this.#size--
        queue.delete(waiting)
        if (queue.size === 0) this.#queues.delete(peer)
        resolve(turn)
      }
    }
    this.#queues.set(peer, queue.add(waiting))
    this.#size++
  }

  /** Takes the place of the request that waits longest for the peer with the most of them, unless that is `peer` itself. */
  #makeRoomFor (peer: string): boolean {
    const own = this.#queues.get(peer)?.size ?? 0
    const longest = [...this.#queues.values()].reduce((most, queue) => queue.size > most.size ? queue : most)
    const [oldest] = longest
    if (own >= longest.size || oldest === undefined) return false
    oldest.end('full')
    return true
  }
}
