/**
 * The books in a TigerBeetle cluster, which several connectors may share. A hold is a pending transfer between the peer's account and a
 * clearing account of the same unit. Post and void end it; a hold that nobody ends expires by itself, later than any packet.
 *
 * TigerBeetle's own limits cannot express ours: a balance may exceed a limit after money came in, and limits change. So a hold is created
 * first and checked afterwards, together with the holds of all others. If it exceeds a limit, it is voided before anything is sent. When
 * two connectors compete for the last of a limit, both may be refused, but never both accepted.
 *
 * Requests are grouped, like the embedded ledger's batches. A transfer has its id from the start: requested twice, it exists once.
 */
import { withTimeout } from '../../lib/timeout.js'
import { InsufficientLiquidityError } from '../../packet/errors.js'
import type { AccountBalance, Day, Hold, Ledger, Limits, MovementKind, Settlement, SettlementTerms } from '../../contracts/ledger.js'
import type { Logger } from '../../contracts/logger.js'
import type { RunningTotal } from '../../contracts/plugin.js'
import type { Store } from '../../contracts/store.js'
import { add, checkCeiling, checkLimits, checkPrepaid } from '../book.js'
import { GroupCommit } from '../embedded/group-commit.js'
import { atStage, ownHold, takeUpAgain } from '../holds.js'
import { RunningTotals, type TotalKind } from '../running-totals.js'
import {
  SharedBook, SharedHold, SharedSettlement, ZERO, heldBy, minus, plus, postedBy, prepaidBy, receivedId, type Totals
} from './book.js'
import {
  FLAG, PENDING_EXPIRED, ensureAccounts, hasTransfer, inParts,
  type TigerBeetleAccount, type TigerBeetleClient, type TigerBeetleTransfer
} from './client.js'
import { BegunSettlements } from './begun-settlements.js'
import { ensurePlaces, foreignUnit, makePlaces, refuseForeign } from './first-use.js'
import { positionOf, takeSteps } from './totals.js'
import {
  CODES, coveredOf, coversOf, endId,
  endingOf, isMoney, isStep, isTransfer, lateTransfer, pendingOf, randomId, refuseLoss, transferOf, type Request
} from './transfers.js'

const REACH_TIMEOUT_MS = 5000

export interface TigerBeetleOptions {
  /** Only connectors with the same one share balances; others may have accounts of the same id in the same cluster. */
  namespace: string
  /** Seconds after which a hold that nobody ends is void. Longer than any packet lives. */
  holdTimeoutS: number
  /** Tells this cluster from others. */
  clusterId?: string
}

export class TigerBeetleLedger implements Ledger {
  private readonly books = new Map<string, SharedBook>()
  private readonly begun: BegunSettlements
  /** Grows only while the cluster is away, by what was under way then and by money that comes in. */
  private requests: Request[] = []
  private readonly commit: GroupCommit<Request[]>
  private connected: TigerBeetleClient | undefined

  /** @param connect is called when the ledger is opened. `store` is this connector's own, for its settlements */
  constructor (
    private readonly connect: () => Promise<TigerBeetleClient>, store: Store, private readonly options: TigerBeetleOptions,
    private readonly log: Logger
  ) {
    this.begun = new BegunSettlements(store)
    this.commit = new GroupCommit<Request[]>({
      take: () => this.requests.splice(0),
      write: batch => this.write(batch),
      giveBack: batch => { this.requests.unshift(...batch) }
    }, log)
  }

  get id (): string {
    if (this.connected === undefined) throw notOpen()
    const { clusterId = '0', namespace } = this.options
    return `tigerbeetle:${clusterId}:${namespace}`
  }

  /** Why packets with money are refused; undefined while all is well. */
  get trouble (): string | undefined {
    return this.commit.trouble
  }

