/**
 * The network behind the servers of the stand-in: one chain of ledgers, the open ledger on top of it, and what waits to get into it.
 * A consensus without validators: what stands in the open ledger when it closes is the set that everybody agrees on.
 */
import { EventEmitter } from 'node:events'
import type { Applied } from './apply.js'
import { applyInPasses, inCanonicalOrder } from './canonical.js'
import { baseFeeOf } from './checks.js'
import { isTer, type Result } from './codes.js'
import { dropsIn, type Entry } from './entries.js'
import { FeeMetrics, levelOf } from './fees.js'
import { accountIndex, sha512Half, uint32Hex, uint64Hex } from './hashing.js'
import type { Metadata } from './metadata.js'
import { TransactionQueue, type OpenLedger } from './queue.js'
import type { Amendment, Building, Fees } from './rules.js'
import type { Transaction } from './transaction.js'
import { newAccount } from './transactors/payment.js'
import { accountOf, putAccount, View } from './view.js'

/** All XRP that there ever was, in drops. */
export const ALL_DROPS = 100_000_000_000_000_000n
const GENESIS = 'rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh'
/** Seconds from 1970 to 2000. */
const RIPPLE_EPOCH = 946_684_800
const CLOSE_TIME_RESOLUTION = 10
const LEDGER_PREFIX = '4C575200'
/** Older ledgers keep their transactions, but not their state. */
const STATES_KEPT = 64
const LEDGERS_KEPT = 20_000
const HELD_AT_MOST = 1000

export interface LedgerTransaction {
  readonly tx: Transaction
  readonly result: Result
  readonly meta: Metadata
  readonly ledgerIndex: number
}

export interface ClosedLedger {
  readonly index: number
  readonly hash: string
  readonly parentHash: string
  /** Seconds since 2000. */
  readonly closeTime: number
  readonly parentCloseTime: number
  readonly totalDrops: bigint
  readonly transactions: readonly LedgerTransaction[]
  /** Undefined when it is too old. */
  state: Map<string, Entry> | undefined
}

export interface NetworkOptions {
  networkId: number
  amendments: readonly Amendment[]
  fees: Fees
  firstLedger: number
  /** Seconds that pass from ledger to ledger, whatever the clock on the wall says; it counts when this is undefined. */
  ledgerSeconds: number | undefined
  /** Transactions in a ledger before the next ones cost more; rippled: 32. */
  expectedTransactions: number | undefined
  /** Transactions in the queue at most. */
  queueSize: number | undefined
}

/** What other people's transactions do to the fees: they have no effect, but take up place. */
export interface Traffic {
  readonly count: number
  /** Drops that each pays. */
  readonly fee: bigint
}

export interface SubmitAnswer {
  readonly result: Result
  readonly isApplied: boolean
  readonly isQueued: boolean
  /** It is tried again when it may work. */
  readonly isKept: boolean
}

interface Events {
  closed: [ClosedLedger]
}

export class Network extends EventEmitter<Events> {
  readonly amendments: Set<Amendment>
  readonly metrics: FeeMetrics
  readonly queue: TransactionQueue
  fees: Fees
  loadFactor = 1
  /** In each open ledger from now on. */
  traffic: Traffic = { count: 0, fee: 0n }
  /** Keeps transactions out of the next ledger: for good, or for this ledger only. */
  fateOf: (tx: Transaction) => 'forgotten' | 'late' | undefined = () => undefined
  /** Takes the place of the canonical order. */
  order: (transactions: readonly Transaction[]) => Transaction[] = inCanonicalOrder
  private readonly ledgers = new Map<number, ClosedLedger>()
  private readonly byHash = new Map<string, LedgerTransaction>()
  private held: Transaction[] = []
  /** Transactions that other servers have taken in, and this one has not seen. */
  private unseen: Transaction[] = []
  private open: OpenLedger & { readonly applied: Map<string, Transaction> }
  private last: ClosedLedger
  private skipped = 0
  private closedCount = 0
  private readonly startMs = Date.now()

  constructor (readonly options: NetworkOptions) {
    super()
    this.amendments = new Set(options.amendments)
    this.fees = options.fees
    this.metrics = new FeeMetrics(options.expectedTransactions)
    this.queue = new TransactionQueue(this.metrics, options.queueSize)
    const state = new Map<string, Entry>([[accountIndex(GENESIS), newAccount(GENESIS, ALL_DROPS, 1)]])
    this.last = this.keep({
      index: options.firstLedger, parentHash: '0'.repeat(64), closeTime: rounded(this.now()), parentCloseTime: rounded(this.now()) - CLOSE_TIME_RESOLUTION,
      totalDrops: ALL_DROPS, transactions: [], state
    })
    this.open = this.newOpenLedger()
  }

