/** The configured store, and the part of it that each account's plugin can see. */
import { scryptSync } from 'node:crypto'
import type { Injector } from 'reduct'
import { SluiceError, codeOf } from '../contracts/errors.js'
import { withTimeout } from '../lib/timeout.js'
import { Config } from '../config/connector/config.js'
import { hideSecrets } from '../lib/hide-secrets.js'
import { loadConstructor } from '../modules/load-module.js'
import { describeError } from '../lib/describe-error.js'
import { UNKNOWN_ADDRESS, type AccountInfo } from '../contracts/account.js'
import type { PluginStore } from '../contracts/plugin.js'
import type { Store, StoreConstructor } from '../contracts/store.js'
import { DefaultStore } from './default-store.js'
import { SettlementIndex } from './settlement-index.js'

/** A disk of a network that is gone answers never. A sound store opens in seconds. */
const OPENING_MAX_MS = 30_000
const DEFAULT_STORE = 'leveldown'
const STAND_IN = 'memdown'
const OWNER_SALT = 'owner of a store'
const FINGERPRINT_BYTES = 16
/** Whatever this connector keeps has one of these in front. */
const OUR_KEY = /^(plugin|ledger|settlement|store|backend):/

export class StoreService {
  readonly store: Store
  readonly settlements: SettlementIndex
  private readonly config: Config
  private isOpen = false

  constructor (deps: Injector) {
    this.config = deps(Config)
    const { store, storePath, storeConfig } = this.config
    const isDefault = store === DEFAULT_STORE && storePath === '' && storeConfig.path === undefined
    this.store = isDefault ? new DefaultStore(this.made(store), reason => this.standIn(reason)) : this.made(store)
    this.settlements = new SettlementIndex(this.store, prefix => this.storeUnder(prefix))
  }

  /** Rejects with a clear reason when the store cannot be used. `isNeeded`: whether there are accounts that keep something. */
  async open (isNeeded = true): Promise<void> {
    try {
      const opening = this.store instanceof DefaultStore ? this.store.open(isNeeded || this.config.ledger !== 'embedded') : this.store.open?.()
      if (!await withTimeout(Promise.resolve(opening), OPENING_MAX_MS)) throw new Error(this.neverOpens())
    } catch (error) {
      const { store, storeConfig } = this.config
      const reason = hideSecrets(describeError(error), { ...storeConfig, path: undefined })
      throw new SluiceError(codeOf(error) ?? 'SLUICE_STORE_UNUSABLE', `store ${store}: ${reason}`, { cause: error })
    }
    this.isOpen = true
    await this.settlements.open()
  }

  /** A store that does not open is not waited for: it may never do either. */
  async close (): Promise<void> {
    const closing = Promise.resolve(this.store.close?.())
    if (this.isOpen) await closing
    else closing.catch(() => undefined)
  }

  /** Throws when nothing of an account could be kept: the connector runs without a store. */
  refuseToKeep (accountId: string): void {
    if (this.store instanceof DefaultStore) this.store.refuseToKeep(accountId)
  }

  private made (name: string): Store {
    const { config } = this
    const { storePath, storeConfig, ilpAddress } = config
    const Backing = loadConstructor('store', name) as StoreConstructor
    const log = config.createLogger(`${name}-store`, storeConfig)
    const api = { log, ilpAddress, get owner () { return ownerOf(config) } } // which takes a while, and only some stores ask for
    return new Backing({ path: storePath, ...storeConfig }, api)
  }

  private standIn (reason: string): Store {
    this.config.createLogger('store').warn('going on without the store in the default place: no account has anything to keep. error=%s', reason)
    return this.made(STAND_IN)
  }

  private neverOpens (): string {
    const { storePath, storeConfig } = this.config
    const path = typeof storeConfig.path === 'string' ? storeConfig.path : storePath
    return `cannot open the store. path=${path} reason=it did not open within ${OPENING_MAX_MS / 1000} seconds remedy=check the disk or the network ` +
      'behind it, or set storePath (CONNECTOR_STORE_PATH), or dataPath of a node, to another directory'
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

  /** A store for the backend. */
  getBackendStore (): PluginStore {
    return this.storeUnder('backend:')
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

/** See StoreApi.owner. A parent takes everyone that reaches it in the same way, with the same secrets, for the same child. */
function ownerOf ({ ilpAddress, ilpAddressInheritFrom, accounts }: Config): string {
  if (ilpAddress !== UNKNOWN_ADDRESS) return ilpAddress
  const parentId = ilpAddressInheritFrom || Object.keys(accounts).find(id => accounts[id]?.relation === 'parent') || ''
  const fingerprint = fingerprintOf(accounts[parentId])
  return fingerprint === undefined ? UNKNOWN_ADDRESS : `a child by its account ${parentId} #${fingerprint}`
}

/** Of a plugin by name and its options, if there are any. Slow to guess: a copy of the store must not give away the secrets in them. */
function fingerprintOf ({ plugin, options }: Partial<AccountInfo> = {}): string | undefined {
  try {
    const text = JSON.stringify(options ?? {})
    if (typeof plugin !== 'string' || text === '{}') return undefined
    return scryptSync(`${plugin} ${text}`, OWNER_SALT, FINGERPRINT_BYTES).toString('hex')
  } catch {
    return undefined // a program's options may be anything
  }
}
