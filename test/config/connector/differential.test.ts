/**
 * Against the reader of the real ilp-connector 23.0.2: what it accepts and uses we accept with the same values, and what it refuses we
 * refuse. The differences that are meant are listed here and nowhere else; those of single account keys are marked in account.test.ts.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { Config } from '../../../src/config/connector/config.js'
import type { ConnectorOptions } from '../../../src/config/connector/schema.js'
import { isRefused, peer, ReferenceConfig } from '../../support/config.js'

const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 200) }

const name = fc.stringMatching(/^[A-Za-z0-9_~-]{1,12}$/).filter(text => text !== '__proto__')
const prefix = fc.array(name, { minLength: 1, maxLength: 3 }).map(segments => segments.join('.'))
const ilpAddress = fc.tuple(fc.constantFrom('g', 'private', 'example', 'peer', 'self', 'test', 'test1', 'test2', 'test3', 'local'), prefix)
  .map(segments => segments.join('.'))
const positive = fc.bigInt(1n, 10n ** 25n).map(String)
const period = fc.integer({ min: 100, max: 2147483647 })
const anyObject = fc.dictionary(name, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
const flag = fc.boolean()
const milliseconds = fc.integer({ min: 1, max: 2147483647 })

const amounts = fc.array(fc.bigInt(-(10n ** 20n), 10n ** 20n), { minLength: 4, maxLength: 4 })
  .map(numbers => numbers.sort((a, b) => a < b ? -1 : a > b ? 1 : 0))
  .filter(([minimum, settleThreshold]) => minimum !== settleThreshold) // refused here: nothing would ever be settled
const balance = amounts.chain(numbers => {
  const [minimum, settleThreshold, settleTo, maximum] = numbers.map(String)
  return fc.constantFrom({ maximum }, { minimum, maximum }, { minimum, settleTo, maximum }, { minimum, settleThreshold, settleTo, maximum },
    { minimum: '-Infinity', maximum: 'Infinity', settleThreshold: '-Infinity' })
})

const account = fc.record({
  relation: fc.constantFrom('parent', 'peer', 'child'), plugin: fc.constantFrom('ilp-plugin-btp', '/a/b.js'), assetCode: fc.string(),
  assetScale: fc.integer({ min: 0, max: 255 }), balance, maxPacketAmount: positive, sendRoutes: flag, receiveRoutes: flag,
  options: anyObject,
  throughput: fc.record({ refillPeriod: period, incomingAmount: positive, outgoingAmount: positive }, { requiredKeys: [] }),
  rateLimit: fc.record({ refillPeriod: period, refillCount: fc.integer({ min: 1 }), capacity: fc.nat() }, { requiredKeys: [] }),
  deduplicate: fc.record({ cleanupInterval: milliseconds, packetLifetime: milliseconds }, { requiredKeys: [] })
}, { requiredKeys: ['relation', 'plugin', 'assetCode', 'assetScale'] })

const valid = fc.record({
  env: fc.constantFrom('production', 'test'), ilpAddress: fc.oneof(ilpAddress, fc.constant('unknown')),
  accounts: fc.dictionary(name, account, { maxKeys: 4 }), defaultRoute: fc.oneof(fc.constantFrom('', 'auto'), name),
  routes: fc.array(fc.record({ targetPrefix: prefix, peerId: prefix }), { maxLength: 3 }),
  spread: fc.double({ min: 0, max: 0.999, noNaN: true }),
  minMessageWindow: milliseconds, maxHoldTime: milliseconds, routeBroadcastEnabled: flag, routeBroadcastInterval: milliseconds,
  routeCleanupInterval: milliseconds, routeExpiry: milliseconds, routingSecret: fc.base64String(), backend: name, backendConfig: anyObject,
  store: name, storePath: fc.string(), storeConfig: anyObject,
  middlewares: fc.dictionary(name, fc.record({ type: name, options: anyObject }, { requiredKeys: ['type'] }), { maxKeys: 2 }),
  disableMiddleware: fc.array(fc.constantFrom('errorHandler', 'rateLimit', 'balance', 'maxPacketAmount', 'throughput', 'deduplicate',
    'validateFulfillment', 'echo', 'expire', 'stats', 'alert'), { maxLength: 3 }),
  reflectPayments: flag, initialConnectTimeout: milliseconds, adminApi: flag, adminApiPort: fc.integer({ min: 0, max: 65535 }),
  adminApiHost: fc.string({ minLength: 1 }), collectDefaultMetrics: flag
}, { requiredKeys: ['accounts'] })

/** Options that ilp-connector does not have. */
const OUR_OPTIONS: readonly string[] = [
  'adminApiKey', 'adminApiAllowedHosts', 'adminApiAllowPaths', 'balanceDurability', 'ledger', 'tigerbeetleClusterId', 'tigerbeetleReplicas', 'tigerbeetleNamespace',
  'ledgerFallback', 'explorer', 'explorerPort', 'explorerHost', 'explorerRetentionDays', 'explorerMaxEvents', 'explorerPayloads', 'logger', 'logLevel', 'logFormat'
]

/** The names that differ on purpose: our own default store, `memory` by its other name, and options of ours. */
function expectSame (ours: Config, theirs: ReferenceConfig, given: object): void {
  for (const [option, value] of Object.entries(ours)) {
    if (OUR_OPTIONS.includes(option) || (option === 'store' && !('store' in given))) continue
    expect(value, option).to.deep.equal(theirs.get(option))
  }
}

