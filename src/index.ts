/** What the package exports, and nothing else. */
export { createApp } from './app.js'
export type { App } from './app.js'

// Services to fetch from, or override in, the container that is handed to createApp.
export { Accounts } from './accounts/accounts.js'
export { Config } from './config/config.js'
export { ConfigError } from './config/errors.js'
export type { ConnectorInput } from './config/schema.js'
export { RateBackend } from './forwarding/rate-backend.js'
export { AccountStats } from './metrics/stats.js'
export { MiddlewareManager } from './pipeline/middleware-manager.js'

// For authors of plugins, middlewares, backends and stores.
export { createLogger } from './log.js'
export { encodePrepare, isPrepare, prepareOf } from './packet/prepare.js'
export { encodeFulfill, encodeReject, fulfillmentOf, isFulfill, isReject, rejectOf } from './packet/reply.js'
export type { PrepareFields, PrepareView } from './packet/prepare.js'
export type { RejectFields } from './packet/reply.js'
export type * from './types/account.js'
export type * from './types/backend.js'
export type * from './types/ledger.js'
export type * from './types/logger.js'
export type * from './types/middleware.js'
export type * from './types/plugin.js'
export type * from './types/stats.js'
export type * from './types/store.js'
