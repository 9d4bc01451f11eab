/**
 * Refuses what an account sends too often: packets, and with plugins that ask first (`admits`), requests of every kind. Payments are
 * counted but never refused: they have already been made. RFC 0027, T05.
 */
import { RateLimitedError, THROTTLED } from '../src/packet/errors.js'
import type { AccountInfo, RateLimitConfig } from '../src/contracts/account.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'
import { KeptBuckets } from './lib/kept-buckets.js'
import { TokenBucket } from './lib/token-bucket.js'

const REFILL_PERIOD_MS = 60_000
const REFILL_COUNT = 10_000

interface Limit {
  readonly account: { accountId: string, accountInfo: AccountInfo }
  readonly bucket: TokenBucket
  readonly newBucket: () => TokenBucket
  /** Whose bucket is kept under a name is kept under the same terms only. */
  readonly terms: string
}

export default class RateLimit implements Middleware {
  /** Of the accounts that are here. */
  readonly #limits = new Map<string, Limit>()
  /** Of accounts that are gone, so that coming again does not fill the bucket, and of clients. */
  readonly #kept = new KeptBuckets()
  /** One for all: with its stack, an error costs more than everything else that is done with a packet of a flood. */
  readonly #throttled = new RateLimitedError(THROTTLED)

  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { getInfo, stats } = this.api
    const limit = this.#limitOf(accountId, getInfo(accountId))
    const { account, bucket } = limit
    this.#limits.set(accountId, limit)

    pipelines.incomingData.insertLast({
      name: 'rateLimit',
      method: (data, next, context) => {
        if (context?.isCounted === true || bucket.take(1n)) return next(data)
        stats.rateLimitedPackets.increment(account, {})
        return Promise.reject(this.#throttled)
      }
    })
    pipelines.incomingMoney.insertLast({
      name: 'rateLimit',
      method: (amount, next) => {
        if (!bucket.take(1n)) stats.rateLimitedMoney.increment(account, {})
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
    const { account, bucket, newBucket } = limit
    if (bucket.take(1n) && (client === undefined || this.#kept.get(nameOf('client', client, limit), newBucket).take(1n))) return true
    this.api.stats.rateLimitedPackets.increment(account, {})
    return false
  }

  #limitOf (accountId: string, accountInfo: AccountInfo): Limit {
    const { terms, newBucket } = termsOf(accountInfo.rateLimit)
    const bucket = this.#kept.get(nameOf('account', accountId, { terms }), newBucket)
    return { account: { accountId, accountInfo }, bucket, terms, newBucket }
  }
}

function termsOf (
  { refillPeriod = REFILL_PERIOD_MS, refillCount = REFILL_COUNT, capacity = 0 }: RateLimitConfig = {}
): Pick<Limit, 'terms' | 'newBucket'> {
  const options = { refillPeriod, refillCount: BigInt(refillCount), capacity: BigInt(capacity || refillCount) } // 0 means absent, too
  return { terms: Object.values(options).join(' '), newBucket: () => new TokenBucket(options) }
}

function nameOf (kind: 'account' | 'client', name: string, { terms }: Pick<Limit, 'terms'>): string {
  return `${kind} ${name} ${terms}`
}
