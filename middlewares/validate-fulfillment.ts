/** Refuses a Fulfill whose SHA-256 is not the packet's condition, before anything counts the packet as paid. RFC 0027, F05. */
import { WrongConditionError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { fulfillmentOf, isFulfill } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'

export default class ValidateFulfillment implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { log } = this.api
    pipelines.outgoingData.insertLast({
      name: 'validateFulfillment',
      method: (data, next) => {
        if (!isPrepare(data)) return next(data)
        const prepare = prepareOf(data)
        return next(data).then(reply => {
          if (!isFulfill(reply)) return reply
          if (prepare.isFulfilledBy(fulfillmentOf(reply))) return reply
          log.debug('received incorrect fulfillment. accountId=%s', accountId)
          throw new WrongConditionError('fulfillment did not match expected value.')
        })
      }
    })
    return Promise.resolve()
  }
}
