/**
 * The books in a TigerBeetle cluster, which several connectors may share. A hold is a pending transfer between the peer's account and a
 * clearing account of the same unit; post and void end it; what nobody ends expires by itself, later than any packet.
 *
 * TigerBeetle's own limits cannot express ours: a balance may stand beyond a limit, when money came in, and limits change. So a hold is
 * made first and looked at then, together with everything that others hold: what goes beyond a limit is voided before anything is sent.
 * Two connectors that reach for the same last room may both be refused; never are both served.
 *
 * Requests go in groups, like the embedded ledger's batches. A transfer has its id from the start: asked for twice, it is there once.
 */
import { randomBytes } from 'node:crypto'
import { withTimeout } from '../accounts/timeout.js'
import { InsufficientLiquidityError } from '../packet/errors.js'
import type { AccountBalance, Day, Hold, Ledger, Limits, MovementKind, Settlement } from '../types/ledger.js'
import type { Logger } from '../types/logger.js'
import type { Store } from '../types/store.js'
import { add, checkLimits } from './book.js'
import { GroupCommit } from './group-commit.js'
import { atStage, ownHold, takeUpAgain } from './holds.js'
import { SharedBook, SharedHold, SharedSettlement, ZERO, heldBy, minus, postedBy, u128, type Totals } from './tigerbeetle-book.js'
import {
  ACCOUNT_EXISTS, ACCOUNT_EXISTS_IN_OTHER_LEDGER, CREATED, FLAG, PENDING_EXPIRED, hasTransfer, inParts, newAccount,
  type TigerBeetleAccount, type TigerBeetleClient, type TigerBeetleTransfer
} from './tigerbeetle-client.js'
import { Outbox } from './tigerbeetle-outbox.js'

const REACH_TIMEOUT_MS = 5000
/** What a transfer is about, for whoever looks into the cluster. */
const CODES: Record<MovementKind, number> = { incoming: 1, outgoing: 2, settled: 3, received: 4, adjusted: 5, reversed: 6 }

/** A transfer that the cluster is asked for. */
interface Request {
  book: SharedBook
  transfer: TigerBeetleTransfer
  effect: Totals
  /** The hold that it makes. */
  makes?: SharedHold
  /** The hold that it posts or voids. */
  ends?: SharedHold
}

export interface TigerBeetleOptions {
  /** Only connectors with the same one share balances; others may have accounts of the same id in the same cluster. */
  namespace: string
  /** Seconds after which a hold that nobody ends is void. Longer than any packet lives. */
  holdTimeoutS: number
}

export class TigerBeetleLedger implements Ledger {
  private readonly books = new Map<string, SharedBook>()
  private readonly outbox: Outbox
  /** Grows only while the cluster is away, by what was under way then and by money that comes in. */
  private requests: Request[] = []
  private readonly commit: GroupCommit<Request[]>
  private connected: TigerBeetleClient | undefined

  /** @param connect is called when the ledger is opened. `store` is this connector's own, for its settlements */
  constructor (
    private readonly connect: () => Promise<TigerBeetleClient>, store: Store, private readonly options: TigerBeetleOptions, log: Logger
  ) {
    this.outbox = new Outbox(store)
    this.commit = new GroupCommit<Request[]>({
      take: () => this.requests.splice(0),
      write: batch => this.write(batch),
      giveBack: batch => { this.requests.unshift(...batch) }
    }, log)
  }

  /** Why packets with money are refused; undefined while all is well. */
  get trouble (): string | undefined {
    return this.commit.trouble
  }

  /** Rejects when the cluster cannot be reached within some seconds, or what was begun before cannot be read. */
  async open (_accountIds: Iterable<string> = []): Promise<void> {
    this.connected = await this.connect()
    await answered(this.client.lookupAccounts([1n]))
    await this.outbox.open()
  }

  async close (): Promise<void> {
    if (this.connected === undefined) return
    try {
      await this.commit.close()
    } finally {
      this.connected.destroy()
    }
  }

