/**
 * Refuses what an account sends too often: packets, and with plugins that ask first (`admits`), requests of every kind. Payments are
 * counted but never refused: they have already been made. RFC 0027, T05.
 */
import { LogThrottle } from '../src/lib/log-throttle.js'
import { RateLimitedError, THROTTLED } from '../src/packet/errors.js'
import type { AccountInfo, RateLimitConfig } from '../src/contracts/account.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'
import { BlockingBucket } from './lib/blocking-bucket.js'
import { KeptBuckets } from './lib/kept-buckets.js'
import { TokenBucket } from './lib/token-bucket.js'

const REFILL_PERIOD_MS = 60_000
const REFILL_COUNT = 10_000
const BLOCK_AFTER = 100
const BLOCK_WINDOW_MS = 60_000
/** Refusals of one account make one event in this time. */
const EVENT_INTERVAL_MS = 10_000

interface Limit {
  readonly account: { accountId: string, accountInfo: AccountInfo }
  readonly bucket: BlockingBucket
  readonly newBucket: () => BlockingBucket
  /** Of its refusals that are told of. */
  readonly told: LogThrottle
  /** Whose bucket is kept under a name is kept under the same terms only. */
  readonly terms: string
}

export default class RateLimit implements Middleware {
  /** Of the accounts that are here. */
  readonly #limits = new Map<string, Limit>()
  /** Of accounts that are gone, so that coming again does not fill the bucket, and of clients. */
  readonly #kept = new KeptBuckets<BlockingBucket>()
  /** One for all: with its stack, an error costs more than everything else that is done with a packet of a flood. */
  readonly #throttled = new RateLimitedError(THROTTLED)

  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { getInfo } = this.api
    const limit = this.#limitOf(accountId, getInfo(accountId))
    const { bucket } = limit
    this.#limits.set(accountId, limit)

    pipelines.incomingData.insertLast({
      name: 'rateLimit',
      method: (data, next, context) => {
        if (context?.isCounted === true || bucket.take(1n)) return next(data)
        this.#refused(limit)
        return Promise.reject(this.#throttled)
      }
    })
    pipelines.incomingMoney.insertLast({
      name: 'rateLimit',
      method: (amount, next) => {
        if (!bucket.take(1n)) this.api.stats.rateLimitedMoney.increment(limit.account, {})
        return next(amount)
      }
    })
    pipelines.teardown.insertLast({
      name: 'rateLimit',
      method: (_, next) => {
        if (this.#limits.get(accountId) === limit) this.#limits.delete(accountId)
        this.#kept.keep(nameOf('account', accountId, limit), bucket)
        return next()
      }
    })
    return Promise.resolve()
  }

  admits (accountId: string, client?: string): boolean {
    const limit = this.#limits.get(accountId)
    if (limit === undefined) return true
    const { bucket, newBucket } = limit
    if (bucket.take(1n) && (client === undefined || this.#kept.get(nameOf('client', client, limit), newBucket).take(1n))) return true
    this.#refused(limit)
    return false
  }

  #refused ({ account, told }: Limit): void {
    this.api.stats.rateLimitedPackets.increment(account, {})
    const count = told.due()
    if (count !== undefined) this.api.tell?.({ type: 'RATE_LIMIT_EXCEEDED', peerId: account.accountId, count })
  }

  #limitOf (accountId: string, accountInfo: AccountInfo): Limit {
    const { terms, newBucket } = termsOf(accountInfo.rateLimit)
    const bucket = this.#kept.get(nameOf('account', accountId, { terms }), newBucket)
    return { account: { accountId, accountInfo }, bucket, terms, newBucket, told: new LogThrottle(EVENT_INTERVAL_MS) }
  }
}

function termsOf (
  {
    refillPeriod = REFILL_PERIOD_MS, refillCount = REFILL_COUNT, capacity = 0,
    blockPeriod: periodMs, blockAfter: after = BLOCK_AFTER, blockWindow: windowMs = BLOCK_WINDOW_MS
  }: RateLimitConfig = {}
): Pick<Limit, 'terms' | 'newBucket'> {
  const options = { refillPeriod, refillCount: BigInt(refillCount), capacity: BigInt(capacity || refillCount) } // 0 means absent, too
  const block = periodMs === undefined ? undefined : { periodMs, after, windowMs }
  return {
    terms: [...Object.values(options), ...Object.values(block ?? {})].join(' '),
    newBucket: () => new BlockingBucket(new TokenBucket(options), block)
  }
}

function nameOf (kind: 'account' | 'client', name: string, { terms }: Pick<Limit, 'terms'>): string {
  return `${kind} ${name} ${terms}`
}
