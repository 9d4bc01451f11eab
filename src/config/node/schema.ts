/** Every field of a node's configuration: type, and the words for errors. Rules between fields are in rules.ts. */
import { z } from 'zod'
import { LOG_LEVELS } from '../../contracts/logger.js'
import { EXPLORER_EVENTS, EXPLORER_RETENTION_DAYS, MAX_CONFIGURED_ROUTES, MAX_PEERS } from '../limits.js'
import type { ChainKind, OldChain } from '../../contracts/chain-kind.js'
import { ADDRESS_LENGTH_MAX, PREFIX, SEGMENT, SEGMENT_IN_WORDS } from '../../packet/address.js'
import { amount, assetField, flag, milliseconds, text, whole } from '../../lib/field-kinds.js'
import { HOST_NAME } from '../../http/hosts.js'
import { ORIGIN, ORIGIN_IN_WORDS } from '../../lib/origins.js'
import { isHttpUrl } from '../../lib/urls.js'
import { REPLICA, REPLICAS_MAX, isU128 } from '../fields.js'
import { isNotBlank, peerSchema } from './peer.js'
import { securitySection } from './security.js'
import { transportSection } from './transport.js'

export const ENVIRONMENTS = ['development', 'staging', 'production'] as const
const MODES = ['embedded', 'standalone', 'library'] as const

/** It names a folder, and is a part of every address below the node: both have limits of their own. */
const NODE_ID_LENGTH_MAX = 200
/** Requests to the business logic server at a time: each is a connection, and takes a file descriptor. */
const MAX_REQUESTS = 10_000
/** Chains that a node may have. */
const MAX_CHAINS = 100

const port = z.int().min(1).max(65535).meta({ expected: 'a whole number from 1 to 65535' })
const listenHost = text('an IP address or host name to listen on')
const secret = z.string().refine(isNotBlank).meta({ expected: 'a string of more than spaces', secret: true })

const route = z.strictObject({
  prefix: z.string().max(ADDRESS_LENGTH_MAX).regex(PREFIX).meta({ expected: 'an ILP address prefix such as g.peer-b, without a period at its end' }),
  nextHop: text('the id of a peer, or local'),
  priority: z.int().meta({ expected: 'a whole number' }).optional()
}).meta({ expected: 'an object with prefix and nextHop' })

const localDelivery = z.strictObject({
  enabled: flag.optional(),
  handlerUrl: z.string().refine(isHttpUrl).meta({ expected: 'an http or https URL such as http://localhost:3100' }).optional(),
  timeout: milliseconds(1).optional(),
  maxConcurrentRequests: z.int().min(1).max(MAX_REQUESTS).meta({ expected: `a whole number from 1 to ${MAX_REQUESTS}` }).optional(),
  authToken: secret.optional(),
  perHopNotification: flag.optional()
}).meta({ expected: 'an object' })

const adminApi = z.strictObject({
  enabled: flag.optional(),
  port: port.optional(),
  host: listenHost.optional(),
  apiKey: secret.optional(),
  allowedIPs: z.array(text('an IP address or CIDR range')).meta({ expected: 'a list of IP addresses and CIDR ranges' }).optional(),
  trustProxy: flag.optional(),
  allowedHosts: z.array(z.string().regex(HOST_NAME).meta({ expected: 'a host name such as connector, without a port' }))
    .meta({ expected: 'a list of host names' }).optional()
}).meta({ expected: 'an object' })

const explorer = z.strictObject({
  enabled: flag.optional(),
  port: port.optional(),
  host: listenHost.optional(),
  retentionDays: whole(...EXPLORER_RETENTION_DAYS).optional(),
  maxEvents: whole(...EXPLORER_EVENTS).optional(),
  payloads: flag.optional()
}).meta({ expected: 'an object' })

const limitsByAsset = z.union([amount, z.record(z.string(), amount)])
  .meta({ expected: 'a whole number of base units, as a string such as "1000", or one for each asset: { USD: "1000" }' })
const limitsByPeer = z.union([z.record(z.string(), amount), z.map(z.string(), amount)]).meta({ expected: 'amounts of base units by peer id' })

const LEDGERS = ['embedded', 'tigerbeetle'] as const
const ledgerType = z.enum(LEDGERS).meta({ expected: `one of ${LEDGERS.join(', ')}` })
const ledger = z.union([ledgerType, z.strictObject({ type: ledgerType.optional(), fallback: flag.optional() })])
  .meta({ expected: `one of ${LEDGERS.join(', ')}, or an object with type and fallback` })

