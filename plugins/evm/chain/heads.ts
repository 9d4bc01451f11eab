/**
 * The newest block, from a node that may be slow, stuck, or behind other nodes. Nothing is read at a block that is far behind one seen
 * before, because an old state of a channel looks like a good one.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { futureFaultOf } from '../../lib/clocks.js'
import type { Head, Rpc } from './rpc.js'

/** What was seen of a chain. All who look at it through the same node share it. */
export interface HeadMemory {
  highest: number
  /** When that was seen last, ms since the epoch. */
  seenMs: number
  /** The confirmed block that was asked for last. */
  confirmed?: { number: number, timestampMs: number } | undefined
}

export interface HeadsOptions {
  rpc: Rpc
  log: Logger
  /** How many blocks, its own included, make a transaction final. */
  confirmations: number
  /** How old the newest block may be, ms; Infinity on chains of developers, which make blocks when there is something to put in. */
  maxAgeMs: number
}

/** Nodes behind one address differ by a few blocks, and a reorg takes back some. */
const TOLERATED_BLOCKS = 8
/** After so long without a block that was seen once, it is believed that there is none any more. */
const FORGET_AFTER_MS = 10 * 60_000

export class Heads {
  readonly confirmations: number
  readonly #options: HeadsOptions
  memory: HeadMemory = { highest: 0, seenMs: 0 }

  constructor (options: HeadsOptions) {
    this.#options = options
    this.confirmations = options.confirmations
  }

  /** Rejects with ChainError when the node cannot be reached or is behind. */
  async latest (): Promise<Head> {
    const { rpc, log, maxAgeMs } = this.#options
    const { memory } = this
    const head = await rpc.head()
    const now = Date.now()
    const future = futureFaultOf(rpc.host, head.timestampMs, maxAgeMs === Infinity ? Infinity : undefined)
    if (future !== undefined) throw new ChainError(future, false)
    const behind = memory.highest - head.number
    if (behind > TOLERATED_BLOCKS + this.confirmations) {
      if (now - memory.seenMs < FORGET_AFTER_MS) throw new ChainError(`the node at ${rpc.host} is ${behind} blocks behind what was seen before`, false)
      log.warn('the chain is shorter than it was. host=%s blocks=%d', rpc.host, behind)
      memory.highest = 0
    }
    const ageMs = now - head.timestampMs
    if (ageMs > maxAgeMs) {
      throw new ChainError(`the newest block of the node at ${rpc.host} is ${Math.round(ageMs / 1000)} s old by the clock of this machine: ` +
        'the node is stuck, or the clock is wrong', false)
    }
    if (head.number >= memory.highest) {
      memory.highest = head.number
      memory.seenMs = now
    }
    return head
  }

  /** The newest block that nothing takes back any more. */
  async confirmed (): Promise<number> {
    return this.confirmedAt(await this.latest())
  }

  /** When the newest block was made that nothing takes back any more, ms since the epoch. Rejects with ChainError. */
  async confirmedTimeMs (head: Head): Promise<number> {
    const { rpc } = this.#options
    const number = this.confirmedAt(head)
    if (number === head.number) return head.timestampMs
    if (this.memory.confirmed?.number === number) return this.memory.confirmed.timestampMs
    const block = await rpc.block(number)
    if (block === undefined) throw new ChainError(`the node at ${rpc.host} does not know a block that it had before. block=${number}`, false)
    this.memory.confirmed = { number, timestampMs: block.timestampMs }
    return block.timestampMs
  }

  /** It never goes back: what was confirmed once stays so, also while another node answers that is a few blocks behind. */
  confirmedAt (head: Head): number {
    return Math.max(0, Math.max(head.number, this.memory.highest) - this.confirmations + 1)
  }
}
