/** Answers R00 when the next hop has not answered by the packet's expiry. RFC 0027, R00. */
import { TransferTimedOutError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import { isFulfill } from '../src/packet/reply.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/types/middleware.js'

/** A longer timer would fire at once. */
const TIMER_LONGEST_MS = 2 ** 31 - 1

export default class Expire implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { log } = this.api
    pipelines.outgoingData.insertLast({
      name: 'expire',
      method: (data, next) => {
        if (!isPrepare(data)) return next(data)
        const remainingMs = Math.min(prepareOf(data).expiresAt - Date.now(), TIMER_LONGEST_MS)
        return new Promise<Buffer>((resolve, reject) => {
          let expired = false
          const timer = setTimeout(() => {
            expired = true
            reject(new TransferTimedOutError('packet expired.'))
          }, remainingMs)
          timer.unref()
          next(data).then(reply => {
            clearTimeout(timer)
            if (expired && isFulfill(reply)) log.warn('next hop fulfilled after the packet expired, not paid. accountId=%s', accountId)
            resolve(reply)
          }, (error: unknown) => {
            clearTimeout(timer)
            reject(error)
          })
        })
      }
    })
    return Promise.resolve()
  }
}
