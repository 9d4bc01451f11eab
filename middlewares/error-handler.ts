/** Turns whatever is thrown behind it into a reject, at this one place. RFC 0027, "ILP Error Codes". */
import { describeError, rejectReasonOf } from '../src/packet/errors.js'
import { encodeReject } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/types/middleware.js'

export default class ErrorHandler implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { log } = this.api
    pipelines.incomingData.insertLast({
      name: 'errorHandler',
      method: (data, next) => next(data).then(reply => {
        if (!Buffer.isBuffer(reply)) throw new TypeError('handler did not return a value.')
        return reply
      }).catch((error: unknown) => {
        const { code, message, data } = rejectReasonOf(error)
        if (log.debugEnabled) log.debug('error in data handler, creating rejection. accountId=%s ilpErrorCode=%s error=%s', accountId, code, message)
        return encodeReject({ code, triggeredBy: this.api.getOwnAddress(), message, data })
      })
    })
    pipelines.incomingMoney.insertLast({
      name: 'errorHandler',
      method: (amount, next) => next(amount).catch((error: unknown) => {
        log.debug('error in money handler. accountId=%s error=%s', accountId, describeError(error))
        throw error instanceof Error ? error : new Error(`non-object thrown. value=${String(error)}`)
      })
    })
    return Promise.resolve()
  }
}
