/**
 * Counts the packets and payments that are not answered yet. A shutdown waits for them, and when there are too many, new packets are
 * rejected before any work is done for them. An early rejection costs little, so a flood takes little from those who are served.
 */

/** Packets from one account that are not answered yet, and their bytes: a packet in flight takes about three times its size. */
export const ACCOUNT_PACKETS_MAX = 10_000
export const ACCOUNT_BYTES_MAX = 16 * 1024 * 1024
/** Packets from all accounts, and their bytes. Past this, only accounts that have less than an equal share of it may send more. */
export const ALL_PACKETS_MAX = 50_000
export const ALL_BYTES_MAX = 64 * 1024 * 1024
/** However many accounts there are, so many bytes of each have room: one packet, the largest there is. */
export const LEAST_SHARE_BYTES = 64 * 1024

export class Overload {
  #count = 0
  private bytes = 0
  private readonly waiting = new Set<() => void>()

  /** `accounts` tells how many accounts there are. */
  constructor (private readonly accounts: () => number = () => 1) {}

  /** Packets in flight. */
  get count (): number {
    return this.#count
  }

  track<T> (answer: Promise<T>): Promise<T> {
    this.began()
    const done = (): void => this.ended()
    answer.then(done, done)
    return answer
  }

  /** Where the packets of one account come in. */
  entrance (): Entrance {
    return new Entrance(this)
  }

  /** Whether an account that has so many packets in flight, of so many bytes with the one that comes, may not send that one. */
  isFullFor (count: number, bytes: number, more: number): boolean {
    if (count >= ACCOUNT_PACKETS_MAX || bytes > ACCOUNT_BYTES_MAX) return true
    if (this.#count >= ALL_PACKETS_MAX && count >= ALL_PACKETS_MAX / this.accounts()) return true
    return this.bytes + more > ALL_BYTES_MAX && bytes > Math.max(LEAST_SHARE_BYTES, ALL_BYTES_MAX / this.accounts())
  }

  /** Resolves to true when nothing is under way, or to false after `timeoutMs`. */
  idle (timeoutMs: number): Promise<boolean> {
    if (this.#count === 0) return Promise.resolve(true)
    return new Promise(resolve => {
      const quiet = (): void => {
        clearTimeout(timer)
        resolve(true)
      }
      const timer = setTimeout(() => {
        this.waiting.delete(quiet)
        resolve(false)
      }, timeoutMs)
      this.waiting.add(quiet)
    })
  }

  began (bytes = 0): void {
    this.#count++
    this.bytes += bytes
  }

  ended (bytes = 0): void {
    this.bytes -= bytes
    if (--this.#count > 0) return
    for (const resolve of this.waiting) resolve()
    this.waiting.clear()
  }
}

export class Entrance {
  private count = 0
  private bytes = 0

  constructor (private readonly overload: Overload) {}

  /** Whether a packet of so many bytes is to be refused with T03. */
  isFullFor (bytes: number): boolean {
    return this.overload.isFullFor(this.count, this.bytes + bytes, bytes)
  }

  /** `answered` is called with the answer, or with undefined if there is none. */
  track (answer: Promise<Buffer>, bytes: number, answered?: (reply: Buffer | undefined) => void): Promise<Buffer> {
    this.count++
    this.bytes += bytes
    this.overload.began(bytes)
    const done = (reply: Buffer | undefined): void => {
      this.count--
      this.bytes -= bytes
      this.overload.ended(bytes)
      answered?.(reply)
    }
    answer.then(done, () => { done(undefined) })
    return answer
  }
}
