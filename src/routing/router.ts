/**
 * Routing as the rest of the connector sees it: where a packet goes, what our peers announce to us, and what we announce to them. Its
 * callers tell it what happens to accounts; it does nothing to them except send CCP packets.
 */
import { randomUUID } from 'node:crypto'
import { isBelow, isValidAddress } from '../packet/address.js'
import { PeerUnreachableError, withDetails } from '../packet/errors.js'
import type { Relation } from '../contracts/account.js'
import type { Logger } from '../contracts/logger.js'
import type { CcpPrepare } from './ccp/ccp-messages.js'
import { systemClock } from './ccp/clock.js'
import type { Clock } from './ccp/clock.js'
import { FixedRoutes } from './fixed-routes.js'
import type { ConfiguredRoute, FixedRouteOptions } from './fixed-routes.js'
import type { SessionCounters } from './ccp/peer-session.js'
import { PeerSessions } from './ccp/peer-sessions.js'
import type { PeerSessionsOptions } from './ccp/peer-sessions.js'
import { explain, type Network, type RouteOptions } from './table/policy.js'
import { candidatesStatus, choiceStatus, localTableStatus, routingStatus } from './status.js'
import type { ChoiceStatus, RouteStatus, RoutingStatus } from './status.js'
import { RoutingTables } from './table/tables.js'

/** What routing needs from the connector. It asks only about accounts that `accountIds` has listed. */
export interface RouterHost {
  ownAddress (): string
  accountIds (): Iterable<string>
  relation (accountId: string): Relation
  isConnected (accountId: string): boolean
  /** The child's ILP address; only asked for children. */
  childAddress (accountId: string): string
  routeOptions (accountId: string): RouteOptions
  /** Sends a raw ILP packet straight to the account's plugin, past the pipelines. */
  sendData (accountId: string, packet: Buffer): Promise<Buffer>
  log: Logger
  /** The system clock unless given. */
  clock?: Clock
}

/** Times in ms. Read when needed: the configuration may change under us. */
export interface RouterOptions extends FixedRouteOptions, PeerSessionsOptions {
  /** `g` for the production network, `test` for the test network. */
  globalPrefix: string
  routeBroadcastEnabled: boolean
  /** The time between heartbeats. */
  routeBroadcastInterval: number
  /** For how long our peers may keep our routes without hearing from us, and we theirs if they never say. */
  routeExpiry: number
  /** How often to look for silent peers. */
  routeCleanupInterval: number
}

/** Plain numbers for a metrics service. */
export interface RoutingMetrics {
  /** Prefixes that packets can be routed to. */
  prefixes: number
  /** Entries of the log of changes from which peers are brought up to date. */
  logLength: number
  /** Prefixes whose route got worse, which some peer has not confirmed. */
  guardedPrefixes: number
  /** ms from the last change until every peer had confirmed it; undefined while there was none. */
  convergenceMs: number | undefined
  /** By account. `routes`: prefixes learnt from it. */
  accounts: Record<string, SessionCounters & { routes: number }>
}

const MIN_CLEANUP_INTERVAL_MS = 100

export class Router {
  /** Is told of a configured route whose account does not exist. Where accounts come and go, that is nothing to warn of. */
  onWaitingRoute = (prefix: string, accountId: string): void => {
    this.host.log.warn('ignoring configured route, account does not exist. prefix=%s accountId=%s', prefix, accountId)
  }

  /** Is told of a prefix that leads to another next hop from now on ('' is this connector), or to none. Must not throw. */
  onRouteChange: ((prefix: string, nextHop: string | undefined) => void) | undefined

  readonly #network: Network
  readonly #tables: RoutingTables
  readonly #fixed: FixedRoutes
  readonly #peers: PeerSessions
  readonly #clock: Clock
  readonly #accounts = new Set<string>()
  #ownAddress = ''
  #isRunning = false
  #cancelTick: (() => void) | undefined