  /** Seconds since 2000, as the servers' clocks say. */
  now (): number {
    const { ledgerSeconds } = this.options
    const seconds = ledgerSeconds === undefined ? Date.now() / 1000 : this.startMs / 1000 + this.closedCount * ledgerSeconds
    return Math.floor(seconds) - RIPPLE_EPOCH + this.skipped
  }

  /** The clocks of all servers jump ahead. */
  skip (seconds: number): void {
    this.skipped += seconds
  }

  get lastClosed (): ClosedLedger {
    return this.last
  }

  get openIndex (): number {
    return this.open.building.index
  }

  get openView (): View {
    return this.open.view
  }

  get openCount (): number {
    return this.open.count()
  }

  ledger (index: number): ClosedLedger | undefined {
    return this.ledgers.get(index)
  }

  ledgerOfHash (hash: string): ClosedLedger | undefined {
    return [...this.ledgers.values()].find(ledger => ledger.hash === hash)
  }

  /** A transaction in a closed ledger. */
  transaction (hash: string): LedgerTransaction | undefined {
    return this.byHash.get(hash)
  }

  /** A transaction that is on its way into one. */
  pending (hash: string): Transaction | undefined {
    return this.open.applied.get(hash) ?? this.queue.find(hash) ?? this.held.find(tx => tx.hash === hash)
  }

  /** Takes a transaction in, as the server does that gets it by `submit`. */
  submit (tx: Transaction, isFailHard = false): SubmitAnswer {
    const { result, isApplied } = this.queue.submit(tx, this.open, isFailHard)
    const isKept = isTer(result) && result !== 'terQUEUED' && !isFailHard
    if (isKept) this.hold(tx)
    if (isApplied) this.retryHeld()
    return { result, isApplied, isQueued: result === 'terQUEUED', isKept: isKept || isApplied }
  }

  /** A transaction that reaches the next ledger by another server: no open ledger shows it. */
  arriveElsewhere (tx: Transaction): void {
    this.unseen.push(tx)
  }

  /** The first sequence that neither the open ledger nor the queue uses, and the one of the open ledger. */
  sequencesOf (account: string): { next: number, available: number } {
    const next = accountOf(this.open.view, account)?.Sequence ?? 0
    const used = new Set(this.queue.of(account).map(({ tx }) => tx.sequence))
    let available = next
    while (used.has(available)) available++
    return { next, available }
  }

  /** Changes entries without a transaction, to set a test up. XRP must come from somewhere: see `fund`. */
  place (change: (view: View) => void): void {
    const { state } = this.last
    if (state === undefined) throw new Error('the last ledger has no state')
    const view = new View({ get: index => state.get(index) })
    change(view)
    view.commit(state)
    this.reopen([...this.open.applied.values()])
  }

  /** Gives the last ledger another close time, to the second: times near a limit need it, and closing rounds. */
  setCloseTime (closeTime: number): void {
    this.last = this.keep({ ...this.last, closeTime })
    this.reopen([...this.open.applied.values()])
  }

  /** Gives XRP of the first account to another one, which is made if it does not exist. */
  fund (address: string, drops: bigint): void {
    this.place(view => {
      const genesis = accountOf(view, GENESIS)
      if (genesis === undefined || genesis.Balance < drops) throw new Error(`${GENESIS} has no ${drops} drops left to fund ${address}`)
      const funded = accountOf(view, address) ?? newAccount(address, 0n, this.last.index)
      putAccount(view, { ...genesis, Balance: genesis.Balance - drops })
      putAccount(view, { ...funded, Balance: funded.Balance + drops })
    })
  }

  /** Closes the open ledger, and opens the next. */
  close (): ClosedLedger {
    this.closedCount++
    const set = [...this.open.applied.values()]
    const fates = new Map(set.map(tx => [tx, this.fateOf(tx)]))
    const arrived = this.unseen.filter(tx => !this.open.applied.has(tx.hash))
    const chosen = this.order([...set.filter(tx => fates.get(tx) === undefined), ...arrived])
    this.unseen = []
    const state = new Map(this.stateOf(this.last))
    const building = this.building(this.last, false, () => false)
    const view = new View({ get: index => state.get(index) })
    const { applied, left } = applyInPasses(chosen, view, building)
    view.commit(state)
    this.last = this.keep({
      index: building.index,
      parentHash: this.last.hash,
      closeTime: Math.max(rounded(this.now()), this.last.closeTime + 1),
      parentCloseTime: this.last.closeTime,
      totalDrops: this.last.totalDrops - applied.reduce((sum, each) => sum + each.applied.fee, 0n),
      transactions: applied.map((each, position) => recorded(each, building.index, position)),
      state
    })
    const levels = applied.map(({ tx }) => levelOf(tx.fee ?? 0n, baseFeeOf(tx, building)))
    this.metrics.learn([...levels, ...this.trafficLevels()])
    this.queue.prune(this.last.index)
    const late = set.filter(tx => fates.get(tx) === 'late')
    this.reopen([...left, ...late], true)
    this.emit('closed', this.last)
    return this.last
  }

