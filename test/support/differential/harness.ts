/**
 * Runs the real ilp-connector 23.0.2 and Sluice side by side: the same options, plugins that behave alike, one frozen clock. Whatever
 * happens to one happens to the other, and what came of it can be compared.
 */
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import reductModule, { type Injector } from 'reduct'
import sinon from 'sinon'
import { createApp } from '../../../src/connector/connector.js'
import type { ConnectorInput } from '../../../src/config/connector/schema.js'
import { RateBackend } from '../../../src/forwarding/rate-backend.js'
import { AccountStats } from '../../../src/metrics/stats.js'
import { MiddlewareManager } from '../../../src/pipeline/middleware-manager.js'
import { RoutingService } from '../../../src/routing/service.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import type { Backend } from '../../../src/contracts/backend.js'
import type { PluginInstance } from '../../../src/contracts/plugin.js'
import { MirrorPlugin, fulfilAll, type Respond } from './mirror-plugin.js'
import { START, describePrepare, describeReply, withoutDetails, withoutTimes } from './packets.js'
import { quiet } from '../waiting.js'

const require = createRequire(import.meta.url)
const createContainer = reductModule.default
// Its index is this and a hook that maps every stack trace, which makes each of its rejects slow.
const { default: createReference } = require('ilp-connector/dist/app') as { default: (options: object, container: Injector) => Connector }
const referenceLog = require('ilp-connector/dist/common/log') as { setOutputStream (stream: NodeJS.WritableStream): void }

/** Services of the reference by class, as its own users fetch them. */
interface ReferenceStats extends Pick<AccountStats, 'getStatus'> { getRegistry (): { metrics (): string | Promise<string> } }
interface Service<T> { default: new (deps: Injector) => T }
const { default: ReferenceMiddlewares } =
  require('ilp-connector/dist/services/middleware-manager') as Service<Pick<MiddlewareManager, 'getMiddleware'>>
const { default: ReferenceStats } = require('ilp-connector/dist/services/stats') as Service<ReferenceStats>
const { default: ReferenceRoutes } =
  require('ilp-connector/dist/services/routing-table') as Service<{ toJSON (): Record<string, { nextHop: string }> }>

const { default: ReferenceAdminApi } = require('ilp-connector/dist/services/admin-api') as Service<{ server?: Server }>
const { default: ReferenceRateBackend } = require('ilp-connector/dist/services/rate-backend') as Service<object>

/** A backend of the application's own, put into the container in place of the configured one. */
export type BackendClass = new (deps: Injector) => Pick<Backend, 'connect' | 'getRate' | 'submitPayment' | 'submitPacket'>

/** What the apps of both have in common. */
export interface Connector {
  readonly config: object
  listen (): Promise<void>
  addPlugin (accountId: string, account: object): Promise<void>
  removePlugin (accountId: string): Promise<void>
  getPlugin (accountId: string): PluginInstance
  shutdown (): Promise<void>
}

export type Name = 'reference' | 'sluice'
export type Pair<T> = Record<Name, T>
export type Account = Partial<AccountInfo>
export type Options = Omit<Partial<ConnectorInput>, 'accounts'> & { accounts: Record<string, Account> }
/** Options of both, or made for each where they hold something that must not be shared. */
export type OptionsFor = Options | ((name: Name) => Options)

/** alice pays bob at test.bob and the other way round. */
export function between (alice: Account = {}, bob: Account = {}, more: Partial<Options> = {}): Options {
  const routes = ['alice', 'bob'].map(id => ({ targetPrefix: `test.${id}`, peerId: id }))
  return { routes, ...more, accounts: { alice, bob, ...more.accounts } }
}

/** What `balance` and `alert` offer beside packets. */
export interface BalanceMiddleware {
  getStatus (): { accounts: Record<string, { balance: unknown, incomingHolds?: bigint, settling?: bigint }> }
  modifyBalance (accountId: string, diff: unknown): unknown
}

export interface AlertMiddleware {
  getAlerts? (): object[]
  dismissAlert (id: number): void
}

/** One of the two connectors with its peers. */
export class Side {
  readonly plugins: Record<string, MirrorPlugin> = {}
  readonly app: Connector
  readonly container = createContainer()

  constructor (readonly name: Name, options: Options, private readonly respond: Respond, backend?: BackendClass) {
    if (backend !== undefined) this.container.setOverride(name === 'reference' ? ReferenceRateBackend : RateBackend, backend)
    const accounts = Object.fromEntries(Object.entries(options.accounts).map(([id, account]) => [id, this.account(id, account)]))
    const complete = { ilpAddress: 'test.connie', backend: 'one-to-one', spread: 0, store: 'memory', ...options, accounts }
    this.app = name === 'reference' ? createReference(complete, this.container) : createApp(complete, this.container)
  }

  /** Completes an account: a peer in USD with a plugin of ours. Route broadcasts are another suite's subject. */
  account (id: string, account: Account): AccountInfo {
    const plugin = account.plugin ?? (this.plugins[id] = new MirrorPlugin(id, this.respond))
    return { relation: 'peer', assetCode: 'USD', assetScale: 9, sendRoutes: false, receiveRoutes: false, ...account, plugin }
  }

