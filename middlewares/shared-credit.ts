/**
 * One credit limit for many accounts together: a peer that takes another name, or reconnects, gets no additional credit. It comes after
 * `balance`, so that a packet's own hold is counted, and rejects with T04 what would take the sum of all debts past the limit. It also
 * tells the ledger who they are: nobody can be held to what they owe under one name.
 *
 * The sum includes all accounts in the books that share the limit, even removed ones, and the debts of such that are kept in one sum. An
 * account's debt is updated with each of its packets, and all debts are updated when there seems to be no room, because others may have
 * paid, and when the sum has taken over some of them. Debts grow only by packets, so none is missed. An account that comes costs no look at
 * the others: only the first one does, as the books may have debts from before.
 */
import { DEPARTED_STRANGERS } from '../src/contracts/ledger.js'
import { InsufficientLiquidityError } from '../src/packet/errors.js'
import { isPrepare, prepareOf } from '../src/packet/prepare.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'

/** A look at all accounts that took a while is not repeated before so many times that while has passed: floods do not get through to it. */
const REST_FACTOR = 10

export interface SharedCreditOptions {
  /** What all of them may owe together, in base units. Undefined: any amount. */
  limit: bigint | undefined
  /** What the limit is in, as the books say it: `USD/9`. What is owed in anything else does not count. */
  unit: string
  /** Whether an account shares the limit. */
  shares: (accountId: string) => boolean
}

export default class SharedCredit implements Middleware {
  private readonly limit: bigint | undefined
  private readonly unit: string
  private readonly shares: (accountId: string) => boolean
  /** Of accounts that owe something; as many as the books have. */
  private debts = new Map<string, bigint>()
  private sum = 0n
  private nextLookAt = 0
  private hasLooked = false

  constructor (options: Record<string, unknown>, private readonly api: MiddlewareApi) {
    const { limit, unit, shares } = options as unknown as SharedCreditOptions
    this.limit = limit
    this.unit = unit
    this.shares = shares
  }

  applyToPipelines (pipelines: Pipelines, accountId: string): Promise<void> {
    const isStranger = this.shares(accountId)
    this.api.ledger.markStranger?.(accountId, isStranger)
    const { limit } = this
    if (!isStranger || limit === undefined) return Promise.resolve()
    if (this.hasLooked) this.lookAt(accountId) // it may come back with a debt
    else this.lookAtAll()
    pipelines.incomingData.insertLast({
      name: 'sharedCredit',
      method: (data, next) => {
        if (isPrepare(data) && prepareOf(data).amount > 0n && !this.hasRoom(accountId, limit)) {
          throw new InsufficientLiquidityError('exceeded the credit limit that all peers without a limit of their own share.')
        }
        return next(data)
      }
    })
    return Promise.resolve()
  }

  private hasRoom (accountId: string, limit: bigint): boolean {
    this.lookAt(accountId)
    if (this.hasTakenOver()) this.nextLookAt = 0
    if (this.sum > limit || this.nextLookAt === 0) this.lookAtAll()
    return this.sum <= limit
  }

  /** Whether debts have gone from their names into the sum since the last look. That is seldom, because it takes over many at once. */
  private hasTakenOver (): boolean {
    return this.debtOf(DEPARTED_STRANGERS) !== (this.debts.get(DEPARTED_STRANGERS) ?? 0n)
  }

  private lookAt (accountId: string): void {
    const before = this.debts.get(accountId) ?? 0n
    const debt = this.debtOf(accountId)
    if (debt > 0n) this.debts.set(accountId, debt)
    else this.debts.delete(accountId)
    this.sum += debt - before
  }

  private lookAtAll (): void {
    const startedAt = performance.now()
    if (startedAt < this.nextLookAt) return
    this.hasLooked = true
    this.debts.clear()
    this.sum = 0n
    for (const accountId of this.api.ledger.accountIds()) {
      if (accountId === DEPARTED_STRANGERS || this.shares(accountId)) this.lookAt(accountId)
    }
    const endedAt = performance.now()
    this.nextLookAt = endedAt + REST_FACTOR * (endedAt - startedAt)
  }

  /** With what its packets under way may add. */
  private debtOf (accountId: string): bigint {
    const book = this.api.ledger.balanceOf(accountId)
    const debt = book === undefined || (book.unit ?? this.unit) !== this.unit ? 0n : book.balance + book.incomingHolds
    return debt > 0n ? debt : 0n
  }
}
