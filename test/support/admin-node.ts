/** A node made by hand for its HTTP services, and requests that can be as odd as a test needs them. */
import { createHash } from 'node:crypto'
import { request, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { ChainKinds } from '../../src/config/node/chain-kinds.js'
import { openChannel, type ChannelHolders } from '../../src/node/channels.js'
import type { NodeChannelState, OpenChannelRequest } from '../../src/contracts/node-channels.js'
import { Dashboard } from '../../src/node/facades/dashboard.js'
import { Traffic } from '../../src/node/traffic.js'
import type { AccountRef } from '../../src/contracts/stats.js'
import { ONE } from '../../src/lib/fraction.js'
import { AccountStats } from '../../src/metrics/stats.js'
import { ChannelManager } from '../../src/node/facades/channel-manager.js'
import { SluiceError } from '../../src/contracts/errors.js'
import type { PausedPeer } from '../../src/contracts/guard.js'
import type { ChannelOperations } from '../../src/contracts/channels.js'
import type { AdministeredNode } from '../../src/admin/node/api.js'
import type { HealthNode } from '../../src/admin/node/health.js'
import { httpServers } from '../../src/admin/node/listen.js'
import type { HttpServer } from '../../src/http/server.js'
import type {
  HealthStatus, ILPFulfillPacket, ILPRejectPacket, NodeConfig, PeerAccountBalance, PeerInfo, PeerRegistrationRequest, RemovePeerResult,
  RouteInfo, SendPacketParams
} from '../../src/contracts/node.js'
import { MemoryLog, somePrices } from './admin-connector.js'

export const PEER_SECRET = 's3cr3t-of-the-peer'

export const fulfill = (data: Buffer): ILPFulfillPacket =>
  ({ type: 13, fulfillment: createHash('sha256').update(data).digest(), data: Buffer.alloc(0) })

/** An account of a node, as middlewares name it to counters. */
export const accountRef = (accountId: string): AccountRef =>
  ({ accountId, accountInfo: { relation: 'peer', plugin: 'btp', assetCode: 'M2M', assetScale: 0 } })

/** Knows `peer-b` (connected, one route) and `peer-c` (not connected). Sends by `answer`. */
export class FakeNode implements AdministeredNode, HealthNode {
  readonly config = { nodeId: 'node-a', chainKinds: new ChainKinds({}).all }
  status: HealthStatus['status'] = 'healthy'
  connectsNewPeers = true
  /** Metrics that name somebody. */
  namedMetrics = ''
  readonly registered: PeerRegistrationRequest[] = []
  readonly sent: SendPacketParams[] = []
  peers = new Map([['peer-b', true], ['peer-c', false]])
  routes: RouteInfo[] = [{ prefix: 'g.peer-b', nextHop: 'peer-b', priority: 0 }]
  /** What can be done with channels with peer-b; nothing is settled without. */
  channels: ChannelOperations | undefined
  readonly updates: object[] = []
  readonly prices = somePrices()
  readonly channelManager = new ChannelManager(() => this.holders())
  /** What has gone through it: nothing, unless a test says so. */
  readonly stats = new AccountStats()
  readonly traffic = new Traffic(this.stats, accountId => this.peers.has(accountId), () => ({ code: 'M2M', scale: 0 }), ONE)
  readonly dashboard = new Dashboard(
    { config: { ilpAddress: 'g.node-a' }, listPeers: () => this.listPeers() }, () => this.traffic, () => this.holders())

  answer = ({ data = Buffer.alloc(0) }: SendPacketParams): Promise<ILPFulfillPacket | ILPRejectPacket> =>
    Promise.resolve(fulfill(Buffer.from(data)))
  /** Throws whatever is to go wrong. */
  trouble: (() => never) | undefined

  overlay: { hiddenService: { hostname: string | null, publishedAt: string | null } } | undefined

  getHealthStatus (): HealthStatus {
    const peersConnected = [...this.peers.values()].filter(Boolean).length
    return {
      status: this.status,
      uptime: 7,
      peersConnected,
      totalPeers: this.peers.size,
      timestamp: new Date().toISOString(),
      nodeId: 'node-a',
      version: '1.2.3',
      transport: { type: 'direct', healthy: true },
      dependencies: { ledger: { status: 'up' } }
    }
  }

  canSend (): boolean {
    return this.status !== 'starting' && this.status !== 'stopped'
  }

  async getMetrics (): Promise<string> {
    this.trouble?.()
    return Promise.resolve('# HELP a_metric Something\na_metric 1\n' + this.namedMetrics)
  }

  listPeers (): PeerInfo[] {
    this.trouble?.()
    return [...this.peers].map(([id, connected]) => {
      const ilpAddresses = this.routes.filter(route => route.nextHop === id).map(route => route.prefix)
      return { id, connected, ilpAddresses, routeCount: ilpAddresses.length }
    })
  }

  hasPeer (peerId: string): boolean {
    return this.peers.has(peerId)
  }

  registerPeer (request: PeerRegistrationRequest): Promise<PeerInfo> {
    this.registered.push(request)
    this.peers.set(request.id, this.peers.get(request.id) ?? this.connectsNewPeers)
    for (const { prefix, priority = 0 } of request.routes ?? []) this.addRoute(prefix, request.id, priority)
    return Promise.resolve(this.listPeers().find(({ id }) => id === request.id)!)
  }

  readonly paused = new Map<string, PausedPeer>()

  pausePeer (peerId: string, reason = 'not said', by = 'the application'): void {
    if (!this.hasPeer(peerId)) throw new SluiceError('SLUICE_PEER_UNKNOWN', `Peer not found: ${peerId}`)
    this.paused.set(peerId, { peerId, reason, by, since: 0, isDisconnected: false })
  }

  resumePeer (peerId: string): boolean {
    if (!this.hasPeer(peerId)) throw new SluiceError('SLUICE_PEER_UNKNOWN', `Peer not found: ${peerId}`)
    return this.paused.delete(peerId)
  }

  pausedPeers (): PausedPeer[] { return [...this.paused.values()] }

  setPeerRelation (peerId: string, relation: string): void { this.updates.push({ peerId, relation }) }

  async updatePeer (peerId: string, changes: object): Promise<PeerInfo> {
    this.updates.push({ peerId, ...changes })
    return Promise.resolve(this.listPeers().find(({ id }) => id === peerId)!)
  }

  async openChannel (request: OpenChannelRequest): Promise<NodeChannelState> {
    return openChannel(request, this.holders())
  }

  private holders (): ChannelHolders {
    return {
      peerIds: () => [...this.peers.keys()],
      pluginOf: peerId => peerId === 'peer-b' && this.channels !== undefined ? { channels: () => this.channels! } : {},
      chainOf: () => ({ kind: this.config.chainKinds.find(({ type }) => type === 'evm')!, tokenAddress: `0x${'70'.repeat(20)}` }),
      chains: { ...this.config, chains: [] },
      assetOf: () => ({ code: 'M2M', scale: 0 }),
      isSettling: () => true
    }
  }

  removePeer (peerId: string, removeRoutes: boolean): Promise<RemovePeerResult> {
    this.peers.delete(peerId)
    const gone = removeRoutes ? this.routes.filter(route => route.nextHop === peerId) : []
    this.routes = this.routes.filter(route => !gone.includes(route))
    return Promise.resolve({ peerId, removedRoutes: gone.map(route => route.prefix) })
  }

  listRoutes (): RouteInfo[] { return this.routes }
  isStranger (peerId: string): boolean { return peerId === 'stranger' }
  addRoute (prefix: string, nextHop: string, priority: number): void { this.routes.push({ prefix, nextHop, priority }) }
  removeRoute (prefix: string): void { this.routes = this.routes.filter(route => route.prefix !== prefix) }

  async getBalance (peerId: string, tokenId = 'M2M'): Promise<PeerAccountBalance> {
    if (!this.peers.has(peerId)) throw new SluiceError('SLUICE_PEER_UNKNOWN', `Peer not found: ${peerId}`)
    return Promise.resolve({ peerId, balances: [{ tokenId, debitBalance: '12', creditBalance: '5', netBalance: '-7' }] })
  }

  sendPacket (packet: SendPacketParams): Promise<ILPFulfillPacket | ILPRejectPacket> {
    this.sent.push(packet)
    return this.answer(packet)
  }
}

export interface Answer {
  status: number
  type: string | undefined
  text: string
  headers: IncomingHttpHeaders
  /** The body, if it is JSON. */
  json: unknown
}

type Settings = Partial<NodeConfig['adminApi']> & { environment?: NodeConfig['environment'], healthCheckHost?: string }

/** As if nobody had written a host, but on this machine alone. */
export const ADMIN_DEFAULTS: NodeConfig['adminApi'] = {
  enabled: true, port: 0, host: '127.0.0.1', isHostGiven: false, apiKey: undefined, allowedIPs: [], trustProxy: false, allowedHosts: []
}

/** A node that listens on both ports; `health` and `admin` say where. */
export class NodeFixture {
  readonly node = new FakeNode()
  readonly log = new MemoryLog()
  readonly services: HttpServer[]

  constructor ({ environment = 'development', healthCheckHost = '127.0.0.1', ...adminApi }: Settings = {}) {
    this.services = httpServers(this.node, {
      environment,
      healthCheckPort: 0,
      healthCheckHost,
      adminApi: { ...ADMIN_DEFAULTS, ...adminApi }
    }, this.log)
  }

  get health (): number { return this.services[0]?.port ?? 0 }
  get admin (): number { return this.services[1]?.port ?? 0 }

  async start (): Promise<this> {
    for (const service of this.services) await service.start()
    return this
  }

  async stop (): Promise<void> {
    for (const service of this.services) await service.stop()
  }

  /** To the admin API. Objects are sent as JSON, strings as they are. */
  send (method: string, path: string, body?: unknown, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return ask(this.admin, method, path, body, headers)
  }

  get (path: string, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers)
  }

  /** From the health server. */
  healthOf (path: string, method = 'GET', headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return ask(this.health, method, path, undefined, headers)
  }
}

export async function ask (port: number, method: string, path: string, body?: unknown, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  const bytes = Buffer.from(body === undefined || typeof body === 'string' ? body ?? '' : JSON.stringify(body))
  const length = bytes.length === 0 ? {} : { 'content-length': bytes.length, 'content-type': 'application/json' }
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers: { connection: 'close', ...length, ...headers } })
  outgoing.end(bytes)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject)
  })
  const answered = await text(response)
  const type = response.headers['content-type']
  return {
    status: response.statusCode ?? 0,
    type,
    text: answered,
    headers: response.headers,
    json: type === 'application/json' && answered !== '' ? JSON.parse(answered) as unknown : undefined
  }
}