  plugin (id: string): MirrorPlugin {
    const plugin = this.plugins[id]
    if (plugin === undefined) throw new Error(`no such account in this test: ${id}`)
    return plugin
  }

  /** What the middleware of that name offers; undefined where it is disabled. */
  middleware (name: 'balance'): BalanceMiddleware | undefined
  middleware (name: 'alert'): AlertMiddleware | undefined
  middleware (name: string): unknown {
    return this.name === 'reference' ? this.container(ReferenceMiddlewares).getMiddleware(name) : this.container(MiddlewareManager).getMiddleware(name)
  }

  /** Balances as ilp-connector counts: with the money of incoming packets and settlements that are under way. */
  balances (): Record<string, string> {
    const accounts = this.middleware('balance')?.getStatus().accounts ?? {}
    return Object.fromEntries(Object.entries(accounts).map(([id, { balance, incomingHolds = 0n, settling = 0n }]) =>
      [id, typeof balance === 'bigint' ? String(balance + incomingHolds + settling) : String(balance)]))
  }

  stats (): ReferenceStats {
    return this.name === 'reference' ? this.container(ReferenceStats) : this.container(AccountStats)
  }

  /** Value by metric and labels. */
  metrics (): Record<string, number> {
    return Object.fromEntries(this.stats().getStatus().flatMap(({ name, values }) => values.map(({ labels, value }): [string, number] =>
      [`${name} ${JSON.stringify(Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1))}`, value])))
  }

  /** Next hop by prefix. */
  routes (): Record<string, string> {
    const table = this.name === 'reference' ? this.container(ReferenceRoutes).toJSON() : this.container(RoutingService).localTable()
    return Object.fromEntries(Object.entries(table).map(([prefix, { nextHop }]) => [prefix, nextHop]))
  }

  /** Everything that can be seen from outside. */
  snapshot (withMetrics: boolean): Record<string, unknown> & { metrics: Record<string, number> } {
    return {
      received: this.perPlugin(({ packets }) => packets.map(describePrepare)),
      paid: this.perPlugin(({ money }) => money),
      balances: this.balances(),
      routes: this.routes(),
      metrics: withMetrics ? this.metrics() : {},
      alerts: this.middleware('alert')?.getAlerts?.()
    }
  }

  async stop (): Promise<void> {
    await this.app.shutdown()
    if (this.name === 'reference') this.container(ReferenceAdminApi).server?.close() // it leaves it open
  }

  private perPlugin<T> (look: (plugin: MirrorPlugin) => T): Record<string, T> {
    return Object.fromEntries(Object.entries(this.plugins).map(([id, plugin]) => [id, look(plugin)]))
  }
}

/** Both connectors. */
export class Duel {
  readonly reference: Side
  readonly sluice: Side

  constructor (options: OptionsFor, respond: Respond = fulfilAll, backend?: BackendClass) {
    const of = (name: Name): Options => typeof options === 'function' ? options(name) : options
    this.reference = new Side('reference', of('reference'), respond, backend)
    this.sluice = new Side('sluice', of('sluice'), respond, backend)
  }

  async listen (): Promise<void> {
    const log = new PassThrough()
    let lines = ''
    log.on('data', line => { lines += String(line) })
    referenceLog.setOutputStream(log)
    await Promise.all([this.reference.app.listen(), this.sluice.app.listen()])
    await quiet()
    referenceLog.setOutputStream(new PassThrough().resume())
    // It resolves whatever went wrong; only its log tells.
    if (!lines.includes('connector ready')) throw new Error(`ilp-connector did not start:\n${lines}`)
  }

  /** The same on both sides, one after the other; what is thrown is kept as a value. */
  async each<T> (action: (side: Side) => T | Promise<T>): Promise<Pair<T | { thrown: string }>> {
    const [ref, sluice] = await Promise.all([this.attempt(this.reference, action), this.attempt(this.sluice, action)])
    return { reference: ref, sluice }
  }

  /** Does something on both sides, requires the same result, and returns it. */
  async same<T> (action: (side: Side) => T | Promise<T>): Promise<T | { thrown: string }> {
    const results = await this.each(action)
    expect(results.sluice).to.deep.equal(results.reference)
    return results.sluice
  }

  /** A packet arrives at `from` on both sides. */
  async send (from: string, packet: Buffer): Promise<Pair<object>> {
    const [ref, sluice] = await Promise.all([this.answerOf(this.reference, from, packet), this.answerOf(this.sluice, from, packet)])
    return { reference: ref, sluice }
  }

  /** What `from` is answered on one side. Never rejects. */
  async answerOf (side: Side, from: string, packet: Buffer): Promise<object> {
    return await this.attempt(side, async () => describeReply(await side.plugin(from).receive(packet)))
  }

