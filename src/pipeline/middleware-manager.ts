/** Loads the middlewares, applies them to each account, and carries data and money through the resulting pipelines. */
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { Config } from '../config/config.js'
import { Core } from '../forwarding/core.js'
import { LedgerService } from '../ledger/service.js'
import { createLogger } from '../log.js'
import { AccountStats } from '../metrics/stats.js'
import { loadConstructor } from '../modules/load-module.js'
import { UnreachableError, describeError } from '../packet/errors.js'
import type { Middleware, MiddlewareApi, MiddlewareConstructor, Next, Pipelines } from '../types/middleware.js'
import type { PluginInstance } from '../types/plugin.js'
import { compose } from './compose.js'
import { BUILT_IN_MIDDLEWARES } from './defaults.js'
import { InFlight } from './in-flight.js'
import { createPipelines } from './pipeline.js'
import { sendThrough } from './plugin-calls.js'

const log = createLogger('middleware-manager')

/** The composed pipelines of one account. */
interface Handlers {
  incomingData: Next<Buffer, Buffer>
  outgoingData: Next<Buffer, Buffer>
  incomingMoney: Next<string, void>
  outgoingMoney: Next<string, void>
  startup: Next<void, void>
  teardown: Next<void, void>
  started: boolean
}

const nothing = (): Promise<void> => Promise.resolve()

export class MiddlewareManager {
  readonly inFlight = new InFlight()
  private readonly accounts: Accounts
  private readonly core: Core
  private readonly stats: AccountStats
  private readonly ledger: LedgerService
  private readonly middlewares = new Map<string, Middleware>()
  private readonly handlers = new Map<string, Handlers>()

  constructor (deps: Injector) {
    const { disableMiddleware, middlewares } = deps(Config)
    this.accounts = deps(Accounts)
    this.core = deps(Core)
    this.stats = deps(AccountStats)
    this.ledger = deps(LedgerService)

    const disabled = new Set<string>(disableMiddleware)
    for (const [name, type] of BUILT_IN_MIDDLEWARES) if (!disabled.has(name)) this.construct(name, type, {})
    for (const [name, { type, options = {} }] of Object.entries(middlewares)) {
      if (this.middlewares.has(name)) throw new Error(`custom middleware has same name as built-in middleware. name=${name}`)
      this.construct(name, type, options)
    }
  }

  /** The middleware of that name, if it is enabled. */
  getMiddleware (name: string): Middleware | undefined {
    return this.middlewares.get(name)
  }

  /** Builds the account's pipelines and starts to take what its plugin receives. */
  async addPlugin (accountId: string, plugin: PluginInstance): Promise<void> {
    const pipelines = createPipelines()
    for (const [name, middleware] of this.middlewares) await apply(name, middleware, pipelines, accountId)
    const handlers = this.compose(pipelines, accountId, plugin)
    plugin.registerDataHandler(data => this.inFlight.track(handlers.incomingData(data)))
    plugin.registerMoneyHandler(amount => handlers.incomingMoney(amount))
    this.handlers.set(accountId, handlers)
  }

  /** Runs the account's startup steps, once. */
  async startup (accountId: string): Promise<void> {
    const handlers = this.handlers.get(accountId)
    if (handlers === undefined || handlers.started) return
    handlers.started = true
    await handlers.startup()
  }

  /** Stops taking what the plugin receives and runs the account's teardown steps. */
  async removePlugin (accountId: string, plugin: PluginInstance): Promise<void> {
    plugin.deregisterDataHandler()
    plugin.deregisterMoneyHandler()
    await this.teardown(accountId)
    this.stats.removeAccount(accountId)
  }

  async teardown (accountId: string): Promise<void> {
    const handlers = this.handlers.get(accountId)
    this.handlers.delete(accountId)
    await handlers?.teardown()
  }

  /** Sends a packet through the account's outgoing pipeline. Rejects with F02 for an unknown account. */
  readonly sendData = (data: Buffer, accountId: string): Promise<Buffer> => {
    return this.handlers.get(accountId)?.outgoingData(data) ?? nobody('data', accountId)
  }

  /** Pays base units through the account's outgoing pipeline. Rejects with F02 for an unknown account. */
  readonly sendMoney = (amount: string, accountId: string): Promise<void> => {
    return this.handlers.get(accountId)?.outgoingMoney(amount) ?? nobody('money', accountId)
  }

  private construct (name: string, type: string, options: Record<string, unknown>): void {
    const Constructor = loadConstructor('middleware', type) as MiddlewareConstructor
    const api: MiddlewareApi = {
      getInfo: accountId => this.accounts.getInfo(accountId),
      getOwnAddress: () => this.accounts.getOwnAddress(),
      sendData: this.sendData,
      sendMoney: this.sendMoney,
      stats: this.stats,
      ledger: this.ledger.ledger,
      log: createLogger(`${type}-middleware`)
    }
    this.middlewares.set(name, new Constructor(options, api))
  }

  private compose (pipelines: Pipelines, accountId: string, plugin: PluginInstance): Handlers {
    return {
      incomingData: compose(pipelines.incomingData.getMethods(), data => this.core.processData(data, accountId, this.sendData)),
      outgoingData: compose(pipelines.outgoingData.getMethods(), data => sendThrough(plugin, data)),
      incomingMoney: compose(pipelines.incomingMoney.getMethods(), nothing),
      outgoingMoney: compose(pipelines.outgoingMoney.getMethods(), async amount => { await plugin.sendMoney(amount) }),
      startup: compose(pipelines.startup.getMethods(), nothing),
      teardown: compose(pipelines.teardown.getMethods(), nothing),
      started: false
    }
  }
}

function nobody (what: 'data' | 'money', accountId: string): Promise<never> {
  return Promise.reject(new UnreachableError(`tried to send ${what} to non-existent account. accountId=${accountId}`))
}

async function apply (name: string, middleware: Middleware, pipelines: Pipelines, accountId: string): Promise<void> {
  try {
    await middleware.applyToPipelines(pipelines, accountId)
  } catch (error) {
    log.error('failed to apply middleware to account. middlewareName=%s accountId=%s error=%s', name, accountId, describeError(error))
    throw new Error(`failed to apply middleware. middlewareName=${name} accountId=${accountId} error=${describeError(error)}`, { cause: error })
  }
}
