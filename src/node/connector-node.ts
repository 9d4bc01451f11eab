/** The embedded door to the connector: an Interledger node for an application, in its own process or beside it. */
import { httpServers } from '../admin/node/listen.js'
import { createLogger, createNodeLogger, withLevel } from '../lib/log.js'
import { SluiceError } from '../contracts/errors.js'
import type { Audit } from '../contracts/audit.js'
import type { Guard, PausedPeer } from '../contracts/guard.js'
import type { LogLevel } from '../contracts/logger.js'
import type { Prices } from '../contracts/prices.js'
import type { Door } from '../explorer/door.js'
import { describeError } from '../lib/describe-error.js'
import { createPaymentHandlerAdapter } from '../delivery/payment.js'
import type { LocalDeliveryHandler, LocalDeliveryRequest, LocalDeliveryResponse, PaymentHandler } from '../delivery/payment.js'
import { version } from '../lib/version.js'
import { LOCAL_ACCOUNT } from './peer-account.js'
import { auditOf } from './audit-calls.js'
import { BtpAccess } from './btp-access.js'
import { channelState, noChain, openChannel, settlementChainOf, type ChannelHolders } from './channels.js'
import { ConfigLoader, ConfigReading } from '../config/node/config-loader.js'
import { AccountManager } from './facades/account-manager.js'
import { BTPClientManager } from './facades/btp-client-manager.js'
import { ChannelManager } from './facades/channel-manager.js'
import { Dashboard } from './facades/dashboard.js'
import { PacketHandler } from './facades/packet-handler.js'
import { ConnectorNotStartedError, unknownPeer } from './errors.js'
import { healthOf, type Phase } from './health.js'
import { nodeDoor } from './explorer.js'
import type { Overlay } from './overlay.js'
import { Peers } from './peers.js'
import { Registrations } from './registrations.js'
import { RoutingTable } from './routing-table.js'
import { Session } from './session.js'
import { sendPacket } from './send-packet.js'
import { chainOf } from '../config/node/settlement-chains.js'
import type { NodeChannelState, OpenChannelRequest } from '../contracts/node-channels.js'
import type {
  ConnectorConfig, DeploymentMode, HealthStatus, ILPFulfillPacket, ILPRejectPacket, NodeConfig, NodeLogger, NodeService, PeerAccountBalance,
  PeerChange, PeerInfo, PeerRegistrationRequest, PeerRelation, RemovePeerResult, RouteConfig, RouteInfo, SendPacketParams
} from '../contracts/node.js'

const ENDING = 'The node is stopping, so its peers cannot be changed, and nothing was. Try again when it has stopped, or runs again.'

