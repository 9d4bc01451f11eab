/**
 * Rejects packets of an account that sends too many. Payments are counted but never refused: they have already been made. RFC 0027, T05.
 */
import { RateLimitedError } from '../src/packet/errors.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'
import { TokenBucket } from './lib/token-bucket.js'

const REFILL_PERIOD_MS = 60_000
const REFILL_COUNT = 10_000

export default class RateLimit implements Middleware {
  /** One for all: with its stack, an error costs more than everything else that is done with a packet of a flood. */
  private readonly throttled = new RateLimitedError('too many requests, throttling.')

  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { getInfo, stats } = this.api
    const accountInfo = getInfo(accountId)
    const account = { accountId, accountInfo }
    const { refillPeriod = REFILL_PERIOD_MS, refillCount = REFILL_COUNT, capacity } = accountInfo.rateLimit ?? {}
    const bucket = new TokenBucket({
      refillPeriod,
      refillCount: BigInt(refillCount),
      capacity: BigInt(capacity || refillCount) // 0 means absent, too
    })

    const { throttled } = this
    pipelines.incomingData.insertLast({
      name: 'rateLimit',
      method: (data, next) => {
        if (bucket.take(1n)) return next(data)
        stats.rateLimitedPackets.increment(account, {})
        return Promise.reject(throttled)
      }
    })
    pipelines.incomingMoney.insertLast({
      name: 'rateLimit',
      method: (amount, next) => {
        if (!bucket.take(1n)) stats.rateLimitedMoney.increment(account, {})
        return next(amount)
      }
    })
    return Promise.resolve()
  }
}
