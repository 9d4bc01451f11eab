/** Sends transactions, and says what became of them (xrpl.org: submit, tx, account_tx). */
import { isValidClassicAddress } from 'xrpl'
import { messageOf, numberOf } from '../codes.js'
import { dropsFor } from '../fees.js'
import type { LedgerTransaction } from '../network.js'
import { LocalCheckError, numberField, readTransaction, textField, type Transaction } from '../transaction.js'
import { transactorOf } from '../transactors/index.js'
import { ApiError } from './errors.js'
import type { Fields, Vantage } from './vantage.js'

const HASH = /^[0-9A-F]{64}$/i
const WIDEST_RANGE = 1000
const DEFAULT_LIMIT = 200
const MOST_LIMIT = 400

/** Hashes that a server remembers as bad: it answers the same blob with temBAD_SIGNATURE (rippled NetworkOPs.cpp). */
export type BadHashes = Set<string>

export function submit (request: Fields, vantage: Vantage, bad: BadHashes): Fields {
  if (vantage.faults.amendmentBlocked) throw new ApiError('amendmentBlocked')
  const blob = textField(request, 'tx_blob')
  if (blob === undefined) throw new ApiError('invalidParams', { error_message: "Missing field 'tx_blob'." })
  const tx = transactionIn(blob)
  const { network } = vantage
  const answer = bad.has(tx.hash)
    ? { result: 'temBAD_SIGNATURE' as const, isApplied: false, isQueued: false, isKept: false }
    : network.submit(tx, request.fail_hard === true)
  if (answer.result.startsWith('tem')) bad.add(tx.hash)
  const { next, available } = network.sequencesOf(tx.account)
  const isTaken = answer.isApplied || answer.isQueued
  return {
    engine_result: answer.result,
    engine_result_code: numberOf(answer.result),
    engine_result_message: messageOf(answer.result),
    accepted: isTaken || answer.isKept,
    applied: answer.isApplied,
    broadcast: isTaken,
    kept: answer.isKept || answer.isQueued,
    queued: answer.isQueued,
    account_sequence_next: next,
    account_sequence_available: available,
    open_ledger_cost: `${dropsFor(network.metrics.levelFor(network.openCount), network.fees.base)}`,
    validated_ledger_index: vantage.validatedIndex,
    tx_blob: tx.blob,
    tx_json: { ...tx.json, hash: tx.hash }
  }
}

/** @throws {ApiError} invalidTransaction */
function transactionIn (blob: string): Transaction {
  try {
    return readTransaction(blob, type => transactorOf(type)?.required)
  } catch (error) {
    if (!(error instanceof LocalCheckError)) throw error
    throw new ApiError('invalidTransaction', { error_exception: error.message })
  }
}

export function tx (request: Fields, vantage: Vantage, apiVersion: number): Fields {
  const hash = textField(request, 'transaction')
  if (hash === undefined || !HASH.test(hash)) throw new ApiError(hash === undefined ? 'invalidParams' : 'notImpl')
  const range = rangeIn(request)
  const found = vantage.transaction(hash.toUpperCase())
  if (found !== undefined && (range === undefined || (found.ledgerIndex >= range.from && found.ledgerIndex <= range.to))) {
    return transactionJson(found, vantage, apiVersion)
  }
  const pending = found === undefined ? vantage.network.pending(hash.toUpperCase()) : undefined
  if (pending !== undefined) return pendingJson(pending, apiVersion)
  throw new ApiError('txnNotFound', range === undefined ? {} : { searched_all: vantage.hasAll(range.from, range.to) })
}

function rangeIn (request: Fields): { from: number, to: number } | undefined {
  const from = numberField(request, 'min_ledger')
  const to = numberField(request, 'max_ledger')
  if (from === undefined || to === undefined) return undefined
  if (to < from) throw new ApiError('invalidLgrRange')
  if (to - from > WIDEST_RANGE) throw new ApiError('excessiveLgrRange')
  return { from, to }
}

function pendingJson ({ json, hash }: Transaction, apiVersion: number): Fields {
  return apiVersion === 1 ? { ...json, hash, validated: false } : { tx_json: json, hash, validated: false }
}