  constructor (private readonly host: RouterHost, private readonly options: () => RouterOptions) {
    const clock = this.#clock = host.clock ?? systemClock
    this.#network = {
      ownAddress: () => host.ownAddress(),
      globalPrefix: () => options().globalPrefix,
      // Routes over an account are still looked at while it is being removed.
      relation: accountId => this.#accounts.has(accountId) ? host.relation(accountId) : 'parent',
      isConnected: accountId => this.#accounts.has(accountId) && host.isConnected(accountId),
      childAddress: accountId => host.childAddress(accountId),
      routeOptions: accountId => host.routeOptions(accountId)
    }
    this.#tables = new RoutingTables(this.#network, randomUUID(), (prefix, nextHop) => { this.onRouteChange?.(prefix, nextHop) })
    this.#fixed = new FixedRoutes(options, this.#network, host.log, (prefix, accountId) => { this.onWaitingRoute(prefix, accountId) })
    this.#peers = new PeerSessions(this.#tables, this.#network, {
      isConnected: accountId => this.#network.isConnected(accountId),
      sendData: (accountId, packet) => host.sendData(accountId, packet),
      now: () => clock.now(),
      setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
      log: host.log
    }, options)
  }

  /** Loads the local routes and, if broadcasting is enabled, exchanges routes with every connected account. */
  start (): void {
    this.#isRunning = true
    this.reload()
    for (const accountId of this.#accounts) this.accountConnected(accountId)
    this.#scheduleTick()
  }

  /** Ends all exchange. The table stays as it is. */
  stop (): void {
    this.#isRunning = false
    this.#cancelTick?.()
    this.#peers.closeAll()
  }

  /** To be called when accounts, their relations or filters, our own address or the configured routes have changed. */
  reload (): void {
    const prefixesBefore = this.#fixed.prefixes()
    const accountIds = new Set(this.host.accountIds())
    for (const accountId of [...this.#accounts]) if (!accountIds.has(accountId)) this.#forget(accountId)
    for (const accountId of accountIds) this.#accounts.add(accountId)
    this.#fixed.reload(accountIds)
    this.#updateFixed(new Set([...this.#fixed.prefixes(), ...prefixesBefore]))
    if (this.host.ownAddress() !== this.#ownAddress) {
      this.#ownAddress = this.host.ownAddress()
      this.#judgeAddress()
      this.#peers.readdress()
    }
    this.#peers.reconfigure()
  }

  /** Which network it is, two settings say. */
  #judgeAddress (): void {
    const { globalPrefix } = this.options()
    if (!isValidAddress(this.#ownAddress) || isBelow(globalPrefix, this.#ownAddress)) return
    this.host.log.warn('the address is not of the network that env says. packets for other addresses of its network find no default route, and no routes to ' +
      'them are learnt: set env (CONNECTOR_ENV) to production for addresses below g, to test for those below test, or use another address. ' +
      'address=%s network=%s', this.#ownAddress, globalPrefix)
  }

  /**
   * Where a packet goes: the longest prefix of its destination, and the account that leads there ('' is this connector itself).
   * Undefined when there is no route. With `sourceAccount`, throws PeerUnreachableError (T01) while that account has yet to confirm
   * that the route has become worse (see the loop guard); the sender may try again.
   */
  resolve (destination: string, sourceAccount?: string): { readonly prefix: string, readonly nextHop: string } | undefined {
    const route = this.#tables.local.resolve(destination)
    if (route !== undefined && sourceAccount !== undefined && this.#tables.guard.size > 0) {
      const progress = this.#peers.progressOf(sourceAccount)
      if (progress !== undefined && this.#tables.guard.holds(destination, route, progress)) {
        throw withDetails(message => new PeerUnreachableError(message), 'route is changing, try again.', `source=${sourceAccount} destination=${destination}`)
      }
    }
    return route
  }

  /** The plugin of the account has connected, perhaps again. */
  accountConnected (accountId: string): void {
    if (!this.#accounts.has(accountId)) return // the start, or its addition, looks whether it is connected
    this.#peers.update(this.#fixed.prefixesOver(accountId))
    if (this.#isRunning && this.options().routeBroadcastEnabled) this.#peers.connected(accountId)
  }

  /** The plugin of the account has disconnected: what was learnt from it is forgotten, and the others are told. */
  accountDisconnected (accountId: string): void {
    this.#peers.disconnected(accountId)
    this.#peers.update(this.#fixed.prefixesOver(accountId))
  }

  /** To be called once the account is listed. */
  accountAdded (accountId: string): void {
    this.#accounts.add(accountId)
    this.#updateFixed(this.#fixed.accountAdded(accountId))
    this.accountConnected(accountId)
  }

  /** To be called once the account is no longer listed. */
  accountRemoved (accountId: string): void {
    this.#forget(accountId)
    this.#updateFixed(this.#fixed.accountRemoved(accountId))
  }

  /**
   * A Prepare from the account to `peer.route.*`, whose condition was checked. Returns the raw Fulfill; throws BadRequestError (F00)
   * for what is expired, malformed, unasked for, or out of sequence.
   */
  handle (accountId: string, prepare: CcpPrepare): Buffer {
    return this.#peers.handle(accountId, prepare, this.#isRunning && this.options().routeBroadcastEnabled && this.#accounts.has(accountId))
  }

  /** Adds a configured route, or changes the priority of one. Throws when prefix, account id or priority make no sense. */
  addRoute (route: ConfiguredRoute): void {
    this.#fixed.add(route)
    this.#updateFixed([route.targetPrefix])
  }

  /** Removes the configured routes for exactly this prefix, or the one over `peerId`. Returns those that existed. */
  removeRoute (route: { targetPrefix: string, peerId?: string | undefined }): ConfiguredRoute[] {
    const removed = this.#fixed.remove(route)
    this.#updateFixed([route.targetPrefix])
    return removed
  }

  configuredRoutes (): ConfiguredRoute[] {
    return this.#fixed.configured()
  }

  /** The body of GET /routing. */
  status (): RoutingStatus {
    return routingStatus(this.#tables, this.#peers.sessions())
  }

  /** For each prefix every known route, the one in use first, and why it is preferred to the second. */
  candidates (): Record<string, ChoiceStatus> {
    return candidatesStatus(this.#tables, this.#network)
  }

  /** Every prefix that a route is known for. */
  prefixes (): Iterable<string> {
    return this.#tables.candidates.prefixes()
  }

  /** The same as `candidates`, for one prefix. Undefined: no route is known for exactly this one. */
  choice (prefix: string): ChoiceStatus | undefined {
    const candidates = this.#tables.candidates.of(prefix)
    return candidates.length === 0 ? undefined : choiceStatus(candidates, this.#network)
  }

  /** Why the next hop of the prefix was chosen. */
  reasonFor (prefix: string): string {
    return explain(this.#tables.candidates.of(prefix), this.#network).reason
  }

  /** `localRoutingTable` of GET /status. */
  localTable (): Record<string, RouteStatus> {
    return localTableStatus(this.#tables)
  }

  metrics (): RoutingMetrics {
    const accounts = [...this.#peers.counters()].map(([accountId, counters]) =>
      [accountId, { ...counters, routes: this.#tables.candidates.learntFrom(accountId).size }] as const)
    return {
      prefixes: this.#tables.local.size,
      logLength: this.#tables.forwarding.logLength,
      guardedPrefixes: this.#tables.guard.size,
      convergenceMs: this.#peers.convergenceMs,
      accounts: Object.fromEntries(accounts)
    }
  }

  #forget (accountId: string): void {
    this.#accounts.delete(accountId)
    this.#peers.removed(accountId)
  }

  #updateFixed (prefixes: Iterable<string>): void {
    const concerned = [...prefixes]
    for (const prefix of concerned) this.#tables.candidates.setFixed(prefix, this.#fixed.candidates(prefix))
    this.#peers.update(concerned)
  }

  #scheduleTick (): void {
    this.#cancelTick?.()
    this.#cancelTick = this.#clock.setTimer(() => {
      this.#peers.tick()
      this.#scheduleTick()
    }, Math.max(this.options().routeCleanupInterval, MIN_CLEANUP_INTERVAL_MS))
  }
}
