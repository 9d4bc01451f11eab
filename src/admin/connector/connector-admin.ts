/** Answers the admin API's questions from the connector's services. */
import type { Injector } from 'reduct'
import { Accounts } from '../../accounts/accounts.js'
import { RateBackend } from '../../forwarding/rate-backend.js'
import type { AdminAccount, AdminHost, Alert, ConfiguredRoute } from './host.js'
import { Config } from '../../config/connector/config.js'
import { SluiceError } from '../../contracts/errors.js'
import { LedgerService, type LedgerStatus } from '../../ledger/service.js'
import { AccountStats } from '../../metrics/stats.js'
import { MiddlewareManager } from '../../pipeline/middleware-manager.js'
import { RoutingService } from '../../routing/service.js'
import type { AccountInfo } from '../../contracts/account.js'
import type { Rate } from '../../contracts/backend.js'
import type { AccountBalance, Day, Settlement } from '../../contracts/ledger.js'

/** What the built-in balance middleware can, and a user's own may. */
interface Settling {
  getSettlements (): Settlement[]
  settle (accountId: string, amount?: bigint): Promise<void>
  resolveSettlement (id: string, outcome: 'paid' | 'unpaid'): Promise<void>
}

/** What the middlewares named `balance` and `alert` offer, built in or a user's own. */
interface Balances extends Partial<Settling> {
  getStatus (): { accounts: Record<string, AccountBalance> }
  modifyBalance (accountId: string, diff: bigint): unknown
}

interface Alerts {
  getAlerts (): Alert[]
  dismissAlert (id: number): void
}

export class ConnectorAdmin implements AdminHost {
  readonly stats: AccountStats
  private readonly config: Config
  private readonly registry: Accounts
  private readonly backend: RateBackend
  private readonly ledger: LedgerService
  private readonly middlewares: MiddlewareManager
  private readonly routing: RoutingService

  constructor (deps: Injector, private readonly addPlugin: (accountId: string, account: AccountInfo) => Promise<void>) {
    this.stats = deps(AccountStats)
    this.config = deps(Config)
    this.registry = deps(Accounts)
    this.backend = deps(RateBackend)
    this.ledger = deps(LedgerService)
    this.middlewares = deps(MiddlewareManager)
    this.routing = deps(RoutingService)
  }

  address (): string {
    return this.registry.getOwnAddress()
  }

  accountIds (): string[] {
    return this.registry.getAccountIds()
  }

  account (accountId: string): AdminAccount | undefined {
    return this.registry.accounts.get(accountId)
  }

  balances (): ReadonlyMap<string, AccountBalance> | undefined {
    const balances = this.balanceMiddleware()
    return balances && new Map(Object.entries(balances.getStatus().accounts))
  }

  adjustBalance (accountId: string, amount: bigint): void {
    this.balanceMiddleware()?.modifyBalance(accountId, amount)
  }

  ledgerStatus (): LedgerStatus {
    return this.ledger.getStatus()
  }

  journal (accountId: string): readonly Day[] {
    return this.ledger.ledger.journalOf(accountId)
  }

  settlements (): readonly Settlement[] {
    return this.balanceMiddleware()?.getSettlements?.() ?? []
  }

  async settle (accountId: string, amount?: bigint): Promise<void> {
    await this.settler().settle(accountId, amount)
  }

  async resolveSettlement (id: string, outcome: 'paid' | 'unpaid'): Promise<void> {
    await this.settler().resolveSettlement(id, outcome)
  }

  localRoutes (): Record<string, { nextHop: string, path: string }> {
    return this.routing.localTable()
  }

  routingStatus (): object {
    return { ...this.routing.status(), candidates: this.routing.candidates() }
  }

  rates (): Promise<Record<string, Record<string, Rate>>> {
    return this.backend.getStatus()
  }

  alerts (): readonly Alert[] | undefined {
    return this.alertMiddleware()?.getAlerts()
  }

  dismissAlert (id: number): void {
    this.alertMiddleware()?.dismissAlert(id)
  }

  async addAccount (accountId: string, account: unknown): Promise<{ connected: boolean }> {
    await this.addPlugin(accountId, this.config.validateAccount(accountId, account))
    return { connected: this.registry.isConnected(accountId) }
  }

  configuredRoutes (): readonly ConfiguredRoute[] {
    return this.routing.configuredRoutes()
  }

  addRoute (route: ConfiguredRoute): void {
    this.routing.addRoute(route)
  }

  removeRoute (targetPrefix: string, peerId: string): boolean {
    return this.routing.removeRoute({ targetPrefix, peerId }).length > 0
  }

  private settler (): Settling {
    const balances = this.balanceMiddleware()
    if (balances?.settle === undefined) {
      throw new SluiceError('SLUICE_SETTLEMENT_OFF', 'nothing is settled here: the built-in balance middleware is disabled.')
    }
    return balances as Settling
  }

  private balanceMiddleware (): Balances | undefined {
    return this.middlewares.getMiddleware('balance') as (Balances | undefined)
  }

  private alertMiddleware (): Alerts | undefined {
    return this.middlewares.getMiddleware('alert') as (Alerts | undefined)
  }
}
