/**
 * What a transaction did, as rippled tells it (ApplyStateTable.cpp; xrpl.org, "transaction metadata"). It also moves the thread of each
 * changed entry (PreviousTxnID) on, and that of the accounts whose objects came or went.
 */
import { isDeepStrictEqual } from 'node:util'
import { jsonOf, type Entry } from './entries.js'
import { accountIndex } from './hashing.js'
import type { View } from './view.js'

type Fields = Record<string, unknown>

interface NodeOf {
  LedgerEntryType: string
  LedgerIndex: string
  FinalFields?: Fields
  PreviousFields?: Fields
  NewFields?: Fields
  PreviousTxnID?: string
  PreviousTxnLgrSeq?: number
}

export type AffectedNode = { CreatedNode: NodeOf } | { ModifiedNode: NodeOf } | { DeletedNode: NodeOf }

export interface Metadata {
  TransactionResult: string
  TransactionIndex: number
  AffectedNodes: AffectedNode[]
}

/** Fields that stand beside the others, or nowhere. */
const NEVER = new Set(['LedgerEntryType', 'Indexes', 'PreviousTxnID', 'PreviousTxnLgrSeq'])

/** Tells the changes of a transaction, and threads them. @param ledgerIndex of the ledger that it stands in */
export function tellChanges (view: View, hash: string, ledgerIndex: number): AffectedNode[] {
  const nodes = new Map<string, AffectedNode>()
  const touched = new Set<string>()
  for (const { index, before, after, last } of view.changes()) {
    const entry = last ?? before
    if (entry === undefined || (before === undefined && after === undefined)) continue
    const node = nodeOf(index, before, after, entry)
    if (node === undefined) continue
    nodes.set(index, node)
    if (after !== undefined) thread(view, index, after, hash, ledgerIndex)
    if (before === undefined || after === undefined) for (const owner of ownersOf(entry)) touched.add(accountIndex(owner))
  }
  for (const index of touched) {
    const account = view.get(index)
    if (nodes.has(index) || account === undefined) continue
    nodes.set(index, { ModifiedNode: { LedgerEntryType: 'AccountRoot', LedgerIndex: index, ...threadOf(account) } })
    thread(view, index, account, hash, ledgerIndex)
  }
  return [...nodes.values()]
}

function nodeOf (index: string, before: Entry | undefined, after: Entry | undefined, entry: Entry): AffectedNode | undefined {
  const base = { LedgerEntryType: entry.LedgerEntryType, LedgerIndex: index }
  if (before === undefined) return { CreatedNode: { ...base, NewFields: withoutDefaults(fieldsOf(entry)) } }
  const previous = differences(fieldsOf(before), fieldsOf(entry))
  const changed = Object.keys(previous).length === 0 ? {} : { PreviousFields: previous }
  if (after === undefined) return { DeletedNode: { ...base, FinalFields: { ...fieldsOf(entry), ...threadOf(entry) }, ...changed } }
  if (isDeepStrictEqual(jsonOf(before), jsonOf(after))) return undefined
  return { ModifiedNode: { ...base, FinalFields: fieldsOf(entry), ...changed, ...threadOf(before) } }
}

function fieldsOf (entry: Entry): Fields {
  return Object.fromEntries(Object.entries(jsonOf(entry)).filter(([name]) => !NEVER.has(name)))
}

function withoutDefaults (fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== 0 && value !== '0' && value !== ''))
}

/** The former values of what is another now, or is gone. */
function differences (before: Fields, now: Fields): Fields {
  return Object.fromEntries(Object.entries(before).filter(([name, value]) => !isDeepStrictEqual(value, now[name])))
}

function threadOf (entry: Entry): Fields {
  const { PreviousTxnID, PreviousTxnLgrSeq } = entry as { PreviousTxnID?: string, PreviousTxnLgrSeq?: number }
  return PreviousTxnID === undefined ? {} : { PreviousTxnID, PreviousTxnLgrSeq }
}

function thread (view: View, index: string, entry: Entry, hash: string, ledgerIndex: number): void {
  if (entry.LedgerEntryType !== 'DirectoryNode') view.put(index, { ...entry, PreviousTxnID: hash, PreviousTxnLgrSeq: ledgerIndex })
}

function ownersOf (entry: Entry): string[] {
  if (entry.LedgerEntryType === 'AccountRoot' || entry.LedgerEntryType === 'DirectoryNode') return []
  const { Account, Destination } = entry as { Account?: string, Destination?: string }
  return [Account, Destination].filter(owner => owner !== undefined)
}