function asText (value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function envOf (options: object): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([option, value]) =>
    [`CONNECTOR_${option.replace(/[A-Z]/g, letter => '_' + letter).toUpperCase()}`, asText(value)]))
}

describe('the same configuration in ilp-connector 23.0.2', () => {
  it('gives the same values from an options object', () => {
    fc.assert(fc.property(valid, options => {
      const [ours, theirs] = [new Config(), new ReferenceConfig()]
      ours.loadFromOptions(options)
      theirs.loadFromOpts(options)
      expectSame(ours, theirs, options)
    }), runs)
  })

  it('gives the same values from the environment', () => {
    fc.assert(fc.property(valid, options => {
      const [ours, theirs] = [new Config(), new ReferenceConfig()]
      ours.loadFromEnv(envOf(options))
      theirs.loadFromEnv(envOf(options))
      expectSame(ours, theirs, options)
    }), runs)
  })

  it('is refused here whenever it is refused there', () => {
    const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>(NaN, Infinity, -1, 1.5, '', 'auto', [], {}, null, () => 1))
    const option = fc.constantFrom(...Object.keys(new Config()), 'unknownKey').filter(key => !OUR_OPTIONS.includes(key))
    fc.assert(fc.property(valid, option, anything, (options, key, value) => {
      const changed = { ...options, [key]: value }
      if (!isRefused(() => { new ReferenceConfig().loadFromOpts(changed) })) return
      expect(isRefused(() => { new Config().loadFromOptions(changed) })).to.equal(true)
    }), runs)
  })

  const accounts = { alice: peer, bob: { ...peer, relation: 'child' } }
  const stricter: [why: string, options: Partial<Record<keyof ConnectorOptions, unknown>>][] = [
    ['an address of one segment', { ilpAddress: 'test' }],
    ['an address of an unknown scheme', { ilpAddress: 'foo.bar' }],
    ['an address with an empty segment', { ilpAddress: 'test..a' }],
    ['inheriting from an account that does not exist', { ilpAddressInheritFrom: 'nobody' }],
    ['inheriting from an account that is no parent', { ilpAddressInheritFrom: 'alice' }],
    ['a prefix that ends with a period, which matches no address', { routes: [{ targetPrefix: 'g.', peerId: 'alice' }] }],
    ['a spread that is no number', { spread: NaN }],
    ['a spread that gives money away', { spread: -0.1 }],
    ['a spread that keeps everything', { spread: 1 }],
    ['a negative time', { minMessageWindow: -1 }],
    ['no time at all for a packet', { maxHoldTime: 0 }],
    ['a time that no timer takes, which would fire at once', { routeBroadcastInterval: 2147483648 }],
    ['an endless time', { initialConnectTimeout: Infinity }],
    ['a routing secret of no bytes', { routingSecret: '!' }],
    ['a store without a name', { store: '' }],
    ['a middleware without a module', { middlewares: { mine: { type: '' } } }],
    ['a misspelt key of a middleware', { middlewares: { mine: { type: 'm', option: {} } } }],
    ['the admin API on all interfaces by accident', { adminApiHost: '' }],
    ['two children with one address', { accounts: { bob: { ...peer, relation: 'child' }, eve: { ...peer, relation: 'child', ilpAddressSegment: 'bob' } } }],
    ['a child whose id is no part of an address', { accounts: { 'a..b': { ...peer, relation: 'child' } } }],
    ['an account id that the plugin loader refuses later', { accounts: { 'a b': peer } }],
    ['an account without an id', { accounts: { '': { ...peer, plugin: {} } } }]
  ]
  for (const [why, options] of stricter) {
    it(`is accepted there but refused here: ${why}`, () => {
      new ReferenceConfig().loadFromOpts({ accounts, ...options })
      expect(isRefused(() => { new Config().loadFromOptions({ accounts, ...options }) })).to.equal(true)
    })
  }

  const louder: [why: string, variable: string, text: string, used: unknown][] = [
    ['a number that is none', 'spread', 'abc', NaN],
    ['a number left empty', 'maxHoldTime', '', 0],
    ['a flag that is none', 'adminApi', 'yes', false],
    ['broken JSON', 'disableMiddleware', '["balance"', []]
  ]
  for (const [why, option, text, used] of louder) {
    it(`is silently ${JSON.stringify(used)} there but refused here: ${why}`, () => {
      const env = envOf({ accounts, [option]: text })
      const theirs = new ReferenceConfig()
      theirs.loadFromEnv(env)
      expect(theirs.get(option)).to.deep.equal(used)
      expect(isRefused(() => { new Config().loadFromEnv(env) })).to.equal(true)
    })
  }

  const renamed: [option: keyof ConnectorOptions, text: string, theirs: unknown, ours: unknown][] = [
    ['store', 'memory', 'memory', 'memdown'], ['backend', '', '', 'one-to-one'], ['adminApi', 'TRUE', false, true]
  ]
  for (const [option, text, theirValue, ourValue] of renamed) {
    it(`is ${JSON.stringify(theirValue)} there and ${JSON.stringify(ourValue)} here: ${option} "${text}"`, () => {
      const [ours, theirs] = [new Config(), new ReferenceConfig()]
      ours.loadFromEnv(envOf({ accounts, [option]: text }))
      theirs.loadFromEnv(envOf({ accounts, [option]: text }))
      expect([theirs.get(option), ours.get(option)]).to.deep.equal([theirValue, ourValue])
    })
  }

  it('has another default store', () => {
    expect([new ReferenceConfig().get('store'), new Config().store]).to.deep.equal(['memory', 'leveldown'])
  })
})
