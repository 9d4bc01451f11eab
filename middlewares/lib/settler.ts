/**
 * Pays one account's peer outside ILP when we owe it too much. A payment is recorded under an id of its own before it is made, and ends in
 * one of three ways: paid, not paid, or unknown.
 *
 *                        ┌─ resolves ─────────────────────────────▶ posted
 *   settle ─▶ committed ─▶ sendMoney ─┼─ rejects, or does not answer, or the process ends:
 *                        │     the plugin settles once per id ────▶ unknown ─▶ sent again under the same id, by the same plugin
 *                        │     it does not, but it rejected ──────▶ void; what is due then is settled under a new id
 *                        └─    it does not, and said nothing ─────▶ unknown, until an operator decides
 *
 * The amount due is determined at the moment of payment, whoever asks for the payment. A payment that this connector initiates raises the
 * balance to `settleTo` at most; one for which an operator names an amount, to `settleTo` or 0 at most, whichever is more. Anything beyond
 * that is not paid: somebody else has paid in the meantime, or it is a mistake. Only a middleware that calls `sendMoney` itself pays what
 * it says.
 */
import { randomUUID } from 'node:crypto'
import { backoffMs } from '../../src/lib/backoff.js'
import { describeError } from '../../src/lib/describe-error.js'
import { SluiceError } from '../../src/contracts/errors.js'
import type { BalanceConfig } from '../../src/contracts/account.js'
import type { Settlement } from '../../src/contracts/ledger.js'
import type { Method, MiddlewareApi, MoneyTerms } from '../../src/contracts/middleware.js'
import type { SettlementLog } from './settlement-log.js'

/** A plugin that has not said by then whether it paid may never say. If it does, that still counts. */
export const ANSWER_LONGEST_MS = 300_000
const RETRY_FIRST_MS = 1000
const RETRY_LONGEST_MS = 60_000

/** More was to be paid than is due. */
export class NotDueError extends SluiceError {
  /** @param due base units that may be paid instead; 0 or less: nothing */
  constructor (accountId: string, amount: bigint, readonly due: bigint) {
    super('SLUICE_NOT_DUE', due > 0n
      ? `more is to be paid than is due. accountId=${accountId} amount=${amount} due=${due}. Pay ${due} at most, or leave the amount out.`
      : `nothing is due. accountId=${accountId} amount=${amount}. Pay when something is.`)
  }
}

export class Settler {
  private readonly threshold: bigint | undefined
  private readonly target: bigint
  private readonly intervalMs: number | undefined
  private failures = 0
  /** Base units that have just come in, beyond what the peer owed. */
  private ahead = 0n
  private retryDelayMs = RETRY_FIRST_MS
  private retry: NodeJS.Timeout | undefined
  private interval: NodeJS.Timeout | undefined
  private isRunning = false
  private isSending = false
  private knownTerms: MoneyTerms | undefined
  /** What the balance may not pass with a payment, by its id: of those that were ordered here and have no outcome yet. */
  private ceilings: Map<string, bigint> | undefined

