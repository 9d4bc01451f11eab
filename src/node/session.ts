/** A node from start to stop: the connector inside, the BTP port, and the peers that come and go. */
import reductModule, { type Injector } from 'reduct'
import type { ListeningPort } from '../contracts/transport.js'
import { UnreachableError } from '../packet/errors.js'
import { amountIn } from '../packet/prepare.js'
import { isFulfill } from '../packet/reply.js'
import { Accounts } from '../accounts/accounts.js'
import { Notices } from '../accounts/notices.js'
import { StoreService } from '../accounts/store-service.js'
import { withTimeout } from '../lib/timeout.js'
import { createApp, type App } from '../connector/connector.js'
import { ExplorerDoor } from '../explorer/door.js'
import { ForwardObserver } from '../forwarding/forwarder.js'
import { pricesOf, RateBackend } from '../forwarding/rate-backend.js'
import { ChildAddresses } from '../forwarding/peer-protocols.js'
import { LedgerService } from '../ledger/service.js'
import { fromNumber, ONE, subtract } from '../lib/fraction.js'
import { currentActor } from '../lib/actor.js'
import { createLogger } from '../lib/log.js'
import { AccountStats } from '../metrics/stats.js'
import { describeError } from '../lib/describe-error.js'
import { MiddlewareManager } from '../pipeline/middleware-manager.js'
import { RoutingService } from '../routing/service.js'
import type { AccountInfo, Asset } from '../contracts/account.js'
import { asGuard, type Guard } from '../contracts/guard.js'
import type { AccountBalance } from '../contracts/ledger.js'
import type { PluginInstance } from '../contracts/plugin.js'
import type { Prices } from '../contracts/prices.js'
import { btpPlugin, clientRules, type Admit } from './btp.js'
import { configuredRoute, connectorOptions, isKnown, spreadOf, type ConnectorParts } from './connector-options.js'
import { Guests } from './guests.js'
import { LOCAL_ACCOUNT, peerAccount } from './peer-account.js'
import { metricSources } from './metric-sources.js'
import { NodeMetrics } from './metrics.js'
import { overlayOf, type Overlay } from './overlay.js'
import type { Peer } from './peers.js'
import { NodeRates } from './rates.js'
import { assetOf, isSameAsset, UNNAMED_ASSET } from '../config/node/assets.js'
import { openDoor } from '../config/node/env.js'
import { chainOf } from '../config/node/settlement-chains.js'
import type { Dependency, PeerAccountBalance, RouteInfo } from '../contracts/node.js'
import { Traffic } from './traffic.js'
import { UnsettledMarker } from './unsettled-marker.js'

/** How long the start waits for peers. What is not connected by then goes on trying. */
const START_TIMEOUT_MS = 2000
/** How long somebody who registers a peer waits for it. */
const REGISTER_TIMEOUT_MS = 1000
/** How often the business logic server is asked whether it is ready. */
const HANDLER_CHECK_MS = 10_000

/** What the plugin `local` offers besides the plugin interface. */
interface LocalPlugin extends PluginInstance {
  sendPrepare (packet: Buffer): Promise<Buffer>
  notify (packet: Buffer, origin?: string): Promise<void>
  isHandlerHealthy (): Promise<boolean>
}

export class Session {
  readonly traffic: Traffic
  /** Undefined: peers are dialled directly. */
  readonly overlay: Overlay | undefined
  readonly #container: Injector = reductModule.default()
  readonly #app: App
  readonly #local: LocalPlugin
  readonly #guests: Guests
  readonly #rates: NodeRates
  /** Peers whose account is being added, until it is removed again: nothing is said then of how that ends. */
  readonly #adding = new Map<string, Promise<void>>()
  /** Peers whose account is being removed: nothing is said then of their routes. */
  readonly #leaving = new Set<string>()
  #listening: ListeningPort | undefined
  #handlerChecks: NodeJS.Timeout | undefined
  #isHandlerUp: boolean | undefined
  #phase: 'starting' | 'open' | 'closed' = 'starting'
  readonly #marker: UnsettledMarker

