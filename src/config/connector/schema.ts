/**
 * Every option of the connector: type, default, and the words for the reference page (docs/configuration.md) and for errors.
 * What one field alone cannot show is in rules.ts.
 */
import { z } from 'zod'
import { BUILT_IN_MIDDLEWARES } from '../../contracts/middleware.js'
import { LOG_FORMATS, LOG_LEVELS } from '../../contracts/logger.js'
import type { NodeLogger } from '../../contracts/node.js'
import { ACCOUNT_ID, UNKNOWN_ADDRESS } from '../../contracts/account.js'
import { PREFIX, isValidAddress } from '../../packet/address.js'
import { accountSchema } from './account-schema.js'
import { REPLICA, REPLICAS_MAX, isU128, opaqueObject } from '../fields.js'
import { EXPLORER_DEFAULTS, EXPLORER_EVENTS, EXPLORER_RETENTION_DAYS } from '../limits.js'
import { milliseconds, whole } from '../../lib/field-kinds.js'
import { HOST_NAME } from '../../http/hosts.js'

function isAddressOrUnknown (text: string): boolean {
  return text === UNKNOWN_ADDRESS || isValidAddress(text)
}

function areReplicas (text: string): boolean {
  const replicas = text.split(',').map(replica => replica.trim())
  return text === '' || (replicas.length <= REPLICAS_MAX && replicas.every(replica => REPLICA.test(replica)))
}

function duration (minimum: number, fallback: number, description: string): z.ZodDefault<z.ZodNumber> {
  return milliseconds(minimum).default(fallback).meta({ description })
}

function flag (fallback: boolean, description: string): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(fallback).meta({ description, expected: 'true or false (in the environment also 1 or 0)' })
}

const route = z.strictObject({
  targetPrefix: z.string().regex(PREFIX).meta({
    description: 'The ILP address prefix the route is for, without a period at its end. It comes before routes for the same or shorter ' +
      'prefixes that are local or announced by peers; longer prefixes still come first.',
    expected: 'an ILP address prefix such as "test.alice", without a period at its end'
  }),
  peerId: z.string().regex(ACCOUNT_ID).meta({
    description: 'Id of the account that packets for the prefix are sent to.',
    expected: 'the id of an account'
  }),
  priority: z.int().optional().meta({
    description: 'Of several routes for one prefix the one with the highest priority is used whose account is connected.',
    expected: 'a whole number',
    absent: '0'
  })
}).meta({ description: 'A fixed route.', expected: 'an object with targetPrefix and peerId' })

const middleware = z.looseObject({
  type: z.string().min(1).meta({
    description: 'Name or path of the module that exports the middleware.',
    expected: 'the name of a module'
  }),
  options: opaqueObject.optional().meta({
    description: 'Handed to the middleware\'s constructor as it is.',
    expected: 'an object',
    absent: 'no options',
    secret: true
  })
}).meta({ description: 'A middleware of your own, by a name of your choice.', expected: 'an object with type' })

const accounts = z.record(z.string(), accountSchema).meta({
  description: 'The accounts, by an id of your choice. Ids of accounts whose plugin is given by name consist of letters, digits and _ - ~ . only.',
  expected: 'an object that has accounts by their ids ({} for none)',
  example: '{"alice": {"relation": "peer", "plugin": "ilp-plugin-btp", "assetCode": "USD", "assetScale": 9}}'
})

