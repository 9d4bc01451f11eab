/** What a node's configuration means to the connector inside it. */
import { join } from 'node:path'
import type { ConnectorInput } from '../config/connector/schema.js'
import type { Audit } from '../contracts/audit.js'
import type { PausedPeer } from '../contracts/guard.js'
import type { LogLevel } from '../contracts/logger.js'
import type { NodeConfig, NodeLogger, RouteInfo } from '../contracts/node.js'
import type { LocalDeliveryRequest, LocalDeliveryResponse } from '../delivery/payment.js'
import type { Door } from '../explorer/door.js'
import type { BtpAccess } from './btp-access.js'
import type { NodeMetrics } from './metrics.js'
import { LOCAL_ACCOUNT, hasOwnLimit, localAccount, peerAccount, strangersLimit } from './peer-account.js'
import type { Peers } from './peers.js'
import type { NodeRates } from './rates.js'
import type { RoutingTable } from './routing-table.js'
import type { Traffic } from './traffic.js'

/** How long a peer may take to connect before that is said, and to disconnect. */
const CONNECT_TIMEOUT_MS = 5000
/** What a hop keeps of a packet's time: it needs twice as much to take it. */
const MESSAGE_WINDOW_MS = 500
/** The same where an answer crosses the hops of an overlay on its way. */
export const OVERLAY_MESSAGE_WINDOW_MS = 3000

/** What the options are made of. */
export interface ConnectorParts {
  config: NodeConfig
  access: BtpAccess
  peers: Peers
  routes: RoutingTable
  log: NodeLogger
  /** What the configuration says; undefined where it says nothing. */
  logLevel: LogLevel | undefined
  /** Undefined: there is none. */
  audit?: Audit | undefined
  /** What the explorer shows and asks of this node. */
  door: Door
  /** The handlers of the application; undefined when there is none. */
  deliver: (request: LocalDeliveryRequest) => Promise<LocalDeliveryResponse> | LocalDeliveryResponse | undefined
}

/** @param notify tells the application of a packet that only passes through */
export function connectorOptions (
  { config, access, peers, routes, log: logger, logLevel, audit, deliver }: ConnectorParts,
  { metrics, traffic, rates }: { metrics: NodeMetrics, traffic: Traffic, rates: NodeRates },
  notify: (packet: Buffer, origin?: string) => Promise<void>
): ConnectorInput {
  // Whether an account with this name shares the strangers' credit limit.
  const isStranger = (id: string): boolean => !isKnown(id, { access, peers }) && !hasOwnLimit(id, config)
  return {
    env: 'production',
    logger,
    logLevel,
    ilpAddress: config.ilpAddress,
    accounts: {
      [LOCAL_ACCOUNT]: localAccount(config, {
        deliver,
        ...(config.localDelivery.enabled && {
          handlerUrl: config.localDelivery.handlerUrl,
          timeout: config.localDelivery.timeout,
          maxConcurrentRequests: config.localDelivery.maxConcurrentRequests,
          authToken: config.localDelivery.authToken
        }),
        autoFulfill: config.environment === 'development',
        address: config.ilpAddress
      }),
      ...Object.fromEntries(peers.all().map(peer => [peer.id, peerAccount(peer, config, access)]))
    },
    routes: [
      ...routes.getAllRoutes().map(route => configuredRoute(route, config)),
      { targetPrefix: config.ilpAddress, peerId: LOCAL_ACCOUNT, priority: Number.MIN_SAFE_INTEGER } // unless told otherwise, we are here
    ],
    defaultRoute: '',
    backend: 'fixed-rates',
    backendConfig: { free: [LOCAL_ACCOUNT], rates: config.rates.fixed, otherwise: rates.otherwise },
    spread: spreadOf(config),
    explorer: config.explorer.enabled,
    explorerRetentionDays: config.explorer.retentionDays,
    explorerMaxEvents: config.explorer.maxEvents,
    explorerPayloads: config.explorer.payloads,
    store: 'leveldown',
    storePath: join(config.dataPath, config.nodeId),
    ledger: config.ledger.type,
    tigerbeetleClusterId: config.ledger.clusterId,
    tigerbeetleReplicas: config.ledger.replicas.join(','),
    tigerbeetleNamespace: config.nodeId,
    ledgerFallback: config.ledger.fallback,
    minMessageWindow: config.transport.type === 'socks5' ? OVERLAY_MESSAGE_WINDOW_MS : MESSAGE_WINDOW_MS,
    initialConnectTimeout: CONNECT_TIMEOUT_MS,
    routeBroadcastEnabled: false,
    // The condition is made from the data, so two equal payments are not one; and the application's address takes packets, not pings.
    disableMiddleware: ['deduplicate', 'echo'],
    middlewares: {
      guard: {
        type: 'guard',
        options: {
          rules: config.security.fraud, exempt: [LOCAL_ACCOUNT], file: join(config.dataPath, `${config.nodeId}.paused.json`),
          isStranger: (id: string) => !isKnown(id, { access, peers }),
          onRule: ({ peerId, by, reason }: PausedPeer) => audit?.record({ action: `pausePeer (${by})`, subject: peerId, detail: reason, by: { via: 'rule' }, outcome: 'ok' })
        }
      },
      observer: { type: 'observer', options: { observer: metrics, traffic, local: LOCAL_ACCOUNT } },
      sharedCredit: { type: 'shared-credit', options: { limit: strangersLimit(config), unit: `${config.asset.code}/${config.asset.scale}`, shares: isStranger } },
      ...(config.perHopNotification && { perHopNotification: { type: 'per-hop-notification', options: { notify, local: LOCAL_ACCOUNT } } })
    }
  }
}

/** The fee as a fraction. */
export function spreadOf ({ feePercentage }: NodeConfig): number {
  return Number((feePercentage / 100).toPrecision(15)) // 0.7 / 100 is not 0.007
}

/** Whether the account is that of the application, of a peer, or of a guest with a secret. */
export function isKnown (accountId: string, { access, peers }: Pick<ConnectorParts, 'access' | 'peers'>): boolean {
  return accountId === LOCAL_ACCOUNT || peers.has(accountId) || access.secretOf(accountId) !== undefined
}

/** A route of the node as one of the connector inside it. */
export function configuredRoute (
  { prefix, nextHop, priority }: RouteInfo, { nodeId }: NodeConfig
): { targetPrefix: string, peerId: string, priority: number } {
  return { targetPrefix: prefix, peerId: nextHop === nodeId ? LOCAL_ACCOUNT : nextHop, priority }
}
