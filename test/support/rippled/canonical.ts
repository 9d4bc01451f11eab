/**
 * The order of transactions inside a ledger (rippled CanonicalTXSet.cpp, BuildLedger.cpp): by account, salted with the set itself so that
 * nobody can choose it, and by sequence within an account. What fails at first is tried again after the others.
 */
import { applyTransaction, type Applied } from './apply.js'
import { isTec, isTer } from './codes.js'
import { accountIdHex, sha512Half } from './hashing.js'
import type { Building } from './rules.js'
import type { Transaction } from './transaction.js'
import type { View } from './view.js'

const PASSES = 3
const RETRY_PASSES = 1

/** Sorts a set of transactions into canonical order. */
export function inCanonicalOrder (transactions: readonly Transaction[]): Transaction[] {
  const salt = BigInt(`0x${sha512Half(...transactions.map(({ hash }) => hash).sort())}`)
  const keyOf = ({ account }: Transaction): bigint => BigInt(`0x${accountIdHex(account).padEnd(64, '0')}`) ^ salt
  return transactions.map(tx => ({ tx, key: keyOf(tx), slot: tx.ticket === undefined ? tx.sequence : 2 ** 32 + tx.ticket }))
    .sort((a, b) => {
      if (a.key !== b.key) return a.key < b.key ? -1 : 1
      return a.slot - b.slot || (a.tx.hash < b.tx.hash ? -1 : 1)
    })
    .map(({ tx }) => tx)
}

/**
 * Applies transactions in the given order. In the first passes a `tec` does not count: it may do better after the others.
 * @returns those that are applied, in the order in which they were; and those that may still work in a later ledger
 */
export function applyInPasses (
  transactions: readonly Transaction[], view: View, building: Building
): { applied: Array<{ tx: Transaction, applied: Applied }>, left: Transaction[] } {
  const done: Array<{ tx: Transaction, applied: Applied }> = []
  let left = [...transactions]
  let isRetry = true
  for (let pass = 0; pass < PASSES; pass++) {
    const before = done.length
    left = left.filter(tx => {
      const applied = applyTransaction(tx, view, building, { isRetry })
      if (applied.isApplied) done.push({ tx, applied })
      return !applied.isApplied && (isTer(applied.result) || isTec(applied.result))
    })
    const hasChanged = done.length > before
    if (!hasChanged && !isRetry) break
    if (!hasChanged || pass >= RETRY_PASSES) isRetry = false
  }
  return { applied: done, left }
}
