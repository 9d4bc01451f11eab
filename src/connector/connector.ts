/** The connector as one object: what it is made of, and the order in which it starts and stops. */
import reductModule, { type Injector } from 'reduct'
import { SluiceError } from '../contracts/errors.js'
import { Accounts } from '../accounts/accounts.js'
import { AccountConnections } from './account-connections.js'
import { StoreService } from '../accounts/store-service.js'
import { withTimeout } from '../lib/timeout.js'
import { Config } from '../config/connector/config.js'
import type { ConnectorInput } from '../config/connector/schema.js'
import { tearDown, type Step } from '../lib/teardown.js'
import { RateBackend } from '../forwarding/rate-backend.js'
import { connectorAdminServer, type AdminServerOptions } from '../admin/connector/listen.js'
import type { Explorer } from '../explorer/explorer.js'
import { Feed } from '../explorer/feed.js'
import type { Router } from '../http/router.js'
import { createExplorer } from './explorer.js'
import { LedgerService } from '../ledger/service.js'
import type { Logger } from '../contracts/logger.js'
import type { HttpServer } from '../http/server.js'
import { registerPriceMetrics } from '../metrics/price-metrics.js'
import { AccountStats } from '../metrics/stats.js'
import { hideSecrets } from '../lib/hide-secrets.js'
import { describeError } from '../lib/describe-error.js'
import { MiddlewareManager } from '../pipeline/middleware-manager.js'
import { RoutingService } from '../routing/service.js'
import { UNKNOWN_ADDRESS, type AccountInfo } from '../contracts/account.js'
import type { Backend } from '../contracts/backend.js'
import type { PluginInstance } from '../contracts/plugin.js'
import { version } from '../lib/version.js'

const createContainer = reductModule.default

export interface App {
  readonly config: Config
  /**
   * Starts the connector. Rejects when it cannot run, with nothing left half-started.
   * @param options `connectWithin`: how long it waits for accounts to connect, in ms. Default: initialConnectTimeout.
   */
  listen (options?: { connectWithin?: number }): Promise<void>
  /** Adds an account while running and waits for it to connect, for initialConnectTimeout at most. Rejects with nothing changed. */
  addPlugin (accountId: string, account: AccountInfo): Promise<void>
  /**
   * Removes an account and its routes. Rejects for an unknown account, and, with `httpErrorCode` 409 and nothing changed, for one with
   * money outside ILP that nobody would look after any more. `isReplaced`: an account with the same id comes at once, and does.
   */
  removePlugin (accountId: string, options?: { isReplaced?: boolean }): Promise<void>
  /** Throws for an unknown account. */
  getPlugin (accountId: string): PluginInstance
  /** Undefined where the configuration has none. `routes` answers what is below `/explorer`. */
  readonly explorer: {
    readonly routes: Router
    readonly port: number
    readonly status: { eventCount: number, wsConnections: number }
  } | undefined
  /**
   * Takes no new packets, lets those under way finish, and closes everything. Does so once, however often it is called. Rejects when all is
   * closed, and the store has not taken the last balances.
   */
  shutdown (): Promise<void>
}

/**
 * Makes a connector from an options object, or from the `CONNECTOR_*` environment variables when there is none (`null` counts as none).
 * Throws ConfigError for a bad configuration, and an Error naming what could not be loaded for a missing module.
 * @param container reduct injector: fetch services from it afterwards, or override them before
 */
export function createApp (options?: ConnectorInput | null, container: Injector = createContainer()): App {
  const config = container(Config)
  if (options === undefined || options === null) loadFromEnv(config)
  else config.loadFromOptions(options)
  const connector = new Connector(container)
  return {
    config,
    listen: options => connector.start(options),
    addPlugin: async (accountId, account) => { await connector.addAccount(accountId, config.validateAccount(accountId, account)) },
    removePlugin: (accountId, options) => connector.removeAccount(accountId, options),
    getPlugin: accountId => container(Accounts).getPlugin(accountId),
    explorer: connector.explorer,
    shutdown: () => connector.stop()
  }
}

function loadFromEnv (config: Config): void {
  const strangers: string[] = []
  config.loadFromEnv(process.env, variable => { strangers.push(variable) })
  const log = config.createLogger('app') // which is known only now
  for (const key of strangers) log.warn('unrecognized environment variable. key=%s', key)
}