/** In a ledger that is closed, but not validated, the metadata is there already. */
function transactionJson ({ tx: { json, hash }, meta, ledgerIndex }: LedgerTransaction, vantage: Vantage, apiVersion: number): Fields {
  const ledger = vantage.network.ledger(ledgerIndex)
  const validated = ledgerIndex <= vantage.validatedIndex
  const date = ledger === undefined ? {} : { date: ledger.closeTime }
  if (apiVersion === 1) return { ...json, ...date, hash, inLedger: ledgerIndex, ledger_index: ledgerIndex, meta, validated }
  return {
    tx_json: { ...json, ...date, ledger_index: ledgerIndex },
    hash,
    meta,
    ...ledger === undefined ? {} : { ledger_hash: vantage.hashOf(ledger) },
    ...validated && ledger !== undefined ? { ledger_index: ledgerIndex, close_time_iso: vantage.isoTimeOf(ledger) } : {},
    validated
  }
}

export function accountTx (request: Fields, vantage: Vantage, apiVersion: number): Fields {
  const account = textField(request, 'account') ?? ''
  if (!isValidClassicAddress(account)) throw new ApiError('actMalformed')
  const { from, to } = boundsIn(request, vantage, apiVersion)
  const limit = Math.min(MOST_LIMIT, Math.max(1, numberField(request, 'limit') ?? DEFAULT_LIMIT))
  const all = transactionsOf(account, from, to, vantage)
  if (request.forward !== true) all.reverse()
  const start = request.marker === undefined ? 0 : positionAfter(request.marker, all)
  const page = all.slice(start, start + limit)
  const last = page.at(-1)
  const hasMore = last !== undefined && start + limit < all.length
  const more = hasMore ? { marker: { ledger: last.ledgerIndex, seq: last.meta.TransactionIndex } } : {}
  return {
    account, ledger_index_min: from, ledger_index_max: to, limit, validated: true,
    transactions: page.map(found => accountTxJson(found, vantage, apiVersion)),
    ...more
  }
}

function boundsIn (request: Fields, vantage: Vantage, apiVersion: number): { from: number, to: number } {
  const first = vantage.network.options.firstLedger
  const from = numberField(request, 'ledger_index_min') ?? -1
  const to = numberField(request, 'ledger_index_max') ?? -1
  if (apiVersion > 1 && ((from >= 0 && from < first) || to > vantage.validatedIndex)) throw new ApiError('lgrIdxMalformed')
  if (from >= 0 && to >= 0 && from > to) throw new ApiError(apiVersion > 1 ? 'invalidLgrRange' : 'lgrIdxsInvalid')
  return { from: Math.max(first, from), to: to < 0 ? vantage.validatedIndex : Math.min(to, vantage.validatedIndex) }
}

function transactionsOf (account: string, from: number, to: number, vantage: Vantage): LedgerTransaction[] {
  const found: LedgerTransaction[] = []
  for (let index = from; index <= to; index++) {
    const transactions = vantage.hasLedger(index) ? vantage.network.ledger(index)?.transactions ?? [] : []
    found.push(...transactions.filter(each => accountsIn(each).has(account)))
  }
  return found
}

/** Accounts that a transaction names or changes. */
export function accountsIn ({ tx: { account }, meta }: LedgerTransaction): Set<string> {
  const accounts = new Set([account])
  for (const node of meta.AffectedNodes) {
    for (const { NewFields, FinalFields } of Object.values(node) as Array<{ NewFields?: Fields, FinalFields?: Fields }>) {
      const fields = NewFields ?? FinalFields ?? {}
      for (const name of ['Account', 'Destination', 'Owner']) if (typeof fields[name] === 'string') accounts.add(fields[name])
    }
  }
  return accounts
}

function positionAfter (marker: unknown, all: readonly LedgerTransaction[]): number {
  const { ledger, seq } = typeof marker === 'object' && marker !== null ? marker as Fields : {}
  const at = all.findIndex(({ ledgerIndex, meta }) => ledgerIndex === ledger && meta.TransactionIndex === seq)
  if (at < 0) throw new ApiError('invalidParams')
  return at + 1
}

function accountTxJson (found: LedgerTransaction, vantage: Vantage, apiVersion: number): Fields {
  const { tx: { json, hash }, meta, ledgerIndex } = found
  const ledger = vantage.network.ledger(ledgerIndex)
  const date = ledger === undefined ? {} : { date: ledger.closeTime }
  if (apiVersion === 1) return { tx: { ...json, ...date, hash, inLedger: ledgerIndex, ledger_index: ledgerIndex }, meta, validated: true }
  return {
    tx_json: { ...json, ...date, ledger_index: ledgerIndex },
    hash,
    meta,
    ledger_index: ledgerIndex,
    ...ledger === undefined ? {} : { ledger_hash: vantage.hashOf(ledger), close_time_iso: vantage.isoTimeOf(ledger) },
    validated: true
  }
}
