/**
 * The queue of transactions that pay too little for the open ledger (rippled TxQ.cpp; xrpl.org, "transaction queue").
 * Not modelled: one transaction whose fee pays for those of its account that wait before it.
 */
import { applyTransaction } from './apply.js'
import { baseFeeOf, preclaimWithoutSequence, preflight } from './checks.js'
import { isTec, type Result } from './codes.js'
import type { AccountRoot } from './entries.js'
import { levelOf, type FeeMetrics } from './fees.js'
import { ticketIndex } from './hashing.js'
import type { Building } from './rules.js'
import type { Transaction } from './transaction.js'
import { transactorOf } from './transactors/index.js'
import { accountOf, putAccount, View } from './view.js'

const PER_ACCOUNT = 10
const LAST_LEDGER_BUFFER = 2
const LEDGERS_IN_QUEUE = 20
const MINIMUM_SIZE = 2000
const RETRIES = 10
/** A replacement must pay more than 125% of what it replaces. */
const REPLACEMENT_PERCENT = 125n

interface Queued {
  readonly tx: Transaction
  readonly level: bigint
  retries: number
}

/** The open ledger, as far as the queue needs it. */
export interface OpenLedger {
  readonly view: View
  readonly building: Building
  /** How many transactions stand in it. */
  count (): number
  /** Takes in one that was applied. */
  add (tx: Transaction): void
}

export interface QueueAnswer {
  readonly result: Result
  readonly isApplied: boolean
}

export class TransactionQueue {
  private readonly byAccount = new Map<string, Queued[]>()

  /** @param size at most so many wait, whatever the ledgers' size */
  constructor (private readonly metrics: FeeMetrics, private readonly size?: number) {}

  get maxSize (): number {
    return this.size ?? Math.max(this.metrics.expected * LEDGERS_IN_QUEUE, MINIMUM_SIZE)
  }

  get length (): number {
    return this.all().length
  }

  of (account: string): ReadonlyArray<{ readonly tx: Transaction, readonly level: bigint }> {
    return this.byAccount.get(account) ?? []
  }

  find (hash: string): Transaction | undefined {
    return this.all().find(({ tx }) => tx.hash === hash)?.tx
  }

  /** The level at which a full queue takes a transaction. */
  minimumLevel (): bigint | undefined {
    return this.length < this.maxSize ? undefined : this.cheapest()?.level
  }

  /** Applies the transaction to the open ledger, queues it, or says why neither. */
  submit (tx: Transaction, open: OpenLedger, isFailHard: boolean): QueueAnswer {
    const early = preflight(tx, open.building)
    if (early !== 'tesSUCCESS') return refused(early)
    const root = accountOf(open.view, tx.account)
    if (root === undefined) return refused('terNO_ACCOUNT')
    const level = levelOf(tx.fee ?? 0n, baseFeeOf(tx, open.building))
    if (level >= this.metrics.levelFor(open.count()) && (tx.ticket !== undefined || tx.sequence === root.Sequence)) {
      return this.applyAtOnce(tx, open, isFailHard)
    }
    const fault = this.faultOf(tx, level, root, open, isFailHard)
    if (fault !== undefined) return refused(fault)
    this.insert(tx, level)
    return { result: 'terQUEUED', isApplied: false }
  }

  /** Fills a new open ledger, the best fees first. */
  accept (open: OpenLedger): void {
    const tried = new Set<Queued>()
    for (;;) {
      const next = this.all().sort(byLevel).find(queued => !tried.has(queued) && this.isNext(queued, open))
      if (next === undefined || next.level < this.metrics.levelFor(open.count())) return
      const { result, isApplied } = applyTransaction(next.tx, open.view, open.building)
      if (isApplied) open.add(next.tx)
      next.retries--
      tried.add(next)
      if (isApplied || /^te[fm]/.test(result) || next.retries <= 0) this.remove(next.tx)
    }
  }

  /** Forgets what can no longer get into a ledger. @param ledgerIndex the last closed one */
  prune (ledgerIndex: number): void {
    for (const { tx } of this.all()) if ((tx.lastLedgerSequence ?? Infinity) <= ledgerIndex) this.remove(tx)
  }

  private applyAtOnce (tx: Transaction, open: OpenLedger, isFailHard: boolean): QueueAnswer {
    const applied = applyTransaction(tx, open.view, open.building, { isFailHard })
    if (applied.isApplied) {
      open.add(tx)
      this.remove(tx)
    }
    return applied
  }

  private faultOf (tx: Transaction, level: bigint, root: AccountRoot, open: OpenLedger, isFailHard: boolean): Result | undefined {
    const sequence = ticketFault(tx, root, open.view)
    if (sequence !== undefined) return sequence
    const own = this.of(tx.account)
    const replaced = own.find(queued => isSameSlot(queued.tx, tx))
    const isBlocker = (each: Transaction): boolean => transactorOf(each.type)?.isBlocker === true
    if (isBlocker(tx) && own.length > (replaced === undefined ? 0 : 1)) return 'telCAN_NOT_QUEUE_BLOCKS'
    if (replaced === undefined && own.some(queued => isBlocker(queued.tx))) return 'telCAN_NOT_QUEUE_BLOCKED'
    if (replaced !== undefined && level <= replaced.level * REPLACEMENT_PERCENT / 100n) return 'telCAN_NOT_QUEUE_FEE'
    if (tx.ticket === undefined && tx.sequence < root.Sequence) return 'tefPAST_SEQ'
    if (tx.ticket === undefined && tx.sequence > root.Sequence && own.every(queued => slotOf(queued.tx) > tx.sequence)) return 'terPRE_SEQ'
    const others = own.filter(queued => queued !== replaced).map(queued => queued.tx)
    const held = this.holdingFault(tx, own, replaced !== undefined, root, open, isFailHard)
    const claimed = balanceFault(tx, others, root, open)
    const fault = others.length > 0 ? held ?? claimed : claimed ?? held
    if (fault !== undefined) return fault
    return replaced === undefined && this.length >= this.maxSize ? this.makeRoom(tx, level) : undefined
  }

