/**
 * The books in memory, on which every check and every posting runs. On its own, this ledger starts at zero with the process; the embedded
 * ledger adds persistence.
 *
 * Holds count against the limit of their own direction only: money that may still come in gives no room to spend, and money that
 * may still go out gives no room to receive.
 */
import { randomUUID } from 'node:crypto'
import { DEPARTED_STRANGERS } from '../../contracts/ledger.js'
import type { AccountBalance, Day, Hold, Ledger, Limits, Settlement, SettlementTerms } from '../../contracts/ledger.js'
import type { RunningTotal } from '../../contracts/plugin.js'
import { Book, add, checkCeiling, checkLimits, checkPrepaid, copyOf, forEachKind } from '../book.js'
import { atStage, ownHold, takeUpAgain } from '../holds.js'
import { DepartedStrangers } from './departed-strangers.js'
import type { Part, SettlementRecord } from './records.js'

class OpenHold implements Hold {
  stage: 'held' | 'posted' | 'ended' = 'held'

  constructor (readonly book: Book, readonly amount: bigint) {}

  get accountId (): string {
    return this.book.accountId
  }
}

class OpenSettlement extends OpenHold implements Settlement {
  state: 'sending' | 'unknown' = 'sending'

  constructor (book: Book, amount: bigint, readonly id: string, readonly createdAt: number, readonly by?: string) {
    super(book, amount)
  }
}

const COMMITTED = Promise.resolve()

export class MemoryLedger implements Ledger {
  protected readonly books = new Map<string, Book>()
  protected readonly departed = new DepartedStrangers()
  private readonly ownId = `memory:${randomUUID()}`

  get id (): string {
    return this.ownId
  }

  openAccount (accountId: string, limits: Limits, unit: string): void {
    const known = this.books.get(accountId)
    if (known !== undefined && known.unit !== unit && (!known.isEven || known.hasTotals)) {
      const what = known.isEven ? 'running totals' : 'a balance'
      throw new Error(`account has ${what} in another unit. accountId=${accountId} balance=${known.balance} unit=${known.unit} ` +
        `configured=${unit}. Put asset and scale back, or give the account with the new unit another id.`)
    }
    const book = known ?? new Book(accountId)
    const isNews = known !== undefined && known.unit !== unit
    book.limits = limits
    book.unit = unit
    book.removed = false
    this.departed.delete(accountId)
    this.books.set(accountId, book)
    if (isNews) this.changed(book, 'account')
  }

  closeAccount (accountId: string): void {
    const book = this.books.get(accountId)
    if (book === undefined) return
    book.removed = true
    this.forgetIfDone(book)
  }

  markStranger (accountId: string, isStranger: boolean): void {
    const book = this.books.get(accountId)
    if (book === undefined || book.isStranger === isStranger) return
    book.isStranger = isStranger
    if (!book.isEven) this.changed(book, 'account')
  }

  owedTo (accountId: string): bigint {
    const book = this.books.get(accountId)
    if (book === undefined || book.isStranger) return 0n
    return (book.balance < 0n ? -book.balance : 0n) + book.prepaid
  }

  hold (accountId: string, amount: bigint): Hold {
    const book = this.book(accountId)
    this.assertKeeping()
    if (amount < 0n) {
      checkLimits(book, book.balance + book.outgoingHolds + amount, amount)
      book.outgoingHolds += amount
    } else {
      checkLimits(book, book.balance + book.settling + book.incomingHolds + amount, amount)
      book.incomingHolds += amount
    }
    return new OpenHold(book, amount)
  }

  settle (accountId: string, amount: bigint, id: string, { ceiling, by }: SettlementTerms = {}): Settlement {
    if (amount <= 0n) throw new RangeError(`a settlement pays a positive amount. accountId=${accountId} amount=${amount}`)
    const book = this.book(accountId)
    this.assertKeeping()
    if (book.settlement !== undefined) return takeUpAgain(ownHold(OpenSettlement, book.settlement), amount, id)
    const proposed = book.balance + book.incomingHolds + amount
    checkLimits(book, proposed, amount)
    checkCeiling(proposed, ceiling)
    const settlement = new OpenSettlement(book, amount, id, Date.now(), by)
    book.settlement = settlement
    this.changed(book, 'account')
    return settlement
  }

  post (hold: Hold): void {
    const open = end(hold)
    open.stage = 'posted'
    const kind = open instanceof OpenSettlement ? 'settled' : open.amount < 0n ? 'outgoing' : 'incoming'
    this.move(open.book, kind, open.amount)
    if (kind === 'outgoing') this.cover(open.book, -open.amount)
    this.forgetIfDone(open.book)
  }

  void (hold: Hold): void {
    const open = end(hold)
    if (open instanceof OpenSettlement) this.changed(open.book, 'account')
    this.forgetIfDone(open.book)
  }

  reverse (hold: Hold): void {
    const open = atStage(OpenHold, hold, 'posted')
    open.stage = 'ended'
    const book = this.revived(open.book)
    add(book.reversals, hold.amount < 0n ? -hold.amount : hold.amount)
    this.move(book, 'reversed', -hold.amount)
    this.forgetIfDone(book)
  }

  markUnknown (settlement: Settlement): void {
    const open = ownHold(OpenHold, settlement)
    if (open instanceof OpenSettlement && open.stage === 'held') open.state = 'unknown'
  }

  credit (accountId: string, amount: bigint, id?: string, total?: RunningTotal): boolean {
    const book = this.book(accountId)
    const credited = total === undefined ? this.newPayment(book, amount, id) : this.newPart(book, total, id)
    if (credited === undefined) return false
    this.move(book, 'received', -credited)
    this.forgetIfDone(book)
    return true
  }