  /** Rejects when the cluster cannot be reached within some seconds, or what was begun before cannot be read. */
  async open (_accountIds: Iterable<string> = []): Promise<void> {
    this.connected = await this.connect()
    await answered(this.client.lookupAccounts([1n]))
    await this.begun.open()
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

  /** As the cluster has it. Rejects when that does not answer. */
  async owedTo (accountId: string): Promise<bigint> {
    const { account, prepaidAccount } = new SharedBook(accountId, '', this.options.namespace, this.begun.connector)
    const [present, prepaid] = await answered(this.lookUp([account, prepaidAccount]))
    const owed = present === undefined ? 0n : present.credits_posted - present.debits_posted
    const ahead = prepaid === undefined ? 0n : prepaid.debits_posted - prepaid.credits_posted
    return (owed > 0n ? owed : 0n) + ahead
  }

  async hold (accountId: string, amount: bigint): Promise<Hold> {
    const book = this.book(accountId)
    if (this.commit.trouble !== undefined) throw this.commit.refusal()
    const hold = new SharedHold(book, amount, randomId())
    if (amount < 0n) book.ownOutgoing += amount
    const transfer = pendingOf(hold, this.options.holdTimeoutS)
    this.request({ book, transfer, effect: heldBy(amount), makes: hold })
    try {
      await this.commit.committed()
    } catch (error) {
      hold.stage = 'held'
      this.void(hold)
      throw error
    }
    hold.stage = 'held'
    if (hold.isWithinLimits === undefined) {
      this.end(hold, 'ended')
      throw book.isForeign ? foreignUnit(book) : this.commit.refusal()
    }
    if (hold.isWithinLimits) return hold
    this.void(hold)
    throw new InsufficientLiquidityError(`exceeded ${amount < 0n ? 'minimum' : 'maximum'} balance.`)
  }

  settle (accountId: string, amount: bigint, id: string, { ceiling, by }: SettlementTerms = {}): Settlement {
    if (amount <= 0n) throw new RangeError(`a settlement pays a positive amount. accountId=${accountId} amount=${amount}`)
    const book = this.book(accountId)
    if (this.commit.trouble !== undefined) throw this.commit.refusal()
    if (book.settlement !== undefined) return takeUpAgain(book.settlement, amount, id)
    const { balance, incoming } = book.totals
    checkLimits(book, balance + incoming + amount, amount)
    checkCeiling(balance + incoming + amount, ceiling)
    return this.begin(Object.assign(new SharedSettlement(book, amount, id, Date.now(), by), { ceiling }))
  }

  post (hold: Hold): void {
    const held = this.end(hold, 'posted')
    const covered = coveredOf(held, held.book.totals.prepaid)
    const effect = plus(minus(postedBy(held.amount + covered), heldBy(held.amount)), prepaidBy(-covered))
    this.request({ book: held.book, transfer: endingOf(held, FLAG.post), effect, ends: held })
    this.forgetIfDone(held.book)
  }

  void (hold: Hold): void {
    const held = this.end(hold, 'ended')
    this.request({ book: held.book, transfer: endingOf(held, FLAG.void), effect: minus(ZERO, heldBy(held.amount)), ends: held })
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
  credit (accountId: string, amount: bigint, id?: string, total?: RunningTotal): boolean {
    const book = this.book(accountId)
    if (total !== undefined) this.step(book, 'received', total, postedBy(-new RunningTotals().missing(total)), id)
    else if (amount !== 0n) this.move(book, 'received', -amount, id === undefined ? randomId() : receivedId(book, id))
    return true
  }

  async prepay (accountId: string, total: RunningTotal, limit?: bigint): Promise<void> {
    const book = this.book(accountId)
    if (limit !== undefined && this.commit.trouble !== undefined) throw this.commit.refusal()
    if (!book.prepaidTotals.has(total.id)) await answered(this.findPrepaid(book, total))
    const amount = book.prepaidTotals.missing(total)
    if (limit !== undefined && amount > 0n) checkPrepaid(book.totals.prepaid + amount + book.ownOutgoing, limit)
    if (book.prepaidTotals.take(total)) this.step(book, 'prepaid', total, prepaidBy(amount))
    await this.commit.committed()
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

  async refresh (accountId: string): Promise<void> {
    const book = this.books.get(accountId)
    if (book === undefined) return
    this.request({ book, effect: ZERO })
    await this.commit.committed()
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

  /** Learns what is on the account, if it exists. */
  private async find (accountId: string, unit: string): Promise<SharedBook> {
    const book = new SharedBook(accountId, unit, this.options.namespace, this.begun.connector)
    const [account, clearing] = await this.lookUp([book.account, book.clearing])
    if (account !== undefined && account.ledger !== book.ledger) throw foreignUnit(book)
    book.exists = account !== undefined && clearing !== undefined
    await this.restoreSettlement(book)
    const [present, prepaid] = await this.lookUp([book.account, book.prepaidAccount])
    book.hasPrepaidAccount = prepaid !== undefined
    if (present !== undefined) book.confirm(present, prepaid, [])
    return book
  }

  private async lookUp (ids: bigint[]): Promise<Array<TigerBeetleAccount | undefined>> {
    const found = new Map((await this.client.lookupAccounts(ids)).map(account => [account.id, account]))
    return ids.map(id => found.get(id))
  }

  /** Learns how far a total of prepaid money is in the books. */
  private async findPrepaid (book: SharedBook, total: RunningTotal): Promise<void> {
    if (!book.hasPrepaidAccount) await ensureAccounts(this.client, [[book.prepaidAccount, book.ledger]])
    book.hasPrepaidAccount = true
    const to = await positionOf(this.client, { book, kind: 'prepaid', total, id: undefined })
    if (!book.prepaidTotals.has(total.id)) book.prepaidTotals.take({ ...total, to })
  }

  /** A settlement that this connector began in a former life and that has no end yet. */
  private async restoreSettlement (book: SharedBook): Promise<void> {
    const begun = this.begun.of(book.accountId)
    if (begun === undefined) return
    const settlement = new SharedSettlement(book, begun.amount, begun.id, begun.createdAt, begun.by)
    const ends = await this.client.lookupTransfers([FLAG.post, FLAG.void].map(flag => endId(settlement, flag)))
    if (ends.length > 0) {
      await this.begun.remove([begun.id])
      return
    }
    settlement.state = 'unknown'
    book.settlement = settlement
    await makePlaces(this.client, [book])
    await this.client.createTransfers([pendingOf(settlement, 0)]) // which the cluster may not have heard of
  }

  private begin (settlement: SharedSettlement): Settlement {
    settlement.book.settlement = settlement
    this.request({
      book: settlement.book, transfer: pendingOf(settlement, 0), effect: heldBy(settlement.amount), makes: settlement
    })
    return settlement
  }

  private end (hold: Hold, stage: 'posted' | 'ended'): SharedHold {
    const held = atStage(SharedHold, hold, 'held')
    held.stage = stage
    if (held instanceof SharedSettlement) held.book.settlement = undefined
    else if (held.amount < 0n) held.book.ownOutgoing -= held.amount
    return held
  }

  /** Changes a balance by `amount` that nobody has held. */
  private move (book: SharedBook, kind: MovementKind, amount: bigint, id = randomId()): void {
    this.request({ book, transfer: transferOf(book, amount, { id, code: CODES[kind] }), effect: postedBy(amount) })
    this.forgetIfDone(book)
  }

  private step (book: SharedBook, kind: TotalKind, total: RunningTotal, effect: Totals, id?: string): void {
    this.request({ book, kind, total, id, effect })
    this.forgetIfDone(book)
  }

  private request (request: Request): void {
    request.book.ask(request.effect)
    this.requests.push(request)
    this.commit.changed()
  }

  /** Repeated as a whole when a part of it fails; only the end of it changes what we know. */
  private async write (all: Request[]): Promise<void> {
    const settlements = all.filter(isTransfer).flatMap(({ makes }) => makes instanceof SharedSettlement ? makes : [])
    await this.begun.add(settlements)
    const batch = await ensurePlaces(this.client, all)
    await this.begun.remove(settlements.flatMap(({ id, book }) => book.isForeign ? id : []))
    const [requests, steps] = [batch.filter(isTransfer), batch.filter(isStep)]
    const prepaid = await takeSteps(this.client, steps)
    const covers = coversOf(requests, prepaid)
    const statuses = await this.create([...requests, ...covers].map(({ transfer }) => transfer))
    const coverStatuses = statuses.splice(requests.length)
    const expired = requests.filter(({ transfer }, i) => transfer.flags === FLAG.post && statuses[i] === PENDING_EXPIRED)
    const lateStatuses = await this.create(expired.map(lateTransfer))
    refuseLoss(expired, lateStatuses)
    refuseLoss(covers, coverStatuses)
    for (const [i, request] of requests.entries()) if (isMoney(request) && !expired.includes(request)) refuseLoss([request], [statuses[i]])

    const books = [...new Set(batch.map(({ book }) => book))]
    const ids = books.flatMap(book => book.hasPrepaidAccount ? [book.account, book.prepaidAccount] : [book.account])
    const accounts = await inParts(ids, part => this.client.lookupAccounts(part))
    await this.begun.remove(requests.flatMap(({ ends }) => ends instanceof SharedSettlement ? ends.id : []))
    this.confirm(books, accounts, batch)
    for (const [i, { makes }] of requests.entries()) if (makes !== undefined && !hasTransfer(statuses[i])) makes.isWithinLimits = undefined
    for (const { makes } of requests) if (makes instanceof SharedSettlement) this.endUnlessDue(makes)
    refuseForeign(all, this.log)
  }

  private async create (transfers: TigerBeetleTransfer[]): Promise<number[]> {
    return (await inParts(transfers, part => this.client.createTransfers(part))).map(({ status }) => status)
  }

  private confirm (books: SharedBook[], accounts: TigerBeetleAccount[], batch: Request[]): void {
    const found = new Map(accounts.map(account => [account.id, account]))
    for (const book of books) {
      const own = batch.filter(request => request.book === book)
      const account = found.get(book.account)
      if (account === undefined && !book.exists) continue
      if (account === undefined) throw new Error(`TigerBeetle has lost an account. accountId=${book.accountId}`)
      book.confirm(account, found.get(book.prepaidAccount), own.map(({ effect }) => effect))
      book.admit(own.filter(isTransfer).flatMap(({ makes }) => makes ?? []))
    }
  }

  /** Others pay, too: what the cluster shows to be more than is due is given up before it is paid. */
  private endUnlessDue (settlement: SharedSettlement): void {
    if (settlement.isWithinLimits !== true && settlement.book.settlement === settlement) this.void(settlement)
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
    if (this.connected === undefined) throw notOpen()
    return this.connected
  }

  private book (accountId: string): SharedBook {
    const book = this.books.get(accountId)
    if (book === undefined) throw new Error(`account has no balance. accountId=${accountId}`)
    if (book.isForeign) throw foreignUnit(book)
    return book
  }
}

/** Requests wait for the cluster as long as it takes; nobody here does. */
async function answered<T> (request: Promise<T>): Promise<T> {
  if (await withTimeout(request, REACH_TIMEOUT_MS)) return await request
  throw new Error(`TigerBeetle does not answer. waitedMs=${REACH_TIMEOUT_MS} Check the addresses of its replicas, and that they run.`)
}

function notOpen (): Error {
  return new Error('the ledger is not open.')
}
