/** What one writes to configure a node or to add a peer, and what the loader makes of it. */
import type { Asset } from './account.js'
import type { ChainKind, Environment, OldChain, PeerField, SettlementChain } from './chain-kind.js'
import type { LogLevel } from './logger.js'
import type { NodeSecurity, SecurityConfig } from './node-security.js'
import type { NodeTransport, TransportConfig, TransportType } from './node-transport.js'
import type { Dialect } from './transport.js'

export type * from './node-transport.js'

export type DeploymentMode = 'embedded' | 'standalone'
export type { Environment }

/**
 * What a peer is to the node: `parent` connects the node to the rest of a network, a `child` has addresses below the node's own, and a
 * `peer` is neither.
 */
export type PeerRelation = 'parent' | 'peer' | 'child'

export interface PeerConfig {
  /** Unique; routes refer to it, and the peer introduces itself with it. */
  id: string
  /** `ws://host:port` or `wss://host:port`; `btp+` may stand before it. */
  url: string
  /** The secret both sides share. Empty: no authentication (permissionless). */
  authToken: string
  /** How the node dials the peer. Default `auto`: it finds out. A peer that dials the node tells by its first message. */
  dialect?: Dialect | undefined
  /** The peer's address on EVM chains, which it signs with and is paid at. Other kinds of chains have fields of their own. */
  evmAddress?: string | undefined
  /** Where to settle with the peer, the `chainId` of an entry of chainProviders. Default: the only one that there is an address for. */
  chain?: string | undefined
  /** Default peer. Only `child` restricts anything: routes to it lie below the node's own addresses. */
  relation?: PeerRelation | undefined
  /** What the account of the peer counts in. Default: what is paid in on the chain where the node settles with it, or else the node's. */
  asset?: Asset | undefined
  /** How the peer is dialled. Default: as the node is configured. `direct` is an exception from a node's proxy; `socks5` needs one. */
  transport?: TransportType | undefined
}

/** With the peer's addresses on chains of any kind. */
export type Peer = PeerConfig & PeerAddresses
export type PeerAddresses = Readonly<Partial<Record<PeerField, string>>>

export interface RouteConfig {
  /** An ILP address prefix, such as `g.connector-b`. */
  prefix: string
  /** The id of a peer, or `local` (or the node's own id) for this node's own handler. */
  nextHop: string
  /** The higher number wins. Default 0. */
  priority?: number | undefined
}

export interface LocalDeliveryConfig {
  enabled?: boolean | undefined
  /** Where the business logic server answers; `/handle-packet` and `/health` are appended. */
  handlerUrl?: string | undefined
  /** ms. Default 30000. */
  timeout?: number | undefined
  /** Requests to the business logic server at a time; other packets wait, and the peers take turns. Default 64. */
  maxConcurrentRequests?: number | undefined
  /** Sent to the business logic server as `Authorization: Bearer`. */
  authToken?: string | undefined
  /** Tell the business logic of packets that only pass through. Default false. */
  perHopNotification?: boolean | undefined
}

export interface AdminApiConfig {
  enabled?: boolean | undefined
  /** Default 8081. */
  port?: number | undefined
  /** Default 0.0.0.0. Where it is set, the API answers there and nowhere else. */
  host?: string | undefined
  apiKey?: string | undefined
  /** IP addresses and CIDR ranges. */
  allowedIPs?: readonly string[] | undefined
  /** Take the client's address from X-Forwarded-For. Default false. */
  trustProxy?: boolean | undefined
  /** Names that may stand in the Host header of requests without the key, besides `localhost` and addresses. Default: none. */
  allowedHosts?: readonly string[] | undefined
}

/** The page that shows what the node does. Who may use it is what `adminApi` says, for a node in development only where others reach it. */
export interface ExplorerConfig {
  /** Default: true, except in production. */
  enabled?: boolean | undefined
  /** Default 3001. It is also at `/explorer` of the health port. */
  port?: number | undefined
  /** Default 127.0.0.1. */
  host?: string | undefined
  /** How many days its history goes back, 1 to 365. Default 7. */
  retentionDays?: number | undefined
  /** How many events its history holds, 1000 to 10000000. Default 1000000. */
  maxEvents?: number | undefined
  /** Whether it shows and keeps the data of packets. Default false. */
  payloads?: boolean | undefined
}