  /** The XRP in the entries of the last ledger, in drops: with the burned fees it is always `ALL_DROPS`. */
  dropsInState (): bigint {
    return [...this.stateOf(this.last).values()].reduce((sum, entry) => sum + dropsIn(entry), 0n)
  }

  private stateOf ({ state, index }: ClosedLedger): Map<string, Entry> {
    if (state === undefined) throw new Error(`ledger ${index} is too old: its state is gone`)
    return state
  }

  private keep (ledger: Omit<ClosedLedger, 'hash'>): ClosedLedger {
    const { index, totalDrops, parentHash, closeTime, transactions } = ledger
    const contents = sha512Half(...transactions.map(({ tx }) => tx.hash), uint32Hex(this.options.networkId))
    const hash = sha512Half(LEDGER_PREFIX, uint32Hex(index), uint64Hex(totalDrops), parentHash, contents, uint32Hex(closeTime))
    const closed = { ...ledger, hash }
    this.ledgers.set(index, closed)
    for (const each of transactions) this.byHash.set(each.tx.hash, each)
    const old = this.ledgers.get(index - STATES_KEPT)
    if (old !== undefined) old.state = undefined
    for (const { tx } of this.ledgers.get(index - LEDGERS_KEPT)?.transactions ?? []) this.byHash.delete(tx.hash)
    this.ledgers.delete(index - LEDGERS_KEPT)
    return closed
  }

  private building ({ index, closeTime }: ClosedLedger, isOpen: boolean, has: Building['has']): Building {
    const { amendments, fees, options: { networkId } } = this
    const loadFactor = (): number => this.loadFactor
    return {
      networkId, amendments, fees, get loadFactor () { return loadFactor() }, index: index + 1, parentCloseTime: closeTime, isOpen, has
    }
  }

  private newOpenLedger (): OpenLedger & { readonly applied: Map<string, Transaction> } {
    const state = this.stateOf(this.last)
    const applied = new Map<string, Transaction>()
    return {
      view: new View({ get: index => state.get(index) }),
      building: this.building(this.last, true, hash => applied.has(hash)),
      applied,
      count: () => applied.size + this.traffic.count,
      add: tx => { applied.set(tx.hash, tx) }
    }
  }

  /** Opens a ledger on the last closed one. What is left over goes in first, or must pay as everybody when the ledger is a new one. */
  private reopen (leftOver: readonly Transaction[], isNew = false): void {
    this.open = this.newOpenLedger()
    if (isNew) this.queue.accept(this.open)
    const { applied, left } = applyInPasses(leftOver, this.open.view, this.open.building)
    for (const { tx } of applied) this.open.add(tx)
    for (const tx of left) this.hold(tx)
    this.retryHeld()
  }

  private hold (tx: Transaction): void {
    this.held = [...this.held.filter(each => each.hash !== tx.hash), tx].slice(-HELD_AT_MOST)
  }

  private retryHeld (): void {
    let hasChanged = true
    while (hasChanged) {
      hasChanged = false
      for (const tx of this.held) {
        const { result, isApplied } = this.queue.submit(tx, this.open, false)
        if (isTer(result) && result !== 'terQUEUED') continue
        this.held = this.held.filter(each => each !== tx)
        hasChanged ||= isApplied
      }
    }
  }

  private trafficLevels (): bigint[] {
    return Array.from({ length: this.traffic.count }, () => levelOf(this.traffic.fee, this.fees.base))
  }
}

/** Close times are rounded to ten seconds (xrpl.org, "ledger close times"). */
function rounded (seconds: number): number {
  return Math.floor((seconds + CLOSE_TIME_RESOLUTION / 2) / CLOSE_TIME_RESOLUTION) * CLOSE_TIME_RESOLUTION
}

function recorded ({ tx, applied }: { tx: Transaction, applied: Applied }, ledgerIndex: number, position: number): LedgerTransaction {
  const { result, nodes } = applied
  return { tx, result, ledgerIndex, meta: { AffectedNodes: [...nodes], TransactionIndex: position, TransactionResult: result } }
}
