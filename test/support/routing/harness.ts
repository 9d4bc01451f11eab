/** One router with accounts that a test plays: it hears what the router sends, and says what peers say. Virtual time. */
import { serializeCcpResponse, deserializeCcpRouteControlRequestPayload, deserializeCcpRouteUpdateRequestPayload, Mode,
  serializeCcpRouteControlRequestPayload, serializeCcpRouteUpdateRequestPayload } from 'ilp-protocol-ccp'
import type { CcpRouteControlRequest, CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import { prepareOf } from '../../../src/packet/prepare.js'
import type { RouteOptions } from '../../../src/routing/table/policy.js'
import { Router } from '../../../src/routing/router.js'
import type { RouterOptions } from '../../../src/routing/router.js'
import type { Relation } from '../../../src/contracts/account.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { Timeline } from '../simulator/timeline.js'

export const NO_TABLE = '00000000-0000-0000-0000-000000000000'
export const TABLE = 'b38e6e41-71a0-4088-baed-d2f09caa18ee'
/** The auth that the test peers announce with. */
export const AUTH = Buffer.from('RLQ3sZWn8Y5TSNJM9qXszfxVlcuERxsxpy+7RhaUadk=', 'base64')

export interface TestAccount extends RouteOptions {
  relation: Relation
  connected: boolean
}

export interface Sent<T> {
  atMs: number
  accountId: string
  request: T
}

export class Harness {
  readonly timeline = new Timeline()
  readonly startMs = this.timeline.now()
  address = 'test.connie'
  readonly accounts = new Map<string, TestAccount>()
  readonly updates: Array<Sent<CcpRouteUpdateRequest>> = []
  readonly controls: Array<Sent<CcpRouteControlRequest>> = []
  readonly warnings: string[] = []
  /** How the peers answer. */
  answer: (accountId: string) => Promise<Buffer> = () => Promise.resolve(serializeCcpResponse())
  readonly options: RouterOptions
  readonly router: Router

  constructor (accounts: Record<string, Relation | Partial<TestAccount>> = {}, options: Partial<RouterOptions> = {}) {
    for (const [accountId, account] of Object.entries(accounts)) this.add(accountId, account)
    this.options = {
      globalPrefix: 'test',
      routingSecret: Buffer.from('c8rEzjyVRS7gGB3xLuy/GBDDKzZDPVJor/w6IA6pMfo=', 'base64'),
      defaultRoute: 'auto',
      routes: [],
      routeBroadcastEnabled: true,
      routeBroadcastInterval: 30_000,
      routeExpiry: 45_000,
      routeCleanupInterval: 1000,
      ...options
    }
    const log: Logger = { ...SILENT_LOG, warn: (message, ...args) => { this.warnings.push([message, ...args].join(' ')) } }
    this.router = new Router({
      ownAddress: () => this.address,
      accountIds: () => this.accounts.keys(),
      relation: accountId => this.#account(accountId).relation,
      isConnected: accountId => this.#account(accountId).connected,
      childAddress: accountId => `${this.address}.${accountId}`,
      routeOptions: accountId => this.#account(accountId),
      sendData: (accountId, packet) => this.#sendData(accountId, packet),
      log,
      clock: this.timeline
    }, () => this.options)
  }

  /** Started, with every account connected. */
  static started (accounts: Record<string, Relation | Partial<TestAccount>> = {}, options: Partial<RouterOptions> = {}): Harness {
    const harness = new Harness(accounts, options)
    harness.router.start()
    return harness
  }

  add (accountId: string, account: Relation | Partial<TestAccount>): void {
    this.accounts.set(accountId, { relation: 'peer', connected: true, ...(typeof account === 'string' ? { relation: account } : account) })
  }

  connect (accountId: string): void {
    this.#account(accountId).connected = true
    this.router.accountConnected(accountId)
  }

  disconnect (accountId: string): void {
    this.#account(accountId).connected = false
    this.router.accountDisconnected(accountId)
  }

  remove (accountId: string): void {
    this.accounts.delete(accountId)
    this.router.accountRemoved(accountId)
  }

  handle (accountId: string, destination: string, data: Buffer): Buffer {
    return this.router.handle(accountId, { destination, data, expiresAt: this.timeline.now() + 1000 })
  }

  /** The peer asks for our routes. */
  ask (accountId: string, fields: Partial<CcpRouteControlRequest> = {}): Buffer {
    const request = { mode: Mode.MODE_SYNC, lastKnownRoutingTableId: NO_TABLE, lastKnownEpoch: 0, features: [], ...fields }
    return this.handle(accountId, 'peer.route.control', serializeCcpRouteControlRequestPayload(request))
  }

  /** The peer tells us something, as a continuation of what it told before unless the epochs are given. */
  tell (accountId: string, fields: Partial<CcpRouteUpdateRequest>): Buffer {
    const epoch = fields.fromEpochIndex ?? this.router.status().peers[accountId]?.receive?.epoch ?? 0
    const request = {
      routingTableId: TABLE, currentEpochIndex: epoch + 1, fromEpochIndex: epoch, toEpochIndex: epoch + 1,
      holdDownTime: 45_000, speaker: `test.${accountId}`, newRoutes: [], withdrawnRoutes: [], ...fields
    }
    return this.handle(accountId, 'peer.route.update', serializeCcpRouteUpdateRequestPayload(request))
  }

  /** The peer announces a prefix over the given path (by default just itself). */
  announce (accountId: string, prefix: string, path: string[] = [`test.${accountId}`]): void {
    this.tell(accountId, { newRoutes: [{ prefix, path, auth: AUTH, props: [] }] })
  }

  withdraw (accountId: string, prefix: string): void {
    this.tell(accountId, { withdrawnRoutes: [prefix] })
  }

  nextHop (destination: string, source?: string): string | undefined {
    return this.router.resolve(destination, source)?.nextHop
  }

  async advance (ms: number): Promise<void> {
    await Promise.resolve()
    await this.timeline.advance(ms)
  }

  /** What the account was told since the start: the last word on each prefix, as a path, or null if withdrawn. */
  told (accountId: string): Record<string, string | null> {
    const told: Record<string, string | null> = {}
    for (const { request } of this.updates.filter(update => update.accountId === accountId)) {
      for (const prefix of request.withdrawnRoutes) told[prefix] = null
      for (const { prefix, path } of request.newRoutes) told[prefix] = path.join(' ')
    }
    return told
  }

  #sendData (accountId: string, packet: Buffer): Promise<Buffer> {
    const { destination, data } = prepareOf(packet)
    const sent = { atMs: this.timeline.now() - this.startMs, accountId }
    if (destination === 'peer.route.update') this.updates.push({ ...sent, request: deserializeCcpRouteUpdateRequestPayload(data) })
    else this.controls.push({ ...sent, request: deserializeCcpRouteControlRequestPayload(data) })
    return this.answer(accountId)
  }

  /** Throws for an unknown account, as the connector does. */
  #account (accountId: string): TestAccount {
    const account = this.accounts.get(accountId)
    if (account === undefined) throw new Error(`unknown account id. accountId=${accountId}`)
    return account
  }
}
