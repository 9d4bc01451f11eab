/** The most that a peer can make us keep or process. Everything that grows with what peers say is bounded by one of these. */

/** Hops of a path. A packet loses at least a second of its expiry per hop, so no longer path can be of use. */
export const MAX_PATH_LENGTH = 64
/** Prefixes learnt from one account, unless its `maximumPrefixes` says otherwise. */
export const MAX_ROUTES_PER_PEER = 200_000
/** Bytes of a route update or control message that we read: what fits into a Prepare (RFC 0027). */
export const MAX_MESSAGE_BYTES = 32_768
/** Bytes of routes in one update that we write, so that it fits into a Prepare. */
export const MAX_UPDATE_BYTES = 30_000
/** Log entries in one update that we write. */
export const MAX_EPOCHS_PER_UPDATE = 50
/** Withdrawals remembered for peers that have not confirmed them. */
export const MAX_PENDING_WITHDRAWALS = 100_000
/** Prefixes under the loop guard at a time. */
export const MAX_GUARDED_PREFIXES = 100_000
/** The longest and the shortest time (ms) that a peer can ask us to keep its routes without hearing from it. */
export const MAX_HOLD_DOWN_MS = 3_600_000
export const MIN_HOLD_DOWN_MS = 1_000
