/**
 * The format of the books in the store: JSON that a person can read, with amounts as decimal strings. An account has up to four records,
 * because the one that every packet changes should be short:
 *
 *   ledger:account:<id>    balance, the current day, the open settlement
 *   ledger:journal:<id>    the days before
 *   ledger:received:<id>   ids of the latest incoming payments
 *   ledger:totals:<id>     how much of each running total is booked
 *   ledger:accounts        how many slots there are
 *   ledger:slot:<number>   the id of an account that has records, or nothing
 *   ledger:id              the identity of these books
 *
 * An account gets its records when something of it changes for the first time.
 *
 * Reading is strict: any doubt about a balance is an error. Fields that are 0, empty or false are left out, so that records from before
 * prepaid money, totals and strangers existed have the same version.
 */
import { z } from 'zod'
import { refuseNewer } from '../../contracts/errors.js'
import type { Day, Movement } from '../../contracts/ledger.js'
import { Book, JOURNAL_DAYS_MAX, RECEIVED_IDS_MAX, closingOf, forEachKind, nothing, type Count, type OpenDay } from '../book.js'
import { RunningTotals, TOTALS_MAX } from '../running-totals.js'

const VERSION = 1
/** Version 1 had the ids of all accounts in it. */
const INDEX_VERSION = 2
export const INDEX_KEY = 'ledger:accounts'
export const ID_KEY = 'ledger:id'

const amount = z.string().regex(/^(0|-?[1-9]\d*)$/).transform(digits => BigInt(digits))
const date = z.iso.date()
export const version = z.literal(VERSION)
const movement = z.strictObject({ count: z.int().positive(), amount }).optional()
const day = z.strictObject({ date, opening: amount, movements: z.strictObject(forEachKind(() => movement)) })
export const settlement = z.strictObject({ id: z.string().min(1), amount, createdAt: z.iso.datetime(), by: z.string().optional() })
const account = z.strictObject({
  version,
  unit: z.string(),
  stranger: z.literal(true).optional(),
  balance: amount,
  prepaid: amount.refine(prepaid => prepaid > 0n, 'not above 0').optional(),
  today: day,
  settlement: settlement.optional(),
  lateFulfills: movement,
  reversals: movement
})
const journal = z.strictObject({ version, days: z.array(day).max(JOURNAL_DAYS_MAX) })
const received = z.strictObject({ version, ids: z.array(z.string()).max(RECEIVED_IDS_MAX) })
const taken = z.array(z.tuple([z.string(), amount])).max(TOTALS_MAX)
const totals = z.strictObject({ version, received: taken, prepaid: taken })
const booksId = z.strictObject({ version, id: z.string().min(1) })
const index = z.discriminatedUnion('version', [
  z.strictObject({ version, accounts: z.array(z.string()) }),
  z.strictObject({ version: z.literal(INDEX_VERSION), slots: z.int().nonnegative() })
])
const slot = z.strictObject({ version, account: z.string().min(1).optional() })

/** What of a book has changed: kept apart, because the journal, the ids and the totals change seldom and are long. */
export type Part = 'account' | 'journal' | 'received' | 'totals'

/** A settlement as it was written down. */
export interface SettlementRecord {
  id: string
  amount: bigint
  createdAt: number
  by?: string | undefined
}

/** The records of an account, as read. */
export interface StoredAccount {
  account: string
  journal: string | undefined
  received: string | undefined
  totals: string | undefined
}

export function keyOf (part: Part, accountId: string): string {
  return `ledger:${part}:${accountId}`
}

export const encode: Readonly<Record<Part, (book: Book) => string>> = {
  account: ({ unit, isStranger, balance, prepaid, today, settlement, lateFulfills, reversals }) => JSON.stringify({
    version: VERSION,
    unit,
    stranger: isStranger || undefined,
    balance: String(balance),
    prepaid: prepaid === 0n ? undefined : String(prepaid),
    today: encodeDay(today),
    settlement: settlement && encodeSettlement(settlement),
    lateFulfills: encodeMovement(lateFulfills),
    reversals: encodeMovement(reversals)
  }),
  journal: ({ pastDays }) => JSON.stringify({ version: VERSION, days: pastDays.map(encodeDay) }),
  received: ({ received }) => JSON.stringify({ version: VERSION, ids: [...received] }),
  totals: ({ totals: { received, prepaid } }) =>
    JSON.stringify({ version: VERSION, received: encodeTotals(received), prepaid: encodeTotals(prepaid) })
}

