/**
 * Running totals in TigerBeetle, where several connectors credit each part only once. Each total is an account, and the amount posted to it
 * is the part that is booked: its position. The transfer that books the next part derives its id from the position where it starts, so only
 * one transfer can start there. A connector that comes second looks again, and books what is left.
 */
import type { RunningTotal } from '../../contracts/plugin.js'
import type { TotalKind } from '../running-totals.js'
import { receivedId, u128, type SharedBook } from './book.js'
import {
  CREATED, ensureAccounts, hasTransfer, inParts, newTransfer, type TigerBeetleClient, type TigerBeetleTransfer
} from './client.js'

/** What a transfer is about, beside the kinds of movements. */
const CODES = { received: 4, prepaid: 7, skipped: 8 }
/** How often other connectors may come first before it is tried again later. */
const CONFLICTS_MAX = 10

export interface Step {
  readonly book: SharedBook
  readonly kind: TotalKind
  readonly total: RunningTotal
  /** Under which the step may have been credited before there were totals. */
  readonly id: string | undefined
}

/** One transfer, and how far it brings its total. */
interface Part {
  step: Step
  to: bigint
  transfer: TigerBeetleTransfer
}

/**
 * Books the missing part of each step. Resolves to what that added to the prepaid money of each book. Rejects with the steps to retry;
 * parts that were booked by then are not booked again.
 */
export async function takeSteps (client: TigerBeetleClient, steps: readonly Step[]): Promise<Map<SharedBook, bigint>> {
  const prepaid = new Map<SharedBook, bigint>()
  let open = await withoutCredited(client, steps)
  for (let rounds = 2 * steps.length + CONFLICTS_MAX; open.length > 0; rounds--) {
    if (rounds === 0) throw new Error('other connectors advance the running totals faster than this one.')
    const positions = await positionsOf(client, open)
    open = open.filter(step => (positions.get(accountOf(step)) ?? 0n) < step.total.to)
    const parts = nextParts(open, positions)
    const results = await inParts(parts, some => client.createTransfers(some.map(({ transfer }) => transfer)))
    for (const [i, { step: { book }, transfer }] of parts.entries()) {
      const status = results[i]?.status
      if (!hasTransfer(status)) throw new Error(`TigerBeetle refused to book a running total. accountId=${book.accountId} status=${status ?? ''}`)
      if (status === CREATED && transfer.code === CODES.prepaid) prepaid.set(book, (prepaid.get(book) ?? 0n) + transfer.amount)
    }
  }
  return prepaid
}

/** How far a step's total is in the books. Makes the total's account where it does not exist. */
export async function positionOf (client: TigerBeetleClient, step: Step): Promise<bigint> {
  return (await positionsOf(client, [step])).get(accountOf(step)) ?? 0n
}

/** A step that was credited under its id has nothing left to credit; its total goes on behind it. */
async function withoutCredited (client: TigerBeetleClient, steps: readonly Step[]): Promise<Step[]> {
  const idsOf = ({ book, kind, id }: Step): bigint[] => kind === 'received' && id !== undefined ? [receivedId(book, id)] : []
  const found = await inParts(steps.flatMap(idsOf), ids => client.lookupTransfers(ids))
  const credited = new Set(found.map(({ id }) => id))
  return steps.map(step => idsOf(step).some(id => credited.has(id)) ? { ...step, total: { ...step.total, from: step.total.to } } : step)
}

async function positionsOf (client: TigerBeetleClient, steps: readonly Step[]): Promise<Map<bigint, bigint>> {
  const ledgers = new Map(steps.map(step => [accountOf(step), step.book.ledger]))
  const found = await inParts([...ledgers.keys()], ids => client.lookupAccounts(ids))
  const positions = new Map(found.map(({ id, debits_posted, credits_posted }) => [id, debits_posted + credits_posted]))
  await ensureAccounts(client, [...ledgers].filter(([id]) => !positions.has(id)))
  return positions
}

/**
 * The next transfer of each total. Only one, up to the next gap: where another connector comes first, all that follows starts elsewhere.
 */
function nextParts (steps: readonly Step[], positions: ReadonlyMap<bigint, bigint>): Part[] {
  const parts = new Map<bigint, Part>()
  const ended = new Set<bigint>()
  for (const step of steps) {
    const { from, to } = step.total
    const account = accountOf(step)
    const position = positions.get(account) ?? 0n
    const before = parts.get(account)
    if (before === undefined && from > position) {
      parts.set(account, skip(step, position))
      ended.add(account)
    } else if (before === undefined) parts.set(account, take(step, position, to))
    else if (from > before.to) ended.add(account)
    else if (to > before.to && !ended.has(account)) parts.set(account, take(step, position, to))
  }
  return [...parts.values()]
}

function take (step: Step, position: bigint, to: bigint): Part {
  const { book, kind } = step
  const account = accountOf(step)
  return part(step, position, to, kind === 'received' ? [account, book.account] : [book.prepaidAccount, account], CODES[kind])
}

/** What lies before the step counts as taken, and moves nobody's money. */
function skip (step: Step, position: bigint): Part {
  const { book, kind, total } = step
  const account = accountOf(step)
  return part(step, position, total.from, kind === 'received' ? [account, book.clearing] : [book.clearing, account], CODES.skipped)
}

function part (step: Step, position: bigint, to: bigint, [debit, credit]: readonly [bigint, bigint], code: number): Part {
  const id = u128(`position ${accountOf(step)} ${position}`)
  const legs = { debit_account_id: debit, credit_account_id: credit }
  return { step, to, transfer: newTransfer({ id, ...legs, amount: to - position, ledger: step.book.ledger, code }) }
}

function accountOf ({ book, kind, total }: Step): bigint {
  return u128(JSON.stringify(['total', kind, String(book.account), total.id]))
}
