/** Counts packets and money per account, by outcome. */
import { isFulfill, rejectOf } from '../src/packet/reply.js'
import type { Method, Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'
import type { AccountCounter, AccountGauge, AccountRef } from '../src/contracts/stats.js'

const FULFILLED = { result: 'fulfilled' }
const REJECTED = { result: 'rejected' }
const FAILED = { result: 'failed' }
const SUCCEEDED = { result: 'succeeded' }

export default class StatsMiddleware implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { getInfo, stats } = this.api
    const account = { accountId, accountInfo: getInfo(accountId) }
    pipelines.incomingData.insertLast({
      name: 'stats',
      method: countPackets(stats.incomingDataPackets, account, () => REJECTED)
    })
    pipelines.outgoingData.insertLast({
      name: 'stats',
      method: countPackets(stats.outgoingDataPackets, account, reply => ({ result: 'rejected', code: rejectOf(reply).code }))
    })
    pipelines.incomingMoney.insertLast({ name: 'stats', method: recordMoney(stats.incomingMoney, account) })
    pipelines.outgoingMoney.insertLast({ name: 'stats', method: recordMoney(stats.outgoingMoney, account) })
    return Promise.resolve()
  }
}

function countPackets (
  counter: AccountCounter, account: AccountRef, labelsOfReject: (reply: Buffer) => Record<string, string>
): Method<Buffer, Buffer> {
  const failed = (error: unknown): never => {
    counter.increment(account, FAILED)
    throw error
  }
  const labelsOf = (reply: Buffer): Record<string, string> => {
    try {
      return isFulfill(reply) ? FULFILLED : labelsOfReject(reply)
    } catch (error) {
      return failed(error)
    }
  }
  const answered = (reply: Buffer): Buffer => {
    counter.increment(account, labelsOf(reply))
    return reply
  }
  return (data, next) => next(data).then(answered, failed)
}

function recordMoney (gauge: AccountGauge, account: AccountRef): Method<string, void> {
  return async (amount, next) => {
    try {
      await next(amount)
    } catch (error) {
      gauge.setValue(account, FAILED, BigInt(amount))
      throw error
    }
    gauge.setValue(account, SUCCEEDED, BigInt(amount))
  }
}
