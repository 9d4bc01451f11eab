/** Answers R00 when the next hop has not answered by the packet's expiry. RFC 0027, R00. */
import { TransferTimedOutError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { isFulfill } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'
import { Deadlines } from './lib/deadlines.js'

export default class Expire implements Middleware {
  private readonly deadlines = new Deadlines<(error: Error) => void>(reject => reject(new TransferTimedOutError('packet expired.')))

  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { ledger, log } = this.api
    const { deadlines } = this
    pipelines.outgoingData.insertLast({
      name: 'expire',
      method: (data, next) => {
        if (!isPrepare(data)) return next(data)
        const { amount, expiresAt } = prepareOf(data)
        return new Promise<Buffer>((resolve, reject) => {
          const deadline = deadlines.set(expiresAt, reject)
          next(data).then(reply => {
            deadlines.clear(deadline)
            if (deadline.hasPassed && Buffer.isBuffer(reply) && isFulfill(reply)) { // other middlewares may answer anything
              ledger.lateFulfill(accountId, amount)
              log.warn('next hop fulfilled after the packet expired, not paid. accountId=%s', accountId)
            }
            resolve(reply)
          }, (error: unknown) => {
            deadlines.clear(deadline)
            reject(error)
          })
        })
      }
    })
    return Promise.resolve()
  }
}