const settlement = z.strictObject({
  tigerBeetleClusterId: z.union([z.bigint(), z.int(), z.string()]).refine(id => isU128(String(id)))
    .meta({ expected: 'a whole number of at most 128 bits' }).optional(),
  tigerBeetleReplicas: z.array(z.string().regex(REPLICA).meta({ expected: 'an address (host:port)' })).max(REPLICAS_MAX)
    .meta({ expected: `a list of up to ${REPLICAS_MAX} addresses (host:port)` }).optional(),
  connectorFeePercentage: z.number().min(0).lt(100).meta({ expected: 'a number of percent, at least 0 and below 100' }).optional(),
  enableSettlement: flag.optional(),
  creditLimits: z.strictObject({
    defaultLimit: limitsByAsset.optional(),
    perPeerLimits: limitsByPeer.optional(),
    globalCeiling: limitsByAsset.optional()
  }).meta({ expected: 'an object' }).optional()
}).meta({ expected: 'an object' })

/** What is in `fixed` is judged pair by pair (assets.ts), and the options by the backend. */
const rates = z.strictObject({
  fixed: z.record(z.string(), z.union([z.string(), z.number()]).meta({ expected: 'a decimal number in quotes, such as "1.08"' }))
    .meta({ expected: 'rates between assets, such as { EUR/USD: "1.08" }' }).optional(),
  backend: text('the name of a backend, or a module').optional(),
  options: z.record(z.string(), z.unknown()).meta({ expected: 'an object', secret: true }).optional(),
  transport: z.enum(['direct', 'socks5']).meta({ expected: 'one of direct, socks5' }).optional()
}).meta({ expected: 'an object with fixed, backend, or both' })

/**
 * The kinds say which addresses a peer may have, and what may stand in `blockchain`. What an entry of `chainProviders` has is for its kind
 * alone to say.
 */
export function nodeSchema (kinds: readonly ChainKind[]) {
  return z.strictObject({
    nodeId: z.string().max(NODE_ID_LENGTH_MAX).regex(SEGMENT).refine(id => id !== 'local').meta({
      expected: `${SEGMENT_IN_WORDS} of at most ${NODE_ID_LENGTH_MAX} characters, and not "local"`, example: 'my-agent'
    }),
    btpServerPort: port,
    btpServerHost: listenHost.optional(),
    btpAllowedOrigins: z.array(z.string().regex(ORIGIN).meta({ expected: ORIGIN_IN_WORDS })).meta({ expected: 'a list of origins' }).optional(),
    healthCheckPort: port.optional(),
    healthCheckHost: listenHost.optional(),
    logLevel: z.enum(LOG_LEVELS).meta({ expected: `one of ${LOG_LEVELS.join(', ')}` }).optional(),
    environment: z.enum(ENVIRONMENTS).meta({ expected: `one of ${ENVIRONMENTS.join(', ')}` }).optional(),
    deploymentMode: z.enum(MODES).meta({ expected: `one of ${MODES.join(', ')}` }).optional(),
    mode: z.literal('connector').meta({ expected: 'connector' }).optional(),
    peers: z.array(peerSchema(kinds)).max(MAX_PEERS).meta({ expected: 'a list of peers ([] for none)' }),
    routes: z.array(route).max(MAX_CONFIGURED_ROUTES).meta({ expected: 'a list of routes' }).optional(),
    localDelivery: localDelivery.optional(),
    adminApi: adminApi.optional(),
    settlement: settlement.optional(),
    asset: assetField.optional(),
    rates: rates.optional(),
    chainProviders: z.array(chainEntry(kinds)).max(MAX_CHAINS).meta({ expected: 'a list of chains' }).optional(),
    blockchain: blockchain(kinds).optional(),
    ledger: ledger.optional(),
    explorer: explorer.optional(),
    security: securitySection.optional(),
    transport: transportSection.optional(),
    perHopNotification: flag.optional(),
    dataPath: text('the path of a directory').optional()
  }).meta({ expected: 'an object' })
}

export type ParsedConfig = z.output<ReturnType<typeof nodeSchema>>

function chainEntry (kinds: readonly ChainKind[]): z.ZodType<{ chainType: string }> {
  return z.looseObject({ chainType: text(kinds.map(({ type }) => type).join(' or ')) }).meta({ expected: 'an object that describes a chain' })
}

function blockchain (kinds: readonly ChainKind[]): z.ZodObject<Record<string, z.ZodOptional<z.ZodType<OldChain>>>> {
  const sections = kinds.flatMap(({ legacy }) => Object.entries(legacy?.blockchain ?? {}))
  return z.strictObject(Object.fromEntries(sections.map(([name, section]) => [name, section.optional()])))
    .meta({ expected: `an object with ${sections.map(([name]) => name).join(' or ')}` })
}
