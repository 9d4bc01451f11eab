/**
 * Reports the outcome of every packet and settlement, and how long it took, to an observer; and what goes through each account to its
 * traffic. It is the outermost step for what comes in.
 */
import { viewJustRead, type PrepareView } from '../src/packet/prepare.js'
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

/** Called on the packet path, like the observer. */
interface Traffic {
  account (accountId: string): AccountTraffic
  removed (accountId: string): void
  /** The application has fulfilled a packet of the account. */
  delivered (origin?: string): void
}

/** Of one account: a packet of it was answered. `packet` is undefined if no step has read it; `reply` if there was none. */
interface AccountTraffic {
  ended (packet: PrepareView | undefined, reply: Buffer | undefined): void
}

/** Options: `observer`, `traffic`, and `local`, the application's account. */
export default class ObserverMiddleware implements Middleware {
  private readonly observer: Observer
  private readonly traffic: Traffic
  private readonly local: unknown

  constructor ({ observer, traffic, local }: Record<string, unknown>) {
    if (!isObserver(observer)) throw new TypeError('the middleware observer needs the option "observer" with packetBegan, packetEnded and settled')
    if (!isTraffic(traffic)) throw new TypeError('the middleware observer needs the option "traffic" with account, removed and delivered')
    this.local = local
    this.observer = observer
    this.traffic = traffic
  }

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const { observer, traffic } = this
    const account = traffic.account(accountId)
    pipelines.teardown.insertLast({
      name: 'observer',
      method: (nothing, next) => {
        traffic.removed(accountId)
        return next(nothing)
      }
    })
    pipelines.incomingData.insertFirst({
      name: 'observer',
      method: (data, next) => {
        const startedAt = performance.now()
        observer.packetBegan()
        const answering = next(data)
        const packet = viewJustRead(data) // by the steps above, unless one of them has refused it unread
        return answering.then(reply => {
          if (isFulfill(reply)) observer.packetEnded('fulfilled', since(startedAt))
          else observer.packetEnded('rejected', since(startedAt), reply)
          account.ended(packet, reply)
          return reply
        }, (error: unknown) => {
          observer.packetEnded('failed', since(startedAt))
          account.ended(packet, undefined)
          throw error
        })
      }
    })
    if (accountId === this.local) {
      pipelines.outgoingData.insertLast({
        name: 'observer',
        method: (data, next, { origin } = {}) => next(data).then(reply => {
          if (isFulfill(reply)) traffic.delivered(origin)
          return reply
        })
      })
    }
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

function isTraffic (value: unknown): value is Traffic {
  return typeof value === 'object' && value !== null && ['account', 'removed', 'delivered'].every(method => typeof Reflect.get(value, method) === 'function')
}

function isObserver (value: unknown): value is Observer {
  return typeof value === 'object' && value !== null &&
    ['packetBegan', 'packetEnded', 'settled'].every(method => typeof Reflect.get(value, method) === 'function')
}
