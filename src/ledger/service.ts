/** The ledger that the connector's balances are kept in. */
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { StoreService } from '../accounts/store-service.js'
import { Config } from '../config/config.js'
import { createLogger } from '../log.js'
import type { Ledger } from '../types/ledger.js'
import { EmbeddedLedger, type Durability } from './embedded-ledger.js'

/** For an operator: what the ledger promises, and whether it can at the moment. */
export interface LedgerStatus {
  durability: Durability
  /** Why packets with money are refused. */
  trouble?: string
}

export class LedgerService {
  private readonly accounts: Accounts
  private readonly embedded: EmbeddedLedger

  constructor (deps: Injector) {
    this.accounts = deps(Accounts)
    this.embedded = new EmbeddedLedger(deps(StoreService).store, deps(Config).balanceDurability, createLogger('ledger'))
  }

  get ledger (): Ledger {
    return this.embedded
  }

  /** Reads the books. Rejects when they cannot be trusted, naming the record. */
  async open (): Promise<void> {
    await this.embedded.open(this.accounts.getAccountIds())
  }

  /** Writes what is left to write. */
  async close (): Promise<void> {
    await this.embedded.close()
  }

  getStatus (): LedgerStatus {
    const { durability, trouble } = this.embedded
    return { durability, ...(trouble !== undefined && { trouble }) }
  }
}
