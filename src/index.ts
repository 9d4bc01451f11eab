/** What the package exports, and nothing else. */
export { createApp } from './app.js'
export type { App } from './app.js'

// The embedded node, and what goes in and comes out of it.
export { ConnectorNode } from './node/connector-node.js'
export { ConfigLoader } from './node/config/config-loader.js'
export { ConfigurationError } from './node/config/errors.js'
export type { ConfigurationIssue } from './node/config/errors.js'
export { ConnectorNotStartedError } from './node/errors.js'
export { RoutingTable } from './node/routing-table.js'
export { AccountManager } from './node/doors/account-manager.js'
export type { AccountBalances, CreditLimitViolation } from './node/doors/account-manager.js'
export { BTPClient, BTPConnectionError } from './node/doors/btp-client.js'
export { BTPClientManager } from './node/doors/btp-client-manager.js'
export { BTPServer } from './node/doors/btp-server.js'
export type { BTPServerOptions } from './node/doors/btp-server.js'
export { PacketHandler } from './node/doors/packet-handler.js'
export type { PrepareHandler } from './node/doors/packet-handler.js'
export { UnifiedSettlementExecutor } from './node/doors/settlement-executor.js'
export type { PeerSettlement, SettlementPreference, SettlingNode, UnifiedSettlementConfig } from './node/doors/settlement-executor.js'
export { SettlementMonitor } from './node/doors/settlement-monitor.js'
export type { SettlementRequired, SettlementState, SettlementThresholds } from './node/doors/settlement-monitor.js'
export { AdminServer } from './http/node/admin-server.js'
export type { AdminServerOptions } from './http/node/admin-server.js'
export type * from './node/types.js'
export type { ChannelState, OpenChannelRequest } from './node/channels.js'
export {
  REJECT_CODE_MAP, computeConditionFromData, computeFulfillmentFromData, createPaymentHandlerAdapter, generatePaymentId, mapRejectCode,
  validateResponseData
} from './packet/payment.js'
export type {
  LocalDeliveryHandler, LocalDeliveryRequest, LocalDeliveryResponse, PaymentHandler, PaymentRequest, PaymentResponse
} from './packet/payment.js'
export { IlpSendHandler, validateIlpSendRequest } from './http/node/ilp-send.js'
export type { IlpSendRequest, IlpSendResponse, IsReadyFn, PacketSenderFn } from './http/node/ilp-send.js'

// Services to fetch from, or override in, the container that is handed to createApp.
export { Accounts } from './accounts/accounts.js'
export { Config } from './config/config.js'
export { ConfigError } from './config/errors.js'
export type { ConnectorInput } from './config/schema.js'
export { RateBackend } from './forwarding/rate-backend.js'
export { LedgerService } from './ledger/service.js'
export type { LedgerStatus } from './ledger/service.js'
export { AccountStats } from './metrics/stats.js'
export { MiddlewareManager } from './pipeline/middleware-manager.js'

// For authors of plugins, middlewares, backends and stores.
export { createLogger } from './node/logger.js'
export { encodePrepare, isPrepare, prepareOf } from './packet/prepare.js'
export { encodeFulfill, encodeReject, fulfillmentOf, isFulfill, isReject, rejectOf } from './packet/reply.js'
export type { PrepareFields, PrepareView } from './packet/prepare.js'
export type { RejectFields } from './packet/reply.js'
export type * from './types/account.js'
export type * from './types/backend.js'
export type * from './types/channels.js'
export type * from './types/ledger.js'
export type * from './types/logger.js'
export type * from './types/middleware.js'
export type * from './types/plugin.js'
export type * from './types/stats.js'
export type * from './types/store.js'