  private holdingFault (
    tx: Transaction, own: ReadonlyArray<{ readonly tx: Transaction }>, replaces: boolean, root: AccountRoot, open: OpenLedger,
    isFailHard: boolean
  ): Result | undefined {
    if (tx.json.AccountTxnID !== undefined || isFailHard) return 'telCAN_NOT_QUEUE'
    if ((tx.lastLedgerSequence ?? Infinity) < open.building.index + LAST_LEDGER_BUFFER) return 'telCAN_NOT_QUEUE'
    if (replaces) return undefined
    const next = nextSequence(root, own)
    const isBefore = own.some(queued => queued.tx.ticket === undefined && queued.tx.sequence > next)
    const fillsGap = tx.ticket === undefined && tx.sequence === next && isBefore
    if (own.length >= PER_ACCOUNT && !fillsGap) return 'telCAN_NOT_QUEUE_FULL'
    return tx.ticket === undefined && own.length > 0 && tx.sequence !== next ? 'telCAN_NOT_QUEUE' : undefined
  }

  private makeRoom (tx: Transaction, level: bigint): Result | undefined {
    const cheapest = this.cheapest()
    if (cheapest === undefined || cheapest.tx.account === tx.account || level <= cheapest.level) return 'telCAN_NOT_QUEUE_FULL'
    const last = this.byAccount.get(cheapest.tx.account)?.at(-1)
    if (last !== undefined) this.remove(last.tx)
    return undefined
  }

  private isNext ({ tx }: Queued, { view }: OpenLedger): boolean {
    if (tx.ticket !== undefined) return true
    const first = this.of(tx.account).find(queued => queued.tx.ticket === undefined)
    return first?.tx === tx && tx.sequence <= (accountOf(view, tx.account)?.Sequence ?? 0)
  }

  private insert (tx: Transaction, level: bigint): void {
    this.remove(tx)
    const own = [...this.byAccount.get(tx.account) ?? [], { tx, level, retries: RETRIES }]
    this.byAccount.set(tx.account, own.sort((a, b) => slotOf(a.tx) - slotOf(b.tx)))
  }

  /** Takes away what waits for the same sequence or ticket. */
  private remove (tx: Transaction): void {
    const left = (this.byAccount.get(tx.account) ?? []).filter(queued => !isSameSlot(queued.tx, tx))
    if (left.length === 0) this.byAccount.delete(tx.account)
    else this.byAccount.set(tx.account, left)
  }

  private cheapest (): Queued | undefined {
    return this.all().sort(byLevel).at(-1)
  }

  private all (): Queued[] {
    return [...this.byAccount.values()].flat()
  }
}

function refused (result: Result): QueueAnswer {
  return { result, isApplied: false }
}

function byLevel (a: Queued, b: Queued): number {
  if (a.level !== b.level) return a.level > b.level ? -1 : 1
  return a.tx.account === b.tx.account ? slotOf(a.tx) - slotOf(b.tx) : 0
}

/** Sequences come before tickets. */
function slotOf ({ sequence, ticket }: Transaction): number {
  return ticket === undefined ? sequence : 2 ** 32 + ticket
}

function isSameSlot (a: Transaction, b: Transaction): boolean {
  return slotOf(a) === slotOf(b)
}

function ticketFault ({ account, ticket }: Transaction, root: AccountRoot, view: View): Result | undefined {
  if (ticket === undefined || view.get(ticketIndex(account, ticket)) !== undefined) return undefined
  return ticket < root.Sequence ? 'tefNO_TICKET' : 'terPRE_TICKET'
}

/** The first sequence that nothing in the queue uses. */
function nextSequence (root: AccountRoot, own: ReadonlyArray<{ readonly tx: Transaction }>): number {
  const used = new Set(own.flatMap(({ tx }) => tx.ticket === undefined ? [tx.sequence] : []))
  let next = root.Sequence
  while (used.has(next)) next++
  return next
}

/** All queued fees must stay below the base reserve, and the transaction must claim its fee after the others have spent. */
function balanceFault (
  tx: Transaction, others: readonly Transaction[], root: AccountRoot, { view, building }: OpenLedger
): Result | undefined {
  const trial = new View(view)
  if (others.length > 0) {
    const { base, reserveBase } = building.fees
    const fees = others.reduce((sum, each) => sum + (each.fee ?? 0n), 0n)
    if (fees >= root.Balance || (reserveBase > 10n * base && fees >= reserveBase)) return 'telCAN_NOT_QUEUE_BALANCE'
    const spendable = root.Balance > reserveBase ? root.Balance - reserveBase : 0n
    const spent = others.reduce((sum, each) => sum + (transactorOf(each.type)?.spends?.(each) ?? 0n), 0n)
    putAccount(trial, { ...root, Balance: root.Balance - fees - (spent < spendable ? spent : spendable) })
  }
  const claimed = preclaimWithoutSequence(tx, trial, building)
  return claimed === 'tesSUCCESS' || isTec(claimed) ? undefined : claimed
}
