/** Environment variables that override a configuration file, for containers. A variable that is set to nothing overrides nothing. */
import type { PeerConfig } from '../../contracts/node.js'
import { isObject } from '../../lib/is-object.js'
import { FLAGS, metaOf, type Schema } from '../fields.js'
import { quote } from '../in-words.js'
import { coerce } from './coerce.js'
import { ConfigurationError, type ConfigurationIssue } from '../errors.js'

/** Variables and the places they set. */
export const OVERRIDES: ReadonlyMap<string, readonly [string, ...string[]]> = new Map([
  ['NODE_ID', ['nodeId']],
  ['LOG_LEVEL', ['logLevel']],
  ['BTP_SERVER_PORT', ['btpServerPort']],
  ['BTP_SERVER_HOST', ['btpServerHost']],
  ['BTP_ALLOWED_ORIGINS', ['btpAllowedOrigins']],
  ['HEALTH_CHECK_PORT', ['healthCheckPort']],
  ['HEALTH_CHECK_HOST', ['healthCheckHost']],
  ['ENVIRONMENT', ['environment']],
  ['LOCAL_DELIVERY_ENABLED', ['localDelivery', 'enabled']],
  ['LOCAL_DELIVERY_URL', ['localDelivery', 'handlerUrl']],
  ['LOCAL_DELIVERY_TIMEOUT', ['localDelivery', 'timeout']],
  ['LOCAL_DELIVERY_MAX_CONCURRENT_REQUESTS', ['localDelivery', 'maxConcurrentRequests']],
  ['LOCAL_DELIVERY_AUTH_TOKEN', ['localDelivery', 'authToken']],
  ['LOCAL_DELIVERY_PER_HOP_NOTIFICATION', ['localDelivery', 'perHopNotification']],
  ['ADMIN_API_ENABLED', ['adminApi', 'enabled']],
  ['ADMIN_API_PORT', ['adminApi', 'port']],
  ['ADMIN_API_HOST', ['adminApi', 'host']],
  ['ADMIN_API_KEY', ['adminApi', 'apiKey']],
  ['ADMIN_API_ALLOWED_IPS', ['adminApi', 'allowedIPs']],
  ['ADMIN_API_TRUST_PROXY', ['adminApi', 'trustProxy']],
  ['ADMIN_API_ALLOWED_HOSTS', ['adminApi', 'allowedHosts']],
  ['EXPLORER_ENABLED', ['explorer', 'enabled']],
  ['EXPLORER_PORT', ['explorer', 'port']],
  ['EXPLORER_HOST', ['explorer', 'host']],
  ['EXPLORER_RETENTION_DAYS', ['explorer', 'retentionDays']],
  ['EXPLORER_MAX_EVENTS', ['explorer', 'maxEvents']],
  ['EXPLORER_PAYLOADS', ['explorer', 'payloads']],
  ['SECURITY_ALLOWED_IPS', ['security', 'allowedIPs']],
  ['SECURITY_TRUSTED_PROXIES', ['security', 'trustedProxies']],
  ['AUDIT_LOG_ENABLED', ['security', 'audit', 'enabled']],
  ['AUDIT_LOG_KEY', ['security', 'audit', 'key']],
  ['AUDIT_LOG_RETENTION_DAYS', ['security', 'audit', 'retentionDays']],
  ['RATE_LIMIT_ENABLED', ['security', 'rateLimit', 'enabled']],
  ['RATE_LIMIT_MAX_PER_SECOND', ['security', 'rateLimit', 'maxPerSecond']],
  ['RATE_LIMIT_MAX_PER_MINUTE', ['security', 'rateLimit', 'maxPerMinute']],
  ['RATE_LIMIT_BURST_SIZE', ['security', 'rateLimit', 'burstSize']],
  ['RATE_LIMIT_BLOCK_DURATION', ['security', 'rateLimit', 'blockDuration']],
  ['RATE_LIMIT_VIOLATION_THRESHOLD', ['security', 'rateLimit', 'violationThreshold']],
  ['RATE_LIMIT_VIOLATION_WINDOW', ['security', 'rateLimit', 'violationWindow']],
  ['RATE_LIMIT_ADAPTIVE_ENABLED', ['security', 'rateLimit', 'adaptiveEnabled']],
  ['TIGERBEETLE_CLUSTER_ID', ['settlement', 'tigerBeetleClusterId']],
  ['TIGERBEETLE_REPLICAS', ['settlement', 'tigerBeetleReplicas']]
])