  async openAccount (accountId: string, limits: Limits, unit: string): Promise<void> {
    const known = this.books.get(accountId)
    const book = known?.unit === unit ? known : await answered(this.find(accountId, unit))
    book.limits = limits
    book.removed = false
    this.books.set(accountId, book)
  }

  closeAccount (accountId: string): void {
    const book = this.books.get(accountId)
    if (book === undefined) return
    book.removed = true
    this.forgetIfDone(book)
  }

  async hold (accountId: string, amount: bigint): Promise<Hold> {
    const book = this.book(accountId)
    if (this.commit.trouble !== undefined) throw this.commit.refusal()
    const hold = new SharedHold(book, amount, randomId())
    const transfer = this.pending(hold, amount < 0n ? 'outgoing' : 'incoming', this.options.holdTimeoutS)
    this.request({ book, transfer, effect: heldBy(amount), makes: hold })
    try {
      await this.commit.committed()
    } catch (error) {
      hold.stage = 'held'
      this.void(hold)
      throw error
    }
    if (hold.isWithinLimits === undefined) throw this.commit.refusal()
    hold.stage = 'held'
    if (hold.isWithinLimits) return hold
    this.void(hold)
    throw new InsufficientLiquidityError(`exceeded ${amount < 0n ? 'minimum' : 'maximum'} balance.`)
  }

  settle (accountId: string, amount: bigint, id: string): Settlement {
    if (amount <= 0n) throw new RangeError(`a settlement pays a positive amount. accountId=${accountId} amount=${amount}`)
    const book = this.book(accountId)
    if (this.commit.trouble !== undefined) throw this.commit.refusal()
    if (book.settlement !== undefined) return takeUpAgain(book.settlement, amount, id)
    const { balance, incoming } = book.totals
    checkLimits(book, balance + incoming + amount, amount)
    return this.begin(new SharedSettlement(book, amount, id, Date.now()))
  }

  post (hold: Hold): void {
    const held = this.end(hold, 'posted')
    const effect = minus(postedBy(held.amount), heldBy(held.amount))
    this.request({ book: held.book, transfer: this.ending(held, FLAG.post), effect, ends: held })
    this.forgetIfDone(held.book)
  }

  void (hold: Hold): void {
    const held = this.end(hold, 'ended')
    this.request({ book: held.book, transfer: this.ending(held, FLAG.void), effect: minus(ZERO, heldBy(held.amount)), ends: held })
    this.forgetIfDone(held.book)
  }

  reverse (hold: Hold): void {
    const held = atStage(SharedHold, hold, 'posted')
    held.stage = 'ended'
    const book = this.revived(held.book)
    add(book.reversals, held.amount < 0n ? -held.amount : held.amount)
    this.move(book, 'reversed', -held.amount)
  }

  markUnknown (settlement: Settlement): void {
    const held = ownHold(SharedHold, settlement)
    if (held instanceof SharedSettlement && held.stage === 'held') held.state = 'unknown'
  }

  /** One that was credited before, by whichever connector, has a transfer of the same id: the cluster does not take it again. */
  credit (accountId: string, amount: bigint, id?: string): boolean {
    const book = this.book(accountId)
    if (amount !== 0n) this.move(book, 'received', -amount, id === undefined ? randomId() : u128(`received ${book.account} ${id}`))
    return true
  }

  adjust (accountId: string, amount: bigint): bigint {
    const book = this.book(accountId)
    if (this.commit.trouble !== undefined) throw this.commit.refusal()
    const proposed = book.totals.balance + amount
    checkLimits(book, proposed, amount)
    if (amount !== 0n) this.move(book, 'adjusted', amount)
    return proposed
  }

  lateFulfill (accountId: string, amount: bigint): void {
    const book = this.books.get(accountId)
    if (book !== undefined && amount !== 0n) add(book.lateFulfills, amount)
  }

  committed (): Promise<void> {
    return this.commit.committed()
  }

  balanceOf (accountId: string): AccountBalance | undefined {
    return this.books.get(accountId)?.view()
  }

  /** TigerBeetle keeps every transfer with its time and what it was about. */
  journalOf (_accountId: string): Day[] {
    return []
  }

  accountIds (): Iterable<string> {
    return this.books.keys()
  }

