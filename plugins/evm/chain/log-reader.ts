/**
 * Reads the logs of all blocks once, from nodes that may serve all of them at once, only a few blocks at a time, only sometimes, or only
 * recent ones. The newest blocks come first, older ones follow in slices, and each look ends soon.
 */
import { RpcError } from './rpc.js'

/** Blocks, both ends included. */
export interface Blocks { from: number, to: number }

/** Slices in one look. */
const MAX_SLICES = 12
/** A look begins no other slice after so long. */
const MAX_LOOK_MS = 15_000
/** A node that refuses so many blocks is asked for fewer... */
const SHRINK = 8
/** ...and after so many slices for more again. */
const GROW = 2
const GROW_AFTER = 32
/** Looks that can be taken back one by one; earlier ones are taken back together. */
const MAX_LOOKS = 256
/** Blocks by which a node may be behind the last one that was read. */
const MAX_BEHIND = 64

export class LogReader {
  /** The first block that was never read, or may still be taken back. */
  next: number
  /** Blocks before `next` that are not read yet. */
  older: Blocks | undefined
  #range = Infinity
  #good = 0
  #isFailing = false
  /** What was the newest block at each look, and where that began to read. */
  readonly #looks: Array<{ head: number, from: number }> = []

  /** Up to which block, that one not included, all logs were read for good. */
  get complete (): number {
    return this.older?.from ?? this.next
  }

  /** @param read reads the logs of some blocks; rejects when the node does not serve them */
  constructor (private readonly startBlock: number, private readonly read: (blocks: Blocks) => Promise<void>) {
    this.next = startBlock
  }

  /**
   * Reads what is new up to `head`, and some of what is older. Rejects with what the node said when it serves no logs of some blocks.
   * @param again so many blocks before that are read again, where one question is enough: nodes may show logs late
   */
  async look (head: number, confirmed: number, again = 0): Promise<void> {
    const before = this.#range
    this.unread(head + 1)
    if (this.next > head + MAX_BEHIND) this.#goBack(this.startBlock) // so far was never read, whatever was kept of it
    this.#looks.push({ head, from: this.next })
    if (this.#looks.length > MAX_LOOKS) this.#looks.splice(0, 2, { head: this.#looks[1]?.head ?? 0, from: this.#looks[0]?.from ?? 0 })
    try {
      if (this.#isFailing) await this.read({ from: head, to: head })
      await this.#advance(head, confirmed, again)
      this.#isFailing = false
    } catch (error) {
      if (error instanceof RpcError) this.#range = before // it was not the range
      this.#isFailing = true
      throw error
    }
  }

  /**
   * That block is not there, or is another one than it was when it was the newest: what a node has said of the logs in that look, and since
   * then, is read again.
   */
  unread (block: number): void {
    const first = this.#looks.findIndex(({ head }) => head >= block)
    const [look] = first === -1 ? [] : this.#looks.splice(first)
    if (look !== undefined) this.#goBack(look.from)
  }

  #goBack (block: number): void {
    this.next = Math.min(this.next, block)
    if (this.older !== undefined && this.older.to >= this.next) {
      this.older = this.older.from < this.next ? { from: this.older.from, to: this.next - 1 } : undefined
    }
  }

  async #advance (head: number, confirmed: number, again: number): Promise<void> {
    const budget = { slices: MAX_SLICES, untilMs: Date.now() + MAX_LOOK_MS }
    const from = Math.max(0, this.next - again)
    const left = await this.#readDown({ from: head - from < this.#range ? from : this.next, to: head }, budget)
    if (left !== undefined) this.older = { from: this.older?.from ?? left.from, to: left.to }
    this.next = Math.max(this.next, confirmed + 1)
    while (this.older !== undefined) {
      const rest = await this.#slice(this.older, budget)
      if (rest === 'later') return
      this.older = rest
    }
  }

  /** Reads from the upper end. Resolves to what is left when the look is over. */
  async #readDown (blocks: Blocks, budget: { slices: number, untilMs: number }): Promise<Blocks | undefined> {
    let left: Blocks | undefined = blocks.from <= blocks.to ? blocks : undefined
    while (left !== undefined) {
      const rest = await this.#slice(left, budget)
      if (rest === 'later') return left
      left = rest
    }
    return undefined
  }

  /** Reads as many of the upper blocks as the node serves. Resolves to the others. */
  async #slice (blocks: Blocks, budget: { slices: number, untilMs: number }): Promise<Blocks | undefined | 'later'> {
    if (budget.slices-- <= 0 || Date.now() > budget.untilMs) return 'later'
    const from = Math.max(blocks.from, blocks.to - this.#range + 1)
    try {
      await this.read({ from, to: blocks.to })
    } catch (error) {
      if (from === blocks.to) throw error
      this.#range = Math.max(1, Math.floor((blocks.to - from + 1) / SHRINK))
      this.#good = 0
      if (!(error instanceof RpcError)) throw error // it took too long, and so it may again
      return blocks
    }
    if (++this.#good >= GROW_AFTER) {
      this.#range *= GROW
      this.#good = 0
    }
    return from > blocks.from ? { from: blocks.from, to: from - 1 } : undefined
  }
}