class Connector {
  private readonly config: Config
  private readonly log: Logger
  private readonly accounts: Accounts
  private readonly store: StoreService
  private readonly ledger: LedgerService
  private readonly routing: RoutingService
  private readonly backend: Backend
  private readonly middlewares: MiddlewareManager
  private readonly connections: AccountConnections
  private readonly stats: AccountStats
  readonly explorer: Explorer | undefined
  private readonly feed: Feed
  private readonly admin: HttpServer | undefined
  private readonly removals = new Map<string, Promise<void>>()
  private state: 'new' | 'starting' | 'running' | 'stopped' = 'new'
  /** The steps of the start that open something. What is being opened has to be open to be closed. */
  private opening: Promise<void> | undefined
  private starting: Promise<void> | undefined
  private stopping: Promise<void> | undefined

  /** `deps` has a Config that is loaded. Makes all parts, and opens nothing. */
  constructor (deps: Injector) {
    this.config = deps(Config)
    this.log = this.config.createLogger('app')
    this.accounts = deps(Accounts)
    this.store = deps(StoreService)
    this.ledger = deps(LedgerService)
    this.routing = deps(RoutingService)
    this.backend = deps(RateBackend) // an application's own may have fewer methods
    this.middlewares = deps(MiddlewareManager)
    this.connections = deps(AccountConnections)
    this.stats = deps(AccountStats)
    this.feed = deps(Feed)
    this.explorer = createExplorer(deps, () => this.state === 'running')
    registerPriceMetrics(this.stats.getRegistry(), () => this.backend.prices?.report())
    if (this.config.adminApi) this.admin = this.createAdmin(deps(RateBackend))
    for (const [accountId, account] of Object.entries(this.config.accounts)) {
      this.accounts.add(accountId, account)
      this.connections.watch(accountId)
    }
  }

  /** See App.listen. */
  start ({ connectWithin }: { connectWithin?: number } = {}): Promise<void> {
    if (this.state !== 'new') return Promise.reject(new Error(`a connector can be started once. state=${this.state}`))
    return this.starting = this.run(connectWithin)
  }

  /** See App.shutdown. */
  stop (): Promise<void> {
    return this.stopping ??= this.close()
  }

  /** See App.addPlugin. The account was judged. */
  async addAccount (accountId: string, account: AccountInfo, options: { mayOpenFiles?: boolean } = {}): Promise<void> {
    if (this.state === 'starting') await this.starting // one that is neither left out by the start nor taken twice
    this.assertNotStopped()
    this.accounts.add(accountId, account, options)
    const plugin = this.accounts.getPlugin(accountId)
    this.stats.admitAccount(accountId)
    try {
      this.connections.watch(accountId)
      if (this.state === 'new') return // the start does the rest
      await this.middlewares.addPlugin(accountId, plugin)
      this.routing.accountAdded(accountId)
      await this.connections.connectAdded(accountId)
      await this.middlewares.startup(accountId)
    } catch (error) {
      const isStillHere = this.accounts.exists(accountId) && this.accounts.getPlugin(accountId) === plugin
      if (isStillHere && this.state !== 'stopped') await this.remove(accountId)
      throw error
    }
  }

  /** See App.removePlugin. */
  async removeAccount (accountId: string, { isReplaced = false }: { isReplaced?: boolean } = {}): Promise<void> {
    if (this.state === 'starting') await this.starting
    if (!isReplaced) this.accounts.refuseUnsettled(accountId)
    await this.remove(accountId)
  }

  private createAdmin (backend: RateBackend): HttpServer {
    const { accounts, config, ledger, routing, middlewares, stats } = this
    const addAccount = async (accountId: string, account: AccountInfo): Promise<void> => {
      await this.addAccount(accountId, account, { mayOpenFiles: config.adminApiAllowPaths })
      this.log.info('account added until the next start: put it into the configuration to keep it. accountId=%s', accountId)
    }
    const parts = { accounts, config, ledger, routing, middlewares, stats, backend, addAccount }
    return connectorAdminServer(parts, adminOptions(config), this.config.createLogger('admin-api'))
  }

  private async run (connectWithin?: number): Promise<void> {
    this.state = 'starting'
    this.log.info('listen called')
    try {
      await (this.opening = this.open())
      await this.connections.start(connectWithin)
      for (const accountId of this.accounts.getAccountIds()) await this.middlewares.startup(accountId)
      this.assertNotStopped()
      if (this.config.collectDefaultMetrics) this.stats.startDefaultMetrics()
      this.state = 'running'
      this.feed.emit({ type: 'NODE_STATUS', status: 'healthy' })
      if (this.accounts.getOwnAddress() === UNKNOWN_ADDRESS) {
        this.log.warn('not ready: no address from its parent yet. accountId=%s version=%s', this.accounts.getAddressSource(), version)
      } else this.log.info('connector ready (republic attitude). address=%s version=%s', this.accounts.getOwnAddress(), version)
    } catch (error) {
      await this.stop().catch(() => undefined) // why it could not start matters more
      throw error
    }
  }

