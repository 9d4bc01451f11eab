/**
 * Counts the packets and payments that are not answered yet. A shutdown waits for them, and when there are too many, new packets are
 * rejected before any work is done for them. An early rejection costs little, so a flood takes little from those who are served.
 */

/** Packets from one account that are not answered yet. */
export const ACCOUNT_PACKETS_MAX = 10_000
/** Packets from all accounts. Past this, only accounts that have less than an equal share of it may send more. */
export const ALL_PACKETS_MAX = 50_000

export class Overload {
  private count = 0
  private readonly waiting = new Set<() => void>()

  /** `accounts` tells how many accounts there are. */
  constructor (private readonly accounts: () => number = () => 1) {}

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

  /** Whether an account with so many packets in flight may send no more. */
  isFullFor (count: number): boolean {
    return count >= ACCOUNT_PACKETS_MAX || (this.count >= ALL_PACKETS_MAX && count >= ALL_PACKETS_MAX / this.accounts())
  }

  /** Resolves to true when nothing is under way, or to false after `timeoutMs`. */
  idle (timeoutMs: number): Promise<boolean> {
    if (this.count === 0) return Promise.resolve(true)
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

  began (): void {
    this.count++
  }

  ended (): void {
    if (--this.count > 0) return
    for (const resolve of this.waiting) resolve()
    this.waiting.clear()
  }
}

export class Entrance {
  private count = 0
  private readonly done = (): void => {
    this.count--
    this.overload.ended()
  }

  constructor (private readonly overload: Overload) {}

  /** Whether a packet is to be refused with T03. */
  get isFull (): boolean {
    return this.overload.isFullFor(this.count)
  }

  track (answer: Promise<Buffer>): Promise<Buffer> {
    this.count++
    this.overload.began()
    answer.then(this.done, this.done)
    return answer
  }
}
