/** Turns anything that is thrown by later steps into a reject, in this one place. RFC 0027, "ILP Error Codes". */
import { describeError } from '../src/lib/describe-error.js'
import { LogThrottle } from '../src/lib/log-throttle.js'
import { BadRequestError, rejectReasonOf, type RejectReason } from '../src/packet/errors.js'
import { codeOf, encodeReject, isReject, signatureOf } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'

/** Packets that are rejected make one log line in this time, and those because of a fault of ours another. */
const LOG_INTERVAL_MS = 10_000
/** Type, length and code: what is shorter has no code that could be counted. */
const SHORTEST_REJECT = 5

export default class ErrorHandler implements Middleware {
  private readonly refusals = new LogThrottle(LOG_INTERVAL_MS)
  private readonly faults = new LogThrottle(LOG_INTERVAL_MS)

  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { getInfo, getOwnAddress, log, stats } = this.api
    const account = { accountId, accountInfo: getInfo(accountId) }
    const counted = (reply: Buffer): Buffer => {
      if (isReject(reply)) stats.rejects?.increment(account, { code: reply.length > SHORTEST_REJECT ? codeOf(reply) : '' })
      return reply
    }
    const rejectFor = (error: unknown): Buffer => {
      const reason = rejectReasonOf(error)
      const { code, message, data } = reason
      if (log.debugEnabled) {
        log.debug('error in data handler, creating rejection. accountId=%s ilpErrorCode=%s error=%s', accountId, code, describeError(error))
      } else if (!reason.isWhole) this.logHidden(accountId, reason, error)
      return encodeReject({ code, triggeredBy: signatureOf(getOwnAddress()), message, data })
    }
    const checked = (reply: unknown): Buffer => Buffer.isBuffer(reply) ? reply : rejectFor(new BadRequestError('handler did not return a value.'))
    pipelines.incomingData.insertLast({ name: 'errorHandler', method: (data, next) => next(data).then(reply => counted(checked(reply)), (error: unknown) => counted(rejectFor(error))) })
    pipelines.incomingMoney.insertLast({
      name: 'errorHandler',
      method: (amount, next) => next(amount).catch((error: unknown) => {
        log.debug('error in money handler. accountId=%s error=%s', accountId, describeError(error))
        throw error instanceof Error ? error : new Error(`non-object thrown. value=${String(error)}`)
      })
    })
    return Promise.resolve()
  }

  /** Says what the sender is not told. */
  private logHidden (accountId: string, { code, isExpected }: RejectReason, error: unknown): void {
    const count = (isExpected ? this.refusals : this.faults).due()
    if (count === undefined) return
    const text = describeError(error)
    if (isExpected) this.api.log.info('rejected a packet. accountId=%s ilpErrorCode=%s reason=%s packetsSinceLastLine=%d', accountId, code, text, count)
    else this.api.log.warn('rejected a packet because of an unexpected error. accountId=%s error=%s packetsSinceLastLine=%d', accountId, text, count)
  }
}