  /** Makes the account where it does not exist, and learns what is on it. */
  private async find (accountId: string, unit: string): Promise<SharedBook> {
    const book = new SharedBook(accountId, unit, this.options.namespace)
    const statuses = await this.client.createAccounts([newAccount(book.account, book.ledger), newAccount(book.clearing, book.ledger)])
    for (const { status } of statuses) {
      if (status === ACCOUNT_EXISTS_IN_OTHER_LEDGER) {
        throw new Error(`account has a balance in another unit. accountId=${accountId} configured=${unit}. ` +
          'Put asset and scale back, or give the account with the new unit another id.')
      }
      if (status !== CREATED && status !== ACCOUNT_EXISTS) throw new Error(`TigerBeetle does not take an account. accountId=${accountId} status=${status}`)
    }
    await this.restoreSettlement(book)
    const [account] = await this.client.lookupAccounts([book.account])
    if (account !== undefined) book.confirm(account, [])
    return book
  }

  /** A settlement that this connector began in a former life and that has no end yet. */
  private async restoreSettlement (book: SharedBook): Promise<void> {
    const begun = this.outbox.of(book.accountId)
    if (begun === undefined) return
    const settlement = new SharedSettlement(book, begun.amount, begun.id, begun.createdAt)
    const ends = await this.client.lookupTransfers([FLAG.post, FLAG.void].map(flag => endId(settlement, flag)))
    if (ends.length > 0) {
      await this.outbox.remove([begun.id])
      return
    }
    settlement.state = 'unknown'
    book.settlement = settlement
    await this.client.createTransfers([this.pending(settlement, 'settled', 0)]) // which the cluster may not have heard of
  }

  private begin (settlement: SharedSettlement): Settlement {
    settlement.book.settlement = settlement
    this.request({
      book: settlement.book, transfer: this.pending(settlement, 'settled', 0), effect: heldBy(settlement.amount), makes: settlement
    })
    return settlement
  }

  private end (hold: Hold, stage: 'posted' | 'ended'): SharedHold {
    const held = atStage(SharedHold, hold, 'held')
    held.stage = stage
    if (held instanceof SharedSettlement) held.book.settlement = undefined
    return held
  }

  /** Changes a balance by `amount` that nobody has held. */
  private move (book: SharedBook, kind: MovementKind, amount: bigint, id = randomId()): void {
    this.request({ book, transfer: transferOf(book, amount, { id, code: CODES[kind] }), effect: postedBy(amount) })
    this.forgetIfDone(book)
  }

  private pending (hold: SharedHold, kind: MovementKind, timeout: number): TigerBeetleTransfer {
    return transferOf(hold.book, hold.amount, { id: hold.transferId, code: CODES[kind], flags: FLAG.pending, timeout })
  }

  private ending (hold: SharedHold, flags: number): TigerBeetleTransfer {
    const kind = hold instanceof SharedSettlement ? 'settled' : hold.amount < 0n ? 'outgoing' : 'incoming'
    return transferOf(hold.book, hold.amount, { id: endId(hold, flags), code: CODES[kind], flags, pending_id: hold.transferId })
  }

  private request (request: Request): void {
    request.book.ask(request.effect)
    this.requests.push(request)
    this.commit.changed()
  }

  /** Repeated as a whole when a part of it fails; only the end of it changes what we know. */
  private async write (batch: Request[]): Promise<void> {
    await this.outbox.add(batch.flatMap(({ makes }) => makes instanceof SharedSettlement ? makes : []))
    const statuses = await this.create(batch.map(({ transfer }) => transfer))
    const expired = batch.filter(({ transfer }, i) => transfer.flags === FLAG.post && statuses[i] === PENDING_EXPIRED)
    const late = await this.create(expired.map(lateTransfer))
    const refused = late.findIndex(status => !hasTransfer(status))
    if (refused >= 0) throw notTaken(expired[refused], late[refused])
    for (const [i, request] of batch.entries()) if (!expired.includes(request)) refuseLoss(request, statuses[i])

    const books = [...new Set(batch.map(({ book }) => book))]
    const accounts = await inParts(books, part => this.client.lookupAccounts(part.map(({ account }) => account)))
    await this.outbox.remove(batch.flatMap(({ ends }) => ends instanceof SharedSettlement ? ends.id : []))
    this.confirm(books, accounts, batch)
    for (const [i, { makes }] of batch.entries()) if (makes !== undefined && !hasTransfer(statuses[i])) makes.isWithinLimits = undefined
  }

