/** Recomputes balances from their journals, for an operator who wants to know whether the books add up. */
import type { Day, Ledger } from '../contracts/ledger.js'
import { closingOf } from './book.js'

/** A place where the books do not add up. Base units. */
export interface AuditFinding {
  accountId: string
  /** The day whose movements do not lead to what stands behind it: the next day's opening, or the balance. */
  date: string
  /** What the movements make. */
  computed: bigint
  /** What stands in the books. */
  found: bigint
}

/**
 * Everything that does not add up; nothing when the books are right. Works on a running connector's ledger and on one that was only
 * opened to be read.
 */
export function auditLedger (ledger: Ledger): AuditFinding[] {
  return Array.from(ledger.accountIds()).flatMap(accountId =>
    auditDays(accountId, ledger.journalOf(accountId), ledger.balanceOf(accountId)?.balance ?? 0n))
}

/** The same for one account: its days, oldest first, and its balance. */
export function auditDays (accountId: string, days: readonly Day[], balance: bigint): AuditFinding[] {
  return days.flatMap((day, i) => findingOf(accountId, day, days[i + 1]?.opening ?? balance))
}

function findingOf (accountId: string, day: Day, found: bigint): AuditFinding[] {
  const computed = closingOf(day)
  return computed === found ? [] : [{ accountId, date: day.date, computed, found }]
}
