/** Applies one transaction to a view: all of it, its fee alone (`tec`), or nothing (rippled Transactor.cpp, `operator()` and `reset`). */
import { preclaim, preflight } from './checks.js'
import { isTec, type Result } from './codes.js'
import { dropsIn } from './entries.js'
import { tellChanges, type AffectedNode } from './metadata.js'
import type { Building } from './rules.js'
import type { Transaction } from './transaction.js'
import { deleteTicket } from './transactors/tickets.js'
import { transactorOf } from './transactors/index.js'
import { accountOf, putAccount, removeFromDirectory, View } from './view.js'

export interface Applied {
  readonly result: Result
  /** False: the view is as it was. */
  readonly isApplied: boolean
  readonly nodes: readonly AffectedNode[]
  /** Drops that are gone for good. */
  readonly fee: bigint
}

export interface ApplyOptions {
  /** A first pass over a set of transactions: a `tec` is not applied, as it may do better after the others. */
  isRetry?: boolean
  /** Of `submit`: a `tec` is not applied. */
  isFailHard?: boolean
}

/** Applies it when its checks let it. */
export function applyTransaction (tx: Transaction, view: View, ledger: Building, options: ApplyOptions = {}): Applied {
  const early = preflight(tx, ledger)
  if (early !== 'tesSUCCESS') return refused(early)
  const claimed = preclaim(tx, view, ledger)
  if (claimed !== 'tesSUCCESS' && !isTec(claimed)) return refused(claimed)
  const attempt = new View(view)
  const expired = new Set<string>()
  const result = claimed === 'tesSUCCESS' ? attemptOn(attempt, tx, ledger, expired) : claimed
  if (result === 'tesSUCCESS') return take(attempt, view, tx, ledger, result, payable(tx, view))
  if (!isTec(result) || options.isRetry === true || options.isFailHard === true) return refused(result)
  return takeFee(view, tx, ledger, result, expired)
}

function refused (result: Result): Applied {
  return { result, isApplied: false, nodes: [], fee: 0n }
}

function attemptOn (view: View, tx: Transaction, ledger: Building, expired: Set<string>): Result {
  useSequence(view, tx, payable(tx, view))
  return transactorOf(tx.type)?.apply(tx, view, ledger, expired) ?? 'temUNKNOWN'
}

/** All but the fee and the sequence is undone; expired credentials that it has met are deleted even so. */
function takeFee (view: View, tx: Transaction, ledger: Building, result: Result, expired: ReadonlySet<string>): Applied {
  const fee = payable(tx, view)
  const reset = new View(view)
  useSequence(reset, tx, fee)
  for (const id of expired) deleteCredential(reset, id)
  return take(reset, view, tx, ledger, result, fee)
}

/** In a closed ledger an account pays what it has when that is less than the fee. */
function payable ({ account, fee = 0n }: Transaction, view: View): bigint {
  const balance = accountOf(view, account)?.Balance ?? 0n
  return balance < fee ? balance : fee
}

function useSequence (view: View, tx: Transaction, fee: bigint): void {
  if (tx.ticket !== undefined) deleteTicket(tx.account, tx.ticket, view)
  const root = accountOf(view, tx.account)
  if (root === undefined) return
  const prior = root.AccountTxnID === undefined ? {} : { AccountTxnID: tx.hash }
  putAccount(view, { ...root, ...prior, Balance: root.Balance - fee, Sequence: tx.ticket === undefined ? tx.sequence + 1 : root.Sequence })
}

function deleteCredential (view: View, id: string): void {
  const credential = view.get(id)
  if (credential?.LedgerEntryType !== 'Credential') return
  view.erase(id)
  removeFromDirectory(view, credential.Subject, id)
  const subject = accountOf(view, credential.Subject)
  if (subject !== undefined) putAccount(view, { ...subject, OwnerCount: subject.OwnerCount - 1 })
}

/** @throws when the transaction makes or loses XRP: then the stand-in is wrong */
function take (attempt: View, view: View, tx: Transaction, ledger: Building, result: Result, fee: bigint): Applied {
  let difference = 0n
  for (const { index, before } of attempt.changes()) {
    const after = attempt.get(index)
    difference += dropsIn(after) - dropsIn(before)
    if (dropsIn(after) < 0n) return refused('tefINVARIANT_FAILED')
  }
  if (difference !== -fee) throw new Error(`${tx.type} ${tx.hash} changes the XRP in the ledger by ${difference}, and its fee is ${fee}`)
  const nodes = tellChanges(attempt, tx.hash, ledger.index)
  attempt.commit(view)
  return { result, isApplied: true, nodes, fee }
}
