/**
 * Keeps each account's balance within its limits, and pays the peer when we owe too much. Money is put on hold before a packet is
 * forwarded, and booked when its Fulfill comes back. So a rejected packet changes nothing, and nothing is sent that may not be paid.
 *
 * When something goes wrong:
 * - A Fulfill that comes after our reject (R00) is not booked, because the packet had expired and its sender will not pay. It is counted.
 * - A Fulfill that cannot be stored, or not before its packet expires, is not passed on. The next hop was promised the money, so its side
 *   stays booked; the sender gets T00 or R00, and its side is reversed, which always succeeds. The loss is ours, and counted.
 * - Reports of received money are never refused. A report whose id is known changes nothing.
 * - An account that is removed with packets in flight keeps its book until they are answered and its balance is even.
 */
import { unitOf } from '../src/lib/amounts.js'
import { describeError } from '../src/lib/describe-error.js'
import { SluiceError } from '../src/contracts/errors.js'
import { PaysNothingError } from '../src/contracts/pays-nothing-error.js'
import { TransferTimedOutError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { isFulfill } from '../src/packet/reply.js'
import type { AccountBalance, Hold, Settlement } from '../src/contracts/ledger.js'
import type { Method, Middleware, MiddlewareApi, Next, Pipelines, Transfer } from '../src/contracts/middleware.js'
import type { AccountRef } from '../src/contracts/stats.js'
import { SettlementLog } from './lib/settlement-log.js'
import { NotDueError, Settler } from './lib/settler.js'

/** No number of packets of 64 bits gets there. */
const BEYOND_ANY_BALANCE = 2n ** 256n
const WHOLE_AMOUNT = /^\d+$/
const FULFILLED = { result: 'fulfilled' }
const REJECTED = { result: 'rejected' }
const FAILED = { result: 'failed' }

export default class Balance implements Middleware {
  private readonly settlers = new Map<string, Settler>()
  private readonly outcomes: SettlementLog

  constructor (_options: object, private readonly api: MiddlewareApi) {
    this.outcomes = new SettlementLog(api)
  }

  async applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { getInfo, ledger, log } = this.api
    const accountInfo = getInfo(accountId)
    const account = { accountId, accountInfo }
    const config = accountInfo.balance
    if (config === undefined) {
      log.warn('balance middleware NOT enabled for account, this account can spend UNLIMITED funds. accountId=%s', accountId)
      pipelines.incomingData.insertLast({ name: 'committed', method: this.answering() })
      return
    }
    const { minimum = '-Infinity', maximum } = config
    log.info('initializing balance for account. accountId=%s minimumBalance=%s maximumBalance=%s', accountId, minimum, maximum)
    const limits = { minimum: limitOf(minimum, '-Infinity'), maximum: limitOf(maximum, 'Infinity') }
    await ledger.openAccount(accountId, limits, unitOf(accountInfo))
    const settler = new Settler(accountId, config, this.api, this.outcomes, () => this.publish(account))
    this.settlers.set(accountId, settler)

    pipelines.startup.insertLast({
      name: 'balance',
      method: (_, next) => {
        this.publish(account)
        settler.start()
        return next()
      }
    })
    pipelines.teardown.insertLast({
      name: 'balance',
      method: (_, next) => {
        settler.stop()
        this.settlers.delete(accountId)
        return next()
      }
    })
    pipelines.incomingData.insertLast({ name: 'balance', method: this.holding(account, 'incoming') })
    pipelines.outgoingData.insertLast({ name: 'balance', method: this.holding(account, 'outgoing') })
    pipelines.incomingMoney.insertLast({ name: 'balance', method: this.crediting(account) })
    pipelines.outgoingMoney.insertLast({ name: 'balance', method: settler.pay })
  }

  /** An operator's correction by `diff` base units. Returns the new balance. Throws T04 at a limit and for an account without a balance. */
  modifyBalance (accountId: string, diff: bigint): bigint {
    const account = { accountId, accountInfo: this.api.getInfo(accountId) }
    if (this.api.ledger.balanceOf(accountId) === undefined) throw new Error(`account not found. accountId=${accountId}`)
    this.api.log.warn('modifying balance accountId=%s amount=%s', accountId, String(diff))
    const balance = this.api.ledger.adjust(accountId, diff)
    if (diff < 0n) this.changed(account)
    else this.publish(account)
    return balance
  }

  /** Accounts that are there, and removed ones that still have money. */
  getStatus (): { accounts: Record<string, AccountBalance> } {
    return { accounts: Object.fromEntries(this.books().filter(([, book]) => !book.removed || hasMoney(book))) }
  }

  /** Payments that are under way or that nobody knows the outcome of. */
  getSettlements (): Settlement[] {
    return this.books().flatMap(([, { settlement }]) => settlement ?? [])
  }

  /**
   * Pays a peer now, `amount` base units or what is missing to `settleTo`. Resolves when the plugin has paid. Rejects with `httpErrorCode`
   * 404 for an account without a balance and 409 when the plugin pays nothing, cannot pay that amount, or it is more than is due (`due` of
   * the error says what is), and with what else keeps it from being paid.
   */
  async settle (accountId: string, amount?: bigint): Promise<void> {
    const settler = this.settlers.get(accountId)
    if (settler === undefined) throw new SluiceError('SLUICE_BALANCE_UNKNOWN', `account not found. accountId=${accountId}`)
    const { settles, unit } = this.api.getMoneyTerms(accountId)
    if (!settles) throw new PaysNothingError(accountId)
    await this.api.ledger.refresh(accountId)
    const due = amount ?? settler.amountDue()
    if (due <= 0n) throw new NotDueError(accountId, due, settler.amountDueByHand())
    if (due % unit !== 0n) throw new SluiceError('SLUICE_NOT_PAYABLE', `the plugin pays multiples of ${unit} only. accountId=${accountId} amount=${due}`)
    await settler.payByHand(due)
  }

  /**
   * Closes a settlement of which nobody knows whether it was paid, as an operator found out. Resolves when that is kept. Rejects with
   * `httpErrorCode` 404 for an unknown id, 409 while somebody is still at it, and 409 for one that is said to be unpaid but that the plugin
   * knows by its id: it may have paid, and will pay it when it can.
   */
  async resolveSettlement (id: string, outcome: 'paid' | 'unpaid'): Promise<void> {
    const { ledger, log } = this.api
    const settlement = this.getSettlements().find(open => open.id === id)
    if (settlement === undefined) throw new SluiceError('SLUICE_SETTLEMENT_UNKNOWN', `no settlement has this id, or it is closed. id=${id}`)
    const { accountId, amount, state } = settlement
    if (state === 'sending') throw new SluiceError('SLUICE_SETTLEMENT_UNDER_WAY', `the settlement is under way, wait for its outcome. id=${id} accountId=${accountId}`)
    if (outcome === 'unpaid' && this.mayStillBePaid(settlement)) {
      throw new SluiceError('SLUICE_SETTLEMENT_MAY_BE_PAID', 'the plugin pays once for an id and may have paid under this one: closed as unpaid, it would be paid twice. ' +
        `It is tried again by itself; if the account is not there, add it again. id=${id} accountId=${accountId}`)
    }
    log.warn('operator closes a settlement. accountId=%s id=%s amount=%s outcome=%s', accountId, id, String(amount), outcome)
    const before = ledger.balanceOf(accountId)
    if (outcome === 'paid') ledger.post(settlement)
    else ledger.void(settlement)
    this.outcomes.outgoing(settlement, outcome, { before })
    if (this.settlers.has(accountId)) this.changed({ accountId, accountInfo: this.api.getInfo(accountId) })
    await ledger.committed()
  }

  /** Whether a plugin knows the settlement by its id: the account's, or, where that is removed, the one it may come back with. */
  private mayStillBePaid (settlement: Settlement): boolean {
    return this.settlers.get(settlement.accountId)?.isKnownToPlugin(settlement) ?? settlement.by !== undefined
  }

  /** A step that holds a Prepare's money while it is under way. The answer to the sender waits until the books are kept. */
  private holding (account: AccountRef, direction: 'incoming' | 'outgoing'): Method<Buffer, Buffer> {
    const { ledger, stats } = this.api
    const isIncoming = direction === 'incoming'
    const value = isIncoming ? stats.incomingDataPacketValue : stats.outgoingDataPacketValue
    const carry = (hold: Hold, expiresAt: number, data: Buffer, next: Next<Buffer, Buffer>): Promise<Buffer> => next(data).then(reply => {
      if (Buffer.isBuffer(reply) && isFulfill(reply)) {
        ledger.post(hold)
        this.changed(account)
        if (isIncoming) return this.keeping(account, hold, reply, expiresAt)
        value.increment(account, FULFILLED, absolute(hold))
        return reply
      }
      ledger.void(hold)
      value.increment(account, REJECTED, absolute(hold))
      return reply
    }, (error: unknown) => {
      ledger.void(hold)
      value.increment(account, FAILED, absolute(hold))
      throw error
    })
    return (data, next) => {
      if (!isPrepare(data)) return next(data)
      const { amount, expiresAt } = prepareOf(data)
      if (amount === 0n) return next(data)
      const hold = ledger.hold(account.accountId, isIncoming ? amount : -amount)
      return hold instanceof Promise ? hold.then(held => carry(held, expiresAt, data, next)) : carry(hold, expiresAt, data, next)
    }
  }

  /** Once the Fulfill is sent, the peer counts on it: it waits until the books are safe, and is not sent when they are not in time. */
  private keeping (account: AccountRef, hold: Hold, reply: Buffer, expiresAt: number): Promise<Buffer> {
    const { ledger, stats } = this.api
    const undo = (error: unknown): never => {
      ledger.reverse(hold)
      this.publish(account)
      stats.incomingDataPacketValue.increment(account, FAILED, hold.amount)
      throw error
    }
    return ledger.committed().then(() => {
      if (hasPassed(expiresAt)) return undo(tooLate())
      stats.incomingDataPacketValue.increment(account, FULFILLED, hold.amount)
      return reply
    }, undo)
  }

  /** An account without limits has no book, but the one its packets go to may have. */
  private answering (): Method<Buffer, Buffer> {
    const { ledger } = this.api
    return (data, next) => next(data).then(reply => {
      if (!Buffer.isBuffer(reply) || !isFulfill(reply) || !isPrepare(data)) return reply
      const { amount, expiresAt } = prepareOf(data)
      if (amount === 0n) return reply
      return ledger.committed().then(() => {
        if (hasPassed(expiresAt)) throw tooLate()
        return reply
      })
    })
  }

  /**
   * Books what the peer has paid. It resolves when that is on disk. While the store fails, a payment with an id is reported as failed, so
   * that the plugin reports it again; one without an id cannot be told from another one then, so it is taken.
   */
  private crediting (account: AccountRef): Method<string, void> {
    const { accountId } = account
    const { ledger, log } = this.api
    const credit = (amount: string, { id, total }: Transfer): boolean => {
      if (!WHOLE_AMOUNT.test(amount)) throw new TypeError(`plugin reported an unusable amount of money. accountId=${accountId} amount=${amount}`)
      if (total !== undefined && total.to - total.from !== BigInt(amount)) {
        throw new TypeError(`plugin reported money that is not the step of its total. accountId=${accountId} amount=${amount} ` +
          `from=${total.from} to=${total.to}`)
      }
      return ledger.credit(accountId, BigInt(amount), id, total)
    }
    return async (amount, next, transfer = {}) => {
      const { id, total, withPackets } = transfer
      const before = withPackets === true ? undefined : ledger.balanceOf(accountId)
      let isNew
      try {
        isNew = credit(amount, transfer)
      } catch (error) {
        this.outcomes.incoming(accountId, amount, transfer, { error })
        throw error
      }
      const counted = isNew ? this.settlers.get(accountId)?.expectPackets(BigInt(amount)) : undefined
      if (isNew) {
        this.outcomes.incoming(accountId, amount, transfer, { before })
        this.publish(account)
        await next(amount)
      } else if (BigInt(amount) > 0n) log.warn('money was reported twice and credited once. accountId=%s amount=%s id=%s', accountId, amount, id)
      try {
        await ledger.committed()
      } catch (error) {
        if (id !== undefined || total !== undefined) throw error
        log.error('received money is booked but not on disk yet. accountId=%s amount=%s error=%s', accountId, amount, describeError(error))
      } finally {
        setImmediate(() => counted?.())
      }
    }
  }

  private changed (account: AccountRef): void {
    this.publish(account)
    this.settlers.get(account.accountId)?.check()
  }

  private publish (account: AccountRef): void {
    const book = this.api.ledger.balanceOf(account.accountId)
    if (book !== undefined && !book.removed) this.api.stats.balance.setValue(account, {}, book.balance)
  }

  private books (): Array<[string, AccountBalance]> {
    const { ledger } = this.api
    return Array.from(ledger.accountIds()).flatMap(accountId => {
      const book = ledger.balanceOf(accountId)
      return book === undefined ? [] : [[accountId, book] as [string, AccountBalance]]
    })
  }
}

/** Whether the sender has rejected a packet by now, by itself. ms. */
function hasPassed (expiresAt: number): boolean {
  return Date.now() > expiresAt
}

function absolute ({ amount }: Hold): bigint {
  return amount < 0n ? -amount : amount
}

function tooLate (): Error {
  return new TransferTimedOutError('packet expired before its Fulfill could be passed on.')
}

/** One of the infinities means no limit, the other lets nothing pass. */
function limitOf (amount: string, unlimited: 'Infinity' | '-Infinity'): bigint | undefined {
  if (amount === unlimited) return undefined
  if (amount.endsWith('Infinity')) return amount.startsWith('-') ? -BEYOND_ANY_BALANCE : BEYOND_ANY_BALANCE
  return BigInt(amount)
}

function hasMoney ({ balance, incomingHolds, outgoingHolds, settlement }: AccountBalance): boolean {
  return balance !== 0n || incomingHolds !== 0n || outgoingHolds !== 0n || settlement !== undefined
}
