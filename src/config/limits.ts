/** What one configuration can hold, at most. The same holds for what is added while the connector runs. */

/** Peers of a node. */
export const MAX_PEERS = 10_000
/** Configured routes. */
export const MAX_CONFIGURED_ROUTES = 100_000

/** Days that the history of the explorer may go back. */
export const EXPLORER_RETENTION_DAYS = [1, 365] as const
/** Events that the history of the explorer may hold. */
export const EXPLORER_EVENTS = [1000, 10_000_000] as const
/** Of both kinds of configurations. */
export const EXPLORER_DEFAULTS = { port: 3001, host: '127.0.0.1', retentionDays: 7, maxEvents: 1_000_000, payloads: false } as const
