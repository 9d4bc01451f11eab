/**
 * Group commit: while one batch is being written, all changes, and all callers that wait, are collected for the next one. So the number of
 * syncs follows the speed of the disk, not the number of packets.
 *
 *   changed ──▶ [ collecting ] ──take──▶ [ being written ] ──done──▶ waiting callers continue
 *                     ▲                        │
 *                     └───────giveBack──failed─┘  again after a pause
 *
 * If many callers wait and the disk is fast, the next batch keeps growing as long as every turn of the event loop adds to it: the connector
 * is busy then, and few batches cost it less time than many. A single caller waits for the disk only, and so do all callers if the disk is
 * slow.
 *
 * Nobody waits longer than PATIENCE_MS, because a late answer is worthless. What is then undone, because its sender was told so, does not
 * wait for the batch in progress: that batch may be on disk already, and the process may end before the store says so.
 */
import { backoffMs } from '../../lib/backoff.js'
import { describeError } from '../../lib/describe-error.js'
import { InternalError } from '../../packet/errors.js'
import type { Logger } from '../../contracts/logger.js'

/** Each hop keeps about a second (`minMessageWindow`) to pass the answer back. */
export const PATIENCE_MS = 1000
const RETRY_FIRST_MS = 100
/** If this many wait for one batch, it is worth letting the next one grow. */
const CROWD = 16
/** The longest that a batch grows. If the previous batch took longer than this, the next one has already had its time. */
const GROWING_MAX_MS = 1
const RETRY_LONGEST_MS = 5000
/** Batches written in parallel with one that does not end: one for each turn of the event loop in which something is undone. */
const BESIDE_MAX = 1000

/** The source of the changes that are written. */
export interface Changes<Batch> {
  /** Everything that changed since the last call. */
  take (): Batch
  write (batch: Batch): Promise<void>
  /** Takes back the changes of a batch whose write failed; anything that changed since then is newer. */
  giveBack (batch: Batch): void
  /** Whether a batch may be written in parallel with another one, and repeated: it describes states, not operations. */
  readonly areStates?: boolean
}

class Waiter {
  resolve!: () => void
  reject!: (error: Error) => void
  readonly promise = new Promise<void>((resolve, reject) => Object.assign(this, { resolve, reject }))
}

const DONE = Promise.resolve()

export class GroupCommit<Batch> {
  private hasChanges = false
  /** A batch is being written, or waits to be written again. */
  private isBusy = false
  private isClosed = false
  private isOverdue = false
  private failure: string | undefined
  private failures = 0
  /** Those that wait for the batch under way, and for the next one. Few: one for each batch that failed within PATIENCE_MS. */
  private covered: Waiter[] = []
  private next: Waiter | undefined
  /** How many wait for the batch under way, and for the next one. */
  private crowd = 0
  private nextCrowd = 0
  /** What was added to all batches so far: changes, and those who wait for them. */
  private additions = 0
  private startedAt = 0
  private isGrowing = false
  private beside = 0
  private isBesideSoon = false
  private patience: NodeJS.Timeout | undefined
  private retry: NodeJS.Timeout | undefined

  constructor (private readonly changes: Changes<Batch>, private readonly log: Logger) {}

  /** Why nothing can be promised at the moment; undefined while all is well. */
  get trouble (): string | undefined {
    return this.isClosed ? 'the ledger is closed' : this.failure ?? (this.isOverdue ? 'the store does not finish a write' : undefined)
  }

  /** Something is to be written, with the next batch. */
  changed (): void {
    this.additions++
    if (this.isOverdue && this.changes.areStates === true) this.writeBesideSoon()
    if (this.hasChanges || this.isClosed) return
    this.hasChanges = true
    if (!this.isBusy && !this.isGrowing) this.startSoon()
  }

  /** Resolves when all changes so far are written. Rejects with T00 when that takes longer than PATIENCE_MS. */
  committed (): Promise<void> {
    if (this.isClosed || this.isOverdue) return Promise.reject(this.refusal())
    if (this.hasChanges) {
      this.nextCrowd++
      return (this.next ??= new Waiter()).promise
    }
    return this.isBusy ? this.waiterOfBatch().promise : DONE
  }

