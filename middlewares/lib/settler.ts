/**
 * Pays one account's peer outside ILP when we owe it too much. A payment is written down before it is made, under an id of its own, and
 * ends in one of three ways: paid, not paid, or nobody knows.
 *
 *                        ┌─ resolves ─────────────────────────────▶ posted
 *   settle ─▶ committed ─▶ sendMoney ─┼─ rejects, or does not answer, or the process ends:
 *                        │     the plugin settles once per id ────▶ unknown ─▶ sent again under the same id
 *                        │     it does not, but it rejected ──────▶ void; what is due then is settled under a new id
 *                        └─    it does not, and said nothing ─────▶ unknown, until an operator decides
 */
import { randomUUID } from 'node:crypto'
import { describeError } from '../../src/packet/errors.js'
import type { BalanceConfig } from '../../src/types/account.js'
import type { Settlement } from '../../src/types/ledger.js'
import type { Method, MiddlewareApi, MoneyTerms } from '../../src/types/middleware.js'

/** A plugin that has not said by then whether it paid may never say. If it does, that still counts. */
export const ANSWER_LONGEST_MS = 300_000
const RETRY_FIRST_MS = 1000
const RETRY_LONGEST_MS = 60_000

export class Settler {
  private readonly threshold: bigint | undefined
  private readonly target: bigint
  private readonly intervalMs: number | undefined
  private failures = 0
  private retryDelayMs = RETRY_FIRST_MS
  private retry: NodeJS.Timeout | undefined
  private interval: NodeJS.Timeout | undefined
  private isRunning = false
  private isSending = false
  private knownTerms: MoneyTerms | undefined

  /** @param posted called when a settlement has become balance */
  constructor (
    private readonly accountId: string, config: BalanceConfig, private readonly api: MiddlewareApi, private readonly posted: () => void
  ) {
    const { settleThreshold, settleTo = '0', settleInterval } = config
    this.threshold = settleThreshold === undefined || settleThreshold === '-Infinity' ? undefined : BigInt(settleThreshold)
    this.target = BigInt(settleTo)
    this.intervalMs = settleInterval
  }

  /**
   * Looks after a payment that was under way when the process ended, settles what is due, and from now on by itself.
   * Throws when the plugin's terms make no sense.
   */
  start (): void {
    const { settlesOnce } = this.terms
    this.isRunning = true
    if (this.intervalMs !== undefined) {
      this.interval = setInterval(() => this.settle(this.amountDue()), this.intervalMs)
      this.interval.unref()
    }
    const open = this.open()
    if (open !== undefined && !settlesOnce) {
      this.api.log.warn('(!!!) nobody knows whether this settlement was paid. It and all later ones of the account wait until an operator ' +
        'decides: paid or unpaid. accountId=%s id=%s amount=%s', this.accountId, open.id, String(open.amount))
    }
    this.goOn()
  }

  /** What is under way goes on, nothing new is started. */
  stop (): void {
    this.isRunning = false
    clearInterval(this.interval)
    clearTimeout(this.retry)
    this.retry = undefined
  }

  /** Settles when the balance is below the threshold and nothing else is under way. */
  check (): void {
    if (!this.isRunning || this.threshold === undefined) return // most packets end here
    const balance = this.expected()
    if (balance === undefined || balance >= this.threshold) return
    this.settle(this.amountDue())
  }

  /** What is missing to the target, in base units, as far as the plugin can pay it. */
  amountDue (): bigint {
    const missing = this.target - (this.expected() ?? this.target)
    return missing - missing % this.terms.unit
  }

  /**
   * The balance if the packets under way from the peer are fulfilled. Without them, a packet of the peer to itself would look like money
   * that we owe, between its two legs.
   */
  private expected (): bigint | undefined {
    const book = this.api.ledger.balanceOf(this.accountId)
    return book && book.balance + book.incomingHolds
  }

