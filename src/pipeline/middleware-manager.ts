/** Loads the middlewares, applies them to each account, and carries data and money through the resulting pipelines. */
import { randomUUID } from 'node:crypto'
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { Notices } from '../accounts/notices.js'
import { Config } from '../config/connector/config.js'
import { PrepareHandler } from '../forwarding/handle-prepare.js'
import { LedgerService } from '../ledger/service.js'
import { AccountStats } from '../metrics/stats.js'
import { loadConstructor } from '../modules/load-module.js'
import { describeError } from '../lib/describe-error.js'
import { settlementNotice, writeSettlement, type SettlementOutcome } from '../lib/settlement-line.js'
import { PaysNothingError } from '../contracts/pays-nothing-error.js'
import { UnreachableError, withDetails } from '../packet/errors.js'
import { busyReject } from '../packet/reply.js'
import { SluiceError } from '../contracts/errors.js'
import type { Logger } from '../contracts/logger.js'
import type { AccountInfo } from '../contracts/account.js'
import type {
  Context, Middleware, MiddlewareApi, MiddlewareConstructor, MoneyTerms, Pipelines, Transfer
} from '../contracts/middleware.js'
import type { PluginInstance, RunningTotal } from '../contracts/plugin.js'
import { AccountPipelines, type Ends } from './account-pipelines.js'
import { PacketObservers } from './packet-observers.js'
import { APPLIED, moduleOf } from './defaults.js'
import { Overload, type Entrance } from './overload.js'
import { createPipelines } from './pipeline.js'

const COUNTED: Context = { isCounted: true }
/** Codes of packets that are refused early. RFC 0027. */
const BUSY = 'T03'
const THROTTLED = 'T05'

export class MiddlewareManager {
  readonly overload = new Overload(() => this.handlers.size)
  private readonly config: Config
  private readonly log: Logger
  private readonly accounts: Accounts
  private readonly prepares: PrepareHandler
  private readonly stats: AccountStats
  private readonly ledger: LedgerService
  private readonly observers: PacketObservers
  private readonly notices: Notices
  private readonly hasBuiltInBalance: boolean
  private readonly middlewares = new Map<string, Middleware>()
  /** Those that have a say before a request is looked at. */
  private readonly admitting: readonly Middleware[]
  private readonly handlers = new Map<string, AccountPipelines>()

  constructor (deps: Injector) {
    const config = this.config = deps(Config)
    const { disableMiddleware, middlewares } = config
    this.log = config.createLogger('middleware-manager')
    this.accounts = deps(Accounts)
    this.prepares = new PrepareHandler(deps, this.sendData)
    this.stats = deps(AccountStats)
    this.ledger = deps(LedgerService)
    this.observers = deps(PacketObservers)
    this.notices = deps(Notices)

    const disabled = new Set<string>(disableMiddleware)
    this.hasBuiltInBalance = !disabled.has('balance')
    for (const name of APPLIED) if (!disabled.has(name)) this.construct(name, moduleOf(name), {})
    for (const [name, { type, options = {} }] of Object.entries(middlewares)) {
      if (this.middlewares.has(name)) {
        throw new SluiceError('SLUICE_CONFIG_INVALID', `custom middleware has same name as built-in middleware. name=${name}. Rename it in middlewares (CONNECTOR_MIDDLEWARES), ` +
          'or disable the built-in one with disableMiddleware (CONNECTOR_DISABLE_MIDDLEWARE).')
      }
      this.construct(name, type, options)
    }
    this.admitting = [...this.middlewares.values()].filter(middleware => middleware.admits !== undefined)
  }

  /** From now on new packets are answered with T03. */
  drain (): void {
    this.prepares.drain()
  }

  /** The middleware of that name, if it is enabled. */
  getMiddleware (name: string): Middleware | undefined {
    return this.middlewares.get(name)
  }

