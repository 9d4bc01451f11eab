/** Every field of a node's configuration: type, and the words for errors. Rules between fields are in rules.ts. */
import { z } from 'zod'
import { MAX_CONFIGURED_ROUTES, MAX_PEERS } from '../limits.js'
import { ACCOUNT_ID } from '../../contracts/account.js'
import { ADDRESS_LENGTH_MAX, PREFIX, SEGMENT, SEGMENT_IN_WORDS } from '../../packet/address.js'
import { isHttpUrl } from '../../lib/urls.js'
import { REPLICA, REPLICAS_MAX, isU128, milliseconds, millisecondsInWords } from '../fields.js'
import { blockchain, chainProvider } from './chain-schema.js'
import { amount, flag, optional, text } from '../../lib/field-kinds.js'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export const ENVIRONMENTS = ['development', 'staging', 'production'] as const
const MODES = ['embedded', 'standalone', 'library'] as const

const WS_URL = /^wss?:\/\/[^/@]+:\d+$/
const ADDRESS = /^0x[0-9a-fA-F]{40}$/
/** Chains that a node may have. */
const MAX_CHAINS = 100

const port = z.int().min(1).max(65535).meta({ expected: 'a whole number from 1 to 65535' })
const secret = z.string().meta({ expected: 'a string', secret: true })

const peer = z.strictObject({
  id: z.string().regex(ACCOUNT_ID).meta({ expected: 'letters, digits and _ - ~ . only' }),
  url: z.string().regex(WS_URL).meta({ expected: 'ws://host:port or wss://host:port' }),
  authToken: secret.meta({ expected: 'a string ("" for none)', secret: true }),
  evmAddress: optional(z.string().regex(ADDRESS).meta({ expected: '0x and 40 hexadecimal digits, in quotes' })),
  chain: optional(text('the chainId of an entry of chainProviders, such as evm:8453'))
}).meta({ expected: 'an object with id, url and authToken' })

const route = z.strictObject({
  prefix: z.string().max(ADDRESS_LENGTH_MAX).regex(PREFIX).meta({ expected: 'an ILP address prefix such as g.peer-b, without a period at its end' }),
  nextHop: text('the id of a peer, or local'),
  priority: optional(z.int().meta({ expected: 'a whole number' }))
}).meta({ expected: 'an object with prefix and nextHop' })

const localDelivery = z.strictObject({
  enabled: optional(flag),
  handlerUrl: optional(z.string().refine(isHttpUrl).meta({ expected: 'an http or https URL such as http://localhost:3100' })),
  timeout: optional(milliseconds(1).meta({ expected: millisecondsInWords(1) })),
  authToken: optional(secret),
  perHopNotification: optional(flag)
}).meta({ expected: 'an object' })

const adminApi = z.strictObject({
  enabled: optional(flag),
  port: optional(port),
  host: optional(text('an IP address or host name to listen on')),
  apiKey: optional(secret),
  allowedIPs: optional(z.array(text('an IP address or CIDR range')).meta({ expected: 'a list of IP addresses and CIDR ranges' })),
  trustProxy: optional(flag)
}).meta({ expected: 'an object' })

const limitsByPeer = z.union([z.record(z.string(), amount), z.map(z.string(), amount)]).meta({ expected: 'amounts of base units by peer id' })

const LEDGERS = ['embedded', 'tigerbeetle'] as const
const ledgerType = z.enum(LEDGERS).meta({ expected: `one of ${LEDGERS.join(', ')}` })
const ledger = z.union([ledgerType, z.strictObject({ type: optional(ledgerType), fallback: optional(flag) })])
  .meta({ expected: `one of ${LEDGERS.join(', ')}, or an object with type and fallback` })

const settlement = z.strictObject({
  tigerBeetleClusterId: optional(z.union([z.bigint(), z.int(), z.string()]).refine(id => isU128(String(id)))
    .meta({ expected: 'a whole number of at most 128 bits' })),
  tigerBeetleReplicas: optional(z.array(z.string().regex(REPLICA).meta({ expected: 'an address (host:port)' })).max(REPLICAS_MAX)
    .meta({ expected: `a list of up to ${REPLICAS_MAX} addresses (host:port)` })),
  connectorFeePercentage: optional(z.number().min(0).lt(100).meta({ expected: 'a number of percent, at least 0 and below 100' })),
  enableSettlement: optional(flag),
  creditLimits: optional(z.strictObject({
    defaultLimit: optional(amount),
    perPeerLimits: optional(limitsByPeer),
    globalCeiling: optional(amount)
  }).meta({ expected: 'an object' }))
}).meta({ expected: 'an object' })

export const nodeSchema = z.strictObject({
  nodeId: z.string().regex(SEGMENT).refine(id => id !== 'local').meta({
    expected: `${SEGMENT_IN_WORDS}, and not "local"`, example: 'my-agent'
  }),
  btpServerPort: port,
  healthCheckPort: optional(port),
  logLevel: optional(z.enum(LOG_LEVELS).meta({ expected: `one of ${LOG_LEVELS.join(', ')}` })),
  environment: optional(z.enum(ENVIRONMENTS).meta({ expected: `one of ${ENVIRONMENTS.join(', ')}` })),
  deploymentMode: optional(z.enum(MODES).meta({ expected: `one of ${MODES.join(', ')}` })),
  mode: optional(z.literal('connector').meta({ expected: 'connector' })),
  peers: z.array(peer).max(MAX_PEERS).meta({ expected: 'a list of peers ([] for none)' }),
  routes: optional(z.array(route).max(MAX_CONFIGURED_ROUTES).meta({ expected: 'a list of routes' })),
  localDelivery: optional(localDelivery),
  adminApi: optional(adminApi),
  settlement: optional(settlement),
  chainProviders: optional(z.array(chainProvider).max(MAX_CHAINS).meta({ expected: 'a list of chains' })),
  blockchain: optional(blockchain),
  ledger: optional(ledger),
  explorer: optional(z.looseObject({ enabled: z.literal(false) }).meta({ expected: 'enabled: false' })),
  transport: optional(z.looseObject({ type: z.literal('direct') }).meta({ expected: 'type: direct' })),
  perHopNotification: optional(flag),
  dataPath: optional(text('the path of a directory'))
}).meta({ expected: 'an object' })

export type ParsedConfig = z.output<typeof nodeSchema>
