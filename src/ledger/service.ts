/** Creates and opens the ledger that keeps the connector's balances. */
import type { Injector } from 'reduct'
import { SluiceError, codeOf } from '../contracts/errors.js'
import { Accounts } from '../accounts/accounts.js'
import { StoreService } from '../accounts/store-service.js'
import { Config } from '../config/connector/config.js'
import type { Logger } from '../contracts/logger.js'
import { describeError } from '../lib/describe-error.js'
import type { Ledger } from '../contracts/ledger.js'
import type { Store } from '../contracts/store.js'
import { EmbeddedLedger, type Durability } from './embedded/embedded-ledger.js'
import { DamagedRecordError } from './embedded/records.js'
import { connectTigerBeetle } from './tigerbeetle/client.js'
import { TigerBeetleLedger } from './tigerbeetle/ledger.js'

/** A hold may outlive the packet by that much, so that a late answer still finds it. */
const HOLD_MARGIN_S = 60

/** For an operator: what the ledger promises, and whether it can at the moment. */
export interface LedgerStatus {
  kind: 'embedded' | 'tigerbeetle'
  durability: Durability
  /** Why packets with money are refused. */
  trouble?: string
}

export class LedgerService {
  private readonly config: Config
  private readonly accounts: Accounts
  private readonly store: Store
  private readonly log: Logger
  private opened: EmbeddedLedger | TigerBeetleLedger

  constructor (deps: Injector) {
    this.config = deps(Config)
    this.log = this.config.createLogger('ledger')
    this.accounts = deps(Accounts)
    this.store = deps(StoreService).store
    this.opened = this.config.ledger === 'tigerbeetle' ? this.tigerBeetle() : this.embedded()
    this.accounts.keepBalancesIn(() => this.opened)
  }

  /** Ask for it when it is open: where a fallback is configured, another one may be opened. */
  get ledger (): Ledger {
    return this.opened
  }

  /** Reads the books. Rejects when they cannot be trusted, naming the record, or cannot be reached. */
  async open (): Promise<void> {
    const accountIds = this.accounts.getAccountIds()
    try {
      await this.opened.open(accountIds)
    } catch (error) {
      if (error instanceof DamagedRecordError || codeOf(error) === 'SLUICE_STORE_NEWER') throw this.placed(error)
      if (this.opened instanceof EmbeddedLedger || !this.config.ledgerFallback) throw error
      this.log.error('balances are kept in the store, which knows nothing of those in TigerBeetle. ledgerFallback=%s error=%s',
        this.config.ledgerFallback, describeError(error))
      await this.opened.close()
      this.opened = this.embedded()
      await this.opened.open(accountIds)
    }
  }

  /** Writes what is left to write. */
  async close (): Promise<void> {
    await this.opened.close()
  }

  getStatus (): LedgerStatus {
    const { opened, opened: { trouble } } = this
    const isEmbedded = opened instanceof EmbeddedLedger
    return {
      kind: isEmbedded ? 'embedded' : 'tigerbeetle',
      durability: isEmbedded ? opened.durability : 'sync',
      ...(trouble !== undefined && { trouble })
    }
  }

  /** Says where the record is. */
  private placed (error: unknown): Error {
    const { store, storePath, storeConfig } = this.config
    const path = typeof storeConfig.path === 'string' ? storeConfig.path : storePath
    const message = `${describeError(error).replace(/\.$/, '')}. store=${store}${path === '' ? '' : ` path=${path}`}`
    const code = codeOf(error)
    return code === undefined ? new Error(message, { cause: error }) : new SluiceError(code, message, { cause: error })
  }

  private embedded (): EmbeddedLedger {
    return new EmbeddedLedger(this.store, this.config.balanceDurability, this.log)
  }

  private tigerBeetle (): TigerBeetleLedger {
    const { tigerbeetleClusterId, tigerbeetleReplicas, tigerbeetleNamespace: namespace, maxHoldTime } = this.config
    const replicas = tigerbeetleReplicas.split(',').map(replica => replica.trim())
    const holdTimeoutS = Math.ceil(maxHoldTime / 1000) + HOLD_MARGIN_S
    const connect = (): ReturnType<typeof connectTigerBeetle> => connectTigerBeetle(BigInt(tigerbeetleClusterId), replicas)
    return new TigerBeetleLedger(connect, this.store, { namespace, holdTimeoutS, clusterId: tigerbeetleClusterId }, this.log)
  }
}
