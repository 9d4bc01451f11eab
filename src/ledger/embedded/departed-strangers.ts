/**
 * The debts of strangers who are gone. Anybody may come under their names, so nobody can be held to them, and new names are free. So
 * the largest debts are kept under their names, and the others are one sum (the book DEPARTED_STRANGERS): nothing of it is lost, and it
 * counts against the credit that strangers share, whatever they call themselves.
 *
 * What strangers are owed is kept under their names: it is theirs when they come back, and they cannot make such books by themselves.
 */
import type { Book } from '../book.js'

/** Debts that are kept under the names of strangers who are gone. */
export const STRANGERS_KEPT_MAX = 1000
/** Once there are more, so many make room at a time: looking for the smallest costs a look at all. */
const ROOM = 100

export class DepartedStrangers {
  private readonly books = new Map<string, Book>()

  /** Takes the book of a stranger who is gone, if it is a debt that nothing can change any more. */
  add (book: Book): void {
    if (book.isSettledDebt) this.books.set(book.accountId, book)
    else this.delete(book.accountId)
  }

  /** The stranger is back, or the book is gone. */
  delete (accountId: string): void {
    this.books.delete(accountId)
  }

  /** The books that are too many, smallest debt first. They are no longer here. */
  takeSurplus (): Book[] {
    if (this.books.size <= STRANGERS_KEPT_MAX) return []
    const smallestFirst = [...this.books.values()].sort((a, b) => a.balance < b.balance ? -1 : 1)
    const surplus = smallestFirst.slice(0, this.books.size - STRANGERS_KEPT_MAX + ROOM)
    for (const { accountId } of surplus) this.delete(accountId)
    return surplus
  }
}
