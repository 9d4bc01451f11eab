/** What the package exports, and nothing else. */
export { createApp } from './connector/connector.js'
export type { App } from './connector/connector.js'

// The embedded node, and what goes in and comes out of it.
export { ConnectorNode } from './node/connector-node.js'
export { ConfigLoader } from './config/node/config-loader.js'
export { ConfigurationError } from './config/errors.js'
export type { ConfigurationIssue } from './config/errors.js'
export { ConnectorNotStartedError } from './node/errors.js'
export { RoutingTable } from './node/routing-table.js'
export { AccountManager } from './node/facades/account-manager.js'
export type { AccountBalances, CreditLimitViolation } from './node/facades/account-manager.js'
export { BTPClient, BTPConnectionError } from './node/facades/btp-client.js'
export { BTPClientManager } from './node/facades/btp-client-manager.js'
export { ChannelManager } from './node/facades/channel-manager.js'
export { BTPServer } from './node/facades/btp-server.js'
export type { BTPServerOptions } from './node/facades/btp-server.js'
export { PacketHandler } from './node/facades/packet-handler.js'
export type { PrepareHandler } from './node/facades/packet-handler.js'
export { UnifiedSettlementExecutor } from './node/facades/settlement-executor.js'
export type { PeerSettlement, SettlementPreference, SettlingNode, UnifiedSettlementConfig } from './node/facades/settlement-executor.js'
export { SettlementMonitor } from './node/facades/settlement-monitor.js'
export type { SettlementRequired, SettlementThresholds } from './node/facades/settlement-monitor.js'
export { AdminServer } from './admin/node/admin-server.js'
export type { AdminServerOptions } from './admin/node/admin-server.js'
export type * from './contracts/node.js'
export type * from './contracts/node-figures.js'
export type { SettlementChain } from './contracts/chain-kind.js'
export type {
  NodeChannelState as ChannelState, OpenChannelRequest, PeerChannel, PeerChannelChange as ChannelChange, PeerSettlementStatus,
  SettlementState
} from './contracts/node-channels.js'
export {
  REJECT_CODE_MAP, computeConditionFromData, computeFulfillmentFromData, createPaymentHandlerAdapter, generatePaymentId, mapRejectCode,
  validateResponseData
} from './delivery/payment.js'
export type {
  LocalDeliveryHandler, LocalDeliveryRequest, LocalDeliveryResponse, PaymentHandler, PaymentRequest, PaymentResponse
} from './delivery/payment.js'
export { IlpSendHandler, validateIlpSendRequest } from './admin/node/packets.js'
export type { IlpSendRequest, IlpSendResponse, IsReadyFn, PacketSenderFn } from './admin/node/packets.js'

export { SluiceError } from './contracts/errors.js'
export type { ErrorCode } from './contracts/errors.js'

// Services to fetch from, or override in, the container that is handed to createApp.
export { Accounts } from './accounts/accounts.js'
export { Config } from './config/connector/config.js'
export { ConfigError } from './config/errors.js'
export type { ConnectorInput } from './config/connector/schema.js'
export { RateBackend } from './forwarding/rate-backend.js'
export { LedgerService } from './ledger/service.js'
export type { LedgerStatus } from './ledger/service.js'
export { AccountStats } from './metrics/stats.js'
export { MiddlewareManager } from './pipeline/middleware-manager.js'

// For authors of plugins, middlewares, backends and stores.
export { createNodeLogger as createLogger } from './lib/log.js'
export { encodePrepare, isPrepare, prepareOf } from './packet/prepare.js'
export { encodeFulfill, encodeReject, fulfillmentOf, isFulfill, isReject, rejectOf } from './packet/reply.js'
export type { PrepareFields, PrepareView } from './packet/prepare.js'
export type { RejectFields } from './packet/reply.js'
export type * from './contracts/account.js'
export type * from './contracts/backend.js'
export type * from './contracts/channels.js'
export type * from './contracts/ledger.js'
export type * from './contracts/logger.js'
export type * from './contracts/middleware.js'
export type * from './contracts/plugin.js'
export type * from './contracts/stats.js'
export type * from './contracts/store.js'
