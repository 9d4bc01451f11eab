/**
 * The part of npm's `tigerbeetle-node` that is used here, in our words: the package is optional and may not be installed.
 * https://docs.tigerbeetle.com/reference
 */
import { createRequire } from 'node:module'

/** Amounts and ids are u128. */
export interface TigerBeetleAccount {
  id: bigint
  debits_pending: bigint
  debits_posted: bigint
  credits_pending: bigint
  credits_posted: bigint
  user_data_128: bigint
  user_data_64: bigint
  user_data_32: number
  reserved: number
  ledger: number
  code: number
  flags: number
  timestamp: bigint
}

export interface TigerBeetleTransfer {
  id: bigint
  debit_account_id: bigint
  credit_account_id: bigint
  amount: bigint
  pending_id: bigint
  user_data_128: bigint
  user_data_64: bigint
  user_data_32: number
  /** Seconds after which a pending transfer voids itself; 0 for never. */
  timeout: number
  ledger: number
  code: number
  flags: number
  timestamp: bigint
}

export interface TigerBeetleResult {
  status: number
}

/** Each create answers with one result for each event, in order. Requests wait for the cluster as long as it takes. */
export interface TigerBeetleClient {
  createAccounts (accounts: TigerBeetleAccount[]): Promise<TigerBeetleResult[]>
  createTransfers (transfers: TigerBeetleTransfer[]): Promise<TigerBeetleResult[]>
  lookupAccounts (ids: bigint[]): Promise<TigerBeetleAccount[]>
  lookupTransfers (ids: bigint[]): Promise<TigerBeetleTransfer[]>
  destroy (): void
}

/** Events in one request, as servers are configured by default. */
const BATCH_MAX = 8189
const ACCOUNT_CODE = 1
export const FLAG = { pending: 2, post: 4, void: 8 } as const
export const CREATED = 0xffff_ffff
export const ACCOUNT_EXISTS = 21
export const ACCOUNT_EXISTS_IN_OTHER_LEDGER = 19
export const PENDING_EXPIRED = 35
/** A transfer of that id is there already; 46 with the same fields, the others with another amount or the like. */
const TRANSFER_EXISTS = [36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 67]

/** Whether the cluster has the transfer, by this request or an earlier one. */
export function hasTransfer (status: number | undefined): boolean {
  return status !== undefined && (status === CREATED || TRANSFER_EXISTS.includes(status))
}

/** An account that nothing has moved yet. */
export function newAccount (id: bigint, ledger: number): TigerBeetleAccount {
  return {
    id,
    ledger,
    code: ACCOUNT_CODE,
    flags: 0,
    debits_pending: 0n,
    debits_posted: 0n,
    credits_pending: 0n,
    credits_posted: 0n,
    user_data_128: 0n,
    user_data_64: 0n,
    user_data_32: 0,
    reserved: 0,
    timestamp: 0n
  }
}

/** Asks in as many requests as it takes. */
export async function inParts<In, Out> (all: readonly In[], ask: (part: In[]) => Promise<Out[]>): Promise<Out[]> {
  const answers: Out[] = []
  for (let from = 0; from < all.length; from += BATCH_MAX) answers.push(...await ask(all.slice(from, from + BATCH_MAX)))
  return answers
}

interface Package {
  createClient (options: { cluster_id: bigint, replica_addresses: string[] }): TigerBeetleClient
}

/** Throws an Error that says what to install when the package is missing. Does not wait for the cluster. */
export function connectTigerBeetle (clusterId: bigint, replicas: string[]): TigerBeetleClient {
  return loadPackage().createClient({ cluster_id: clusterId, replica_addresses: replicas })
}

function loadPackage (): Package {
  try {
    return createRequire(import.meta.url)('tigerbeetle-node') as Package
  } catch (error) {
    throw new Error('the ledger tigerbeetle needs a package that is not installed or does not load. Run: npm install tigerbeetle-node', { cause: error })
  }
}