  private async create (transfers: TigerBeetleTransfer[]): Promise<number[]> {
    return (await inParts(transfers, part => this.client.createTransfers(part))).map(({ status }) => status)
  }

  private confirm (books: SharedBook[], accounts: TigerBeetleAccount[], batch: Request[]): void {
    const found = new Map(accounts.map(account => [account.id, account]))
    for (const book of books) {
      const own = batch.filter(request => request.book === book)
      const account = found.get(book.account)
      if (account === undefined) throw new Error(`TigerBeetle has lost an account. accountId=${book.accountId}`)
      book.confirm(account, own.map(({ effect }) => effect))
      book.admit(own.flatMap(({ makes }) => makes === undefined || makes instanceof SharedSettlement ? [] : makes))
    }
  }

  private forgetIfDone (book: SharedBook): void {
    if (book.removed && book.isEven) this.books.delete(book.accountId)
  }

  private revived (book: SharedBook): SharedBook {
    const current = this.books.get(book.accountId)
    if (current === undefined) this.books.set(book.accountId, book)
    return current ?? book
  }

  private get client (): TigerBeetleClient {
    if (this.connected === undefined) throw new Error('the ledger is not open.')
    return this.connected
  }

  private book (accountId: string): SharedBook {
    const book = this.books.get(accountId)
    if (book === undefined) throw new Error(`account has no balance. accountId=${accountId}`)
    return book
  }
}

/** Requests wait for the cluster as long as it takes; nobody here does. */
async function answered<T> (request: Promise<T>): Promise<T> {
  if (await withTimeout(request, REACH_TIMEOUT_MS)) return await request
  throw new Error(`TigerBeetle does not answer. waitedMs=${REACH_TIMEOUT_MS} Check the addresses of its replicas, and that they run.`)
}

function randomId (): bigint {
  return BigInt(`0x${randomBytes(16).toString('hex')}`)
}

/** A hold that cannot be made is refused, and one that is gone needs no void; but money that is not booked would be lost. */
function refuseLoss (request: Request, status: number | undefined): void {
  const isMoney = request.makes === undefined && request.transfer.flags !== FLAG.void
  if (isMoney && !hasTransfer(status)) throw notTaken(request, status)
}

function notTaken (request: Request | undefined, status: number | undefined): Error {
  return new Error(`TigerBeetle does not take a transfer. accountId=${request?.book.accountId ?? ''} amount=${request?.transfer.amount ?? ''} status=${status ?? ''}`)
}

/** What takes the place of a post whose hold has expired. */
function lateTransfer ({ book, transfer, ends }: Request): TigerBeetleTransfer {
  return transferOf(book, ends?.amount ?? 0n, { id: u128(`late ${transfer.id}`), code: transfer.code })
}

/** The same for the same settlement in every life of the connector. */
function endId (hold: SharedHold, flag: number): bigint {
  return u128(`${flag === FLAG.post ? 'post' : 'void'} ${hold.transferId}`)
}

/** Debits are what the peer owes us. */
function transferOf (
  { account, clearing, ledger }: SharedBook, amount: bigint, more: Partial<TigerBeetleTransfer> & Pick<TigerBeetleTransfer, 'id' | 'code'>
): TigerBeetleTransfer {
  const [debit, credit] = amount < 0n ? [clearing, account] : [account, clearing]
  return {
    debit_account_id: debit,
    credit_account_id: credit,
    amount: amount < 0n ? -amount : amount,
    pending_id: 0n,
    user_data_128: 0n,
    user_data_64: 0n,
    user_data_32: 0,
    timeout: 0,
    ledger,
    flags: 0,
    timestamp: 0n,
    ...more
  }
}