  /** An error with which to refuse what could not be promised. */
  refusal (): Error {
    return new InternalError('balances cannot be stored at the moment.')
  }

  /** Writes what is left and takes no more. Rejects when that does not work within PATIENCE_MS. */
  async close (): Promise<void> {
    this.isOverdue = false
    this.waitPatiently()
    if (this.retry !== undefined) this.tryAgain()
    this.start()
    try {
      await this.committed()
    } finally {
      this.isClosed = true
      clearTimeout(this.patience)
      this.patience = undefined
      clearTimeout(this.retry)
    }
  }

  /** Everything that comes of one event goes together: a tick runs when no promise has anything left to do. */
  private startSoon (): void {
    process.nextTick(() => this.start())
  }

  private start (): void {
    this.isGrowing = false
    if (this.isBusy || !this.hasChanges) return
    this.isBusy = true
    this.hasChanges = false
    this.startedAt = performance.now()
    this.crowd = this.nextCrowd
    this.nextCrowd = 0
    if (this.next !== undefined) this.covered.push(this.next)
    this.next = undefined
    if (this.patience === undefined) this.waitPatiently()
    const batch = this.changes.take()
    this.changes.write(batch).then(() => this.written(), (error: unknown) => this.failed(batch, error))
  }

  private written (): void {
    clearTimeout(this.patience)
    this.patience = undefined
    if (this.trouble !== undefined) this.log.warn('balances are written again.')
    this.failure = undefined
    this.failures = 0
    this.isOverdue = false
    this.isBusy = false
    for (const { resolve } of this.covered) resolve()
    this.covered = []
    if (this.crowd < CROWD || performance.now() - this.startedAt > GROWING_MAX_MS) {
      this.startSoon() // with what those cause who were let go
    } else {
      this.isGrowing = true
      this.startWhenQuiet(performance.now() + GROWING_MAX_MS)
    }
  }

  private startWhenQuiet (latest: number, additions?: number): void {
    setImmediate(() => {
      if (!this.isGrowing) return
      if (this.additions === additions || performance.now() >= latest) this.start()
      else this.startWhenQuiet(latest, this.additions)
    })
  }

  private failed (batch: Batch, error: unknown): void {
    this.changes.giveBack(batch)
    this.hasChanges = true
    const delayMs = backoffMs(this.failures++, RETRY_FIRST_MS, RETRY_LONGEST_MS)
    if (this.failure === undefined) {
      this.log.error('cannot write balances, packets with money are refused until it works again. error=%s', describeError(error))
    }
    this.failure = describeError(error)
    if (this.isClosed) return
    this.retry = setTimeout(() => this.tryAgain(), delayMs)
    this.retry.unref()
  }

  private tryAgain (): void {
    clearTimeout(this.retry)
    this.retry = undefined
    this.isBusy = false
    this.start()
  }

  private waitPatiently (): void {
    clearTimeout(this.patience)
    const patience = this.patience = setTimeout(() => {
      // A store that has answered while the process was too busy to hear it is heard right after the timers.
      setImmediate(() => { if (this.patience === patience) this.giveUpWaiting() })
    }, PATIENCE_MS)
    patience.unref()
  }

  private giveUpWaiting (): void {
    this.log.error('the store has not taken balances for %s ms, answers that wait for it become rejects.', PATIENCE_MS)
    this.isOverdue = true
    const waiting = [...this.covered, ...(this.next === undefined ? [] : [this.next])]
    this.covered = []
    this.next = undefined
    for (const { reject } of waiting) reject(this.refusal())
  }

  /** All that is undone at once goes together, and before anybody is told of it: their answers come later in the same queue. */
  private writeBesideSoon (): void {
    if (this.isBesideSoon || this.beside >= BESIDE_MAX) return
    this.isBesideSoon = true
    queueMicrotask(() => {
      this.isBesideSoon = false
      if (!this.isOverdue || !this.hasChanges) return
      this.beside++
      const batch = this.changes.take()
      this.changes.giveBack(batch) // it is written once more, after the one that does not end
      const done = (): void => { this.beside-- }
      this.changes.write(batch).then(done, done)
    })
  }

  private waiterOfBatch (): Waiter {
    const last = this.covered.at(-1) ?? new Waiter()
    if (this.covered.length === 0) this.covered.push(last)
    return last
  }
}
