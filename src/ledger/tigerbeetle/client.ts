/**
 * Our own types for the part of npm's `tigerbeetle-node` that is used here: the package is optional and may not be installed.
 * https://docs.tigerbeetle.com/reference
 */
import { lookup } from 'node:dns/promises'
import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import { SluiceError } from '../../contracts/errors.js'
import { describeError } from '../../lib/describe-error.js'

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
const ACCOUNT_EXISTS = 21
const ACCOUNT_EXISTS_IN_OTHER_LEDGER = 19
export const PENDING_EXPIRED = 35
/** A transfer of that id is there already; 46 with the same fields, the others with another amount or the like. */
const TRANSFER_EXISTS = [36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 67]

/** Whether the cluster has the transfer, by this request or an earlier one. */
export function hasTransfer (status: number | undefined): boolean {
  return status !== undefined && (status === CREATED || TRANSFER_EXISTS.includes(status))
}

/** An account that nothing has moved yet. */
function newAccount (id: bigint, ledger: number): TigerBeetleAccount {
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

/** A transfer that is posted at once, unless told otherwise. */
export function newTransfer (
  given: Partial<TigerBeetleTransfer> & Pick<TigerBeetleTransfer, 'id' | 'debit_account_id' | 'credit_account_id' | 'amount' | 'ledger' | 'code'>
): TigerBeetleTransfer {
  return {
    pending_id: 0n,
    user_data_128: 0n,
    user_data_64: 0n,
    user_data_32: 0,
    timeout: 0,
    flags: 0,
    timestamp: 0n,
    ...given
  }
}

/**
 * Makes accounts, given as [id, ledger], that do not exist yet. Resolves to those that exist in another ledger, which is another unit.
 * Rejects where one cannot be made for another reason.
 */
export async function ensureAccounts (client: TigerBeetleClient, accounts: ReadonlyArray<readonly [bigint, number]>): Promise<bigint[]> {
  const results = await inParts(accounts, part => client.createAccounts(part.map(([id, ledger]) => newAccount(id, ledger))))
  return results.flatMap(({ status }, i) => {
    if (status === CREATED || status === ACCOUNT_EXISTS) return []
    if (status === ACCOUNT_EXISTS_IN_OTHER_LEDGER) return accounts[i]?.[0] ?? []
    throw new Error(`TigerBeetle refused to create an account. status=${status}`)
  })
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

/**
 * @param replicas addresses in the order of the replicas: `host:port`, `host` or `port`
 * Rejects with an Error that says what to install when the package is missing, and for an address that cannot be one. Does not wait for
 * the cluster.
 */
export async function connectTigerBeetle (clusterId: bigint, replicas: readonly string[]): Promise<TigerBeetleClient> {
  const tigerBeetle = loadPackage()
  const addresses = await Promise.all(replicas.map(resolve))
  try {
    return new LastingClient(() => tigerBeetle.createClient({ cluster_id: clusterId, replica_addresses: addresses }))
  } catch (error) {
    throw new SluiceError('SLUICE_TIGERBEETLE_UNUSABLE', `tigerbeetle-node cannot use the replicas ${addresses.join(',')}: ${describeError(error)}`, { cause: error })
  }
}

/** Other software names hosts; tigerbeetle-node takes IP addresses only. */
async function resolve (replica: string): Promise<string> {
  const [, host = '', port = ''] = /^(.*?)(:\d+)?$/.exec(replica) ?? []
  if (host === '' || /^(\d+|\[.*\])$/.test(host) || isIP(host) !== 0) return replica
  try {
    const { address, family } = await lookup(host)
    return (family === 6 ? `[${address}]` : address) + port
  } catch (error) {
    throw new SluiceError('SLUICE_TIGERBEETLE_UNUSABLE',
      `unknown host of a TigerBeetle replica. replica=${replica} error=${describeError(error)}`, { cause: error })
  }
}

/**
 * A cluster has room for a number of clients, and evicts one that was silent for long when another one comes. That client is of no use any
 * more: a new one takes its place. The request that found out fails, to be repeated.
 */
export class LastingClient implements TigerBeetleClient {
  private current: TigerBeetleClient

  constructor (private readonly create: () => TigerBeetleClient) {
    this.current = create()
  }

  createAccounts (accounts: TigerBeetleAccount[]): Promise<TigerBeetleResult[]> {
    return this.ask(client => client.createAccounts(accounts))
  }

  createTransfers (transfers: TigerBeetleTransfer[]): Promise<TigerBeetleResult[]> {
    return this.ask(client => client.createTransfers(transfers))
  }

  lookupAccounts (ids: bigint[]): Promise<TigerBeetleAccount[]> {
    return this.ask(client => client.lookupAccounts(ids))
  }

  lookupTransfers (ids: bigint[]): Promise<TigerBeetleTransfer[]> {
    return this.ask(client => client.lookupTransfers(ids))
  }

  destroy (): void {
    this.current.destroy()
  }

  private async ask<T> (request: (client: TigerBeetleClient) => Promise<T>): Promise<T> {
    const client = this.current
    try {
      return await request(client)
    } catch (error) {
      if (isEviction(error) && client === this.current) {
        client.destroy()
        this.current = this.create()
      }
      throw error
    }
  }
}

function isEviction (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_CLIENT_EVICTED'
}

function loadPackage (): Package {
  try {
    return createRequire(import.meta.url)('tigerbeetle-node') as Package
  } catch (error) {
    throw new SluiceError('SLUICE_TIGERBEETLE_UNUSABLE',
      'the ledger tigerbeetle needs a package that is not installed or does not load. Run: npm install tigerbeetle-node', { cause: error })
  }
}
