/**
 * Slows down those who guess at a key, by address, and says so to the operator. A right key is never refused, nor kept waiting, wherever it
 * comes from: an operator behind the same address as somebody who guesses gets in as ever. Programs on this machine are not slowed down.
 *
 * An answer that waits holds a connection, so only so many wait: beyond that, wrong keys are refused at once.
 */
import type { Logger } from '../contracts/logger.js'
import { clientNetwork } from '../lib/client-network.js'
import { LogThrottle } from '../lib/log-throttle.js'
import { isLoopbackAddress } from '../lib/loopback.js'

/** Wrong keys of an address that are refused at once: somebody has mistyped it, or has the old one. */
export const FREE_GUESSES = 10
const FIRST_DELAY_MS = 500
export const LONGEST_DELAY_MS = 8000
/** Without a wrong key in this time, an address begins anew. */
const FORGET_MS = 600_000
export const MAX_NETWORKS = 10_000
const WAITING_MAX = 128
const WAITING_OF_ONE_MAX = 16
const LOG_INTERVAL_MS = 60_000

interface Guesser {
  wrong: number
  lastAt: number
  waiting: number
}

export class WrongKeys {
  readonly #guessers = new Map<string, Guesser>()
  readonly #lines = new LogThrottle(LOG_INTERVAL_MS)
  #waiting = 0

  constructor (private readonly log: Logger | undefined) {}

  /** The key was right. */
  forgive (address: string): void {
    this.#guessers.delete(clientNetwork(address))
  }

  /** Counts a wrong key. Resolves when that may be answered, to whether there were too many. */
  async counted (address: string): Promise<boolean> {
    if (isLoopbackAddress(address)) return false
    const network = clientNetwork(address)
    const guesser = this.#guesserAt(network)
    guesser.wrong++
    guesser.lastAt = Date.now()
    const excess = guesser.wrong - FREE_GUESSES
    if (excess <= 0) return false
    const wrongKeysSinceLastLine = this.#lines.due()
    if (wrongKeysSinceLastLine !== undefined) {
      this.log?.warn('somebody guesses at the key of an API. network=%s wrongKeys=%d guessesSinceLastLine=%d', network, guesser.wrong, wrongKeysSinceLastLine)
    }
    if (this.#waiting < WAITING_MAX && guesser.waiting < WAITING_OF_ONE_MAX) await this.#wait(guesser, delayFor(excess))
    return true
  }

  async #wait (guesser: Guesser, ms: number): Promise<void> {
    this.#waiting++
    guesser.waiting++
    await new Promise<void>(resolve => { setTimeout(resolve, ms).unref() })
    this.#waiting--
    guesser.waiting--
  }

  #guesserAt (network: string): Guesser {
    const known = this.#guessers.get(network)
    const isKnown = known !== undefined && Date.now() - known.lastAt < FORGET_MS
    const guesser = isKnown ? known : { wrong: 0, lastAt: 0, waiting: known?.waiting ?? 0 }
    this.#guessers.delete(network)
    this.#guessers.set(network, guesser)
    const [oldest] = this.#guessers.keys()
    if (this.#guessers.size > MAX_NETWORKS && oldest !== undefined) this.#guessers.delete(oldest)
    return guesser
  }
}

function delayFor (excess: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(excess - 1, 10), LONGEST_DELAY_MS)
}