/** Throws DamagedRecordError. The settlement is returned apart: only a ledger can open one. */
export function decodeAccount (accountId: string, stored: StoredAccount): { book: Book, settlement: SettlementRecord | undefined } {
  const found = decode(keyOf('account', accountId), account, stored.account)
  const book = new Book(accountId, readDay(found.today))
  book.balance = found.balance
  book.prepaid = found.prepaid ?? 0n
  book.unit = found.unit
  book.isStranger = found.stranger === true
  Object.assign(book.lateFulfills, found.lateFulfills)
  Object.assign(book.reversals, found.reversals)
  if (closingOf(book.today) !== found.balance) {
    throw new DamagedRecordError(keyOf('account', accountId), `balance ${found.balance} does not match the day's movements, which make ${closingOf(book.today)}`)
  }
  if (stored.journal !== undefined) book.pastDays.push(...decode(keyOf('journal', accountId), journal, stored.journal).days.map(readDay))
  if (stored.received !== undefined) {
    for (const id of decode(keyOf('received', accountId), received, stored.received).ids) book.remember(id)
  }
  if (stored.totals !== undefined) {
    const { received, prepaid } = decode(keyOf('totals', accountId), totals, stored.totals)
    book.totals.received = new RunningTotals(received)
    book.totals.prepaid = new RunningTotals(prepaid)
  }
  return { book, settlement: found.settlement && { ...found.settlement, createdAt: Date.parse(found.settlement.createdAt) } }
}

export function encodeSettlement ({ id, amount, createdAt, by }: SettlementRecord): Record<keyof SettlementRecord, string | undefined> {
  return { id, amount: String(amount), createdAt: new Date(createdAt).toISOString(), by }
}

export function encodeSlotCount (slots: number): string {
  return JSON.stringify({ version: INDEX_VERSION, slots })
}

/** How many slots there are, or, in version 1, all ids. Throws DamagedRecordError and SLUICE_STORE_NEWER. */
export function decodeIndex (text: string): { slots: number } | { accounts: string[] } {
  return decode(INDEX_KEY, index, text, INDEX_VERSION)
}

export function slotKeyOf (slot: number): string {
  return `ledger:slot:${slot}`
}

export function encodeSlot (account: string | undefined): string {
  return JSON.stringify({ version: VERSION, account })
}

/** The account in the slot. Throws DamagedRecordError, also for one that is missing: an empty slot says so. */
export function decodeSlot (number: number, text: string | undefined): string | undefined {
  const key = slotKeyOf(number)
  if (text === undefined) throw new DamagedRecordError(key, 'it is missing')
  return decode(key, slot, text).account
}

export function encodeId (id: string): string {
  return JSON.stringify({ version: VERSION, id })
}

/** Throws DamagedRecordError. */
export function decodeId (text: string): string {
  return decode(ID_KEY, booksId, text).id
}

/** The message says which record, what is wrong with it and what to do. */
export class DamagedRecordError extends Error {
  constructor (key: string, reason: string) {
    super(`the ledger cannot be read. record=${key} reason=${reason} remedy=restore the store from a backup; or, where you know the balances ` +
      'from elsewhere, move the store away to start at zero and correct them by hand')
  }
}

/** Throws DamagedRecordError, and SLUICE_STORE_NEWER for a version above `known`. */
export function decode<T> (key: string, schema: z.ZodType<T>, text: string, known = VERSION): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new DamagedRecordError(key, 'it is not JSON')
  }
  const { data, error } = schema.safeParse(value)
  if (error === undefined) return data
  refuseNewer(key, value, known)
  const [issue] = error.issues
  throw new DamagedRecordError(key, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}

function encodeDay ({ date, opening, movements }: Day): object {
  return { date, opening: String(opening), movements: forEachKind(kind => encodeMovement(movements[kind])) }
}

/** What did not happen is left out. */
function encodeMovement ({ count, amount }: Movement): { count: number, amount: string } | undefined {
  return count === 0 ? undefined : { count, amount: String(amount) }
}

function encodeTotals (totals: RunningTotals): Array<[string, string]> {
  return Array.from(totals, ([id, to]) => [id, String(to)])
}

function readDay ({ date, opening, movements }: z.output<typeof day>): OpenDay {
  return { date, opening, movements: forEachKind((kind): Count => movements[kind] ?? nothing()) }
}
