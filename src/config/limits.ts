/** What one configuration can hold, at most. The same holds for what is added while the connector runs. */

/** Peers of a node. */
export const MAX_PEERS = 10_000
/** Configured routes. */
export const MAX_CONFIGURED_ROUTES = 100_000
