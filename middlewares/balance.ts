/**
 * Keeps each account's balance within its limits and pays the peer when we owe too much. Money is held before a packet goes on and
 * booked when its Fulfill comes back, so that a refused packet changes nothing and nothing is sent that may not be paid.
 */
import { describeError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { isFulfill } from '../src/packet/reply.js'
import type { AccountBalance, Hold } from '../src/types/ledger.js'
import type { Method, Middleware, MiddlewareApi, Pipelines } from '../src/types/middleware.js'
import type { AccountCounter, AccountRef } from '../src/types/stats.js'

const RETRY_FIRST_MS = 1000
const RETRY_LONGEST_MS = 60_000
const FULFILLED = { result: 'fulfilled' }
const REJECTED = { result: 'rejected' }
const FAILED = { result: 'failed' }

/** When to pay, and up to which balance. Base units. */
interface SettlementPolicy {
  threshold: bigint
  target: bigint
  failures: number
  notBefore: number
}

export default class Balance implements Middleware {
  private readonly policies = new Map<string, SettlementPolicy>()

  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { getInfo, ledger, log, stats } = this.api
    const accountInfo = getInfo(accountId)
    const account = { accountId, accountInfo }
    const config = accountInfo.balance
    if (config === undefined) {
      log.warn('(!!!) balance middleware NOT enabled for account, this account can spend UNLIMITED funds. accountId=%s', accountId)
      return Promise.resolve()
    }
    const { minimum = '-Infinity', maximum, settleThreshold, settleTo = '0' } = config
    log.info('initializing balance for account. accountId=%s minimumBalance=%s maximumBalance=%s', accountId, minimum, maximum)
    ledger.openAccount(accountId, { minimum: limitOf(minimum), maximum: limitOf(maximum) })
    const threshold = settleThreshold === undefined ? undefined : limitOf(settleThreshold)
    if (threshold !== undefined) this.policies.set(accountId, { threshold, target: BigInt(settleTo), failures: 0, notBefore: 0 })

    pipelines.startup.insertLast({
      name: 'balance',
      method: (_, next) => {
        this.changed(account)
        return next()
      }
    })
    pipelines.teardown.insertLast({
      name: 'balance',
      method: (_, next) => {
        this.policies.delete(accountId)
        ledger.closeAccount(accountId)
        return next()
      }
    })
    pipelines.incomingData.insertLast({
      name: 'balance',
      // The answer waits until the books are safe: once it is sent, the peer counts on it.
      method: this.holding(account, amount => amount, stats.incomingDataPacketValue, reply => ledger.committed().then(() => reply))
    })
    pipelines.outgoingData.insertLast({
      name: 'balance',
      method: this.holding(account, amount => -amount, stats.outgoingDataPacketValue, reply => reply)
    })
    pipelines.incomingMoney.insertLast({
      name: 'balance',
      method: (amount, next) => {
        ledger.credit(accountId, BigInt(amount))
        this.publish(account)
        return next(amount)
      }
    })
    pipelines.outgoingMoney.insertLast({
      name: 'balance',
      method: async (amount, next) => {
        const settlement = ledger.settle(accountId, BigInt(amount))
        try {
          await next(amount)
        } catch (error) {
          ledger.void(settlement)
          throw error
        }
        ledger.post(settlement)
        this.publish(account)
      }
    })
    return Promise.resolve()
  }

  /** An operator's correction by `diff` base units. Returns the new balance. Throws T04 at a limit and for an account without a balance. */
  modifyBalance (accountId: string, diff: bigint): bigint {
    const account = { accountId, accountInfo: this.api.getInfo(accountId) }
    if (this.api.ledger.balanceOf(accountId) === undefined) throw new Error(`account not found. accountId=${accountId}`)
    this.api.log.warn('modifying balance accountId=%s amount=%s', accountId, diff)
    const balance = this.api.ledger.adjust(accountId, diff)
    if (diff < 0n) this.changed(account)
    else this.publish(account)
    return balance
  }

  getStatus (): { accounts: Record<string, AccountBalance> } {
    const { ledger } = this.api
    return {
      accounts: Object.fromEntries([...ledger.accountIds()].flatMap(accountId => {
        const balance = ledger.balanceOf(accountId)
        return balance === undefined ? [] : [[accountId, balance]]
      }))
    }
  }

  /** A step that holds a Prepare's money while it is under way. */
  private holding (
    account: AccountRef, signed: (amount: bigint) => bigint, value: AccountCounter, afterPost: (reply: Buffer) => Buffer | Promise<Buffer>
  ): Method<Buffer, Buffer> {
    const { ledger } = this.api
    return (data, next) => {
      if (!isPrepare(data)) return next(data)
      const { amount } = prepareOf(data)
      if (amount === 0n) return next(data)
      const hold: Hold = ledger.hold(account.accountId, signed(amount))
      return next(data).then(reply => {
        if (Buffer.isBuffer(reply) && isFulfill(reply)) {
          ledger.post(hold)
          value.increment(account, FULFILLED, amount)
          this.changed(account)
          return afterPost(reply)
        }
        ledger.void(hold)
        value.increment(account, REJECTED, amount)
        return reply
      }, (error: unknown) => {
        ledger.void(hold)
        value.increment(account, FAILED, amount)
        throw error
      })
    }
  }

  private changed (account: AccountRef): void {
    this.publish(account)
    this.settleIfDue(account.accountId)
  }

  private publish (account: AccountRef): void {
    const book = this.api.ledger.balanceOf(account.accountId)
    if (book !== undefined) this.api.stats.balance.setValue(account, {}, book.balance)
  }

  private settleIfDue (accountId: string): void {
    const policy = this.policies.get(accountId)
    const book = this.api.ledger.balanceOf(accountId)
    if (policy === undefined || book === undefined || Date.now() < policy.notBefore) return
    const expected = book.balance + book.settling
    const amount = policy.target - expected
    if (expected >= policy.threshold || amount <= 0n) return
    this.api.log.debug('settlement triggered. accountId=%s balance=%s settleAmount=%s', accountId, book.balance, amount)
    this.api.sendMoney(String(amount), accountId).then(() => {
      policy.failures = 0
    }, (error: unknown) => {
      const delayMs = Math.min(RETRY_FIRST_MS * 2 ** policy.failures++, RETRY_LONGEST_MS)
      policy.notBefore = Date.now() + delayMs
      this.api.log.error('error occurred during settlement. accountId=%s settleAmount=%s errInfo=%s retryInMs=%s',
        accountId, amount, describeError(error), delayMs)
    })
  }
}

/** `Infinity` and `-Infinity` are no limit. */
function limitOf (amount: string): bigint | undefined {
  return amount.endsWith('Infinity') ? undefined : BigInt(amount)
}