  /** A packet that both sides have to answer alike, byte for byte but for what is not for the sender to know. */
  async sendSame (from: string, packet: Buffer): Promise<Record<string, unknown>> {
    const answers = await this.send(from, packet)
    expect(withoutTimes(answers.sluice)).to.deep.equal(withoutDetails(answers.reference))
    return answers.sluice as Record<string, unknown>
  }

  /** Everything that can be seen from outside is the same; metrics where nothing is under way: then the balance shown differs. */
  expectSame (withMetrics = true): void {
    const [sluice, reference] = [this.sluice.snapshot(withMetrics), this.reference.snapshot(withMetrics)]
    expect({ ...sluice, metrics: butForRounding(sluice.metrics, reference.metrics) }).to.deep.equal(reference)
  }

  async stop (): Promise<void> {
    await this.each(side => side.stop())
  }

  private async attempt<T> (side: Side, action: (side: Side) => T | Promise<T>): Promise<T | { thrown: string }> {
    try {
      return await action(side)
    } catch (error) {
      return { thrown: error instanceof Error ? error.message : String(error) }
    }
  }
}

export interface Arena {
  readonly clock: sinon.SinonFakeTimers
  /** Makes one connector, for what makes them fail; it is stopped by who started it. */
  prepareOne (name: Name, options: Options): Side
  /** Makes both connectors. */
  prepare (options: OptionsFor, respond?: Respond, backend?: BackendClass): Duel
  /** Makes both connectors and starts them. */
  start (options: OptionsFor, respond?: Respond, backend?: BackendClass): Promise<Duel>
  tick (ms: number): Promise<void>
  /** Stops what was started and sets the clock back. */
  stop (): Promise<void>
}

/** Call it once in a describe: it freezes the clock, keeps both logs quiet, and stops what a test started. */
export function useArena (): Arena {
  const duels: Duel[] = []
  let clock: sinon.SinonFakeTimers
  let unmute: () => void

  function prepare (options: OptionsFor, respond?: Respond, backend?: BackendClass): Duel {
    const duel = new Duel(options, respond, backend)
    duels.push(duel)
    return duel
  }

  beforeEach(() => {
    unmute = mute()
    clock = sinon.useFakeTimers({ now: START, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  })
  async function stop (): Promise<void> {
    const stopping = Promise.all(duels.splice(0).map(duel => duel.stop()))
    await clock.runToLastAsync() // a packet that is still under way ends with its time
    await stopping
    clock.reset()
    clock.setSystemTime(START)
  }

  afterEach(async () => {
    await stop()
    clock.restore()
    unmute()
  })
  return {
    get clock () { return clock },
    prepareOne: (name, options) => new Side(name, options, fulfilAll),
    prepare,
    stop,
    async start (options, respond, backend) {
      const duel = prepare(options, respond, backend)
      await duel.listen()
      return duel
    },
    async tick (ms) {
      clock.tick(ms)
      await quiet()
    }
  }
}

/**
 * ilp-connector adds up amounts in floating point, a listed difference. Where its sum is too large to be exact, a value that differs by no
 * more than the rounding of a hundred additions counts as the same.
 */
function butForRounding (metrics: Record<string, number>, reference: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => {
    const other = reference[key] ?? value
    const isRounded = other > Number.MAX_SAFE_INTEGER && Math.abs(value - other) <= other * 100 * Number.EPSILON
    return [key, isRounded ? other : value]
  }))
}

/** Keeps whoever comes waiting until it is opened. */
export class Gate {
  private readonly waiting: Array<() => void> = []

  pass (): Promise<void> {
    return new Promise(resolve => this.waiting.push(resolve))
  }

  open (): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

/** What would have ended the process while `action` ran. */
export async function uncaught (event: 'unhandledRejection' | 'uncaughtException', action: () => Promise<void>): Promise<string[]> {
  const others = process.listeners(event as 'uncaughtException')
  const seen: string[] = []
  process.removeAllListeners(event)
  process.on(event, (error: unknown) => { seen.push(String(error)) })
  try {
    await action()
  } finally {
    process.removeAllListeners(event)
    for (const listener of others) process.on(event, listener)
  }
  return seen
}

/** The path of a module beside this file, for options that name modules. */
export function modulePath (name: string): string {
  return fileURLToPath(new URL(`modules/${name}`, import.meta.url))
}

/** A number as the reference's own bignumber.js makes it. */
export function bigNumber (text: string): { toString (): string } {
  const { default: BigNumber } = createRequire(require.resolve('ilp-connector'))('bignumber.js') as { default: new (text: string) => object }
  return new BigNumber(text)
}

/** Keeps the lines of both connectors' logs out of the test report. */
function mute (): () => void {
  const write = process.stdout.write.bind(process.stdout)
  referenceLog.setOutputStream(new PassThrough().resume())
  process.stdout.write = ((chunk: string | Uint8Array, ...rest: never[]): boolean =>
    /^\S+ connector:/.test(String(chunk)) || write(chunk, ...rest))
  return () => { process.stdout.write = write }
}