export const connectorSchema = z.strictObject({
  env: z.enum(['production', 'test']).default('test').meta({
    description: 'The network the connector is part of: `production` routes addresses below `g`, `test` those below `test`.',
    expected: '"production" or "test"'
  }),
  ilpAddress: z.string().refine(isAddressOrUnknown).default(UNKNOWN_ADDRESS).meta({
    description: 'ILP address of the connector. `unknown` asks a parent for it.',
    expected: 'an ILP address of at least two segments such as "test.alice", or "unknown" to get it from a parent'
  }),
  ilpAddressInheritFrom: z.string().default('').meta({
    description: 'Id of the parent that is asked for the address, where there are several. Empty means the first one.',
    expected: 'the id of a parent account'
  }),
  accounts,
  defaultRoute: z.string().default('auto').meta({
    description: 'Id of the account that gets all packets no other route is known for. `auto` means the first parent, empty means none.',
    expected: 'the id of an account, "auto" or an empty string'
  }),
  routes: z.array(route).default(() => []).meta({
    description: 'Fixed routes, in addition to those learnt from peers.',
    expected: 'an array of routes'
  }),
  spread: z.number().min(0).lt(1).default(0.002).meta({
    description: 'The connector\'s margin, as a fraction of the exchange rate: with 0.002 it keeps 0.2 percent of what it forwards.',
    expected: 'a number of at least 0 and below 1'
  }),
  minMessageWindow: duration(0, 1000, 'The time, in milliseconds, that the connector keeps to itself to pass an answer back: an outgoing packet ' +
    'expires this much earlier than the incoming one.'),
  maxHoldTime: duration(1, 30000, 'The longest time, in milliseconds, that money is put on hold for one packet.'),
  routeBroadcastEnabled: flag(true, 'Whether routes are announced to peers and taken from them.'),
  routeBroadcastInterval: duration(1, 30000, 'How often, in milliseconds, peers are sent route updates when there is nothing new.'),
  routeCleanupInterval: duration(1, 1000, 'How often, in milliseconds, expired routes are looked for.'),
  routeExpiry: duration(0, 45000, 'How long, in milliseconds, routes from this connector stay valid without an update.'),
  routingSecret: z.string().refine(secret => secret === '' || Buffer.from(secret, 'base64').length > 0).default('').meta({
    description: 'Secret, in base64, from which the authentication values of announced routes are made. Empty means a new random one at each start.',
    expected: 'base64 text',
    secret: true
  }),
  backend: z.string().overwrite(name => name === '' ? 'one-to-one' : name).default('ecb').meta({
    description: 'Where exchange rates come from: `market`, `ecb`, `ecb-plus-xrp`, `ecb-plus-coinmarketcap`, `one-to-one`, `randomizer`, or the name or path ' +
      'of a module. Empty means `one-to-one`.',
    expected: 'the name of a backend'
  }),
  backendConfig: opaqueObject.default(() => ({})).meta({
    description: 'Handed to the backend\'s constructor, together with `spread`.',
    expected: 'an object',
    secret: true
  }),
  store: z.string().min(1).overwrite(name => name === 'memory' ? 'memdown' : name).default('leveldown').meta({
    description: 'Where data is kept: `leveldown` (on disk), `memdown` (in memory, lost at the end; also called `memory`), or the name or path of ' +
      'a module.',
    expected: 'the name of a store'
  }),
  balanceDurability: z.enum(['sync', 'none']).default('sync').meta({
    description: 'What an answer to a packet waits for: `sync`, until its balances are on disk, so that they survive a crash; `none`, for ' +
      'nothing: a crash forgets the latest packets.',
    expected: '"sync" or "none"'
  }),
  ledger: z.enum(['embedded', 'tigerbeetle']).default('embedded').meta({
    description: 'Where balances are kept: `embedded`, in the store; `tigerbeetle`, in a TigerBeetle cluster, which several connectors may ' +
      'share (needs `npm install tigerbeetle-node`).',
    expected: '"embedded" or "tigerbeetle"'
  }),
  tigerbeetleClusterId: z.string().refine(id => id === '' || isU128(id)).default('').meta({
    description: 'Id of the TigerBeetle cluster. Also read from `TIGERBEETLE_CLUSTER_ID`.',
    expected: 'a whole number of at most 128 bits, as a string such as "0"'
  }),
  tigerbeetleReplicas: z.string().refine(areReplicas).default('').meta({
    description: 'Addresses of the TigerBeetle replicas in their order, separated by commas, such as `10.0.0.1:3001,10.0.0.2:3001`. Also read ' +
      'from `TIGERBEETLE_REPLICAS`.',
    expected: `up to ${REPLICAS_MAX} addresses (host:port), separated by commas`
  }),
  tigerbeetleNamespace: z.string().default('').meta({
    description: 'Connectors with the same one share the balances of accounts with the same id. Connectors that use one cluster and have ' +
      'nothing to do with each other need different ones.',
    expected: 'a string'
  }),
  ledgerFallback: flag(false, 'Whether balances are kept in the store when the TigerBeetle cluster cannot be reached at the start. The two know ' +
    'nothing of each other: what is booked in one is missing in the other. Not for real money.'),
  storePath: z.string().default('').meta({
    description: 'Directory of the store. Short for `path` in `storeConfig`, which wins. Empty means ' +
      '`connector-data/<ilpAddress>` in the working directory, unless that is another connector\'s.',
    expected: 'a path'
  }),
  storeConfig: opaqueObject.default(() => ({})).meta({
    description: 'Handed to the store\'s constructor.',
    expected: 'an object',
    secret: true
  }),
  middlewares: z.record(z.string(), middleware).default(() => ({})).meta({
    description: 'Middlewares of your own. They come after the built-in ones, in the order given here.',
    expected: 'an object that has middlewares by their names'
  }),
  disableMiddleware: z.array(z.enum(BUILT_IN_MIDDLEWARES).meta({
    description: 'Name of a built-in middleware.',
    expected: `one of ${BUILT_IN_MIDDLEWARES.join(', ')}`
  })).default(() => []).meta({
    description: 'Built-in middlewares that are not used: ' + BUILT_IN_MIDDLEWARES.map(name => `\`${name}\``).join(', ') + '.',
    expected: 'an array of names of built-in middlewares'
  }),
  reflectPayments: flag(true, 'Whether a packet may be sent back to the account it came from.'),
  initialConnectTimeout: duration(0, 10000, 'How long, in milliseconds, the start waits for accounts to connect before it goes on without them.'),
  adminApi: flag(false, 'Whether the admin API answers.'),
  adminApiPort: z.number().int().min(0).max(65535).default(7780).meta({
    description: 'TCP port of the admin API. 0 means any free port.',
    expected: 'a whole number from 0 to 65535'
  }),
  adminApiHost: z.string().min(1).default('127.0.0.1').meta({
    description: 'Address that the admin API listens on. Anyone who can reach it can move money: never use a public address.',
    expected: 'a host name or IP address'
  }),
  adminApiKey: z.string().default('').meta({
    description: 'Secret that callers of the admin API have to show. Empty means that none is asked for.',
    expected: 'a string',
    secret: true
  }),
  adminApiAllowedHosts: z.array(z.string().regex(HOST_NAME).meta({
    description: 'A host name, without a port.', expected: 'a host name such as connector.internal, without a port'
  })).default(() => []).meta({
    description: 'Names by which clients may call the admin API without its key, besides `localhost` and the addresses of this machine. Any other name in the `Host` header could be that of ' +
      'a web page that made it lead here.',
    expected: 'an array of host names'
  }),
  adminApiAllowPaths: flag(false, 'Whether requests to the admin API may name files: a plugin by its path (`POST /addAccount`), and certificates and keys in the ' +
    'options of built-in plugins. Anyone who can send such a request can then run any program as the connector, and read its secrets.'),
  explorer: flag(false, 'Whether the explorer runs: a page, and an API behind it, that show packets, balances, routes and settlements as they happen. It only reads. ' +
    'Access is as for the admin API: `adminApiKey` and `adminApiAllowedHosts` hold for both.'),
  explorerPort: z.number().int().min(0).max(65535).default(EXPLORER_DEFAULTS.port).meta({
    description: 'TCP port of the explorer. 0 means any free port.',
    expected: 'a whole number from 0 to 65535'
  }),
  explorerHost: z.string().min(1).default(EXPLORER_DEFAULTS.host).meta({
    description: 'Address that the explorer listens on. It shows who pays whom: another than one of this machine needs `adminApiKey`.',
    expected: 'a host name or IP address'
  }),
  explorerRetentionDays: whole(...EXPLORER_RETENTION_DAYS).default(EXPLORER_DEFAULTS.retentionDays).meta({
    description: 'How many days the explorer\'s history goes back.'
  }),
  explorerMaxEvents: whole(...EXPLORER_EVENTS).default(EXPLORER_DEFAULTS.maxEvents).meta({
    description: 'How many events the explorer\'s history holds at most; the oldest go first.'
  }),
  explorerPayloads: flag(EXPLORER_DEFAULTS.payloads, 'Whether the explorer shows and keeps the data inside packets.'),
  logLevel: z.enum(LOG_LEVELS).optional().meta({
    description: 'The least important lines that the log has. Also read from `LOG_LEVEL`. While it is not set, `DEBUG=connector:*` adds debug.',
    expected: `one of ${LOG_LEVELS.join(', ')}`,
    absent: 'info'
  }),
  logFormat: z.enum(LOG_FORMATS).optional().meta({
    description: 'How the log is written: `text`, or `json`, one object a line. Also read from `LOG_FORMAT`.',
    expected: `one of ${LOG_FORMATS.join(', ')}`,
    absent: 'text'
  }),
  collectDefaultMetrics: flag(false, 'Whether the metrics include those of the process: memory, CPU, event loop.')
}).meta({ expected: 'an object' })

/** The configuration as the connector's parts see it. */
export type ConnectorOptions = z.output<typeof connectorSchema>

/** What is given to `createApp`: everything but `accounts` may be left out. */
export type ConnectorInput = z.input<typeof connectorSchema> & {
  /** Gets the lines of the log, in the place of stdout: pino, or what `createLogger` makes. */
  logger?: NodeLogger | undefined
}