export class ConnectorNode {
  readonly config: NodeConfig
  readonly packetHandler = new PacketHandler(this)
  readonly accountManager = new AccountManager(this)
  readonly btpClientManager = new BTPClientManager(this, async (peerId, packet) => this.#running('sendToPeer').sendTo(peerId, packet))
  readonly channelManager = new ChannelManager(call => this.#channelHolders(call))
  readonly dashboard = new Dashboard(this, () => this.#running('dashboard').traffic, () => this.#channelHolders('dashboard'))
  readonly #log: NodeLogger
  readonly #logLevel: LogLevel | undefined
  readonly #peers: Peers
  readonly #routes: RoutingTable
  readonly #access: BtpAccess
  #handler: LocalDeliveryHandler | undefined
  #phase: Phase = 'stopped'
  #session: Session | undefined
  #services: NodeService[] = []
  #startedAt = 0
  /** The latest of the two is set: each waits for the one before. */
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  readonly #registrations: Registrations
  readonly #door: Door
  readonly audit: Audit | undefined

  /**
   * @param config the configuration, the path of a YAML file with it, or what `ConfigLoader.read` has made of either
   * @param logger pino, or what `createLogger` makes; the connector inside writes there, too. The level is that of the logger, else
   *   `logLevel` of the configuration.
   * @throws ConfigurationError naming every fault. Nothing is opened before `start`.
   */
  constructor (config: ConnectorConfig | ConfigReading | string, logger: NodeLogger = createNodeLogger('node')) {
    const reading = config instanceof ConfigReading ? config : ConfigLoader.read(config, process.env)
    const { config: read, given, warnings } = reading
    this.config = read
    const isFile = typeof config !== 'object' || config instanceof ConfigReading
    this.#logLevel = given.logLevel
    const log = this.#log = withLevel(logger, given.logLevel)
    this.#access = new BtpAccess(process.env, variable => this.#peers.ownerOf(variable))
    this.#routes = new RoutingTable(read.routes, log)
    this.#peers = new Peers([LOCAL_ACCOUNT, read.nodeId], read, this.#routes)
    this.#door = nodeDoor({
      config: read, given, peers: this.#peers, sourceOf: path => reading.sourceOf(path, isFile ? 'file' : 'given'),
      health: () => this.getHealthStatus(), isGuest: peerId => this.#session?.isGuest(peerId) === true,
      paused: () => this.pausedPeers(), audit: () => this.audit?.status()
    })
    this.#registrations = new Registrations({
      config: read, log, peers: this.#peers, routes: this.#routes,
      session: () => this.#session, transition: () => this.#starting ?? this.#stopping, refusal: () => this.#refusal()
    })
    this.audit = auditOf(this, read, log)
    for (const warning of warnings) log.warn({ warning }, 'config_warning')
    log.info({ nodeId: read.nodeId, peers: read.peers.length, routes: read.routes.length }, 'connector_initialized')
  }

  /**
   * Opens the ports and connects the peers; one that is not there within two seconds is tried further. Rejects when the node cannot run,
   * with everything that was opened closed again. A node that was stopped can be started again.
   */
  start (): Promise<void> {
    if (this.#starting !== undefined) return this.#starting
    const starting = this.#start(this.#stopping)
    this.#stopping = undefined
    this.#starting = starting
    starting.catch(() => { if (this.#starting === starting) this.#starting = undefined })
    return starting
  }

  /** Lets packets under way finish and closes everything. Does nothing when the node does not run. */
  stop (): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping
    this.#stopping = this.#stop(this.#starting, this.#registrations.ended())
    this.#starting = undefined
    return this.#stopping
  }

  /**
   * From now on `handler` decides about packets that end here, and is told of those in transit where perHopNotification is on. The last
   * handler that was set wins; null takes it away.
   */
  setPacketHandler (handler: PaymentHandler | null): void {
    this.#handler = handler === null ? undefined : createPaymentHandlerAdapter(handler, this.#log)
  }

  /** The same, for a handler that knows how to fulfil a condition. */
  setLocalDeliveryHandler (handler: LocalDeliveryHandler | null): void {
    this.#handler = handler ?? undefined
  }

  /**
   * Sends a packet and resolves to its answer by the time it expires: `type` is 13 for a Fulfill and 14 for a Reject, whoever it came from.
   * @throws ConnectorNotStartedError while `canSend()` is false
   */
  async sendPacket (params: SendPacketParams): Promise<ILPFulfillPacket | ILPRejectPacket> {
    const session = this.#running('sendPacket', this.canSend())
    return sendPacket(params, { address: this.config.ilpAddress, carry: packet => session.sendPrepare(packet), log: this.#log })
  }

  /** Whether the node takes packets of the application: as soon as that may get some, while the start still waits for peers. */
  canSend (): boolean { return this.#phase === 'running' || (this.#phase === 'starting' && this.#session?.isCarrying() === true) }

  /**
   * Adds a peer with its routes, or merges them into the peer that has this id. Resolves when the peer is connected, or after a second: it
   * is tried further. Rejects, with nothing changed, when the peer cannot be used, and while the node stops.
   */
  registerPeer (request: PeerRegistrationRequest): Promise<PeerInfo> { return this.#registrations.register(request) }

  /** Changes how the node dials a peer or settles with it. Rejects like `registerPeer`, and for a peer that is not known. */
  updatePeer (peerId: string, changes: PeerChange): Promise<PeerInfo> { return this.#registrations.update(peerId, changes) }

  /** Disconnects a peer and forgets it, and its routes unless told not to. What is owed stays in the books. */
  removePeer (peerId: string, removeRoutes = true): Promise<RemovePeerResult> { return this.#registrations.remove(peerId, removeRoutes) }

  /** The configured and registered peers, and those that have dialled in. */
  listPeers (): PeerInfo[] {
    return this.#peerIds().map(id => this.#infoOf(id))
  }

  /** Whether `listPeers` has this peer. */
  hasPeer (peerId: string): boolean { return this.#peers.has(peerId) || this.#session?.isGuest(peerId) === true }

  /** False for a peer that `listPeers` does not have. */
  isPeerConnected (peerId: string): boolean { return this.hasPeer(peerId) && this.#session?.isConnected(peerId) === true }

  /** Whether a peer that nobody configured is here under this name without a secret: it could be anyone. */
  isStranger (peerId: string): boolean { return this.#session?.isStranger(peerId) === true }

  /**
   * Says what a configured, registered or connected peer is to the node; of a peer that nobody configured, until it disconnects.
   * Throws for an unknown peer, and for a child with routes that are not below the node's own addresses.
   */
  setPeerRelation (peerId: string, relation: PeerRelation): void {
    if (!this.hasPeer(peerId)) throw unknownPeer(peerId)
    this.#peers.setRelation(peerId, relation)
  }

  /**
   * Refuses packets from and to a peer from now on, also after a restart. It can still pay, and is paid. `by` goes into the log and the
   * explorer. Throws for an unknown peer. @throws ConnectorNotStartedError
   */
  pausePeer (peerId: string, reason = 'not said', by = 'the application'): void { this.#guardOf('pausePeer', peerId).pause(peerId, by, reason) }

  /** Carries packets of a peer again. Resolves to false if it was not paused. Throws like `pausePeer`. */
  resumePeer (peerId: string, by = 'the application'): boolean { return this.#guardOf('resumePeer', peerId).resume(peerId, by) }
  /** Those that are paused now, with the reasons. Empty while the node does not run. */
  pausedPeers (): PausedPeer[] { return this.#session?.guard?.paused() ?? [] }

  /** Undefined for a peer that `listPeers` does not have. */
  getPeerRelation (peerId: string): PeerRelation | undefined {
    return this.hasPeer(peerId) ? this.#peers.relationOf(peerId) : undefined
  }

  /**
   * Adds a route, or changes the priority of the one with this prefix and next hop. From now on nobody gets the name of a next hop that is
   * not a peer without its secret. Throws in production when a stranger has it already.
   */
  addRoute (route: RouteConfig): void
  addRoute (prefix: string, nextHop: string, priority?: number): void
  addRoute (first: RouteConfig | string, nextHop = '', priority = 0): void {
    const route = typeof first === 'string' ? { prefix: first, nextHop, priority } : { priority: 0, ...first }
    this.#peers.judgeRoute(route.prefix, route.nextHop)
    this.#session?.judgeNextHop(route)
    this.#routes.addRoute(route.prefix, route.nextHop, route.priority)
    this.#session?.addRoute({ ...route, priority: route.priority ?? 0 })
  }

  /** Removes every route for exactly this prefix. Throws when there is none. */
  removeRoute (prefix: string): void {
    if (!this.#routes.has(prefix)) throw new SluiceError('SLUICE_ROUTE_UNKNOWN', `Route not found: ${prefix}`)
    for (const route of this.#routes.removeRoute(prefix)) this.#session?.removeRoute(route)
  }

  listRoutes (): RouteInfo[] { return this.#routes.getAllRoutes() }

  /** What a peer and we owe each other, in the token that is paid in, else in the account's asset. @throws ConnectorNotStartedError */
  async getBalance (peerId: string, tokenId?: string): Promise<PeerAccountBalance> {
    const session = this.#running('getBalance')
    if (session.balanceOf(peerId) === undefined && !this.#peers.has(peerId)) throw unknownPeer(peerId)
    return Promise.resolve(session.accountBalanceOf(peerId, tokenId))
  }

  /**
   * Opens a payment channel with a peer, with `amount` base units in it.
   * @throws ConnectorNotStartedError; SluiceError where no settlement chain is configured for the peer, or there is a channel already
   */
  openChannel (request: OpenChannelRequest): Promise<NodeChannelState>
  openChannel (peerId: string, amount: bigint | number | string): Promise<NodeChannelState>
  async openChannel (first: OpenChannelRequest | string, initialDeposit?: bigint | number | string): Promise<NodeChannelState> {
    const request = typeof first === 'string' ? { peerId: first, initialDeposit } : first
    this.#running('openChannel')
    await this.#registrations.settleWith(request)
    return openChannel(request, this.#channelHolders('openChannel'))
  }

  /** @param id of a channel, or of a peer: then its newest channel. @throws like `openChannel` */
  async getChannelState (id: string): Promise<NodeChannelState> {
    return channelState(id, this.#channelHolders('getChannelState'))
  }

  /** The chain on which we settle with a peer, such as `evm:8453`. Undefined: none. @throws ConnectorNotStartedError */
  async settlementChainOf (peerId: string): Promise<string | undefined> {
    return settlementChainOf(peerId, this.#channelHolders('settlementChainOf'))
  }

  /**
   * Pays a peer `amount` base units of what we owe it, now. Resolves when that is done and in the books.
   * @throws ConnectorNotStartedError; SluiceError where no settlement chain is configured for the peer
   */
  async settle (peerId: string, amount: bigint): Promise<void> {
    const session = this.#running('settle')
    if (session.pluginOf(peerId)?.channels === undefined) throw noChain(peerId)
    await session.settle(peerId, amount)
  }

  /** A copy: routes are changed with `addRoute` and `removeRoute`. */
  getRoutingTable (): RoutingTable { return new RoutingTable(this.listRoutes()) }

  get routingTable (): RoutingTable { return this.getRoutingTable() }

  getDeploymentMode (): DeploymentMode { return this.config.deploymentMode }
  isEmbedded (): boolean { return this.config.deploymentMode === 'embedded' }
  isStandalone (): boolean { return this.config.deploymentMode === 'standalone' }
  /** True at this moment. */
  getHealthStatus (): HealthStatus {
    const peers = this.#peers.all()
    const peersConnected = peers.filter(({ id }) => this.#session?.isConnected(id) === true).length
    const explorer = this.#session?.explorer
    const paused = this.pausedPeers().length
    const dependencies = this.#phase === 'running' ? this.#session?.dependencies() ?? {} : {}
    return {
      status: healthOf(this.#phase, peersConnected, peers.length, dependencies),
      uptime: this.#phase === 'running' ? Math.floor((Date.now() - this.#startedAt) / 1000) : 0,
      peersConnected,
      totalPeers: peers.length,
      timestamp: new Date().toISOString(),
      nodeId: this.config.nodeId,
      version,
      transport: { type: this.config.transport.type, healthy: this.config.transport.type === 'direct' || this.overlay?.isHealthy === true },
      ...(paused > 0 && { peersPaused: paused }),
      ...(explorer !== undefined && { explorer: { enabled: true, port: explorer.port, ...explorer.status } }),
      dependencies
    }
  }

  /** Everything that is counted, in the Prometheus text format; empty while the node does not run. */
  async getMetrics (): Promise<string> {
    return await this.#session?.metrics() ?? ''
  }

  /** The prices behind the exchange rates. Throws if the node's backend has none. @throws ConnectorNotStartedError */
  get prices (): Prices { return this.#running('prices').prices }

  /** The overlay through which peers are dialled. Undefined: they are dialled directly, or the node does not run. */
  get overlay (): Pick<Overlay, 'externalUrl' | 'hiddenService' | 'isHealthy'> | undefined { return this.#session?.overlay }

  /** Whether the business logic server says that it is ready; true if none is configured. @throws ConnectorNotStartedError */
  async isHandlerHealthy (): Promise<boolean> { return this.#running('isHandlerHealthy').isHandlerHealthy() }

  async #start (stopping: Promise<void> | undefined): Promise<void> {
    await stopping
    this.#phase = 'starting'
    this.#log.info({ nodeId: this.config.nodeId }, 'connector_starting')
    try {
      const session = this.#session = new Session({
        config: this.config,
        log: this.#log,
        logLevel: this.#logLevel,
        peers: this.#peers,
        routes: this.#routes,
        access: this.#access,
        door: this.#door, audit: this.audit,
        deliver: request => this.#deliver(request)
      })
      const log = createLogger('node-http', { to: this.#log, level: this.#logLevel })
      for (const service of httpServers(this, this.config, log, session.explorer?.routes)) {
        await service.start()
        this.#services.push(service)
      }
      await session.start()
      this.#phase = 'running'
      this.#startedAt = Date.now()
      const { peersConnected, totalPeers } = this.getHealthStatus()
      this.#log.info({ feePercentage: this.config.feePercentage, reason: this.config.feeReason }, 'connector_fee')
      this.#log.info({ connectedPeers: peersConnected, totalPeers }, 'connector_ready')
    } catch (error) {
      this.#log.error({ error: describeError(error) }, 'connector_start_failed')
      await this.#close().catch(() => undefined)
      this.#phase = 'failed'
      throw error
    }
  }

  async #stop (starting: Promise<void> | undefined, changes: Promise<unknown>): Promise<void> {
    if (this.#phase === 'starting') await this.#session?.overlay?.stop() // a proxy may take a minute to start
    try {
      await starting
    } catch {
      return // a start that fails has closed what it opened
    }
    if (this.#phase !== 'running') return
    this.#phase = 'stopping'
    await changes
    await this.#close().finally(() => { this.#phase = 'stopped' })
    this.#log.info({ nodeId: this.config.nodeId }, 'connector_stopped')
  }

  /** The services last: until then they say how it stands. */
  async #close (): Promise<void> {
    const services = this.#services.splice(0).reverse()
    try {
      await this.#session?.stop()
    } finally {
      this.#session = undefined
      for (const service of services) await service.stop()
    }
  }

  #deliver (request: LocalDeliveryRequest): Promise<LocalDeliveryResponse> | LocalDeliveryResponse | undefined {
    return this.#handler?.(request, request.sourcePeer)
  }

  #running (call: string, isUp = this.#phase === 'running'): Session {
    if (!isUp || this.#session === undefined) throw new ConnectorNotStartedError(call, this.#phase === 'starting')
    return this.#session
  }

  #channelHolders (call: string): ChannelHolders {
    const session = this.#running(call)
    return {
      peerIds: () => this.#peerIds(),
      pluginOf: peerId => session.pluginOf(peerId),
      chains: this.config,
      chainOf: peerId => chainOf(this.#peers.get(peerId) ?? {}, this.config),
      assetOf: peerId => session.assetOf(peerId),
      isSettling: peerId => session.balanceOf(peerId)?.settlement !== undefined
    }
  }

  /** The HTTP services of a node that stops are still open. The stop waits for their requests, so none of these may wait for the stop. */
  #refusal (): SluiceError | undefined {
    const isEnding = this.#phase === 'stopping' || (this.#phase === 'starting' && this.#stopping !== undefined)
    return isEnding ? new SluiceError('SLUICE_NODE_NOT_READY', ENDING) : undefined
  }

  #peerIds (): string[] {
    return [...this.#peers.all().map(({ id }) => id), ...this.#session?.guests() ?? []]
  }

  #guardOf (call: string, peerId: string): Guard {
    const { guard } = this.#running(call)
    if (guard === undefined || (!this.hasPeer(peerId) && !guard.isPaused(peerId))) throw unknownPeer(peerId)
    return guard
  }

  #infoOf (peerId: string): PeerInfo {
    const isPaused = this.#session?.guard?.isPaused(peerId) === true
    return { ...this.#peers.infoOf(peerId, this.#session?.isConnected(peerId) === true), ...(isPaused && { paused: true }) }
  }
}
