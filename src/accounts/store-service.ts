/** The configured store, and the part of it that each account's plugin can see. */
import type { Injector } from 'reduct'
import { Config } from '../config/connector/config.js'
import { hideSecrets } from '../lib/hide-secrets.js'
import { loadConstructor } from '../modules/load-module.js'
import { describeError } from '../lib/describe-error.js'
import type { PluginStore } from '../contracts/plugin.js'
import type { Store, StoreConstructor } from '../contracts/store.js'
import { SettlementIndex } from './settlement-index.js'

/** Whatever this connector keeps has one of these in front. */
const OUR_KEY = /^(plugin|ledger|settlement):/

export class StoreService {
  readonly store: Store
  readonly settlements: SettlementIndex
  private readonly config: Config

  constructor (deps: Injector) {
    this.config = deps(Config)
    const { store, storePath, storeConfig } = this.config
    const Backing = loadConstructor('store', store) as StoreConstructor
    this.store = new Backing({ path: storePath, ...storeConfig }, { log: this.config.createLogger(`${store}-store`, storeConfig) })
    this.settlements = new SettlementIndex(this.store, prefix => this.storeUnder(prefix))
  }

  /** Rejects with a clear reason when the store cannot be used. */
  async open (): Promise<void> {
    try {
      await this.store.open?.()
    } catch (error) {
      const { store, storeConfig } = this.config
      throw new Error(`store ${store}: ${hideSecrets(describeError(error), { ...storeConfig, path: undefined })}`)
    }
    await this.settlements.open()
  }

  async close (): Promise<void> {
    await this.store.close?.()
  }

  get (key: string): Promise<string | undefined> {
    return this.store.get(key)
  }

  put (key: string, value: string): Promise<void> {
    return this.store.put(key, value)
  }

  del (key: string): Promise<void> {
    return this.store.del(key)
  }

  /**
   * A store for one account. The length in front keeps account `a` with key `bc` apart from account `ab` with key `c`.
   * ilp-connector wrote both as `abc`: what it left is still found, until it is written or deleted here. Not so where that is a key of
   * ours: the account `ledger` with key `:account:bob` would be at Bob's balance.
   */
  getPluginStore (accountId: string): PluginStore {
    const own = this.storeUnder(`plugin:${accountId.length}:${accountId}:`)
    const isFree = (key: string): boolean => !OUR_KEY.test(accountId + key)
    return {
      ...own,
      get: async key => await own.get(key) ?? (isFree(key) ? await this.store.get(accountId + key) : undefined),
      del: async key => {
        await own.del(key)
        if (isFree(key)) await this.store.del(accountId + key)
      }
    }
  }

  private storeUnder (prefix: string): PluginStore {
    const { store } = this
    const putAll: NonNullable<PluginStore['putAll']> = async values => {
      await store.batch?.(Object.entries(values).map(([key, value]) => ({ type: 'put', key: prefix + key, value })), { sync: true })
    }
    // What is written before the books is on disk with them; where the books are elsewhere, it has to get there by itself.
    const isSynced = store.batch !== undefined && this.config.ledger !== 'embedded'
    return {
      ...(store.batch === undefined ? {} : { putAll }),
      get: key => store.get(prefix + key),
      put: (key, value) => isSynced ? putAll({ [key]: value }) : store.put(prefix + key, value),
      del: key => store.del(prefix + key)
    }
  }
}
