/** Turns anything that is thrown by later steps into a reject, in this one place. RFC 0027, "ILP Error Codes". */
import { isValidAddress } from '../src/packet/address.js'
import { describeError } from '../src/lib/describe-error.js'
import { rejectReasonOf } from '../src/packet/errors.js'
import { encodeReject } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'

export default class ErrorHandler implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { getOwnAddress, log } = this.api
    const rejectFor = (error: unknown): Buffer => {
      const { code, message, data } = rejectReasonOf(error)
      if (log.debugEnabled) log.debug('error in data handler, creating rejection. accountId=%s ilpErrorCode=%s error=%s', accountId, code, message)
      const ownAddress = getOwnAddress()
      return encodeReject({ code, triggeredBy: isValidAddress(ownAddress) ? ownAddress : '', message, data }) // not known yet: say nothing
    }
    const checked = (reply: unknown): Buffer => Buffer.isBuffer(reply) ? reply : rejectFor(new TypeError('handler did not return a value.'))
    pipelines.incomingData.insertLast({ name: 'errorHandler', method: (data, next) => next(data).then(checked, rejectFor) })
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