  /** Builds the account's pipelines and starts to take what its plugin receives. */
  async addPlugin (accountId: string, plugin: PluginInstance): Promise<void> {
    const pipelines = createPipelines()
    for (const [name, middleware] of this.middlewares) await this.apply(name, middleware, pipelines, accountId)
    const handlers = new AccountPipelines(accountId, this.accounts.getInfo(accountId), plugin, pipelines, this.ends)
    const entrance = this.overload.entrance()
    plugin.registerDataHandler(
      (data, request) => {
        const bytes = Buffer.isBuffer(data) ? data.length : 0
        if (entrance.isFullFor(bytes)) return this.refuse(accountId)
        const isCounted = request?.isCounted === true
        const trace = this.observers.arrived(accountId, data)
        if (trace === undefined) return entrance.track(handlers.incomingData(data, isCounted ? COUNTED : undefined), bytes)
        const answer = handlers.incomingData(data, { isCounted, trace })
        trace.noteView()
        return entrance.track(answer, bytes, reply => { this.observers.answered(trace, reply) })
      },
      { isBusy: bytes => this.isBusy(entrance, accountId, bytes), admits: client => this.admits(accountId, client) }
    )
    plugin.registerMoneyHandler(async (amount, transfer) => { await handlers.incomingMoney(amount, transferOf(transfer)) })
    this.handlers.set(accountId, handlers)
  }

  /** Runs the account's startup steps, once. */
  async startup (accountId: string): Promise<void> {
    await this.handlers.get(accountId)?.startup()
  }

  /** Runs the account's teardown steps, once. From then on nothing is sent through it. */
  async teardown (accountId: string): Promise<void> {
    const handlers = this.handlers.get(accountId)
    this.handlers.delete(accountId)
    await handlers?.teardown()
  }

  /** Forgets what is counted of a removed account, and its balance when that is even. */
  forget (accountId: string): void {
    this.ledger.ledger.closeAccount(accountId)
    this.stats.removeAccount(accountId)
  }

  /** Sends a packet through the account's outgoing pipeline. Rejects with F02 for an unknown account. */
  readonly sendData = (data: Buffer, accountId: string, context?: Context): Promise<Buffer> => {
    return this.handlers.get(accountId)?.outgoingData(data, context) ?? nobody('data', accountId)
  }

  /**
   * Pays base units through the account's outgoing pipeline, under a new id where none is given. Rejects with F02 for an unknown account,
   * and with PaysNothingError where the plugin says so: its `sendMoney` resolves, and nobody is paid. A shutdown waits for a payment: one
   * that is cut off is one that somebody has to look into.
   */
  readonly sendMoney = (amount: string, accountId: string, { id = randomUUID() }: Transfer = {}): Promise<void> => {
    const handlers = this.handlers.get(accountId)
    if (handlers === undefined) return nobody('money', accountId)
    if (this.accounts.getPlugin(accountId).settles === false) return Promise.reject(new PaysNothingError(accountId))
    return this.overload.track(handlers.outgoingMoney(amount, { id }))
  }

  private isBusy (entrance: Entrance, accountId: string, bytes: number): boolean {
    const isFull = entrance.isFullFor(bytes)
    if (isFull) this.observers.refusedEarly(accountId, BUSY)
    return isFull
  }

  private admits (accountId: string, client: string | undefined): boolean {
    for (const middleware of this.admitting) {
      if (middleware.admits?.(accountId, client) === false) {
        this.observers.refusedEarly(accountId, THROTTLED)
        return false
      }
    }
    return true
  }

  private refuse (accountId: string): Promise<Buffer> {
    this.observers.refusedEarly(accountId, BUSY)
    return Promise.resolve(busyReject(this.accounts.getOwnAddress()))
  }

  private async apply (name: string, middleware: Middleware, pipelines: Pipelines, accountId: string): Promise<void> {
    try {
      await middleware.applyToPipelines(pipelines, accountId)
    } catch (error) {
      this.log.error('failed to apply middleware to account. middlewareName=%s accountId=%s error=%s', name, accountId, describeError(error))
      throw new Error(`failed to apply middleware. middlewareName=${name} accountId=${accountId} error=${describeError(error)}`, { cause: error })
    }
  }

