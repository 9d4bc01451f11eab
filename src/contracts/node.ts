/** What is asked of a running ConnectorNode and what it answers. Amounts that are not bigint are decimal strings in base units. */
import type { Asset } from './account.js'
import type { AdminSettlementConfig, PeerRelation, TransportType } from './node-config.js'

export type * from './node-config.js'

export interface PeerInfo {
  id: string
  connected: boolean
  /** The prefixes that are routed to the peer. */
  ilpAddresses: string[]
  routeCount: number
  /** Always there in answers. */
  relation?: PeerRelation | undefined
  /** Always there in answers. */
  transport?: TransportType | undefined
  settlement?: AdminSettlementConfig | undefined
  /** What its account counts in, where the configuration names an asset. */
  asset?: Asset | undefined
  /** Its packets are refused, until it is resumed. Absent: they are not. */
  paused?: true | undefined
}

export interface RemovePeerResult {
  peerId: string
  /** The prefixes of the routes that went with it. */
  removedRoutes: string[]
}

export interface RouteInfo {
  prefix: string
  nextHop: string
  priority: number
}

/** `debitBalance` is what the peer owes us, `creditBalance` what we owe the peer, `netBalance` credit minus debit. */
export interface PeerAccountBalance {
  peerId: string
  balances: Array<{
    tokenId: string
    debitBalance: string
    creditBalance: string
    netBalance: string
    /** What the amounts are in, where the configuration names an asset: one unit of it is 10^assetScale base units. */
    assetCode?: string | undefined
    assetScale?: number | undefined
  }>
}

export interface SendPacketParams {
  destination: string
  /** Base units. */
  amount: bigint
  /** 32 bytes. Left out or all zero: SHA-256 of SHA-256 of the data, which the node at the destination fulfils. */
  executionCondition?: Uint8Array | undefined
  expiresAt: Date
  /** At most 32,768 bytes. Default: none. */
  data?: Uint8Array | undefined
}

export interface ILPPreparePacket {
  type: 12
  amount: bigint
  destination: string
  executionCondition: Buffer
  expiresAt: Date
  data: Buffer
}

export interface ILPFulfillPacket {
  type: 13
  fulfillment: Buffer
  data: Buffer
}

export interface ILPRejectPacket {
  type: 14
  code: string
  triggeredBy: string
  message: string
  data: Buffer
}

export interface HealthStatus {
  /**
   * `starting` until start() is done, `stopped` before and after; `degraded` while a peer or something else that is needed is away,
   * `unhealthy` while more than half of the peers are, or no balance can be kept.
   */
  status: 'starting' | 'healthy' | 'degraded' | 'unhealthy' | 'stopped'
  /** Whole seconds since start() was done. */
  uptime: number
  /** Configured and registered peers; ones that only dialled in do not count. */
  peersConnected: number
  totalPeers: number
  timestamp: string
  nodeId: string
  version: string
  /** `healthy`: whether the proxy answered when it was last asked; always so for `direct`. */
  transport: { type: TransportType, healthy: boolean }
  /** Where it is enabled. `port` is 0 without one of its own: then it is at `/explorer` of the health port. */
  explorer?: { enabled: boolean, port: number, eventCount: number, wsConnections: number } | undefined
  /** Peers whose packets are refused, where there are some. They do not change the status: somebody wants it so. */
  peersPaused?: number | undefined
  /**
   * What a running node needs beside its peers: `ledger` (packets with money are refused while it is down), `tigerbeetle` where that was
   * asked for, the chains that it settles on (`evm:8453`), and `handler`, the business logic server, from when it was first asked.
   */
  dependencies: Readonly<Record<string, Dependency>>
}

export interface Dependency {
  status: 'up' | 'down'
  /** Of a chain: why the key cannot sign there. It has no secrets, as anyone who may ask for the health reads it. */
  reason?: string | undefined
}

/** What listens beside the node: the admin API, the health server. Started once packets flow, stopped before they end. */
export interface NodeService {
  /** In log lines and errors. */
  readonly name: string
  start (): Promise<void>
  stop (): Promise<void>
}

/** pino's shape, as far as the node uses it: fields first, or the message alone. `createLogger` makes one, and pino's own are as good. */
export interface NodeLogger {
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
}

export interface LogMethod {
  (fields: object, message?: string): void
  (message: string): void
}