  private async open (): Promise<void> {
    const steps: Array<() => unknown> = [
      () => { this.connections.refuseNoAddress() },
      () => this.store.open(this.accounts.needStore()), () => this.accounts.refuseOrphans(), () => this.ledger.open(),
      () => this.admin?.start(), () => this.explorer?.start(), () => this.connectBackend(), () => this.takePackets(),
      () => this.routing.start()
    ]
    for (const step of steps) {
      this.assertNotStopped()
      await step()
    }
  }

  private async takePackets (): Promise<void> {
    for (const accountId of this.accounts.getAccountIds()) await this.middlewares.addPlugin(accountId, this.accounts.getPlugin(accountId))
  }

  private async connectBackend (): Promise<void> {
    const { backend, backendConfig } = this.config
    try {
      await this.backend.connect()
    } catch (error) {
      throw new SluiceError('SLUICE_BACKEND_UNUSABLE', `backend ${backend}: ${hideSecrets(describeError(error), backendConfig)}`)
    }
  }

  private assertNotStopped (): void {
    if (this.state === 'stopped') throw new Error('the connector was stopped.')
  }

  /** Once at a time: the next account may have the id as soon as this one has gone, and a second removal would take it along. */
  private remove (accountId: string): Promise<void> {
    const going = this.removals.get(accountId) ?? this.takeOut(accountId).finally(() => { this.removals.delete(accountId) })
    this.removals.set(accountId, going)
    return going
  }

  private async takeOut (accountId: string): Promise<void> {
    const plugin = this.accounts.getPlugin(accountId)
    const { options } = this.accounts.getInfo(accountId)
    await tearDown([
      ['packets', () => plugin.deregisterDataHandler()],
      ['money', () => plugin.deregisterMoneyHandler()],
      ['middlewares', () => this.middlewares.teardown(accountId)],
      ['balance and statistics', () => this.middlewares.forget(accountId)],
      ['connection', () => this.connections.disconnect(accountId)],
      ['events', () => this.connections.unwatch(accountId)],
      ['account', () => this.accounts.remove(accountId)],
      ['routes', () => this.routing.accountRemoved(accountId)]
    ], (step, error) =>
      this.log.error('could not remove all of account. accountId=%s step=%s error=%s', accountId, step, hideSecrets(describeError(error), options)))
  }

  private async close (): Promise<void> {
    const { initialConnectTimeout, maxHoldTime } = this.config
    this.state = 'stopped'
    this.feed.emit({ type: 'NODE_STATUS', status: 'stopping' })
    this.middlewares.drain()
    if (this.opening !== undefined) await withTimeout(this.opening.catch(() => undefined), initialConnectTimeout)
    if (!await this.middlewares.overload.idle(maxHoldTime)) this.log.warn('packets are still under way, stopping all the same.')
    await new Promise(resolve => setImmediate(resolve)) // the plugins write the last answers in this turn
    let lost: unknown
    await tearDown([
      ['routing', () => this.routing.stop()],
      ['accounts', () => this.connections.stop()],
      ...this.accounts.getAccountIds().map((id): Step => [`middlewares of ${id}`, () => this.middlewares.teardown(id)]),
      ['explorer', () => this.explorer?.stop()],
      ['ledger', () => this.ledger.close()],
      ['backend', () => this.backend.disconnect?.()],
      ['admin api', () => this.admin?.stop()],
      ['store', () => this.store.close()]
    ], (step, error) => {
      this.log.error('could not stop %s. error=%s', step, describeError(error))
      if (step === 'ledger') lost = error
    })
    this.stats.stopDefaultMetrics()
    if (lost !== undefined) {
      throw new Error(`the balances of the last packets are not in the store, and the next start will not know them. error=${describeError(lost)}`)
    }
  }
}

function adminOptions ({ adminApiHost, adminApiPort, adminApiKey, adminApiAllowedHosts }: Config): AdminServerOptions {
  return { host: adminApiHost, port: adminApiPort, apiKey: adminApiKey, allowedHosts: adminApiAllowedHosts }
}
