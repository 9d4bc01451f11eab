/** The connector as one object: what it is made of, and the order in which it starts and stops. */
import reductModule, { type Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { Connections } from './connections.js'
import { StoreService } from '../accounts/store-service.js'
import { withTimeout } from '../lib/timeout.js'
import { ConnectorAdmin } from '../admin/connector/connector-admin.js'
import { Config } from '../config/connector/config.js'
import type { ConnectorInput } from '../config/connector/schema.js'
import { tearDown, type Step } from '../lib/teardown.js'
import { RateBackend } from '../forwarding/rate-backend.js'
import { AdminServer } from '../admin/connector/admin-server.js'
import { LedgerService } from '../ledger/service.js'
import { createLogger } from '../lib/log.js'
import { AccountStats } from '../metrics/stats.js'
import { hideSecrets } from '../lib/hide-secrets.js'
import { describeError } from '../lib/describe-error.js'
import { MiddlewareManager } from '../pipeline/middleware-manager.js'
import { RoutingService } from '../routing/service.js'
import type { AccountInfo } from '../contracts/account.js'
import type { Backend } from '../contracts/backend.js'
import type { PluginInstance } from '../contracts/plugin.js'
import { version } from '../lib/version.js'

const createContainer = reductModule.default
const log = createLogger('app')

export interface App {
  readonly config: Config
  /** Starts the connector. Rejects when it cannot run, with nothing left half-started. */
  listen (): Promise<void>
  /** Adds an account while running and waits for it to connect, for initialConnectTimeout at most. Rejects with nothing changed. */
  addPlugin (accountId: string, account: AccountInfo): Promise<void>
  /**
   * Removes an account and its routes. Rejects for an unknown account, and, with `httpErrorCode` 409 and nothing changed, for one with
   * money outside ILP that nobody would look after any more. `isReplaced`: an account with the same id comes at once, and does.
   */
  removePlugin (accountId: string, options?: { isReplaced?: boolean }): Promise<void>
  /** Throws for an unknown account. */
  getPlugin (accountId: string): PluginInstance
  /** Takes no new packets, lets those under way finish, and closes everything. Does so once, however often it is called. */
  shutdown (): Promise<void>
}

/**
 * Makes a connector from an options object, or from the `CONNECTOR_*` environment variables when there is none.
 * Throws ConfigError for a bad configuration, and an Error naming what could not be loaded for a missing module.
 * @param container reduct injector: fetch services from it afterwards, or override them before
 */
export function createApp (options?: ConnectorInput, container: Injector = createContainer()): App {
  const config = container(Config)
  if (options === undefined) config.loadFromEnv(process.env, variable => log.warn('unrecognized environment variable. key=%s', variable))
  else config.loadFromOptions(options)

  const accounts = container(Accounts)
  const store = container(StoreService)
  const ledger = container(LedgerService)
  const routing = container(RoutingService)
  const backend: Backend = container(RateBackend) // an application's own may have fewer methods
  const middlewares = container(MiddlewareManager)
  const connections = container(Connections)
  const admin = config.adminApi ? new AdminServer(new ConnectorAdmin(container, addPlugin), adminOptions(config), createLogger('admin-api')) : undefined
  let state: 'new' | 'starting' | 'running' | 'stopped' = 'new'
  let opening: Promise<void> | undefined
  let starting: Promise<void> | undefined
  let stopping: Promise<void> | undefined

  for (const [accountId, account] of Object.entries(config.accounts)) {
    accounts.add(accountId, account)
    connections.watch(accountId)
  }

  function listen (): Promise<void> {
    if (state !== 'new') return Promise.reject(new Error(`a connector can be started once. state=${state}`))
    return starting = start()
  }

  async function start (): Promise<void> {
    state = 'starting'
    log.info('listen called')
    try {
      await (opening = open())
      await connections.start()
      for (const accountId of accounts.getAccountIds()) await middlewares.startup(accountId)
      assertNotStopped()
      if (config.collectDefaultMetrics) container(AccountStats).startDefaultMetrics()
      state = 'running'
      log.info('connector ready (republic attitude). address=%s version=%s', accounts.getOwnAddress(), version)
    } catch (error) {
      await shutdown()
      throw error
    }
  }

  async function open (): Promise<void> {
    const steps: Array<() => unknown> = [
      () => store.open(), () => accounts.refuseOrphans(), () => ledger.open(), () => admin?.listen(), connectBackend, takePackets,
      () => routing.start()
    ]
    for (const step of steps) {
      assertNotStopped()
      await step()
    }
  }

  async function takePackets (): Promise<void> {
    for (const accountId of accounts.getAccountIds()) await middlewares.addPlugin(accountId, accounts.getPlugin(accountId))
  }

  function assertNotStopped (): void {
    if (state === 'stopped') throw new Error('the connector was stopped.')
  }

  async function connectBackend (): Promise<void> {
    try {
      await backend.connect()
    } catch (error) {
      throw new Error(`backend ${config.backend}: ${hideSecrets(describeError(error), config.backendConfig)}`)
    }
  }

  async function addPlugin (accountId: string, account: AccountInfo): Promise<void> {
    if (state === 'starting') await starting // one that is neither left out by the start nor taken twice
    assertNotStopped()
    accounts.add(accountId, account)
    container(AccountStats).admitAccount(accountId)
    try {
      connections.watch(accountId)
      if (state === 'new') return // listen() does the rest
      await middlewares.addPlugin(accountId, accounts.getPlugin(accountId))
      routing.accountAdded(accountId)
      await connections.connectAdded(accountId)
      await middlewares.startup(accountId)
    } catch (error) {
      await remove(accountId)
      throw error
    }
  }

  async function removePlugin (accountId: string, { isReplaced = false }: { isReplaced?: boolean } = {}): Promise<void> {
    if (state === 'starting') await starting
    if (!isReplaced) accounts.refuseUnsettled(accountId)
    await remove(accountId)
  }

  async function remove (accountId: string): Promise<void> {
    const plugin = accounts.getPlugin(accountId)
    const { options } = accounts.getInfo(accountId)
    await tearDown([
      ['packets', () => plugin.deregisterDataHandler()],
      ['money', () => plugin.deregisterMoneyHandler()],
      ['middlewares', () => middlewares.teardown(accountId)],
      ['balance and statistics', () => middlewares.forget(accountId)],
      ['connection', () => connections.disconnect(accountId)],
      ['events', () => connections.unwatch(accountId)],
      ['account', () => accounts.remove(accountId)],
      ['routes', () => routing.accountRemoved(accountId)]
    ], (step, error) =>
      log.error('could not remove all of account. accountId=%s step=%s error=%s', accountId, step, hideSecrets(describeError(error), options)))
  }

  function shutdown (): Promise<void> {
    return stopping ??= stop()
  }

  async function stop (): Promise<void> {
    state = 'stopped'
    middlewares.drain()
    // What is being opened has to be open to be closed.
    if (opening !== undefined) await withTimeout(opening.catch(() => undefined), config.initialConnectTimeout)
    if (!await middlewares.overload.settled(config.maxHoldTime)) log.warn('packets are still under way, stopping all the same.')
    await new Promise(resolve => setImmediate(resolve)) // the plugins write the last answers in this turn
    await tearDown([
      ['routing', () => routing.stop()],
      ['accounts', () => connections.stop()],
      ...accounts.getAccountIds().map((id): Step => [`middlewares of ${id}`, () => middlewares.teardown(id)]),
      ['ledger', () => ledger.close()],
      ['backend', () => backend.disconnect?.()],
      ['admin api', () => admin?.close()],
      ['store', () => store.close()]
    ], (step, error) => log.error('could not stop %s. error=%s', step, describeError(error)))
    container(AccountStats).stopDefaultMetrics()
  }

  return { config, listen, addPlugin, removePlugin, getPlugin: accountId => accounts.getPlugin(accountId), shutdown }
}

function adminOptions ({ adminApiHost, adminApiPort, adminApiKey }: Config): { host: string, port: number, apiKey: string } {
  return { host: adminApiHost, port: adminApiPort, apiKey: adminApiKey }
}