  /** @param posted called when a settlement has become balance */
  constructor (
    private readonly accountId: string, private readonly config: BalanceConfig, private readonly api: MiddlewareApi,
    private readonly outcomes: SettlementLog, private readonly posted: () => void
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
    this.knownTerms = this.api.getMoneyTerms(this.accountId)
    const open = this.open()
    this.isRunning = true
    if (!this.terms.settles) this.warnOfSettings()
    else if (this.intervalMs !== undefined) {
      this.interval = setInterval(() => { this.look(() => this.settle(this.amountDue())) }, this.intervalMs)
      this.interval.unref()
    }
    if (open !== undefined && !this.isKnownToPlugin(open)) {
      this.api.log.warn('nobody knows whether this settlement was paid. It and all later ones of the account wait until an operator ' +
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

  /**
   * Money has just come in and is booked. What it paid beyond what the peer owed may be ahead of packets (claims travel with them): it is
   * not a debt until those have had time to arrive. Call what this returns then. That does not look at the threshold: a peer may pay ahead,
   * and two that pay each other back what neither expected would never end.
   */
  expectPackets (amount: bigint): () => void {
    const owed = (this.expected() ?? 0n) - this.ahead + amount // by the peer, before that
    const ahead = owed <= 0n ? amount : owed < amount ? amount - owed : 0n
    this.ahead += ahead
    return () => { this.ahead -= ahead }
  }

  /** Settles when the balance is below the threshold and nothing else is under way. */
  check (): void {
    if (!this.isRunning || this.threshold === undefined || !this.terms.settles) return // most packets end here
    const balance = this.expected()
    if (balance === undefined || balance >= this.threshold) return
    this.settle(this.amountDue())
  }

  /** What is missing to the target, in base units, as far as the plugin can pay it. Not above 0 when nothing is due. */
  amountDue (): bigint {
    return this.due(this.target)
  }

  /** The same for a payment that an operator names an amount for. */
  amountDueByHand (): bigint {
    return this.due(this.ceilingByHand)
  }

  /** Pays `amount` as an operator says. Resolves when it is paid. Rejects with NotDueError, and with what else keeps it from being paid. */
  payByHand (amount: bigint): Promise<void> {
    return this.order(amount, this.ceilingByHand)
  }

  /** Whether the plugin may have paid the settlement, or may still, because it knows its id. */
  isKnownToPlugin ({ by }: Settlement): boolean {
    return by !== undefined && by === this.terms.by
  }

  /** Counts a payment under way as paid. */
  private due (ceiling: bigint): bigint {
    const missing = ceiling - (this.expected() ?? ceiling) - (this.open()?.amount ?? 0n)
    return missing - missing % this.terms.unit
  }

  private get ceilingByHand (): bigint {
    return this.target > 0n ? this.target : 0n
  }

  /**
   * The balance if the packets under way from the peer are fulfilled, with what we have paid it ahead. Without the former, a packet of the
   * peer to itself would look like money that we owe, between its two legs. So would money that has come in ahead of packets. And without
   * what we have paid ahead, two connectors would pay each other back the same money forever.
   */
  private expected (): bigint | undefined {
    const book = this.api.ledger.balanceOf(this.accountId)
    return book && book.balance + book.incomingHolds + book.prepaid + this.ahead
  }

  /** The step of the outgoing money pipeline: keeps the books of one payment, whoever asked for it. */
  readonly pay: Method<string, void> = async (amount, next, { id = randomUUID() } = {}) => {
    const unknown = this.open()
    const ceiling = this.ceilings?.get(id)
    const money = BigInt(amount)
    if (ceiling !== undefined && unknown?.id !== id) this.assertDue(money, ceiling)
    const settlement = this.api.ledger.settle(this.accountId, money, id, { ceiling, by: this.terms.by })
    const isNew = settlement !== unknown
    if (isNew) await this.writeDown(settlement)
    await this.outcomeOf(settlement, next(amount), isNew)
  }

  private settle (amount: bigint): void {
    if (!this.isRunning || this.isSending || this.retry !== undefined || this.open() !== undefined || amount <= 0n) return
    const { ledger, log } = this.api
    if (log.debugEnabled) {
      const balance = ledger.balanceOf(this.accountId)?.balance
      log.debug('settlement triggered. accountId=%s balance=%s settleAmount=%s', this.accountId, String(balance), String(amount))
    }
    this.tellOfTrigger()
    this.send(amount)
  }

  private tellOfTrigger (): void {
    const { accountId, api, config, threshold, target } = this
    const balance = api.ledger.balanceOf(accountId)?.balance
    if (api.tell === undefined || balance === undefined) return
    const { assetCode, assetScale } = api.getInfo(accountId)
    const isBelow = threshold !== undefined && balance < threshold
    const limit = threshold ?? target
    api.tell({
      type: 'SETTLEMENT_TRIGGERED',
      peerId: accountId,
      tokenId: assetCode,
      assetCode,
      assetScale,
      currentBalance: String(balance),
      threshold: String(limit),
      exceedsBy: String(balance < limit ? limit - balance : 0n),
      triggerReason: isBelow || config.settleInterval === undefined ? 'threshold' : 'interval'
    })
  }

  private async order (amount: bigint, ceiling: bigint, id: string = randomUUID()): Promise<void> {
    const ceilings = this.ceilings ??= new Map<string, bigint>()
    ceilings.set(id, ceiling)
    try {
      await this.api.sendMoney(String(amount), this.accountId, { id })
    } finally {
      ceilings.delete(id)
    }
  }

  private assertDue (amount: bigint, ceiling: bigint): void {
    const due = this.due(ceiling)
    if (amount > due) throw new NotDueError(this.accountId, amount, due)
  }

  private send (amount: bigint, id?: string): void {
    this.isSending = true
    this.order(amount, this.target, id).then(() => {
      this.isSending = false
      this.check()
    }, (error: unknown) => {
      this.isSending = false
      const isDue = !(error instanceof NotDueError)
      const delayMs = this.tryLater(isDue ? 1 : 0.5 + Math.random()) // two connectors that gave way to each other do not meet again
      this.api.log[isDue ? 'error' : 'debug']('error occurred during settlement. accountId=%s settleAmount=%s errInfo=%s retryInMs=%s',
        this.accountId, String(amount), describeError(error), delayMs)
    })
  }

  private warnOfSettings (): void {
    const { settleThreshold, settleInterval } = this.config
    if (this.threshold === undefined && settleInterval === undefined) return
    this.api.log.warn('the plugin of the account pays nothing: these settings have no effect, and the peer is not paid when we owe it. ' +
      'Remove them, or use a plugin that settles. accountId=%s settleThreshold=%s settleInterval=%s',
    this.accountId, settleThreshold ?? 'none', settleInterval ?? 'none')
  }

  /** What is not on disk is not paid: after a crash nobody would know of it. */
  private async writeDown (settlement: Settlement): Promise<void> {
    const { ledger } = this.api
    try {
      await ledger.committed()
    } catch (error) {
      ledger.void(settlement)
      this.outcomes.outgoing(settlement, 'unpaid', { error })
      throw error
    }
    if (this.open() !== settlement) throw new NotDueError(this.accountId, settlement.amount, this.amountDue())
  }

  /** Books what the plugin says, also when it says it late. Rejects when it says no, or nothing for too long. */
  private outcomeOf (settlement: Settlement, payment: Promise<void>, isNew: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.api.ledger.markUnknown(settlement)
        this.tryLater()
        reject(new Error(`plugin did not say whether it paid. waitedMs=${ANSWER_LONGEST_MS} id=${settlement.id}`))
      }, ANSWER_LONGEST_MS)
      timer.unref()
      payment.then(() => {
        clearTimeout(timer)
        this.paid(settlement)
        resolve()
      }, (error: unknown) => {
        clearTimeout(timer)
        this.notPaid(settlement, isNew && isNotBegun(error), error)
        reject(error)
      })
    })
  }

  private paid (settlement: Settlement): void {
    this.failures = 0
    if (this.open() === settlement) {
      const before = this.api.ledger.balanceOf(this.accountId)
      this.api.ledger.post(settlement)
      this.outcomes.outgoing(settlement, 'paid', { before })
      this.posted()
      return
    }
    this.api.log.warn('plugin paid a settlement that was closed meanwhile. If an operator closed it as unpaid, add its amount to the balance. ' +
      'accountId=%s id=%s amount=%s', this.accountId, settlement.id, String(settlement.amount))
  }

  /** @param isNotBegun whether nothing of it can have been paid, now or in a former life */
  private notPaid (settlement: Settlement, isNotBegun: boolean, error: unknown): void {
    if (this.open() !== settlement) return
    if (this.isKnownToPlugin(settlement) && !isNotBegun) this.api.ledger.markUnknown(settlement)
    else {
      this.api.ledger.void(settlement)
      this.outcomes.outgoing(settlement, 'unpaid', { error })
    }
    this.tryLater()
  }

  /** Returns after how many ms; a failure that is reported from two sides counts once. */
  private tryLater (spread = 1): number {
    if (!this.isRunning || this.retry !== undefined) return this.retryDelayMs
    this.retryDelayMs = spread * backoffMs(this.failures++, RETRY_FIRST_MS, RETRY_LONGEST_MS)
    this.retry = setTimeout(() => {
      this.retry = undefined
      this.look(() => this.goOn())
    }, this.retryDelayMs)
    this.retry.unref()
    return this.retryDelayMs
  }

  /** Others may share the account: what is due is what the books say now. */
  private look (then: () => void): void {
    this.api.ledger.refresh(this.accountId).then(then, (error: unknown) => {
      this.api.log.error('cannot look at the balance to settle it. accountId=%s error=%s', this.accountId, describeError(error))
      this.tryLater()
    })
  }

  private goOn (): void {
    const open = this.open()
    if (open === undefined) this.check()
    else if (this.isRunning && !this.isSending && open.state === 'unknown' && this.isKnownToPlugin(open)) this.send(open.amount, open.id)
  }

  /** Asked for once: after that, no packet and no payment can fail for it. */
  private get terms (): MoneyTerms {
    return this.knownTerms ??= this.api.getMoneyTerms(this.accountId)
  }

  private open (): Settlement | undefined {
    return this.api.ledger.balanceOf(this.accountId)?.settlement
  }
}

/** Whether a plugin that settles once for an id says that it has not begun to. */
function isNotBegun (error: unknown): boolean {
  return error instanceof Error && 'isNotBegun' in error && error.isNotBegun === true
}
