/**
 * The store in its default place, for which nobody has asked: where it is another connector's, a connector that keeps nothing runs
 * without it, as programs and tests expect that start several.
 */
import { SluiceError, codeOf, type ErrorCode } from '../contracts/errors.js'
import { describeError } from '../lib/describe-error.js'
import type { BatchOperation, Store } from '../contracts/store.js'

const OF_OTHERS: readonly ErrorCode[] = ['SLUICE_STORE_IN_USE', 'SLUICE_STORE_OF_ANOTHER']

export class DefaultStore implements Store {
  #store: Store
  #refusal: { code: ErrorCode, reason: string } | undefined

  /** `makeStandIn` makes the store that takes its place, for the given reason. */
  constructor (store: Store, private readonly makeStandIn: (reason: string) => Store) {
    this.#store = store
  }

  /** Rejects as the store does, unless it is another connector's and not needed. */
  async open (isNeeded = true): Promise<void> {
    try {
      await this.#store.open?.()
    } catch (error) {
      const code = codeOf(error)
      if (isNeeded || code === undefined || !OF_OTHERS.includes(code)) throw error
      this.#refusal = { code, reason: describeError(error) }
      this.#store = this.makeStandIn(this.#refusal.reason)
    }
  }

  /** Throws when something would have to be kept that cannot be. */
  refuseToKeep (accountId: string): void {
    if (this.#refusal === undefined) return
    const { code, reason } = this.#refusal
    throw new SluiceError(code, `account ${accountId} has data to keep, and this connector runs without a store: ${reason}. Then start it again.`)
  }

  get (key: string): Promise<string | undefined> {
    return this.#store.get(key)
  }

  put (key: string, value: string): Promise<void> {
    return this.#store.put(key, value)
  }

  del (key: string): Promise<void> {
    return this.#store.del(key)
  }

  async batch (operations: readonly BatchOperation[], options?: { sync?: boolean }): Promise<void> {
    await this.#store.batch?.(operations, options)
  }

  async close (): Promise<void> {
    await this.#store.close?.()
  }
}
