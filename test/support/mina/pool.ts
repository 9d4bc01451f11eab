/**
 * The commands that wait for a block, as `Indexed_pool` and `Transaction_pool` of the daemon keep them: one queue per sender, nonces
 * without a gap, a higher fee replaces, what expires goes. `docs/mina-contract.md` names the sources.
 */
import type { Command } from './types.js'

/** The daemon's names of refusals, `Transaction_pool.Diff_versioned.Diff_error`. */
export type Refusal =
  | 'Insufficient_replace_fee' | 'Duplicate' | 'Invalid_nonce' | 'Insufficient_funds' | 'Expired' | 'Fee_payer_account_not_found' | 'After_slot_tx_end'

export interface Sender {
  nonce: number
  balance: bigint
}

/** The least that a replacement must pay more, `Indexed_pool.replace_fee`. */
const REPLACE_FEE = 1n

export class Pool {
  private readonly queues = new Map<string, Command[]>()
  /** How many commands it keeps; the cheapest go. */
  size = 3000

  /** @param sender the fee payer's account at the tip */
  add (command: Command, sender: Sender | undefined, slot: number, slotTxEnd: number | undefined): Refusal | undefined {
    if (slotTxEnd !== undefined && slot >= slotTxEnd) return 'After_slot_tx_end'
    if (sender === undefined) return 'Fee_payer_account_not_found'
    if (command.validUntil < slot) return 'Expired'
    const queue = this.queues.get(command.sender) ?? []
    if (queue.some(({ hash }) => hash === command.hash)) return 'Duplicate'
    const at = command.nonce - sender.nonce
    if (at < 0 || at > queue.length) return 'Invalid_nonce'
    const replaced = queue[at]
    if (replaced !== undefined && command.fee < replaced.fee + REPLACE_FEE) return 'Insufficient_replace_fee'
    const next = replaced === undefined ? [...queue, command] : queue.with(at, command)
    const before = next.slice(0, at + 1).reduce((sum, { consumed }) => sum + consumed, 0n)
    if (before > sender.balance) return 'Insufficient_funds'
    this.queues.set(command.sender, affordable(next, sender.balance))
    this.shrink()
    return undefined
  }

  /** All commands of a sender, or of all, those of a sender by nonce. */
  waiting (sender?: string): Command[] {
    return sender === undefined ? [...this.queues.values()].flat() : this.queues.get(sender) ?? []
  }

  /** Those that could be next in a block, one per sender, the best fee first. */
  heads (nonceOf: (sender: string) => number | undefined): Command[] {
    return [...this.queues.values()].flatMap(([first]) => first !== undefined && first.nonce === nonceOf(first.sender) ? [first] : [])
      .sort((a, b) => a.fee === b.fee ? 0 : a.fee > b.fee ? -1 : 1)
  }

  /** Takes a command out, with those after it if it did not get into a block. */
  remove (command: Command, withLater = false): void {
    const queue = this.queues.get(command.sender) ?? []
    const at = queue.indexOf(command)
    if (at < 0) return
    queue.splice(at, withLater ? queue.length : 1)
    if (queue.length === 0) this.queues.delete(command.sender)
  }

  clear (): void {
    this.queues.clear()
  }

  /** What cannot be included any more. A gap takes those after it along. */
  dropStale (slot: number, nonceOf: (sender: string) => number | undefined): void {
    for (const command of this.waiting()) {
      const nonce = nonceOf(command.sender)
      if (nonce !== undefined && command.nonce < nonce) this.remove(command)
      else if (command.validUntil < slot) this.remove(command, true)
    }
  }

  private shrink (): void {
    while (this.waiting().length > this.size) {
      const last = [...this.queues.values()].map(queue => queue.at(-1)).filter(each => each !== undefined)
      const cheapest = last.reduce((a, b) => b.fee < a.fee ? b : a)
      this.remove(cheapest)
    }
  }
}

function affordable (queue: Command[], balance: bigint): Command[] {
  let sum = 0n
  const end = queue.findIndex(({ consumed }) => (sum += consumed) > balance)
  return end < 0 ? queue : queue.slice(0, end)
}