/** A variable where a secret is expected means none only when it is not set at all. */
export const EMPTY_SECRET = 'is set to nothing, and a secret is expected. Set it to the secret, or unset it.'

/** Lists of those who may come in. An empty one keeps nobody out, so a variable must not make it empty. */
const ADMITTING: readonly string[] = ['SECURITY_ALLOWED_IPS', 'ADMIN_API_ALLOWED_IPS']
const EMPTY_PROTECTION = 'is set to nothing, which would keep nobody out. Set it, or unset it.'

/** The variable with the secret of a peer. Several ids may have the same. */
export function secretVariableOf (peerId: string): string {
  return `BTP_PEER_${peerId.toUpperCase().replaceAll('-', '_')}_SECRET`
}

/** What an operator should know of a configured peer that shows no secret; undefined for one that has one. */
export function openDoor ({ id, authToken }: Pick<PeerConfig, 'id' | 'authToken'>, env: NodeJS.ProcessEnv): string | undefined {
  const variable = secretVariableOf(id)
  if (authToken !== '' || env[variable] !== undefined) return undefined
  return `peer ${id} has no secret (authToken is ''): it is known by its url alone, so anyone who can take or redirect that address is paid in ` +
    `its place. Set authToken, or ${variable}.`
}

/** What is wrong with the variables that hold secrets of peers. */
export function secretFaults (peerIds: readonly string[], env: NodeJS.ProcessEnv): ConfigurationIssue[] {
  const issues: ConfigurationIssue[] = []
  for (const [source, text = ''] of Object.entries(env)) {
    if (!/^BTP_PEER_.+_SECRET$/.test(source)) continue
    if (text.trim() === '') issues.push({ source, path: '', message: EMPTY_SECRET })
    const owners = [...new Set(peerIds)].filter(id => secretVariableOf(id) === source)
    if (owners.length > 1) {
      issues.push({ source, path: '', message: `is the secret of more than one peer: ${owners.join(', ')}. Rename one, or give each its authToken.` })
    }
  }
  return issues
}

export interface Overridden {
  values: Record<string, unknown>
  /** By place (`adminApi.port`) the variable that set it. */
  sources: Map<string, string>
}

/** The configuration with the environment over it. */
export function override (
  given: Record<string, unknown>, env: NodeJS.ProcessEnv, fieldAt: (path: string[]) => Schema | undefined
): Overridden {
  const values = { ...given }
  const sources = new Map<string, string>()
  for (const [name, path] of OVERRIDES) {
    const text = env[name]
    if (text === undefined) continue
    const schema = fieldAt([...path])
    if (text.trim() === '' && schema !== undefined && metaOf(schema).secret === true) {
      throw new ConfigurationError([{ source: name, path: '', message: EMPTY_SECRET }])
    }
    if (ADMITTING.includes(name) && /^[\s,]*$/.test(text)) throw new ConfigurationError([{ source: name, path: '', message: EMPTY_PROTECTION }])
    if (text === '') continue
    if (put(values, path, coerce(schema, text))) sources.set(path.join('.'), name)
  }
  return { values, sources }
}

/** Puts a value where it belongs, into copies of what is there. False: something stands in its way, and the schema says so. */
function put (holder: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): boolean {
  if (key === undefined) return false
  if (rest.length === 0) {
    holder[key] = value
    return true
  }
  const inner = holder[key] ?? {}
  if (!isObject(inner)) return false
  const copy = holder[key] = { ...inner }
  return put(copy, rest, value)
}

/**
 * Whether peers without a secret are let in: BTP_ALLOW_NOAUTH, true unless it is set.
 * @throws ConfigurationError for a value that is neither, or nothing: what somebody meant to protect would stay open
 */
export function isPermissionless ({ BTP_ALLOW_NOAUTH: text }: NodeJS.ProcessEnv): boolean {
  if (text === undefined) return true
  const isNothing = text.trim() === ''
  const flag = isNothing ? undefined : FLAGS.get(text.toLowerCase())
  if (flag !== undefined) return flag
  const message = isNothing ? EMPTY_PROTECTION : `found ${quote(text)}, expected true or false. Correct or unset it.`
  throw new ConfigurationError([{ source: 'BTP_ALLOW_NOAUTH', path: '', message }])
}
