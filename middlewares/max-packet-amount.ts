/** Refuses packets above the account's limit. It stands before `balance`, so that a refusal touches no money. RFC 0027, F08. */
import { AmountTooLargeError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'

export default class MaxPacketAmount implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { maxPacketAmount } = this.api.getInfo(accountId)
    if (maxPacketAmount === undefined) return Promise.resolve()
    const maximum = BigInt(maxPacketAmount)
    pipelines.incomingData.insertLast({
      name: 'maxPacketAmount',
      method: (data, next) => {
        if (!isPrepare(data)) return next(data)
        const { amount } = prepareOf(data)
        if (amount <= maximum) return next(data)
        throw new AmountTooLargeError(`packet size too large. maxAmount=${maximum} actualAmount=${amount}`, {
          receivedAmount: String(amount),
          maximumAmount: String(maximum)
        })
      }
    })
    return Promise.resolve()
  }
}