export type CreditLimit = string | number | bigint

/** Base units of the asset of the node, or of each asset by its code, in the scale that the node or the chain has it in. */
export type AssetLimits = CreditLimit | Readonly<Record<string, CreditLimit>>

/** What a peer may owe us. The narrowest one that is set holds, and never more than `globalCeiling`. */
export interface CreditLimits {
  defaultLimit?: AssetLimits | undefined
  /** In base units of the peer's account. */
  perPeerLimits?: Readonly<Record<string, CreditLimit>> | ReadonlyMap<string, CreditLimit> | undefined
  globalCeiling?: AssetLimits | undefined
}

export interface SettlementConfig {
  /** Percent of each packet that leaves for a peer, rounded up. Default 0.1; 0 for a node without this section. */
  connectorFeePercentage?: number | undefined
  /** `false` turns settlement off, whatever chains are configured; `true` is an error where there are none. */
  enableSettlement?: boolean | undefined
  creditLimits?: CreditLimits | undefined
  /** Id of the TigerBeetle cluster that keeps the balances. From a file also TIGERBEETLE_CLUSTER_ID. */
  tigerBeetleClusterId?: number | bigint | string | undefined
  /** `host:port` of its replicas, in their order. From a file also TIGERBEETLE_REPLICAS, separated by commas. */
  tigerBeetleReplicas?: readonly string[] | undefined
}

/** What assets are worth in each other. Assets of one code need no rate, whatever their scales. */
export interface RatesConfig {
  /** `{ 'EUR/USD': '1.08' }`: what one EUR is worth in USD. The other direction, and rates over several steps, follow exactly. */
  fixed?: Readonly<Record<string, string | number>> | undefined
  /** The backend that is asked about all other assets, and those that `fixed` prices others in: a built-in one, or a module of yours. */
  backend?: string | undefined
  /** Of that backend. */
  options?: Readonly<Record<string, unknown>> | undefined
  /** How that backend asks its services. Default: as peers are dialled. */
  transport?: TransportType | undefined
}

/** When and how the node settles with a peer on a chain. Amounts in the smallest unit of the token. */
export interface SettlementOptions {
  /** We pay when we owe a peer more, and redeem when a peer's claims are worth this more than was redeemed. Default 1000000. */
  threshold?: CreditLimit | undefined
  /** Also pay whatever we owe so often, in ms; from 1000. Default: only at the threshold. */
  timeBasedIntervalMs?: number | undefined
  /** Seconds in which the other side can object to a close; at least an hour. Default 86400. */
  settlementTimeoutSecs?: number | undefined
  /** The least that is put into a channel at a time. Default: ten times the threshold. */
  initialDeposit?: CreditLimit | undefined
  /** How many times what is needed is put in at a time. Default 1. */
  initialDepositMultiplier?: number | undefined
  /** A channel is filled up when less than this is left in it. Default: half of initialDeposit. */
  topUpBelow?: CreditLimit | undefined
  /** With claims for every packet: how much claims may have paid for packets that were not fulfilled. Default: initialDeposit. */
  maxPrepaid?: CreditLimit | undefined
  /** How often the chain is asked about the channels, beside its events. Default 30000. */
  pollingIntervalMs?: number | undefined
  /** Whether claims travel when the threshold is passed (default) or with every packet that carries money. */
  claims?: 'settlement' | 'packet' | undefined
  /** Whether packets of the peer that carry money need a claim that pays for them. Default false. */
  requireClaims?: boolean | undefined
  /** Default: the threshold. */
  redeemThreshold?: CreditLimit | undefined
  /** Redeem only what is worth this many times its fee. Default 10; needs nativePrice. */
  redeemGasFactor?: number | undefined
  /** What one whole coin of the chain (10^18 of its smallest unit) is worth in units of the token. Default: fees are not weighed. */
  nativePrice?: CreditLimit | undefined
  /** Close channels that nothing has moved in for so long; 0: never. Default 86400. */
  idleCloseSecs?: number | undefined
  /** How many blocks make a transaction final. Default 5. */
  confirmations?: number | undefined
  /** A block before the first channel, for nodes of a chain that give logs of few blocks at a time. Default 0. */
  startBlock?: number | undefined
  /** Ignored: balances are kept in `dataPath`. */
  ledgerSnapshotPath?: string | undefined
  /** Ignored, like ledgerSnapshotPath. */
  ledgerPersistIntervalMs?: number | undefined
}

