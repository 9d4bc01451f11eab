/**
 * How far the chain has come, as far as that is known, and which answers of nodes do not fit to it. Behind one URL there are many nodes,
 * and some lag: their heights and their clocks are both behind. One that has lied about a height is found out when clocks go on, and
 * heights do not.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { futureFaultOf, possible } from '../clocks.js'

/** Where a chain is: its versions, slots or ledgers are counted, and each has a time. Both only grow. */
export interface Place {
  height: bigint
  /** ms since the epoch. */
  timeMs: number
}

export interface ProgressOptions {
  /** Of the node, for errors. */
  host: string
  log: Logger
  /** What the chain calls a height. */
  unit: string
  /** How far the clock of the chain may be ahead of ours, ms. 10 minutes by default. */
  aheadMs?: number | undefined
  /** Told that what was acted on counts no longer. */
  startedOver: () => void
}

/** A height that was acted on, and that no answer has shown for so long while blocks are newer, was a lie. */
const DOUBT_MS = 2 * 60_000

export class Progress {
  readonly #options: ProgressOptions
  /** Where the chain was in what was acted on. */
  #reached: Place = { height: 0n, timeMs: -Infinity }
  /** The newest block that was seen: by its own clock, and when by ours. */
  #newest = { timeMs: -Infinity, heardMs: -Infinity }
  /** Since when answers are newer by their clock and older by their height, ms since the process began. */
  #doubtedMs: number | undefined

  constructor (options: ProgressOptions) {
    this.#options = options
  }

  /** That was acted on. */
  get height (): bigint {
    return this.#reached.height
  }

  /** What was so at this moment was acted on. */
  reached ({ height, timeMs }: Place): void {
    // A lie about the time must not hide one about the height.
    if (height > this.#reached.height) this.#reached = { height, timeMs: possible(timeMs) }
  }

  /** Whether a block was seen in the last `ms`. */
  isFresh (ms: number): boolean {
    const now = Date.now()
    return now - this.#newest.timeMs < ms && Math.abs(now - this.#newest.heardMs) < ms
  }

  /** Why an answer is not to be believed. Undefined: it is. */
  faultOf (answer: Place): string | undefined {
    const { height, timeMs } = answer
    const { host, unit, aheadMs } = this.#options
    const now = Date.now()
    const future = futureFaultOf(host, timeMs, aheadMs)
    if (future !== undefined) return future
    if (height < this.#reached.height && !this.#isLie(answer)) return `the node at ${host} is behind. ${unit}=${height} expected=${this.#reached.height}`
    if (height >= this.#reached.height) this.#doubtedMs = undefined
    if (timeMs > this.#newest.timeMs) this.#newest = { timeMs, heardMs: now }
    return undefined
  }

  /** Whether the height that was acted on was one. Then it counts no longer. */
  #isLie ({ height, timeMs }: Place): boolean {
    if (timeMs <= this.#reached.timeMs) return false // it lags
    this.#doubtedMs ??= performance.now()
    if (performance.now() - this.#doubtedMs < DOUBT_MS) return false
    const { host, unit, log, startedOver } = this.#options
    log.error('a node has lied about how far the chain had come. What it said is read again. host=%s unit=%s lie=%s now=%s',
      host, unit, String(this.#reached.height), String(height))
    this.#reached = { height, timeMs: possible(timeMs) }
    this.#doubtedMs = undefined
    startedOver()
    return true
  }
}