  /** The step of the outgoing money pipeline: keeps the books of one payment, whoever asked for it. */
  readonly pay: Method<string, void> = async (amount, next, { id = randomUUID() } = {}) => {
    const unknown = this.open()
    const settlement = this.api.ledger.settle(this.accountId, BigInt(amount), id)
    if (settlement !== unknown) await this.writeDown(settlement)
    await this.outcomeOf(settlement, next(amount))
  }

  private settle (amount: bigint): void {
    if (!this.isRunning || this.isSending || this.retry !== undefined || this.open() !== undefined || amount <= 0n) return
    const { ledger, log } = this.api
    if (log.debugEnabled) {
      const balance = ledger.balanceOf(this.accountId)?.balance
      log.debug('settlement triggered. accountId=%s balance=%s settleAmount=%s', this.accountId, String(balance), String(amount))
    }
    this.send(amount)
  }

  private send (amount: bigint, id?: string): void {
    this.isSending = true
    this.api.sendMoney(String(amount), this.accountId, { id }).then(() => {
      this.isSending = false
      this.check()
    }, (error: unknown) => {
      this.isSending = false
      const delayMs = this.tryLater()
      this.api.log.error('error occurred during settlement. accountId=%s settleAmount=%s errInfo=%s retryInMs=%s',
        this.accountId, String(amount), describeError(error), delayMs)
    })
  }

  /** What is not on disk is not paid: after a crash nobody would know of it. */
  private async writeDown (settlement: Settlement): Promise<void> {
    const { ledger } = this.api
    try {
      await ledger.committed()
    } catch (error) {
      ledger.void(settlement)
      throw error
    }
  }

  /** Books what the plugin says, also when it says it late. Rejects when it says no, or nothing for too long. */
  private outcomeOf (settlement: Settlement, payment: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.api.ledger.markUnknown(settlement)
        this.tryLater()
        reject(new Error(`plugin does not say whether it paid. waitedMs=${ANSWER_LONGEST_MS} id=${settlement.id}`))
      }, ANSWER_LONGEST_MS)
      timer.unref()
      payment.then(() => {
        clearTimeout(timer)
        this.paid(settlement)
        resolve()
      }, (error: unknown) => {
        clearTimeout(timer)
        this.notPaid(settlement)
        reject(error)
      })
    })
  }

  private paid (settlement: Settlement): void {
    this.failures = 0
    if (this.open() === settlement) {
      this.api.ledger.post(settlement)
      this.posted()
      return
    }
    this.api.log.warn('plugin paid a settlement that was closed meanwhile. If an operator closed it as unpaid, add its amount to the balance. ' +
      'accountId=%s id=%s amount=%s', this.accountId, settlement.id, String(settlement.amount))
  }

  private notPaid (settlement: Settlement): void {
    if (this.open() !== settlement) return
    if (this.terms.settlesOnce) this.api.ledger.markUnknown(settlement)
    else this.api.ledger.void(settlement)
    this.tryLater()
  }

  /** Returns after how many ms; a failure that is reported from two sides counts once. */
  private tryLater (): number {
    if (!this.isRunning || this.retry !== undefined) return this.retryDelayMs
    this.retryDelayMs = Math.min(RETRY_FIRST_MS * 2 ** this.failures++, RETRY_LONGEST_MS)
    this.retry = setTimeout(() => {
      this.retry = undefined
      this.goOn()
    }, this.retryDelayMs)
    this.retry.unref()
    return this.retryDelayMs
  }

  private goOn (): void {
    const open = this.open()
    if (open === undefined) this.check()
    else if (open.state === 'unknown' && this.terms.settlesOnce) this.send(open.amount, open.id)
  }

  /** Asked for once: after that, no packet and no payment can fail for it. */
  private get terms (): MoneyTerms {
    return this.knownTerms ??= this.api.getMoneyTerms(this.accountId)
  }

  private open (): Settlement | undefined {
    return this.api.ledger.balanceOf(this.accountId)?.settlement
  }
}
