/**
 * One transaction of an address is in flight at a time: then the sequence of the next is never a guess, and which of two signed ones comes
 * into a ledger never matters twice. Those that wait are served by urgency; what is urgent may take the sequence of what is stuck.
 */

/** What is done first: the lower, the sooner. */
export const URGENCY = { redeemBeforeEnd: 0, redeem: 1, end: 2, fund: 3, create: 4 } as const
export type Urgency = typeof URGENCY[keyof typeof URGENCY]

/** A sequence that somebody else has signed for, and what was offered for it, in the smallest unit of the coin. */
export interface Place {
  sequence: number
  fee: bigint
}

export interface Sitter {
  /** Of now. One that cannot say how urgent it is, and throws, comes last. */
  readonly urgency: Urgency
  /** What would be lost without it, in the smallest unit: of two that are as urgent, the larger goes first. Undefined: nothing. */
  readonly stake?: bigint | undefined
}

interface Waiting {
  sitter: Sitter
  grant: (place: Place | undefined) => void
}

export class Seat {
  #sitter: Sitter | undefined
  readonly #waiting: Waiting[] = []

  /** Takes it if nobody has it. Says whether the sitter has it now. */
  tryTake (sitter: Sitter): boolean {
    this.#sitter ??= sitter
    return this.#sitter === sitter
  }

  /** Resolves when it is the sitter's turn: to the place that it takes over, or to undefined. Rejects when the signal aborts before. */
  async take (sitter: Sitter, signal: AbortSignal): Promise<Place | undefined> {
    if (signal.aborted) throw new Error('left')
    if (this.tryTake(sitter)) return undefined
    return await new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(new Error('left'))
      }
      const waiting: Waiting = {
        sitter,
        grant: place => {
          signal.removeEventListener('abort', leave)
          resolve(place)
        }
      }
      this.#waiting.push(waiting)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** Whether somebody waits that is more urgent, or as urgent and about more. */
  isWantedBefore (sitter: Sitter): boolean {
    return this.#waiting.some(waiting => isBefore(waiting.sitter, sitter))
  }

  /** Gives it to the most urgent that waits. @param place what that one may take over */
  leave (sitter: Sitter, place?: Place): void {
    if (this.#sitter !== sitter) return
    const next = this.#waiting.reduce<Waiting | undefined>((best, waiting) =>
      best === undefined || isBefore(waiting.sitter, best.sitter) ? waiting : best, undefined)
    this.#sitter = next?.sitter
    if (next === undefined) return
    this.#waiting.splice(this.#waiting.indexOf(next), 1)
    next.grant(place)
  }
}

function isBefore (a: Sitter, b: Sitter): boolean {
  const [urgency, other] = [urgencyOf(a), urgencyOf(b)]
  if (urgency === other && urgency !== Infinity) return (a.stake ?? 0n) > (b.stake ?? 0n)
  return urgency < other
}

/** Nobody may keep the seat from others by not being able to say how urgent it is. */
function urgencyOf (sitter: Sitter): number {
  try {
    return sitter.urgency
  } catch {
    return Infinity
  }
}

/** Of this process, as long as somebody has them. */
const seats = new Map<string, WeakRef<Seat>>()
/** With more, those that nobody has any more are dropped. */
const SWEPT_ABOVE = 100

/** The seat of an address, which all who send from it share, whatever node they ask. @param chainId `xrp:mainnet` */
export function seatOf (chainId: string, address: string): Seat {
  const name = `${chainId} ${address}`
  const seat = seats.get(name)?.deref() ?? new Seat()
  seats.set(name, new WeakRef(seat))
  if (seats.size > SWEPT_ABOVE) for (const [other, kept] of seats) if (kept.deref() === undefined) seats.delete(other)
  return seat
}