  private construct (name: string, type: string, options: Record<string, unknown>): void {
    const Constructor = loadConstructor('middleware', type) as MiddlewareConstructor
    const { ledger } = this
    const api: MiddlewareApi = {
      getInfo: accountId => this.accounts.getInfo(accountId),
      getOwnAddress: () => this.accounts.getOwnAddress(),
      sendData: this.sendData,
      sendMoney: this.sendMoney,
      getMoneyTerms: accountId => moneyTermsOf(accountId, this.accounts.getPlugin(accountId), this.accounts.getInfo(accountId).plugin),
      getPlugin: accountId => this.accounts.getPlugin(accountId),
      tell: notice => { this.notices.tell?.(notice) },
      stats: this.stats,
      get ledger () { return ledger.ledger }, // which is known when it is open
      log: this.config.createLogger(`${type}-middleware`, options)
    }
    this.middlewares.set(name, new Constructor(options, api))
  }

  private readonly ends: Ends = {
    handle: (data, accountId, context) => this.prepares.handle(data, accountId, context?.trace),
    received: (account, amount, { id } = {}) => {
      this.say(account, { direction: 'incoming', amount, outcome: 'received', id })
      return Promise.resolve()
    },
    pay: async (account, amount, { id = randomUUID() } = {}) => {
      const settlement = { direction: 'outgoing', amount, id } as const
      try {
        await account.plugin.sendMoney(amount, { id })
      } catch (error) {
        this.say(account, { ...settlement, outcome: 'unpaid', error })
        throw error
      }
      this.say(account, { ...settlement, outcome: 'paid' })
    }
  }

  /** The books say what came of a settlement; where none are kept, it is said here. */
  private say ({ accountId, info }: AccountPipelines, settlement: Omit<SettlementOutcome, 'accountId'>): void {
    if (info.balance !== undefined && this.hasBuiltInBalance) return
    writeSettlement(this.log, { accountId, ...settlement }, info)
    const notice = settlementNotice({ accountId, ...settlement }, info)
    if (notice !== undefined) this.notices.tell?.(notice)
  }
}

/** Plugins written before payments had ids may hand over anything. Throws TypeError for a total that cannot be counted. */
function transferOf (transfer: unknown): Transfer {
  if (typeof transfer !== 'object' || transfer === null) return {}
  const { id, total, withPackets } = transfer as { id?: unknown, total?: unknown, withPackets?: unknown }
  if (total !== undefined && !isRunningTotal(total)) throw new TypeError('plugin reported money with an unusable total.')
  return { ...(isName(id) && { id }), ...(total !== undefined && { total }), ...(withPackets === true && { withPackets }) }
}

function isName (id: unknown): id is string {
  return typeof id === 'string' && id !== ''
}

function isRunningTotal (total: unknown): total is RunningTotal {
  if (typeof total !== 'object' || total === null) return false
  const { id, from, to } = total as Partial<Record<keyof RunningTotal, unknown>>
  return isName(id) && typeof from === 'bigint' && typeof to === 'bigint' && from >= 0n && from <= to
}

function moneyTermsOf (accountId: string, plugin: PluginInstance, configured: AccountInfo['plugin']): MoneyTerms {
  const { settles = true, settlesOnce, settlesAt = '', settlementUnit = '1' } = plugin
  if (!/^[1-9]\d*$/.test(settlementUnit)) {
    throw new Error(`plugin declares an unusable settlementUnit. accountId=${accountId} found=${settlementUnit} expected=a decimal string above 0`)
  }
  const module = typeof configured === 'string' ? configured : configured.constructor.name
  const by = settlesOnce === true ? `${module} ${settlesAt}` : undefined
  return { settles, settlesOnce: settlesOnce === true, by, unit: BigInt(settlementUnit) }
}

function nobody (what: 'data' | 'money', accountId: string): Promise<never> {
  return Promise.reject(withDetails(message => new UnreachableError(message), `tried to send ${what} to non-existent account.`, `accountId=${accountId}`))
}

