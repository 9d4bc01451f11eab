/** An account as its operator configures it: one relation with one peer over one plugin. */
import type { PluginInstance } from './plugin.js'

/**
 * The one rule for names of accounts, no matter who chooses them. Letters, digits and `_ - ~ .`: the id is part of the plugin's store
 * keys, of log names and of paths of the admin API. Not `__proto__`, under which objects have something else.
 */
export const ACCOUNT_ID = /^(?!__proto__$)[A-Za-z0-9_\-~.]+$/

/** In the place of an address that the parent gives. */
export const UNKNOWN_ADDRESS = 'unknown'

/** What amounts are in: one unit of the asset is 10^scale base units. */
export interface Asset {
  readonly code: string
  /** 0 to 255. */
  readonly scale: number
}

export type Relation = 'parent' | 'peer' | 'child'

/** Amounts are decimal strings in base units of the account's asset; `Infinity` and `-Infinity` mean no limit. */
export interface BalanceConfig {
  minimum?: string | undefined
  maximum: string
  settleThreshold?: string | undefined
  settleTo?: string | undefined
  /** ms. Settles up to `settleTo` this often, however little it is. */
  settleInterval?: number | undefined
}

/** Periods in ms, amounts as decimal strings in base units. */
export interface ThroughputConfig {
  refillPeriod?: number | undefined
  incomingAmount?: string | undefined
  outgoingAmount?: string | undefined
}

export interface RateLimitConfig {
  refillPeriod?: number | undefined
  refillCount?: number | undefined
  capacity?: number | undefined
  /** ms for which nothing passes after `blockAfter` refusals within `blockWindow` ms. Absent: nobody is blocked. */
  blockPeriod?: number | undefined
  blockAfter?: number | undefined
  blockWindow?: number | undefined
}

export interface DeduplicateConfig {
  cleanupInterval?: number | undefined
  packetLifetime?: number | undefined
}

export interface AccountInfo {
  relation: Relation
  /** A module name or path, or (from JavaScript) a plugin instance. */
  plugin: string | PluginInstance
  assetCode: string
  /** One unit of the asset is 10^assetScale base units. 0 to 255. */
  assetScale: number
  balance?: BalanceConfig | undefined
  maxPacketAmount?: string | undefined
  throughput?: ThroughputConfig | undefined
  rateLimit?: RateLimitConfig | undefined
  deduplicate?: DeduplicateConfig | undefined
  sendRoutes?: boolean | undefined
  receiveRoutes?: boolean | undefined
  transit?: boolean | undefined
  importPrefixes?: string[] | undefined
  exportPrefixes?: string[] | undefined
  maximumPrefixes?: number | undefined
  maximumPathLength?: number | undefined
  /** Handed to the plugin's constructor as it is. May hold secrets: never logged, never served. */
  options?: Record<string, unknown> | undefined
  ilpAddressSegment?: string | undefined
}
