/** The section `security` of a node's configuration: as it is written, and with everything decided. */
import type { RateLimitConfig } from './account.js'
import type { GuardAction } from './guard.js'

/** How much a peer may send. Requests are packets, and everything else that a peer sends unasked. */
export interface PeerRateLimit {
  /** Default 1000. */
  maxPerSecond?: number | undefined
  /** Default 60000. */
  maxPerMinute?: number | undefined
  /** Requests at once after a quiet time. Default 2000. */
  burstSize?: number | undefined
  /** Seconds for which a peer that goes on over its limit gets nothing through. Default 0: it is never blocked. */
  blockDuration?: number | undefined
  /** So many refused requests within `violationWindow` begin a block. Default 100. */
  violationThreshold?: number | undefined
  /** Seconds. Default 60. */
  violationWindow?: number | undefined
}

export interface RateLimitSection extends PeerRateLimit {
  /** Default: true where the section is there. Guests without a secret are limited in any case. */
  enabled?: boolean | undefined
  /** Limits that change by themselves are not supported. */
  adaptiveEnabled?: false | undefined
  /** Ids of peers without a limit. */
  trustedPeers?: readonly string[] | undefined
  /** By peer id, what is different for it. */
  perPeerLimits?: Readonly<Record<string, PeerRateLimit>> | undefined
}

/** What is done about suspicious peers, rule by rule: docs/security.md says what each one looks at. */
export interface FraudRules {
  /** Default true. */
  enabled?: boolean | undefined
  trafficSpike?: { action?: GuardAction | undefined, factor?: number | undefined, minPerMinute?: number | undefined } | undefined
  channelClosures?: ManyRule | undefined
  rejectedClaims?: ManyRule | undefined
  lowerClaims?: ManyRule | undefined
  /** Base units of the peer's account. Without an amount, this rule is off. */
  settlementAmount?: { action?: GuardAction | undefined, above?: string | number | bigint | undefined } | undefined
  /** The same. */
  velocity?: {
    action?: GuardAction | undefined, amount?: string | number | bigint | undefined, windowSecs?: number | undefined
  } | undefined
  balanceInconsistency?: { action?: GuardAction | undefined } | undefined
}
interface ManyRule { action?: GuardAction | undefined, count?: number | undefined, windowSecs?: number | undefined }

export interface AuditSection {
  /** Default: true in production, and where the section is there. */
  enabled?: boolean | undefined
  /** Makes the hashes of entries ones that nobody without it can make. */
  key?: string | undefined
  /** 1 to 3650. Default 365. */
  retentionDays?: number | undefined
}

export interface SecurityConfig {
  /** Where the key of a chain is that names none: `backend`, and what that needs (docs/keys.md). Secret. */
  keyManagement?: Readonly<Record<string, unknown>> | undefined
  rateLimit?: RateLimitSection | undefined
  /** IP addresses and CIDR ranges that may connect over BTP. Default: all. */
  allowedIPs?: readonly string[] | undefined
  /** IP addresses and CIDR ranges of reverse proxies in front of the BTP port, whose X-Forwarded-For is believed. Default: none. */
  trustedProxies?: readonly string[] | undefined
  fraud?: FraudRules | undefined
  audit?: AuditSection | undefined
}

/** The limits with everything decided. Undefined: none. */
export interface RateLimits {
  /** Of guests that have shown no secret. Addresses have the same one, for all their guests together. */
  readonly guests: RateLimitConfig
  readonly peers: RateLimitConfig | undefined
  readonly trusted: readonly string[]
  readonly perPeer: Readonly<Record<string, RateLimitConfig>>
}

export interface NodeSecurity {
  readonly rateLimits: RateLimits
  readonly allowedIPs: readonly string[]
  readonly trustedProxies: readonly string[]
  readonly fraud: FraudRules
  readonly audit: { readonly enabled: boolean, readonly key: string | undefined, readonly retentionDays: number }
}
