/**
 * Which claims pay which settlement. An id is paid once: with parts of one or more channels, each a stretch `from`-`to` of what our claims
 * there say in all. When a channel ends before the peer had all of its part, what is missing is paid through another one.
 */
import { amountOf, arrayOf, fieldsOf, textOf } from './read-record.js'

export interface Part {
  channelId: string
  from: bigint
  to: bigint
}

interface Payment {
  id: string
  /** In whose books it was begun. Records of former versions do not say it: then it is of nobody. */
  account: string
  /** Token units for which there is no claim (any more). */
  missing: bigint
  /** On channels that are not over. */
  parts: Part[]
}

/** Of an account. The connector repeats only its latest settlement, and by hand a few can be under way. */
const REMEMBERED_IDS = 32
/** Of all accounts that have paid between these keys, one after the other: operators rename few. */
const REMEMBERED_IN_ALL = 8 * REMEMBERED_IDS

export class Payments {
  readonly #payments = new Map<string, Payment>()

  /** @throws Error when the record is not one of `toJSON` */
  load (record: unknown): void {
    for (const entry of arrayOf(record, 'payments')) {
      const { id, account = '', missing, parts } = fieldsOf(entry, 'payment')
      const payment = { id: textOf(id, 'id'), account: textOf(account, 'account'), missing: amountOf(missing, 'missing'), parts: arrayOf(parts, 'parts').map(partOf) }
      this.#payments.set(payment.id, payment)
    }
  }

  toJSON (): Payment[] {
    return [...this.#payments.values()]
  }

  /** Token units that no claim pays; undefined for an id that is not known. */
  missing (id: string): bigint | undefined {
    return this.#payments.get(id)?.missing
  }

  /** @param account in whose books it is: what other accounts have paid does not make it forgotten soon */
  begin (id: string, tokens: bigint, account: string): void {
    this.#payments.set(id, { id, account, missing: tokens, parts: [] })
    this.#forget(REMEMBERED_IDS, payment => payment.account === account)
    this.#forget(REMEMBERED_IN_ALL, () => true)
  }

  /** The oldest of these for which there are claims, where there are more than `most`. */
  #forget (most: number, isOne: (payment: Payment) => boolean): void {
    const all = [...this.#payments.values()].filter(isOne)
    const paid = all.filter(({ missing }) => missing === 0n)
    for (const { id } of paid.slice(0, Math.max(all.length - most, 0))) this.#payments.delete(id)
  }

  /** No more than `most` is still to be paid of it here: others have paid a part. */
  lower (id: string, most: bigint): void {
    const payment = this.#payments.get(id)
    if (payment !== undefined && payment.missing > most) payment.missing = most
  }

  /** A claim pays a part of it now. */
  pay (id: string, part: Part): void {
    const payment = this.#payments.get(id)
    if (payment === undefined) throw new Error(`no such payment. id=${id}`)
    payment.missing -= part.to - part.from
    payment.parts.push(part)
  }

  /** The parts that the peer has not got for sure. `acked`: what it has said that it has of a channel. */
  open (id: string, acked: (channelId: string) => bigint | undefined): Part[] {
    return (this.#payments.get(id)?.parts ?? []).filter(({ channelId, to }) => (acked(channelId) ?? 0n) < to)
  }

  /** A channel is over, and `paid` was paid through it in all. Returns how many token units of payments have to be paid again. */
  end (channelId: string, paid: bigint): bigint {
    let owed = 0n
    for (const payment of this.#payments.values()) {
      for (const { from, to } of payment.parts.filter(part => part.channelId === channelId)) {
        const rest = to <= paid ? 0n : to - (from > paid ? from : paid)
        payment.missing += rest
        owed += rest
      }
      payment.parts = payment.parts.filter(part => part.channelId !== channelId)
    }
    return owed
  }
}

function partOf (record: unknown): Part {
  const { channelId, from, to } = fieldsOf(record, 'part')
  return { channelId: textOf(channelId, 'channelId'), from: amountOf(from, 'from'), to: amountOf(to, 'to') }
}
