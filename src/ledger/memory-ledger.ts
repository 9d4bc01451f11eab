/**
 * The ledger in memory: what every check and every posting runs on. Balances start at zero with the process.
 *
 * Holds count against the limit of their own direction only: money that may still come in gives no room to spend, and money that
 * may still go out gives no room to receive.
 */
import { randomUUID } from 'node:crypto'
import { InsufficientLiquidityError } from '../packet/errors.js'
import type { AccountBalance, Hold, Ledger, Limits, Settlement } from '../types/ledger.js'

interface Book {
  balance: bigint
  incomingHolds: bigint
  outgoingHolds: bigint
  settling: bigint
  limits: Limits
}

type HoldKind = 'incomingHolds' | 'outgoingHolds' | 'settling'

class OpenHold implements Hold {
  ended = false

  constructor (readonly accountId: string, readonly amount: bigint, readonly book: Book, readonly kind: HoldKind) {}
}

class OpenSettlement extends OpenHold implements Settlement {
  readonly id = randomUUID()
}

const COMMITTED = Promise.resolve()

export class MemoryLedger implements Ledger {
  private readonly books = new Map<string, Book>()

  openAccount (accountId: string, limits: Limits): void {
    const book = this.books.get(accountId)
    if (book === undefined) {
      this.books.set(accountId, { balance: 0n, incomingHolds: 0n, outgoingHolds: 0n, settling: 0n, limits })
    } else {
      book.limits = limits
    }
  }

  closeAccount (accountId: string): void {
    const book = this.books.get(accountId)
    if (book === undefined) return
    // What is owed stays owed: a book with money in it waits for the account to come back.
    const { balance, incomingHolds, outgoingHolds, settling } = book
    if ([balance, incomingHolds, outgoingHolds, settling].every(amount => amount === 0n)) this.books.delete(accountId)
  }

  hold (accountId: string, amount: bigint): Hold {
    const book = this.book(accountId)
    const kind = amount < 0n ? 'outgoingHolds' : 'incomingHolds'
    checkLimits(book, book.balance + book.settling * BigInt(amount > 0n) + book[kind] + amount, amount)
    return this.open(new OpenHold(accountId, amount, book, kind))
  }

  settle (accountId: string, amount: bigint): Settlement {
    if (amount <= 0n) throw new RangeError(`a settlement pays a positive amount. accountId=${accountId} amount=${amount}`)
    const book = this.book(accountId)
    checkLimits(book, book.balance + book.settling + book.incomingHolds + amount, amount)
    return this.open(new OpenSettlement(accountId, amount, book, 'settling'))
  }

  post (hold: Hold): void {
    const { book, amount } = end(hold)
    book.balance += amount
  }

  void (hold: Hold): void {
    end(hold)
  }

  credit (accountId: string, amount: bigint): void {
    this.book(accountId).balance -= amount
  }

  adjust (accountId: string, amount: bigint): bigint {
    const book = this.book(accountId)
    checkLimits(book, book.balance + amount, amount)
    return book.balance += amount
  }

  committed (): Promise<void> {
    return COMMITTED
  }

  balanceOf (accountId: string): AccountBalance | undefined {
    const book = this.books.get(accountId)
    return book && { ...book }
  }

  accountIds (): Iterable<string> {
    return this.books.keys()
  }

  private open<H extends OpenHold> (hold: H): H {
    hold.book[hold.kind] += hold.amount
    return hold
  }

  private book (accountId: string): Book {
    const book = this.books.get(accountId)
    if (book === undefined) throw new Error(`account has no balance. accountId=${accountId}`)
    return book
  }
}

/** Only the limit that a change moves towards can refuse it. */
function checkLimits ({ limits }: Book, proposed: bigint, change: bigint): void {
  if (change > 0n && limits.maximum !== undefined && proposed > limits.maximum) {
    throw new InsufficientLiquidityError('exceeded maximum balance.')
  }
  if (change < 0n && limits.minimum !== undefined && proposed < limits.minimum) {
    throw new InsufficientLiquidityError('exceeded minimum balance.')
  }
}

function end (hold: Hold): OpenHold {
  if (!(hold instanceof OpenHold)) throw new TypeError('not a hold of this ledger')
  if (hold.ended) throw new Error(`hold has ended already. accountId=${hold.accountId} amount=${hold.amount}`)
  hold.ended = true
  hold.book[hold.kind] -= hold.amount
  return hold
}