/** A chain on which the node can settle with peers. */
export interface ChainProviderConfigEntry {
  /** The plugin that settles there, such as `evm`: the name of a built-in one, or a module of yours. */
  chainType: string
  /** `evm:8453` is Base. */
  chainId: string
  /** Where a node of the chain answers: http:// or https://. */
  rpcUrl?: string | undefined
  /** The contract that channels are made with, on a chain that needs one. */
  registryAddress?: string | undefined
  /** The token that is paid in. */
  tokenAddress?: string | undefined
  /** What is paid in: its code and its decimals. Default: what the kind of chain knows, or else `asset` of the node. */
  asset?: Asset | undefined
  /** Who signs for this node: a private key. */
  keyId?: string | undefined
  settlementOptions?: SettlementOptions | undefined
  /** Whatever else this kind of chain wants to know. */
  [field: string]: unknown
}

/** How `blockchain` names a chain: what is complete becomes an entry of `chainProviders`. */
export interface BlockchainConfig extends OldChain {
  settlementOptions?: SettlementOptions | undefined
}

export type LedgerType = 'embedded' | 'tigerbeetle'

/** What is given to `new ConnectorNode`, as an object or as YAML. */
export interface ConnectorConfig {
  /** One segment of an ILP address: the node's own address is `g.<nodeId>`. */
  nodeId: string
  btpServerPort: number
  /** Where peers dial in. Default 0.0.0.0. */
  btpServerHost?: string | undefined
  /** Origins of web pages that may connect over BTP, such as `https://wallet.example`. Default: none. */
  btpAllowedOrigins?: readonly string[] | undefined
  /** Default 8080. */
  healthCheckPort?: number | undefined
  /** Default 0.0.0.0: orchestrators ask from outside. */
  healthCheckHost?: string | undefined
  /** Default info. It is the process's: of several nodes in one, the one that was made last decides for the connectors inside them. */
  logLevel?: LogLevel | undefined
  /** Default: the environment variable ENVIRONMENT, else development. */
  environment?: Environment | undefined
  /** `library` is another name for `embedded`. Default: standalone when localDelivery and adminApi are both enabled, else embedded. */
  deploymentMode?: DeploymentMode | 'library' | undefined
  mode?: 'connector' | undefined
  peers: ReadonlyArray<PeerConfig | Peer>
  /** Default: none. */
  routes?: readonly RouteConfig[] | undefined
  localDelivery?: LocalDeliveryConfig | undefined
  adminApi?: AdminApiConfig | undefined
  settlement?: SettlementConfig | undefined
  /**
   * What the application's own packets, guests, and peers that say nothing else count in. Default: what is paid in on the chains, if that
   * is known and the same on all, or else M2M with scale 0.
   */
  asset?: Asset | undefined
  /** Needed where peers and the node count in different assets. */
  rates?: RatesConfig | undefined
  /** The chains to settle on. Default: none, and nothing is settled. */
  chainProviders?: readonly ChainProviderConfigEntry[] | undefined
  /** Deprecated: use chainProviders. */
  blockchain?: Readonly<Record<string, BlockchainConfig | undefined>> | undefined
  /**
   * Where balances are kept: in `dataPath`, or in the TigerBeetle cluster that `settlement` names. Default: tigerbeetle when it names one.
   * `fallback`: start with the books in `dataPath` when the cluster cannot be reached. Default: except in production.
   */
  ledger?: LedgerType | { type?: LedgerType | undefined, fallback?: boolean | undefined } | undefined
  explorer?: ExplorerConfig | undefined
  security?: SecurityConfig | undefined
  /** How peers are dialled. Default: directly. */
  transport?: TransportConfig | undefined
  /** Tell the handler of packets that only pass through, in either mode. Default: what localDelivery says. */
  perHopNotification?: boolean | undefined
  /** Directory for the node's books, kept in a folder named after the node. Default `./data`. */
  dataPath?: string | undefined
}

