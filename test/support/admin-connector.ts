/** A connector made by hand for the admin API, and HTTP requests that can be as odd as a test needs them. */
import { EventEmitter, once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { format } from 'node:util'
import EcbBackend from '../../backends/ecb.js'
import type { Alert } from '../../src/contracts/alert.js'
import type { ConnectorParts } from '../../src/admin/connector/api.js'
import { connectorAdminServer, type AdminServerOptions } from '../../src/admin/connector/listen.js'
import type { HttpServer } from '../../src/http/server.js'
import type { ConfiguredRoute } from '../../src/routing/fixed-routes.js'
import { SluiceError } from '../../src/contracts/errors.js'
import { AccountStats } from '../../src/metrics/stats.js'
import { InsufficientLiquidityError } from '../../src/packet/errors.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { Rate } from '../../src/contracts/backend.js'
import type { LedgerStatus } from '../../src/ledger/service.js'
import type { AccountBalance, Day, Settlement } from '../../src/contracts/ledger.js'
import type { Guard, PausedPeer } from '../../src/contracts/guard.js'
import type { Middleware } from '../../src/contracts/middleware.js'
import type { Prices } from '../../src/contracts/prices.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginInstance } from '../../src/contracts/plugin.js'
import { apiFor } from './backends.js'

export const SECRET = 's3cr3t-of-the-plugin'

/** A plugin whose fields must never be seen. */
class QuietPlugin extends EventEmitter implements PluginInstance {
  readonly secret = SECRET
  readonly self = this // circular, as sockets are
  constructor (public connected = true) { super() }
  connect (): Promise<void> { return Promise.resolve() }
  disconnect (): Promise<void> { return Promise.resolve() }
  isConnected (): boolean { return this.connected }
  sendData (data: Buffer): Promise<Buffer> { return Promise.resolve(data) }
  sendMoney (): Promise<void> { return Promise.resolve() }
  registerDataHandler (): void { /* not used */ }
  deregisterDataHandler (): void { /* not used */ }
  registerMoneyHandler (): void { /* not used */ }
  deregisterMoneyHandler (): void { /* not used */ }
}

/** One that answers questions of its operator. */
export class TalkativePlugin extends QuietPlugin {
  getAdminInfo (): Promise<unknown> { return Promise.resolve({ clients: ['a', 'b'] }) }
  sendAdminInfo (info: unknown): Promise<unknown> { return Promise.resolve({ got: info }) }
}

export const baseInfo: AccountInfo = {
  relation: 'peer', plugin: 'ilp-plugin-btp', assetCode: 'USD', assetScale: 4, options: { authToken: SECRET }
}

const none = { count: 0, amount: 0n }
const movements = { incoming: { count: 2, amount: 7n }, outgoing: none, settled: none, received: none, adjusted: none, reversed: none }

const emptyBook: AccountBalance = {
  balance: 0n,
  incomingHolds: 0n,
  outgoingHolds: 0n,
  settling: 0n,
  settlement: undefined,
  prepaid: 0n,
  limits: {},
  removed: false,
  lateFulfills: { count: 0, amount: 0n },
  reversals: { count: 0, amount: 0n }
}

interface Account {
  info: AccountInfo
  plugin: PluginInstance
}

/** Those of accounts in dollars, euros and XRP. */
export function somePrices (): Prices {
  const assets = { usd: { assetCode: 'USD', assetScale: 2 }, eur: { assetCode: 'EUR', assetScale: 2 }, xrp: { assetCode: 'XRP', assetScale: 6 } }
  return new EcbBackend({ mockData: { base: 'USD', rates: { EUR: '0.8', XRP: 2 } } }, apiFor(assets)).prices
}

/** Accounts: `alice` (balance, limits -10 to 100), `bob` (balance without limits, plugin instance, not connected), `carl` (no balance). */
export class FakeHost implements ConnectorParts {
  readonly stats = new AccountStats()
  readonly accountMap = new Map<string, Account>([
    ['alice', { info: { ...baseInfo, balance: { maximum: '100' } }, plugin: new TalkativePlugin() }],
    ['bob', { info: { ...baseInfo, plugin: new QuietPlugin(), balance: { maximum: 'Infinity' } }, plugin: new QuietPlugin(false) }],
    ['carl', { info: { ...baseInfo, relation: 'child' }, plugin: new QuietPlugin() }]
  ])

  balanceMap: Map<string, AccountBalance> | undefined = new Map([
    ['alice', { ...emptyBook, unit: 'USD/4', balance: 7n, incomingHolds: 3n, outgoingHolds: -2n, settling: 1n, limits: { minimum: -10n, maximum: 100n } }],
    ['bob', { ...emptyBook, balance: -(2n ** 70n) }]
  ])

  alertList: Alert[] | undefined = []
  configured: ConfiguredRoute[] = [{ targetPrefix: 'g.bob', peerId: 'bob' }]
  settlementList: Settlement[] = [{ id: 'one', accountId: 'alice', amount: 5n, createdAt: 0, state: 'unknown' }]
  guard: FakeGuard | undefined = new FakeGuard(this)
  readonly added: Array<{ id: string, account: unknown }> = []
  readonly paid: Array<[string, bigint | undefined]> = []

  readonly accounts = {
    accounts: this.accountMap,
    getOwnAddress: () => 'test.connie',
    getAddressSource: () => undefined,
    isConnected: () => true
  }

  readonly config = { adminApiAllowPaths: false, validateAccount: (_id: string, account: unknown) => account as AccountInfo }
  readonly addAccount = (id: string, account: AccountInfo): Promise<void> => {
    this.added.push({ id, account })
    return Promise.resolve()
  }

  readonly backend = {
    getStatus: (): Promise<Record<string, Record<string, Rate>>> =>
      Promise.resolve({ alice: { bob: 0.998, carl: '1.25', dora: { toString: () => '1e3' } }, bob: { alice: 2 } }),
    prices: somePrices()
  }

  readonly ledger = {
    getStatus: (): LedgerStatus => ({ kind: 'embedded', durability: 'sync' }),
    ledger: { journalOf: (accountId: string): Day[] => accountId === 'alice' ? [{ date: '2026-01-31', opening: -(2n ** 70n), movements }] : [] }
  }

  readonly routing = {
    localTable: (): object => ({ 'test.alice': { nextHop: 'alice', path: 'alice x' } }),
    status: (): object => ({ routingTableId: 'id', currentEpoch: 3, forwardingRoutingTable: { 'test.gone': null } }),
    candidates: (): object => ({}),
    configuredRoutes: () => this.configured,
    addRoute: (route: ConfiguredRoute): void => { this.configured.push(route) },
    removeRoute: ({ targetPrefix, peerId }: ConfiguredRoute): ConfiguredRoute[] => {
      const removed = this.configured.filter(route => route.targetPrefix === targetPrefix && route.peerId === peerId)
      this.configured = this.configured.filter(route => !removed.includes(route))
      return removed
    }
  }

  readonly middlewares = {
    getMiddleware: (name: string): Middleware | undefined => {
      if (name === 'balance' && this.balanceMap !== undefined) return new FakeBalances(this)
      if (name === 'guard') return this.guard
      return name === 'alert' && this.alertList !== undefined ? new FakeAlerts(this) : undefined
    }
  }
}

class FakeMiddleware implements Middleware {
  constructor (protected readonly host: FakeHost) {}
  applyToPipelines (): Promise<void> { return Promise.resolve() }
}

class FakeBalances extends FakeMiddleware {
  getStatus (): object { return { accounts: Object.fromEntries(this.host.balanceMap!) } }
  getSettlements (): Settlement[] { return this.host.settlementList }

  modifyBalance (accountId: string, amount: bigint): void {
    const account = this.host.balanceMap!.get(accountId)!
    const balance = account.balance + amount
    if (balance > (account.limits.maximum ?? balance)) throw new InsufficientLiquidityError('exceeded maximum balance.')
    this.host.balanceMap!.set(accountId, { ...account, balance })
  }

  settle (accountId: string, amount?: bigint): Promise<void> {
    if (accountId === 'carl') return Promise.reject(new SluiceError('SLUICE_BALANCE_UNKNOWN', 'account not found. accountId=carl'))
    this.host.paid.push([accountId, amount])
    return Promise.resolve()
  }

  resolveSettlement (id: string): Promise<void> {
    const rest = this.host.settlementList.filter(settlement => settlement.id !== id)
    if (rest.length === this.host.settlementList.length) return Promise.reject(new SluiceError('SLUICE_SETTLEMENT_UNKNOWN', 'no such id'))
    this.host.settlementList = rest
    return Promise.resolve()
  }
}

class FakeAlerts extends FakeMiddleware {
  getAlerts (): Alert[] { return this.host.alertList! }
  dismissAlert (id: number): void { this.host.alertList = this.host.alertList!.filter(alert => alert.id !== id) }
}

class FakeGuard extends FakeMiddleware implements Guard {
  readonly #paused = new Map<string, PausedPeer>()
  pause (peerId: string, by: string, reason: string): void {
    this.#paused.set(peerId, { peerId, since: 0, by, reason, isDisconnected: false })
  }

  resume (peerId: string): boolean { return this.#paused.delete(peerId) }
  isPaused (peerId: string): boolean { return this.#paused.has(peerId) }
  paused (): PausedPeer[] { return [...this.#paused.values()] }
  findings (): Record<string, number> { return {} }
}

/** Keeps what was logged, as it would be written. */
export class MemoryLog implements Logger {
  readonly lines: string[] = []
  readonly debugEnabled = true
  error (...args: unknown[]): void { this.lines.push(`error ${format(...args)}`) }
  warn (...args: unknown[]): void { this.lines.push(`warn ${format(...args)}`) }
  info (...args: unknown[]): void { this.lines.push(`info ${format(...args)}`) }
  debug (...args: unknown[]): void { this.lines.push(`debug ${format(...args)}`) }
  trace (...args: unknown[]): void { this.lines.push(`trace ${format(...args)}`) }
}

export interface Answer { status: number, type: string | undefined, text: string, headers: IncomingHttpHeaders }

/** A listening admin API with a hand-made connector behind it. */
export class Fixture {
  readonly host = new FakeHost()
  readonly log = new MemoryLog()
  readonly server: HttpServer
  port = 0

  constructor (options: Partial<AdminServerOptions> = {}) {
    this.server = connectorAdminServer(this.host, { host: '127.0.0.1', port: 0, ...options }, this.log)
  }

  async start (): Promise<this> {
    await this.server.start()
    this.port = this.server.port
    return this
  }

  /** Objects are sent as JSON, strings as they are. */
  async send (method: string, path: string, body?: unknown, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    const bytes = Buffer.from(body === undefined || typeof body === 'string' ? body ?? '' : JSON.stringify(body))
    const length = bytes.length === 0 ? {} : { 'content-length': bytes.length, 'content-type': 'application/json' }
    const outgoing = request({ host: '127.0.0.1', port: this.port, method, path, headers: { connection: 'close', ...length, ...headers } })
    outgoing.end(bytes)
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject)
    })
    return {
      status: response.statusCode ?? 0, type: response.headers['content-type'], text: await text(response), headers: response.headers
    }
  }

  get (path: string, headers?: OutgoingHttpHeaders): Promise<Answer> {
    return this.send('GET', path, undefined, headers)
  }

  /** Writes bytes to a fresh socket and resolves to all that comes back until the server ends it. */
  async raw (bytes: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(bytes)
    return text(socket)
  }
}
