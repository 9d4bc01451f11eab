/** One run of a node, from start to stop: the connector inside, the BTP port, and the peers that come and go. */
import { join } from 'node:path'
import reductModule, { type Injector } from 'reduct'
import type { ListeningPort } from '../contracts/transport.js'
import { UnreachableError } from '../packet/errors.js'
import { Accounts } from '../accounts/accounts.js'
import { StoreService } from '../accounts/store-service.js'
import { withTimeout } from '../lib/timeout.js'
import { createApp, type App } from '../connector/connector.js'
import type { ConnectorInput } from '../config/connector/schema.js'
import { ForwardObserver } from '../forwarding/forwarder.js'
import { LedgerService } from '../ledger/service.js'
import { createLogger } from '../lib/log.js'
import { AccountStats } from '../metrics/stats.js'
import { describeError } from '../lib/describe-error.js'
import type { LocalDeliveryRequest, LocalDeliveryResponse } from '../delivery/payment.js'
import { MiddlewareManager } from '../pipeline/middleware-manager.js'
import { RoutingService } from '../routing/service.js'
import type { AccountInfo } from '../contracts/account.js'
import type { AccountBalance } from '../contracts/ledger.js'
import type { PluginInstance } from '../contracts/plugin.js'
import { btpPlugin } from './btp.js'
import { listChannels } from './channels.js'
import { BTP_HOST, LOCAL_ACCOUNT, TOKEN_ID, guestAccount, hasOwnLimit, localAccount, peerAccount, strangersLimit } from './peer-account.js'
import type { BtpAccess } from './btp-access.js'
import { NodeMetrics, type MetricSources } from './metrics.js'
import { isGuestName, type Peer, type Peers } from './peers.js'
import type { RoutingTable } from './routing-table.js'
import { chainOf } from '../config/node/settlement-chains.js'
import type { Dependency, NodeConfig, NodeLogger, RouteInfo } from '../contracts/node.js'
import { UnsettledMarker } from './unsettled-marker.js'

/** Peers that nobody configured, at a time. */
export const MAX_GUESTS = 1000
/** Accounts in the books. What guests owe stays there when they go, so strangers under ever new names would fill them. */
export const MAX_BOOKS = 20_000
/** How long the start waits for peers. What is not connected by then goes on trying. */
const CONNECT_TIMEOUT_MS = 5000
/** How long somebody who registers a peer waits for it. */
const REGISTER_TIMEOUT_MS = 1000
/** How often the business logic server is asked whether it is ready. */
const HANDLER_CHECK_MS = 10_000
/** What a hop keeps of a packet's time: it needs twice as much to take it. */
const MESSAGE_WINDOW_MS = 500

/** What a node hands to its runs. */
export interface SessionParts {
  config: NodeConfig
  access: BtpAccess
  peers: Peers
  routes: RoutingTable
  /** The handlers of the application; undefined when there is none. */
  deliver: (request: LocalDeliveryRequest) => Promise<LocalDeliveryResponse> | LocalDeliveryResponse | undefined
  log: NodeLogger
}

/** What the plugin `local` offers besides the plugin interface. */
interface LocalPlugin extends PluginInstance {
  sendPrepare (packet: Buffer): Promise<Buffer>
  notify (packet: Buffer, origin?: string): Promise<void>
  isHandlerHealthy (): Promise<boolean>
}

export class Session {
  readonly #container: Injector = reductModule.default()
  readonly #app: App
  readonly #local: LocalPlugin
  readonly #guests = new Set<string>()
  #listening: ListeningPort | undefined
  #isFullTold = false
  #handlerChecks: NodeJS.Timeout | undefined
  #isHandlerUp: boolean | undefined
  #phase: 'starting' | 'open' | 'closed' = 'starting'