export type * from './node-security.js'

/** A configuration with everything decided: what parts of the node read. */
export interface NodeConfig {
  readonly nodeId: string
  /** `g.<nodeId>`. */
  readonly ilpAddress: string
  readonly btpServerPort: number
  readonly btpServerHost: string
  readonly btpAllowedOrigins: readonly string[]
  readonly healthCheckPort: number
  readonly healthCheckHost: string
  readonly logLevel: LogLevel
  readonly environment: Environment
  readonly deploymentMode: DeploymentMode
  readonly peers: readonly Peer[]
  readonly routes: ReadonlyArray<Required<RouteConfig>>
  readonly localDelivery: {
    readonly enabled: boolean
    readonly handlerUrl: string | undefined
    readonly timeout: number
    readonly maxConcurrentRequests: number
    readonly authToken: string | undefined
  }
  readonly adminApi: {
    readonly enabled: boolean
    readonly port: number
    readonly host: string
    /** Whether somebody wrote `host`: then it is nowhere else. */
    readonly isHostGiven: boolean
    readonly apiKey: string | undefined
    readonly allowedIPs: readonly string[]
    readonly trustProxy: boolean
    readonly allowedHosts: readonly string[]
  }
  readonly explorer: Readonly<Required<{ [Key in keyof ExplorerConfig]: NonNullable<ExplorerConfig[Key]> }>> & {
    /** Whether somebody asked for it or its port. One that is there by default gives way to whatever else has the port. */
    readonly isAsked: boolean
  }
  /** Percent of packets that leave for a peer, and for the log why it is that. */
  readonly feePercentage: number
  readonly feeReason: string
  readonly creditLimits: CreditLimits
  readonly asset: Asset
  readonly rates: RatesConfig
  readonly chains: readonly SettlementChain[]
  /** The kinds of chains that peers may have addresses on, whether or not the node settles there. */
  readonly chainKinds: readonly ChainKind[]
  readonly transport: NodeTransport
  readonly ledger: {
    readonly type: LedgerType
    readonly clusterId: string
    readonly replicas: readonly string[]
    readonly fallback: boolean
  }
  readonly security: NodeSecurity
  readonly perHopNotification: boolean
  readonly dataPath: string
}

/** What `settlementInfra` was, for code that names the type: a configuration that has it is refused, with where each field has moved to. */
export interface SettlementInfraConfig {
  enabled?: boolean | undefined
  privateKey?: string | undefined
  rpcUrl?: string | undefined
  registryAddress?: string | undefined
  tokenAddress?: string | undefined
  threshold?: string | undefined
  pollingIntervalMs?: number | undefined
  settlementTimeoutSecs?: number | undefined
  initialDepositMultiplier?: number | undefined
  ledgerSnapshotPath?: string | undefined
  ledgerPersistIntervalMs?: number | undefined
}

/**
 * How to settle with a peer, as requests say it: its address and `chainId` count, the rest is kept and shown. Not an interface, so that
 * it is a Record<string, unknown> to programs that know no more of it.
 */
export type AdminSettlementConfig = {
  /** A kind of chain, or `any`. */
  preference: string
  /** The peer's: `evmAddress`. Of the token and its contract: `tokenAddress`, `tokenNetworkAddress`. */
  [address: PeerField]: string | undefined
  /** `84532`, or the chain's id: `evm:84532`. */
  chainId?: number | string | undefined
  channelId?: string | undefined
  initialDeposit?: string | undefined
}

export interface PeerRegistrationRequest extends PeerConfig {
  routes?: Array<{ prefix: string, priority?: number | undefined }> | undefined
  settlement?: AdminSettlementConfig | undefined
}

/** How the node settles with an existing peer from now on. */
export type SettlementChange = Pick<PeerRegistrationRequest, 'chain' | 'settlement'> & PeerAddresses

/** What can change about an existing peer, besides its routes. */
export type PeerChange = SettlementChange & Pick<PeerRegistrationRequest, 'dialect' | 'transport'>
