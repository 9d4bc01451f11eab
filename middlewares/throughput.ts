/** Limits how much money an account moves per time, in each direction. Rejected packets give their amount back. RFC 0027, T04. */
import { InsufficientLiquidityError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { isFulfill } from '../src/packet/reply.js'
import type { Method, Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'
import { TokenBucket } from './lib/token-bucket.js'

const REFILL_PERIOD_MS = 1000

export default class Throughput implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { refillPeriod = REFILL_PERIOD_MS, incomingAmount, outgoingAmount } = this.api.getInfo(accountId).throughput ?? {}
    if (incomingAmount !== undefined) {
      pipelines.incomingData.insertLast({ name: 'throughput', method: limit(incomingAmount, refillPeriod) })
    }
    if (outgoingAmount !== undefined) {
      pipelines.outgoingData.insertLast({ name: 'throughput', method: limit(outgoingAmount, refillPeriod) })
    }
    return Promise.resolve()
  }
}

function limit (amountPerPeriod: string, refillPeriod: number): Method<Buffer, Buffer> {
  const bucket = new TokenBucket({ refillPeriod, refillCount: BigInt(amountPerPeriod) })
  return (data, next) => {
    if (!isPrepare(data)) return next(data)
    const { amount } = prepareOf(data)
    if (!bucket.take(amount)) throw new InsufficientLiquidityError('exceeded money bandwidth, throttling.')
    return next(data).then(
      reply => {
        if (!Buffer.isBuffer(reply) || !isFulfill(reply)) bucket.giveBack(amount)
        return reply
      },
      (error: unknown) => {
        bucket.giveBack(amount)
        throw error
      }
    )
  }
}