  /** Throws when a part cannot be made. Opens nothing. */
  constructor (private readonly parts: ConnectorParts) {
    this.overlay = overlayOf(parts.config, parts.log)
    this.#marker = new UnsettledMarker(parts.config.dataPath, parts.config.nodeId, parts.config.chains)
    this.#restorePeers()
    this.#container(ExplorerDoor).node = parts.door
    this.#container(Notices).signed = (peerId, { operation, detail, outcome }) => {
      parts.audit?.record({ action: `sign ${operation}`, subject: peerId, detail, by: currentActor({ via: 'node' }), outcome })
    }
    const forwards = this.#container(ForwardObserver)
    forwards.onForward = (sourceAccount, nextHop, bytes) => {
      refuseReturn(sourceAccount, nextHop)
      if (nextHop !== LOCAL_ACCOUNT) this.traffic.sent(nextHop, bytes)
    }
    forwards.onAnswer = (nextHop, isFulfilled, source, amount, outgoing) => {
      if (nextHop !== LOCAL_ACCOUNT) this.traffic.answered(nextHop, isFulfilled)
      if (isFulfilled) this.traffic.exchanged(source, nextHop, amount, outgoing)
    }
    this.#container(ChildAddresses).of = accountId =>
      parts.peers.relationOf(accountId) === 'child' ? parts.routes.prefixesOf(accountId)[0] : undefined
    const kept = subtract(ONE, fromNumber(spreadOf(parts.config)))
    const stats = this.#container(AccountStats)
    this.traffic = new Traffic(stats, accountId => isKnown(accountId, parts), accountId => this.assetOf(accountId), kept)
    const accountIds = (): string[] => this.#container(Accounts).getAccountIds()
    const sources = metricSources(this, { ownAddress: parts.config.ilpAddress, stats, audit: parts.audit, accountIds })
    const metrics = new NodeMetrics(stats.getRegistry(), sources)
    this.#rates = new NodeRates(parts.config)
    const notify = (packet: Buffer, origin?: string): Promise<void> => this.#local.notify(packet, origin)
    this.#app = createApp(connectorOptions(parts, { metrics, traffic: this.traffic, rates: this.#rates }, notify), this.#container)
    this.#local = localPluginOf(this.#app.getPlugin(LOCAL_ACCOUNT))
    this.#container(RoutingService).onWaitingRoute = (prefix, nextHop) => {
      if (!this.#leaving.has(nextHop)) parts.log.info({ prefix, nextHop }, 'route_waits_for_peer')
    }
    this.#guests = new Guests({
      ...parts,
      app: this.#app,
      accounts: this.#container(Accounts),
      owedTo: id => this.#container(LedgerService).ledger.owedTo(id),
      phase: () => this.#phase
    })
  }

  /** Rejects with nothing left open when the port or the books cannot be had. */
  async start (): Promise<void> {
    const { config, log, logLevel } = this.parts
    this.#marker.refuseOtherName()
    await this.overlay?.start()
    this.#container(StoreService).settlements.onChange = () => { this.#noteUnsettled() }
    const admit: Admit = (username, address) => this.#guests.admit(username, address)
    const { btpServerHost: host, btpServerPort: port, btpAllowedOrigins: allowedOrigins } = config
    this.#listening = await btpPlugin().listen({ host, port, allowedOrigins, admit, clients: clientRules(config.security) }, createLogger('btp-server', { to: log, level: logLevel }))
    log.info({ port: this.#listening.port }, 'btp_server_started')
    void this.overlay?.announce()
    await this.#app.listen({ connectWithin: START_TIMEOUT_MS })
    await this.#judgeRates()
    this.#phase = 'open'
    if (config.localDelivery.enabled) this.#handlerChecks = setInterval(() => { void this.#checkHandler() }, HANDLER_CHECK_MS).unref()
  }

  /** Lets packets under way finish, then closes everything. */
  async stop (): Promise<void> {
    this.#phase = 'closed'
    this.#adding.clear()
    clearInterval(this.#handlerChecks)
    try {
      await this.#app.shutdown()
    } finally {
      this.parts.peers.forgetGuests()
      await this.#listening?.release()
      await this.overlay?.stop()
    }
  }

  /** A peer was registered in another way: if it has payment channels, the next start has to know. */
  notePeers (): void {
    if (this.#phase === 'open') this.#noteUnsettled()
  }

  #noteUnsettled (): void {
    const { config, peers } = this.parts
    const configured = new Set(config.peers.map(({ id }) => id))
    this.#marker.write(this.#container(StoreService).settlements.all(), peers.all().filter(({ id }) => !configured.has(id)))
  }

  sendPrepare (packet: Buffer): Promise<Buffer> {
    return this.#local.sendPrepare(packet)
  }

  /** Throws if the backend has none. */
  get prices (): Prices {
    return pricesOf(this.#container(RateBackend))
  }

  /** Watches peers, and refuses packets of those that are paused. */
  get guard (): Guard | undefined {
    return asGuard(this.#container(MiddlewareManager).getMiddleware('guard'))
  }

  /** Undefined where the configuration has none. */
  get explorer (): App['explorer'] {
    return this.#app.explorer
  }

  /** Whether packets pass between the application and the connector. */
  isCarrying (): boolean {
    return this.#local.isConnected()
  }

  isHandlerHealthy (): Promise<boolean> {
    return this.#local.isHandlerHealthy()
  }

  /** As of now, or as it was when it was last looked at. Only while the node runs. */
  dependencies (): Record<string, Dependency> {
    const { config, peers } = this.parts
    const { kind, trouble } = this.#container(LedgerService).getStatus()
    const isUp: Record<string, boolean> = { ledger: trouble === undefined }
    const reasons: Record<string, string> = {}
    if (config.ledger.type === 'tigerbeetle') isUp.tigerbeetle = kind === 'tigerbeetle' && trouble === undefined
    for (const peer of peers.all()) {
      const id = chainOf(peer, config)?.id
      const channels = this.pluginOf(peer.id)?.channels?.()
      if (id !== undefined && channels !== undefined) isUp[id] = isUp[id] !== false && channels.trouble === undefined
      const reason = channels?.keyTrouble ?? channels?.work
      if (id !== undefined && reason !== undefined) reasons[id] = reason
    }
    if (this.#isHandlerUp !== undefined) isUp.handler = this.#isHandlerUp
    if (this.overlay !== undefined) isUp.transport = this.overlay.isHealthy
    return Object.fromEntries(Object.entries(isUp).map(([name, up]) =>
      [name, { status: up ? 'up' : 'down', ...(name in reasons && { reason: reasons[name] }) }]))
  }

  /** The asset of what is between the peer and us: what is paid in, where anything is. */
  tokenOf (peerId: string): string {
    return this.pluginOf(peerId)?.channels?.().tokenId ?? this.assetOf(peerId).code
  }

  /** What the account of a peer counts in, or that of the application. Of somebody who has none: what it would be. */
  assetOf (accountId: string): Asset {
    const accounts = this.#container(Accounts)
    if (!accounts.exists(accountId)) return assetOf(this.parts.peers.get(accountId) ?? {}, this.parts.config)
    const { assetCode, assetScale } = accounts.getInfo(accountId)
    return { code: assetCode, scale: assetScale }
  }

  isConnected (peerId: string): boolean {
    return this.#container(Accounts).isConnected(peerId)
  }

  /** Peers that are here and that nobody configured. */
  guests (): string[] {
    return this.#guests.present()
  }

  isGuest (peerId: string): boolean {
    return this.#guests.isPresent(peerId)
  }

  /** Whether the name is held by somebody who has shown no secret. */
  isStranger (peerId: string): boolean {
    return this.#guests.isStranger(peerId)
  }

  /** Throws, or says so in the log, if a route would lead to a stranger. */
  judgeNextHop ({ prefix, nextHop }: Pick<RouteInfo, 'prefix' | 'nextHop'>): void {
    if (this.isStranger(nextHop)) this.#guests.judgeRoute(prefix, nextHop)
  }

  /** Undefined for a peer that never had an account. */
  balanceOf (peerId: string): AccountBalance | undefined {
    return this.#container(LedgerService).ledger.balanceOf(peerId)
  }

  /** The same as the application is shown it, in the asset that is asked for; without a balance in any other. */
  accountBalanceOf (peerId: string, tokenId?: string): PeerAccountBalance {
    const own = this.tokenOf(peerId)
    const asset = this.assetOf(peerId)
    const owed = this.balanceOf(peerId)?.balance ?? 0n
    const [debit, credit] = owed > 0n ? [owed, 0n] : [0n, -owed]
    const balance = {
      tokenId: own,
      debitBalance: String(debit),
      creditBalance: String(credit),
      netBalance: String(credit - debit),
      ...(!isSameAsset(asset, UNNAMED_ASSET) && { assetCode: asset.code, assetScale: asset.scale })
    }
    return { peerId, balances: [undefined, own, asset.code].includes(tokenId) ? [balance] : [] }
  }

  /** Past the routing table: the packet is booked with the peer alone. Rejects with F02 for a peer without an account. */
  async sendTo (peerId: string, packet: Buffer): Promise<Buffer> {
    if (this.isConnected(peerId)) this.traffic.sent(peerId, packet.length)
    let isFulfilled = false
    try {
      const reply = await this.#container(MiddlewareManager).sendData(packet, peerId)
      isFulfilled = isFulfill(reply)
      return reply
    } finally {
      this.traffic.answeredDirectly(peerId, isFulfilled, amountIn(packet))
    }
  }

  /** Pays the peer `amount` base units that we owe it. Resolves when its plugin has paid and the books say so. */
  async settle (peerId: string, amount: bigint): Promise<void> {
    const balances = this.#container(MiddlewareManager).getMiddleware('balance')
    if (balances === undefined || !isSettling(balances)) throw new Error('the middleware "balance" cannot settle. Reinstall the package.')
    await balances.settle(peerId, amount)
  }

  /** Undefined for a peer without an account. */
  pluginOf (peerId: string): PluginInstance | undefined {
    return this.#container(Accounts).exists(peerId) ? this.#app.getPlugin(peerId) : undefined
  }

  /** One that cannot be used any more is left out: then the node says what is not settled, and does not start. */
  #restorePeers (): void {
    const { peers, log } = this.parts
    for (const kept of this.#marker.registered()) {
      if (peers.has(kept.id)) continue
      try {
        const { peer, before } = peers.put(kept)
        peers.confirm(peer, before)
        log.info({ peerId: peer.id }, 'peer_restored')
      } catch (error) {
        log.error({ peerId: kept.id, error: describeError(error) }, 'peer_not_restored')
      }
    }
  }

  async #checkHandler (): Promise<void> {
    const isUp = await this.#local.isHandlerHealthy()
    if (isUp !== (this.#isHandlerUp ?? true)) this.parts.log[isUp ? 'info' : 'warn']({ healthy: isUp }, 'handler_health_changed')
    this.#isHandlerUp = isUp
  }

  /** Everything that is counted, in the Prometheus text format. */
  async metrics (): Promise<string> {
    return await this.#container(AccountStats).scrape()
  }

  addRoute (route: RouteInfo): void {
    this.#container(RoutingService).addRoute(configuredRoute(route, this.parts.config))
  }

  removeRoute (route: RouteInfo): void {
    this.#container(RoutingService).removeRoute(configuredRoute(route, this.parts.config))
  }

  /**
   * Connects a peer, in a new way if it is connected. Resolves when it is there, or after a second. Rejects when it cannot be used, and
   * with `httpErrorCode` 409 when its payment channels would be left behind.
   */
  async putPeer (peer: Peer): Promise<void> {
    const { config, access, log } = this.parts
    const account = peerAccount(peer, config, access)
    const warning = config.environment === 'production' ? openDoor(peer, process.env) : undefined
    if (warning !== undefined) log.warn({ warning }, 'config_warning')
    await this.#rates.judge(peer.id, account)
    await this.#drop(peer.id, this.#looksAfter(peer.id, account))
    const adding = this.#app.addPlugin(peer.id, account)
    this.#adding.set(peer.id, adding)
    const ended = (error?: unknown): void => {
      if (this.#adding.get(peer.id) !== adding) return
      this.#adding.delete(peer.id)
      if (error !== undefined) log.warn({ peerId: peer.id, error: describeError(error) }, 'peer_not_added')
    }
    adding.then(() => { ended() }, ended)
    await withTimeout(adding, REGISTER_TIMEOUT_MS)
  }

  /** Disconnects a peer, if there is one. Rejects with `httpErrorCode` 409 if its channels would be left behind. */
  async dropPeer (peerId: string): Promise<void> {
    await this.#drop(peerId, false)
    this.traffic.forget(peerId)
  }

  /** Of each asset one account. */
  async #judgeRates (): Promise<void> {
    const accounts = this.#container(Accounts)
    const codes = new Map(accounts.getAccountIds().map(accountId => [accounts.getInfo(accountId).assetCode, accountId]))
    for (const accountId of codes.values()) await this.#rates.judge(accountId, accounts.getInfo(accountId))
  }

  async #drop (peerId: string, isReplaced: boolean): Promise<void> {
    this.#adding.delete(peerId)
    this.#leaving.add(peerId)
    try {
      if (this.#container(Accounts).exists(peerId)) await this.#app.removePlugin(peerId, { isReplaced })
    } finally {
      this.#leaving.delete(peerId)
    }
    this.#guests.forget(peerId)
  }

  /** Whether the peer's next account will have the channels of its present one, even if the peer's address changes. */
  #looksAfter (peerId: string, next: AccountInfo): boolean {
    const accounts = this.#container(Accounts)
    if (!accounts.exists(peerId)) return false
    const { plugin, options } = accounts.getInfo(peerId)
    return plugin === next.plugin && options?.chain === next.options?.chain
  }
}

function isSettling (middleware: object): middleware is { settle (accountId: string, amount: bigint): Promise<void> } {
  return 'settle' in middleware && typeof middleware.settle === 'function'
}

function localPluginOf (plugin: PluginInstance): LocalPlugin {
  if (!isLocalPlugin(plugin)) throw new Error('the plugin "local" cannot carry the packets of an application. Reinstall the package.')
  return plugin
}

function isLocalPlugin (plugin: PluginInstance): plugin is LocalPlugin {
  return ['sendPrepare', 'notify', 'isHandlerHealthy'].every(method => typeof Reflect.get(plugin, method) === 'function')
}

/** The application may pay itself; two peers that route to each other would play ping-pong until the packet expires. */
function refuseReturn (sourceAccount: string, nextHop: string): void {
  if (nextHop !== sourceAccount || nextHop === LOCAL_ACCOUNT) return
  throw new UnreachableError(`refusing to send a packet back to the peer that it came from. peer=${nextHop}`)
}