  /** Throws when a part cannot be made. Opens nothing. */
  constructor (private readonly parts: SessionParts) {
    this.#container(ForwardObserver).onForward = refuseReturn
    const metrics = new NodeMetrics(this.#container(AccountStats).getRegistry(), this.#metricSources())
    this.#app = createApp(this.#options(metrics), this.#container)
    this.#local = localPluginOf(this.#app.getPlugin(LOCAL_ACCOUNT))
  }

  /** Rejects with nothing left open when the port or the books cannot be had. */
  async start (): Promise<void> {
    const { config, log } = this.parts
    const marker = new UnsettledMarker(config.dataPath, config.nodeId, config.chains)
    marker.refuseOtherName()
    this.#container(StoreService).settlements.onChange = unsettled => { marker.write(unsettled) }
    const admit = (username: string): boolean => this.#admit(username)
    this.#listening = await btpPlugin().listen({ host: BTP_HOST, port: config.btpServerPort, admit }, createLogger('btp-server'))
    log.info({ port: this.#listening.port }, 'btp_server_started')
    await this.#app.listen()
    this.#phase = 'open'
    if (config.localDelivery.enabled) this.#handlerChecks = setInterval(() => { void this.#checkHandler() }, HANDLER_CHECK_MS).unref()
  }

  /** Lets packets under way finish, then closes everything. */
  async stop (): Promise<void> {
    this.#phase = 'closed'
    clearInterval(this.#handlerChecks)
    await this.#app.shutdown()
    await this.#listening?.release()
  }

  sendPrepare (packet: Buffer): Promise<Buffer> {
    return this.#local.sendPrepare(packet)
  }

  isHandlerHealthy (): Promise<boolean> {
    return this.#local.isHandlerHealthy()
  }

  /** As of now, or as it was when it was last looked at. Only while the node runs. */
  dependencies (): Record<string, Dependency> {
    const { config, peers } = this.parts
    const { kind, trouble } = this.#container(LedgerService).getStatus()
    const isUp: Record<string, boolean> = { ledger: trouble === undefined }
    if (config.ledger.type === 'tigerbeetle') isUp.tigerbeetle = kind === 'tigerbeetle' && trouble === undefined
    for (const peer of peers.all()) {
      const id = chainOf(peer, config)?.id
      const channels = this.pluginOf(peer.id)?.channels?.()
      if (id !== undefined && channels !== undefined) isUp[id] = isUp[id] !== false && channels.trouble === undefined
    }
    if (this.#isHandlerUp !== undefined) isUp.handler = this.#isHandlerUp
    return Object.fromEntries(Object.entries(isUp).map(([name, up]) => [name, { status: up ? 'up' : 'down' }]))
  }

  /** The asset of what is between the peer and us: what is paid in, where anything is. */
  tokenOf (peerId: string): string {
    return this.pluginOf(peerId)?.channels?.().tokenId ?? TOKEN_ID
  }

  isConnected (peerId: string): boolean {
    return this.#container(Accounts).isConnected(peerId)
  }

  /** Peers that are here and that nobody configured. */
  guests (): string[] {
    return [...this.#guests].filter(peerId => this.isConnected(peerId))
  }

  isGuest (peerId: string): boolean {
    return this.#guests.has(peerId) && this.isConnected(peerId)
  }

  /** Undefined for a peer that never had an account. */
  balanceOf (peerId: string): AccountBalance | undefined {
    return this.#container(LedgerService).ledger.balanceOf(peerId)
  }

  /** Past the routing table: the packet is booked with the peer alone. Rejects with F02 for a peer without an account. */
  sendTo (peerId: string, packet: Buffer): Promise<Buffer> {
    return this.#container(MiddlewareManager).sendData(packet, peerId)
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
    this.#container(RoutingService).addRoute(this.#configured(route))
  }

  removeRoute (route: RouteInfo): void {
    this.#container(RoutingService).removeRoute(this.#configured(route))
  }

  /**
   * Connects a peer, in a new way if it is connected. Resolves when it is there, or after a second. Rejects when it cannot be used, and
   * with `httpErrorCode` 409 when its payment channels would be left behind.
   */
  async putPeer (peer: Peer): Promise<void> {
    const { config, access, log } = this.parts
    const account = peerAccount(peer, config, access)
    await this.#drop(peer.id, this.#looksAfter(peer.id, account))
    const adding = this.#app.addPlugin(peer.id, account)
    adding.catch((error: unknown) => { log.warn({ peerId: peer.id, error: describeError(error) }, 'peer_not_added') })
    await withTimeout(adding, REGISTER_TIMEOUT_MS)
  }

  /** Disconnects a peer, if there is one. Rejects with `httpErrorCode` 409 if its channels would be left behind. */
  async dropPeer (peerId: string): Promise<void> {
    await this.#drop(peerId, false)
  }

  async #drop (peerId: string, isReplaced: boolean): Promise<void> {
    if (this.#container(Accounts).exists(peerId)) await this.#app.removePlugin(peerId, { isReplaced })
    this.#guests.delete(peerId)
  }

  /** Whether the peer's next account will have the channels of its present one, even if the peer's address changes. */
  #looksAfter (peerId: string, next: AccountInfo): boolean {
    const accounts = this.#container(Accounts)
    if (!accounts.exists(peerId)) return false
    const { plugin, options } = accounts.getInfo(peerId)
    return plugin === next.plugin && options?.chain === next.options?.chain
  }

  /** Looked at only when somebody scrapes, which is when everything is there. */
  #metricSources (): MetricSources {
    const valuesOf = (counter: AccountStats['incomingDataPackets']): Map<string, number> => new Map(counter.getStatus().values
      .filter(({ labels }) => labels.result === 'fulfilled').map(({ labels, value }) => [String(labels.account), value]))
    const peerIds = (): string[] => this.#container(Accounts).getAccountIds().filter(accountId => accountId !== LOCAL_ACCOUNT)
    return {
      ownAddress: this.parts.config.ilpAddress,
      tokenOf: peerId => this.tokenOf(peerId),
      balances: () => peerIds().map(id => [id, this.balanceOf(id)?.balance ?? 0n] as const),
      turnover: () => {
        const { incomingDataPacketValue, outgoingDataPacketValue } = this.#container(AccountStats)
        const [debits, credits] = [valuesOf(incomingDataPacketValue), valuesOf(outgoingDataPacketValue)]
        return peerIds().map(id => [id, debits.get(id) ?? 0, credits.get(id) ?? 0] as const)
      },
      channels: () => listChannels({ peerIds, pluginOf: id => this.pluginOf(id) }),
      claims: () => peerIds().flatMap(id => {
        const counts = this.pluginOf(id)?.channels?.().claimCounts
        return counts === undefined ? [] : [[id, counts] as const]
      })
    }
  }

  #options (metrics: NodeMetrics): ConnectorInput {
    const { config, access, peers, routes } = this.parts
    const limit = strangersLimit(config)
    return {
      env: 'production',
      ilpAddress: config.ilpAddress,
      accounts: {
        [LOCAL_ACCOUNT]: localAccount({
          deliver: this.parts.deliver,
          ...(config.localDelivery.enabled && {
            handlerUrl: config.localDelivery.handlerUrl,
            timeout: config.localDelivery.timeout,
            authToken: config.localDelivery.authToken
          }),
          autoFulfill: config.environment === 'development',
          address: config.ilpAddress
        }),
        ...Object.fromEntries(peers.all().map(peer => [peer.id, peerAccount(peer, config, access)]))
      },
      routes: [
        ...routes.getAllRoutes().map(route => this.#configured(route)),
        { targetPrefix: config.ilpAddress, peerId: LOCAL_ACCOUNT, priority: Number.MIN_SAFE_INTEGER } // unless told otherwise, we are here
      ],
      defaultRoute: '',
      backend: 'flat-fee',
      backendConfig: { free: [LOCAL_ACCOUNT] },
      spread: Number((config.feePercentage / 100).toPrecision(15)), // 0.7 / 100 is not 0.007
      store: 'leveldown',
      storePath: join(config.dataPath, config.nodeId),
      ledger: config.ledger.type,
      tigerbeetleClusterId: config.ledger.clusterId,
      tigerbeetleReplicas: config.ledger.replicas.join(','),
      tigerbeetleNamespace: config.nodeId,
      ledgerFallback: config.ledger.fallback,
      minMessageWindow: MESSAGE_WINDOW_MS,
      initialConnectTimeout: CONNECT_TIMEOUT_MS,
      routeBroadcastEnabled: false,
      // The condition is made from the data, so two equal payments are not one; and the application's address takes packets, not pings.
      disableMiddleware: ['deduplicate', 'echo'],
      middlewares: {
        observer: { type: 'observer', options: { observer: metrics } },
        ...(limit !== undefined && { sharedCredit: { type: 'shared-credit', options: { limit, shares: (id: string) => this.#isStranger(id) } } }),
        ...(config.perHopNotification && { perHopNotification: this.#notification() })
      }
    }
  }

  /** Whether an account with this name shares the strangers' credit limit. */
  #isStranger (accountId: string): boolean {
    const { access, config, peers } = this.parts
    const isKnown = accountId === LOCAL_ACCOUNT || peers.get(accountId) !== undefined || access.secretOf(accountId) !== undefined
    return !isKnown && !hasOwnLimit(accountId, config)
  }

  #notification (): { type: string, options: Record<string, unknown> } {
    const notify = (packet: Buffer, origin?: string): Promise<void> => this.#local.notify(packet, origin)
    return { type: 'per-hop-notification', options: { notify, local: LOCAL_ACCOUNT } }
  }

  #configured ({ prefix, nextHop, priority }: RouteInfo): { targetPrefix: string, peerId: string, priority: number } {
    return { targetPrefix: prefix, peerId: nextHop === this.parts.config.nodeId ? LOCAL_ACCOUNT : nextHop, priority }
  }

  /** Whether somebody whom no account is for may come in; then an account is on its way. */
  #admit (peerId: string): boolean {
    const { access, config, peers } = this.parts
    const peer = peers.get(peerId)
    // A configured peer may be there before its account is: it waits, and shows its secret then.
    if (peer !== undefined) return this.#phase !== 'closed' && access.mayEnter(peerId, peer.authToken)
    const isNobody = this.#phase !== 'open' || !isGuestName(peerId) || [LOCAL_ACCOUNT, config.nodeId].includes(peerId)
    if (isNobody || this.#guests.has(peerId) || this.#container(Accounts).exists(peerId)) return false
    if (this.#guests.size >= MAX_GUESTS || !access.mayEnter(peerId) || !this.#hasBookFor(peerId)) return false
    this.#guests.add(peerId)
    void this.#welcome(peerId)
    return true
  }

  /** True for peers whose balance is still in the books, for peers with a secret, and for strangers as long as there is room. */
  #hasBookFor (peerId: string): boolean {
    const { ledger } = this.#container(LedgerService)
    if (this.parts.access.secretOf(peerId) !== undefined || ledger.balanceOf(peerId) !== undefined) return true
    const hasRoom = [...ledger.accountIds()].length < MAX_BOOKS
    if (!hasRoom && !this.#isFullTold) this.parts.log.warn({ peerId, accounts: MAX_BOOKS }, 'books_full_no_new_guests')
    this.#isFullTold = !hasRoom
    return hasRoom
  }

  async #welcome (peerId: string): Promise<void> {
    const { access, config, log } = this.parts
    try {
      const adding = this.#app.addPlugin(peerId, guestAccount(peerId, config, access))
      this.#app.getPlugin(peerId).on('disconnect', () => { void this.#seeOff(peerId) })
      await adding
      if (!this.isConnected(peerId)) await this.#seeOff(peerId)
    } catch (error) {
      this.#guests.delete(peerId)
      log.warn({ peerId, error: describeError(error) }, 'peer_not_admitted')
    }
  }

  /** What the guest owes, or is owed, stays in the books until it comes back. */
  async #seeOff (peerId: string): Promise<void> {
    if (this.#phase !== 'open' || !this.#guests.has(peerId)) return
    try {
      await this.dropPeer(peerId)
    } catch (error) {
      this.parts.log.warn({ peerId, error: describeError(error) }, 'peer_not_removed')
    }
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
