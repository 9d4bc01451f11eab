/** The section `security`: its fields, what cannot be in it, and what follows from it. */
import { z } from 'zod'
import type { RateLimitConfig } from '../../contracts/account.js'
import type { NodeSecurity, PeerRateLimit, RateLimits, SecurityConfig } from '../../contracts/node-security.js'
import { IpAllowlist } from '../../http/allowlist.js'
import { describeError } from '../../lib/describe-error.js'
import { flag, text, whole } from '../../lib/field-kinds.js'
import { guardRules } from '../../lib/guard-rules.js'

const RATE_MAX = 1_000_000
const SECONDS_MAX = 86_400
const VIOLATIONS_MAX = 1_000_000
const ADDRESSES_MAX = 10_000
const KEY_LENGTH_MIN = 16
const RETENTION_DAYS_MAX = 3650
const RETENTION_DAYS = 365
/** What other connectors for agents have by default. */
const DEFAULTS = {
  maxPerSecond: 1000, maxPerMinute: 60_000, burstSize: 2000, blockDuration: 0, violationThreshold: 100, violationWindow: 60
} as const

const peerRateLimit = {
  maxPerSecond: whole(1, RATE_MAX).optional(),
  maxPerMinute: whole(1, 60 * RATE_MAX).optional(),
  burstSize: whole(1, RATE_MAX).optional(),
  blockDuration: whole(0, SECONDS_MAX).optional(),
  violationThreshold: whole(1, VIOLATIONS_MAX).optional(),
  violationWindow: whole(1, SECONDS_MAX).optional()
}

const rateLimit = z.strictObject({
  enabled: flag.optional(),
  ...peerRateLimit,
  adaptiveEnabled: z.literal(false)
    .meta({ expected: 'false: a limit that moves by itself refuses honest peers when others are slow. Set the limit that you mean' }).optional(),
  trustedPeers: z.array(text('the id of a peer')).meta({ expected: 'a list of peer ids' }).optional(),
  perPeerLimits: z.record(z.string(), z.strictObject(peerRateLimit).meta({ expected: 'an object with maxPerSecond, maxPerMinute, or burstSize' }))
    .meta({ expected: 'limits by peer id' }).optional()
}).meta({ expected: 'an object' })

const addresses = z.array(text('an IP address or CIDR range')).max(ADDRESSES_MAX).meta({ expected: 'a list of IP addresses and CIDR ranges' })

const audit = z.strictObject({
  enabled: flag.optional(),
  key: z.string().min(KEY_LENGTH_MIN).refine(key => key.trim() !== '')
    .meta({ expected: `a string of at least ${KEY_LENGTH_MIN} characters, not only spaces`, secret: true }).optional(),
  retentionDays: whole(1, RETENTION_DAYS_MAX).optional()
}).meta({ expected: 'an object' })

/** What is in it, the kinds of chains judge: whose key it is depends on the chain. */
const keyManagement = z.looseObject({}).meta({ expected: 'an object with backend, and what that needs', secret: true })

export const securitySection = z.strictObject({
  keyManagement: keyManagement.optional(),
  rateLimit: rateLimit.optional(),
  allowedIPs: addresses.optional(),
  trustedProxies: addresses.optional(),
  fraud: guardRules.optional(),
  audit: audit.optional()
}).meta({ expected: 'an object' })

type Refuse = (path: PropertyKey[], message: string) => void
type Warn = (message: string) => void

/** What no single field shows. */
export function checkSecurity (given: SecurityConfig = {}, peerIds: readonly string[], refuse: Refuse, warn: Warn): void {
  const { rateLimit = {}, ...lists } = given
  for (const field of ['allowedIPs', 'trustedProxies'] as const) {
    for (const [index, entry] of (lists[field] ?? []).entries()) {
      try {
        new IpAllowlist([entry])
      } catch (error) {
        refuse(['security', field, index], describeError(error).replace('allowedIPs', field))
      }
    }
  }
  const named = { trustedPeers: rateLimit.trustedPeers ?? [], perPeerLimits: Object.keys(rateLimit.perPeerLimits ?? {}) }
  for (const [field, ids] of Object.entries(named)) {
    for (const id of ids) {
      if (!peerIds.includes(id)) warn(`security.rateLimit.${field} names '${id}', which is not a configured peer. Correct the name, or add the peer.`)
    }
  }
}

export function securityOf (given: SecurityConfig = {}, isProduction: boolean): NodeSecurity {
  const { rateLimit, allowedIPs = [], trustedProxies = [], fraud = {} } = given
  const { enabled = isProduction || given.audit !== undefined, key, retentionDays = RETENTION_DAYS } = given.audit ?? {}
  const audit = { enabled, key: key || undefined, retentionDays }
  return { rateLimits: rateLimitsOf(rateLimit), allowedIPs, trustedProxies, fraud, audit }
}

function rateLimitsOf (given: SecurityConfig['rateLimit']): RateLimits {
  if (given === undefined || given.enabled === false) return { guests: bucketOf({}), peers: undefined, trusted: [], perPeer: {} }
  const limit = bucketOf(given)
  const perPeer = Object.entries(given.perPeerLimits ?? {}).map(([id, own]) => [id, bucketOf({ ...given, ...own })] as const)
  return { guests: limit, peers: limit, trusted: given.trustedPeers ?? [], perPeer: Object.fromEntries(perPeer) }
}

/** One bucket keeps both rates: it is refilled at the lower of the two, and holds no more than a minute may have. */
function bucketOf (given: PeerRateLimit): RateLimitConfig {
  const { maxPerSecond, maxPerMinute, burstSize, blockDuration, violationThreshold, violationWindow } = { ...DEFAULTS, ...defined(given) }
  const isByMinute = maxPerMinute < maxPerSecond * 60
  return {
    ...(isByMinute ? { refillPeriod: 60_000, refillCount: maxPerMinute } : { refillPeriod: 1000, refillCount: maxPerSecond }),
    capacity: Math.min(burstSize, maxPerMinute),
    ...(blockDuration > 0 && { blockPeriod: blockDuration * 1000, blockAfter: violationThreshold, blockWindow: violationWindow * 1000 })
  }
}

function defined (given: PeerRateLimit): { [Key in keyof PeerRateLimit]: number } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === 'number'))
}
