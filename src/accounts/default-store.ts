/**
 * The store in its default place, for which nobody has asked: where another connector has it open, a connector that keeps nothing runs
 * without it, as programs and tests expect that start several.
 */
import { SluiceError, codeOf } from '../contracts/errors.js'
import type { BatchOperation, Store } from '../contracts/store.js'

export class DefaultStore implements Store {
  #store: Store
  #isAway = false

  /** `makeStandIn` makes the store that takes its place. */
  constructor (store: Store, private readonly makeStandIn: () => Store) {
    this.#store = store
  }

  /** Rejects as the store does, unless it is in use and not needed. */
  async open (isNeeded = true): Promise<void> {
    try {
      await this.#store.open?.()
    } catch (error) {
      if (isNeeded || codeOf(error) !== 'SLUICE_STORE_IN_USE') throw error
      this.#isAway = true
      this.#store = this.makeStandIn()
    }
  }

  /** Throws when something would have to be kept that cannot be. */
  refuseToKeep (accountId: string): void {
    if (!this.#isAway) return
    throw new SluiceError('SLUICE_STORE_IN_USE', `account ${accountId} has data to keep, and this connector has no store: another connector has the one in ` +
      'the default place open. Set storePath (CONNECTOR_STORE_PATH) of each, and start again.')
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
