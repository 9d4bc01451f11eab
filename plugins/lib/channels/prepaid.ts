/**
 * Money that claims pay ahead of packets, in the connector's books before it is signed: as a running total, so that each part of it is
 * there once, whatever crashes. The books bound it. What was put there and never signed for, or signed and never delivered because its
 * channel ended, is used by later claims first.
 */
import { randomBytes } from 'node:crypto'
import { InsufficientLiquidityError, withDetails } from '../../../src/packet/errors.js'
import type { PluginBooks } from '../../../src/contracts/plugin.js'
import { Carry } from './carry.js'
import { amountOf, fieldsOf, textOf } from './read-record.js'
import { ClaimError } from './types.js'
import type { Units } from './units.js'

export class Prepaid {
  #name = nameOfTotal()
  /** In which books the total is. */
  #books = ''
  /** Token units in the books since the beginning, and those of them that no claim stands for. */
  #total = 0n
  #unsigned = 0n
  /** What no claim stands for, and other pairs of keys use. */
  readonly carry = new Carry()

  /**
   * @param limit token units for which no packet is under way
   * @param booksId which books they are, and whose page in them
   */
  constructor (
    private readonly books: PluginBooks | undefined, private readonly units: Units, private readonly limit: bigint,
    private readonly booksId: () => string
  ) {}

  /** @throws Error when the record is not one of `toJSON` */
  load (record: unknown): void {
    const { name, books, total, unsigned, carry } = fieldsOf(record, 'prepaid')
    this.#name = textOf(name, 'name')
    this.#books = textOf(books, 'books')
    this.#total = amountOf(total, 'total')
    this.#unsigned = amountOf(unsigned, 'unsigned')
    this.carry.load(carry)
  }

  toJSON (): Record<string, unknown> {
    return { name: this.#name, books: this.#books, total: this.#total, unsigned: this.#unsigned, carry: this.carry }
  }

  /** Tells the books of what they may not have because of a crash. Other books than before begin anew. */
  resume (): void | Promise<void> {
    if (!this.isOfTheseBooks) this.startAgain()
    this.#books = this.booksId()
    if (this.#total > 0n) return this.books?.prepay({ id: this.#name, from: 0n, to: this.units.toAccount(this.#total) })
  }

  /** The books, or the units that they are kept in, are others now: what was paid ahead in the former ones is not carried over. */
  startAgain (): void {
    this.#name = nameOfTotal()
    this.#total = this.#unsigned = 0n
    this.carry.giveAnew()
  }

  /** Base units that are paid ahead now. */
  get amount (): bigint {
    return this.books?.prepaid() ?? 0n
  }

  /**
   * A claim is about to pay `tokens` more ahead.
   * @throws ClaimError (T04), with nothing changed, when that would be more than the peer may have for nothing
   */
  add (tokens: bigint): void | Promise<void> {
    const fresh = tokens > this.#unsigned ? tokens - this.#unsigned : 0n
    if (fresh > 0n) {
      const [from, to] = [this.units.toAccount(this.#total), this.units.toAccount(this.#total + fresh)]
      const booking = this.#book({ id: this.#name, from, to })
      this.#total += fresh
      this.#unsigned -= tokens - fresh
      return booking
    }
    this.#unsigned -= tokens
  }

  /** Claims that were forgotten have paid `tokens` ahead. The books may have kept it: then they take it once, as part of the same total. */
  async find (tokens: bigint): Promise<void> {
    await this.books?.prepay({ id: this.#name, from: this.units.toAccount(this.#total), to: this.units.toAccount(this.#total + tokens) })
    this.#total += tokens
  }

  /** Claims for so much are void: their channel has ended, and the peer never had them. */
  unsigned (tokens: bigint): void {
    if (tokens > 0n) this.#unsigned += tokens
  }

  /** Which total it is: another one in other books. */
  get name (): string {
    return this.#name
  }

  /** Whether it is in the books that are there now, and not in former ones. */
  get isOfTheseBooks (): boolean {
    return this.#books === this.booksId()
  }

  get isUnsigned (): boolean {
    return this.#unsigned > 0n
  }

  /** Leaves what no claim stands for to another pair of keys. Returns all that was left to it so far. */
  leaveTo (pair: string): bigint {
    if (this.carry.give(pair, this.#unsigned)) this.#unsigned = 0n
    return this.carry.given(pair)
  }

  /** Another pair has left so much of its total `of` in all: it is in the books, and that it was left is written down. */
  takeOver (pair: string, sum: bigint, of: string): void {
    this.#unsigned += this.carry.take(pair, sum, of)
  }

  #book (total: { id: string, from: bigint, to: bigint }): void | Promise<void> {
    try {
      return this.books?.prepay(total, this.units.toAccount(this.limit))
    } catch (error) {
      if (!(error instanceof InsufficientLiquidityError)) throw error
      throw withDetails(message => new ClaimError(message, 'T04'), 'claims have paid this peer more ahead than it has delivered for, up to maxPrepaid.',
        `prepaid=${this.amount} maxPrepaid=${this.units.toAccount(this.limit)}`)
    }
  }
}

function nameOfTotal (): string {
  return `prepaid-${randomBytes(6).toString('hex')}`
}
