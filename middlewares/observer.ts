/** Reports the outcome of every packet and settlement, and how long it took, to an observer. It is the outermost step. */
import { isFulfill } from '../src/packet/reply.js'
import type { Middleware, Pipelines } from '../src/contracts/middleware.js'

/** Called on the packet path, so it must be quick, and it must not throw. */
interface Observer {
  packetBegan (): void
  /** `reject` is the raw Reject; undefined for a Fulfill, and where there was no answer at all. */
  packetEnded (outcome: 'fulfilled' | 'rejected' | 'failed', seconds: number, reject?: Buffer): void
  /** `amount` in base units. */
  settled (accountId: string, amount: bigint, isPaid: boolean, seconds: number): void
}

/** Options: `observer`. */
export default class ObserverMiddleware implements Middleware {
  private readonly observer: Observer

  constructor ({ observer }: Record<string, unknown>) {
    if (!isObserver(observer)) throw new TypeError('the middleware observer needs the option "observer" with packetBegan, packetEnded and settled')
    this.observer = observer
  }

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { observer } = this
    pipelines.incomingData.insertFirst({
      name: 'observer',
      method: (data, next) => {
        const startedAt = performance.now()
        observer.packetBegan()
        return next(data).then(reply => {
          if (isFulfill(reply)) observer.packetEnded('fulfilled', since(startedAt))
          else observer.packetEnded('rejected', since(startedAt), reply)
          return reply
        }, (error: unknown) => {
          observer.packetEnded('failed', since(startedAt))
          throw error
        })
      }
    })
    pipelines.outgoingMoney.insertFirst({
      name: 'observer',
      method: async (amount, next) => {
        const startedAt = performance.now()
        let isPaid = false
        try {
          await next(amount)
          isPaid = true
        } finally {
          observer.settled(accountId, BigInt(amount), isPaid, since(startedAt))
        }
      }
    })
    return Promise.resolve()
  }
}

function since (startedAt: number): number {
  return (performance.now() - startedAt) / 1000
}

function isObserver (value: unknown): value is Observer {
  return typeof value === 'object' && value !== null &&
    ['packetBegan', 'packetEnded', 'settled'].every(method => typeof Reflect.get(value, method) === 'function')
}
