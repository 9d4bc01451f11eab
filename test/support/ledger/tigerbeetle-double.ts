/**
 * A cluster of the mind: enforces the rules of TigerBeetle's documentation (requests/create_accounts, requests/create_transfers, two-phase
 * transfers) for what the connector uses of it. Checks stand in the order of the documentation; each event gets one status. No real server
 * is part of the tests.
 */
import type {
  TigerBeetleAccount, TigerBeetleClient, TigerBeetleResult, TigerBeetleTransfer
} from '../../../src/ledger/tigerbeetle/client.js'

const U128_MAX = 2n ** 128n - 1n
const PENDING = 2
const POST = 4
const VOID = 8
const CREATED = 0xffff_ffff

interface Stored {
  transfer: TigerBeetleTransfer
  state: 'none' | 'pending' | 'posted' | 'voided' | 'expired'
  expiresAt: number
}

export class Cluster {
  readonly accounts = new Map<bigint, TigerBeetleAccount>()
  readonly transfers = new Map<bigint, Stored>()
  /** Requests wait while the cluster cannot be reached. */
  away: Promise<void> | undefined
  requests = 0
  private evictions = 0

  /** Has no more room for the clients that are there. */
  evictAll (): void {
    this.evictions++
  }

  client (): TigerBeetleClient {
    let isOpen = true
    const { evictions } = this
    const ask = async <T>(events: readonly unknown[], work: () => T): Promise<T> => {
      if (!isOpen) throw new Error('Client was closed.')
      if (evictions < this.evictions) throw Object.assign(new Error('Client was evicted.'), { code: 'ERR_CLIENT_EVICTED' })
      if (events.length > 8189) throw new Error('Too much data was sent or requested in this batch.')
      this.requests++
      await new Promise(resolve => { setImmediate(resolve) })
      if (this.away !== undefined) await this.away
      this.expire()
      return work()
    }
    return {
      createAccounts: accounts => ask(accounts, () => accounts.map(account => this.createAccount(account))),
      createTransfers: transfers => ask(transfers, () => transfers.map(transfer => this.createTransfer(transfer))),
      lookupAccounts: ids => ask(ids, () => ids.flatMap(id => copy(this.accounts.get(id)))),
      lookupTransfers: ids => ask(ids, () => ids.flatMap(id => copy(this.transfers.get(id)?.transfer))),
      destroy: () => { isOpen = false }
    }
  }

  get accountCount (): number {
    return this.accounts.size
  }

  private createAccount (account: TigerBeetleAccount): TigerBeetleResult {
    const { id, debits_pending, debits_posted, credits_pending, credits_posted, reserved, ledger, code, flags, timestamp } = account
    if (timestamp !== 0n) return { status: 3 }
    if (reserved !== 0) return { status: 4 }
    if (flags !== 0) throw new Error('the double knows no account flags')
    if (id === 0n) return { status: 6 }
    if (id === U128_MAX) return { status: 7 }
    const found = this.accounts.get(id)
    if (found !== undefined) return { status: found.ledger !== ledger ? 19 : found.code !== code ? 20 : 21 }
    if (debits_pending + debits_posted + credits_pending + credits_posted !== 0n) return { status: 9 }
    if (!isU32(ledger)) throw new Error(`not a u32: ${ledger}`)
    if (ledger === 0) return { status: 13 }
    if (code === 0) return { status: 14 }
    this.accounts.set(id, { ...account, timestamp: BigInt(this.accounts.size + 1) })
    return { status: CREATED }
  }