  prepay (accountId: string, total: RunningTotal, limit?: bigint): void {
    const book = this.book(accountId)
    const amount = book.totals.prepaid.missing(total)
    if (limit !== undefined && amount > 0n) {
      this.assertKeeping()
      checkPrepaid(book.prepaid + amount + book.outgoingHolds, limit)
    }
    if (!book.totals.prepaid.take(total)) return
    book.prepaid += amount
    this.changed(book, 'totals')
    this.changed(book, 'account')
  }

  adjust (accountId: string, amount: bigint): bigint {
    const book = this.book(accountId)
    this.assertKeeping()
    checkLimits(book, book.balance + amount, amount)
    this.move(book, 'adjusted', amount)
    this.forgetIfDone(book)
    return book.balance
  }

  lateFulfill (accountId: string, amount: bigint): void {
    const book = this.books.get(accountId)
    if (book === undefined || amount === 0n) return
    add(book.lateFulfills, amount)
    this.changed(book, 'account')
  }

  committed (): Promise<void> {
    return COMMITTED
  }

  refresh (_accountId: string): Promise<void> {
    return COMMITTED // nobody else changes anything
  }

  balanceOf (accountId: string): AccountBalance | undefined {
    const book = this.books.get(accountId)
    if (book === undefined) return undefined
    const { unit, balance, incomingHolds, outgoingHolds, settling, settlement, limits, lateFulfills, reversals } = book
    return {
      unit,
      balance,
      incomingHolds,
      outgoingHolds,
      settling,
      settlement,
      prepaid: book.prepaid,
      limits,
      removed: book.removed,
      lateFulfills: copyOf(lateFulfills),
      reversals: copyOf(reversals)
    }
  }

  journalOf (accountId: string): Day[] {
    const book = this.books.get(accountId)
    if (book === undefined) return []
    const { date, opening, movements } = book.today
    return [...book.pastDays, { date, opening, movements: forEachKind(kind => copyOf(movements[kind])) }]
  }

  accountIds (): Iterable<string> {
    return this.books.keys()
  }

  /** Told of every change that is to survive. */
  protected changed (_book: Book, _part: Part): void {
    // nothing survives here
  }

  /** Throws T00 while what is posted cannot be kept. */
  protected assertKeeping (): void {
    // memory always keeps
  }

  /** An open settlement that comes from a former life of the process. */
  protected restoreSettlement (book: Book, { id, amount, createdAt, by }: SettlementRecord): void {
    const settlement = new OpenSettlement(book, amount, id, createdAt, by)
    settlement.state = 'unknown'
    book.settlement = settlement
  }

  private move (book: Book, kind: Parameters<Book['move']>[0], amount: bigint): void {
    if (book.move(kind, amount)) this.changed(book, 'journal')
    this.changed(book, 'account')
  }

  /** A packet that prepaid money was for costs nothing any more. */
  private cover (book: Book, amount: bigint): void {
    const covered = book.prepaid < amount ? book.prepaid : amount
    if (covered === 0n) return
    book.prepaid -= covered
    this.move(book, 'settled', covered)
  }

  /** The amount, when it is news. */
  private newPayment (book: Book, amount: bigint, id: string | undefined): bigint | undefined {
    if (id === undefined) return amount
    if (!book.remember(id)) return undefined
    this.changed(book, 'received')
    return amount
  }

  /** The part of the step that is news. A step may have been credited under its id before there were totals. */
  private newPart (book: Book, total: RunningTotal, id: string | undefined): bigint | undefined {
    const { received } = book.totals
    const amount = received.missing(total)
    if (!received.take(total)) return undefined
    this.changed(book, 'totals')
    return amount === 0n || (id !== undefined && book.received.has(id)) ? undefined : amount
  }

  /**
   * What is owed stays owed: a book with money in it waits for the account to come back. So does one whose money may be reported again:
   * forgotten, it would be credited again.
   */
  private forgetIfDone (book: Book): void {
    if (!book.removed) return
    if (book.isEven && !book.mayBeToldAgain) this.forget(book)
    else if (book.isStranger) {
      this.departed.add(book)
      for (const surplus of this.departed.takeSurplus()) this.merge(surplus)
    }
  }

  private forget (book: Book): void {
    book.forgotten = true
    this.books.delete(book.accountId)
    this.departed.delete(book.accountId)
    this.changed(book, 'account')
  }

  /** Adds what a stranger owes to what all those owe who are gone. Written together, so that nothing is lost or counted twice. */
  private merge (book: Book): void {
    const sum = this.books.get(DEPARTED_STRANGERS) ?? new Book(DEPARTED_STRANGERS)
    if (sum.unit === '') sum.unit = book.unit
    if (sum.unit !== book.unit) return // one number cannot mean both
    sum.removed = true
    this.books.set(DEPARTED_STRANGERS, sum)
    if (sum.take(book)) this.changed(sum, 'journal')
    this.changed(sum, 'account')
    this.forget(book)
  }

  /** The book that goes on for one that was forgotten meanwhile. */
  private revived (former: Book): Book {
    const book = former.mergedInto ?? former
    if (!book.forgotten) return book
    const successor = this.books.get(book.accountId)
    if (successor !== undefined) return successor
    book.forgotten = false
    this.books.set(book.accountId, book)
    return book
  }

  private book (accountId: string): Book {
    const book = this.books.get(accountId)
    if (book === undefined) throw new Error(`account has no balance. accountId=${accountId}`)
    return book
  }
}

/** Takes the amount off the account's holds. */
function end (hold: Hold): OpenHold {
  const open = atStage(OpenHold, hold, 'held')
  open.stage = 'ended'
  const { book, amount } = open
  if (open instanceof OpenSettlement) book.settlement = undefined
  else if (amount < 0n) book.outgoingHolds -= amount
  else book.incomingHolds -= amount
  return open
}