  private createTransfer (transfer: TigerBeetleTransfer): TigerBeetleResult {
    const { id, flags, pending_id: pendingId, timeout, ledger, code, amount, timestamp } = transfer
    for (const number of [id, amount, pendingId]) if (number < 0n || number > U128_MAX) throw new Error(`not a u128: ${number}`)
    if (!isU32(timeout)) throw new Error(`not a u32: ${timeout}`)
    if (timestamp !== 0n) return { status: 3 }
    if (id === 0n) return { status: 5 }
    if (id === U128_MAX) return { status: 6 }
    const found = this.transfers.get(id)
    if (found !== undefined) return { status: differenceOf(found.transfer, transfer) }
    if (![0, PENDING, POST, VOID].includes(flags)) return { status: 7 }
    if (flags === POST || flags === VOID) return { status: this.end(transfer) }
    const [debit, credit] = [this.accounts.get(transfer.debit_account_id), this.accounts.get(transfer.credit_account_id)]
    if (transfer.debit_account_id === transfer.credit_account_id) return { status: 12 }
    if (pendingId !== 0n) return { status: 13 }
    if (timeout !== 0 && flags !== PENDING) return { status: 17 }
    if (ledger === 0) return { status: 19 }
    if (code === 0) return { status: 20 }
    if (debit === undefined) return { status: 21 }
    if (credit === undefined) return { status: 22 }
    if (debit.ledger !== credit.ledger) return { status: 23 }
    if (ledger !== debit.ledger) return { status: 24 }
    this.keep(transfer, flags === PENDING ? 'pending' : 'none')
    if (flags === PENDING) this.hold(transfer, amount)
    else this.book(transfer)
    return { status: CREATED }
  }

  private end (transfer: TigerBeetleTransfer): number {
    const { id, flags, pending_id: pendingId, timeout, amount } = transfer
    if (pendingId === 0n) return 14
    if (pendingId === id) return 16
    if (timeout !== 0) return 17
    const pending = this.transfers.get(pendingId)
    if (pending === undefined) return 25
    if (pending.transfer.flags !== PENDING) return 26
    if (transfer.debit_account_id !== 0n && transfer.debit_account_id !== pending.transfer.debit_account_id) return 27
    if (transfer.credit_account_id !== 0n && transfer.credit_account_id !== pending.transfer.credit_account_id) return 28
    if (transfer.ledger !== 0 && transfer.ledger !== pending.transfer.ledger) return 29
    if (transfer.code !== 0 && transfer.code !== pending.transfer.code) return 30
    if (amount > pending.transfer.amount) return 31
    if (flags === VOID && amount !== 0n && amount !== pending.transfer.amount) return 32
    if (pending.state === 'posted') return 33
    if (pending.state === 'voided') return 34
    if (pending.state === 'expired') return 35
    this.hold(pending.transfer, -pending.transfer.amount)
    if (flags === POST) this.book({ ...pending.transfer, amount })
    pending.state = flags === POST ? 'posted' : 'voided'
    this.keep(transfer, 'none')
    return CREATED
  }

  private keep (transfer: TigerBeetleTransfer, state: Stored['state']): void {
    const expiresAt = transfer.timeout === 0 ? Infinity : Date.now() + 1000 * transfer.timeout
    this.transfers.set(transfer.id, { transfer: { ...transfer }, state, expiresAt })
  }

  private expire (): void {
    for (const stored of this.transfers.values()) {
      if (stored.state !== 'pending' || stored.expiresAt > Date.now()) continue
      stored.state = 'expired'
      this.hold(stored.transfer, -stored.transfer.amount)
    }
  }

  private hold (transfer: TigerBeetleTransfer, amount: bigint): void {
    this.accounts.get(transfer.debit_account_id)!.debits_pending += amount
    this.accounts.get(transfer.credit_account_id)!.credits_pending += amount
  }

  private book (transfer: TigerBeetleTransfer): void {
    this.accounts.get(transfer.debit_account_id)!.debits_posted += transfer.amount
    this.accounts.get(transfer.credit_account_id)!.credits_posted += transfer.amount
  }
}

function differenceOf (found: TigerBeetleTransfer, asked: TigerBeetleTransfer): number {
  if (found.flags !== asked.flags) return 36
  if (found.pending_id !== asked.pending_id) return 40
  if (found.timeout !== asked.timeout) return 44
  if (found.debit_account_id !== asked.debit_account_id) return 37
  if (found.credit_account_id !== asked.credit_account_id) return 38
  if (found.amount !== asked.amount) return 39
  if (found.ledger !== asked.ledger) return 67
  return found.code === asked.code ? 46 : 45
}

function copy<T extends object> (value: T | undefined): T[] {
  return value === undefined ? [] : [{ ...value }]
}

function isU32 (value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32
}
