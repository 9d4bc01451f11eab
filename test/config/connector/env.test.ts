/** What an operator sets in the environment is what the connector runs with, or it does not start and says which variable is wrong. */
import { expect } from 'chai'
import { LOG_FORMATS, LOG_LEVELS } from '../../../src/contracts/logger.js'
import { Config } from '../../../src/config/connector/config.js'
import { envName } from '../../../src/config/connector/env.js'
import { connectorSchema } from '../../../src/config/connector/schema.js'
import type { ConnectorOptions } from '../../../src/config/connector/schema.js'
import { linesOf, peer } from '../../support/config.js'

interface Row<Value> {
  default?: Value
  good: [text: string, value: Value][]
  bad: [text: string, line: string][]
}

const address = 'expected an ILP address of at least two segments such as "test.alice", or "unknown" to get it from a parent. ' +
  'Correct it, or leave it out (default: "unknown").'
const middlewareNames = 'errorHandler, rateLimit, maxPacketAmount, throughput, balance, deduplicate, expire, validateFulfillment, echo, stats, alert'
const routeExpected = 'expected an object with targetPrefix and peerId. Correct it.'
const prefixExpected = 'expected an ILP address prefix such as "test.alice", without a period at its end.'

function flagRow (fallback: boolean): Row<boolean> {
  const rest = `expected true or false (in the environment also 1 or 0). Correct it, or leave it out (default: ${fallback}).`
  return {
    default: fallback,
    good: [['1', true], ['true', true], ['TRUE', true], ['True', true], ['0', false], ['false', false], ['False', false], ['', false]],
    bad: [['yes', `found "yes", ${rest}`], ['2', `found "2", ${rest}`], [' true', `found " true", ${rest}`], ['on', `found "on", ${rest}`]]
  }
}

function millisecondsRow (minimum: number, fallback: number): Row<number> {
  const rest = `expected a whole number of milliseconds from ${minimum} to 2147483647. Correct it, or leave it out (default: ${fallback}).`
  return {
    default: fallback,
    good: [[String(minimum), minimum], ['2147483647', 2147483647], ['5000', 5000], ['0x10', 16], ['1e3', 1000]],
    bad: [
      [String(minimum - 1), `found ${minimum - 1}, ${rest}`], ['2147483648', `found 2147483648, ${rest}`], ['1.5', `found 1.5, ${rest}`],
      ['', `found "", ${rest}`], [' ', `found " ", ${rest}`], ['abc', `found "abc", ${rest}`], ['5s', `found "5s", ${rest}`],
      ['NaN', `found "NaN", ${rest}`], ['Infinity', `found "Infinity", ${rest}`], ['-Infinity', `found "-Infinity", ${rest}`]
    ]
  }
}

function textRow (fallback: string): Row<string> {
  return { default: fallback, good: [['', ''], ['some text', 'some text'], [' {"not": "parsed"} ', ' {"not": "parsed"} ']], bad: [] }
}

function objectRow (): Row<Record<string, unknown>> {
  const rest = 'expected an object. Correct it, or leave it out (default: {}).'
  return {
    default: {},
    good: [['{}', {}], ['{"a": {"b": [1, null]}}', { a: { b: [1, null] } }]],
    bad: [
      ['', 'is not valid JSON, at line 1, column 1 (its end): expected a value. Correct or unset it.'],
      ['{', 'is not valid JSON, at line 1, column 2 (its end): expected a key in double quotes or }. Correct or unset it.'],
      ['[]', `found an array, ${rest}`], ['null', `found null, ${rest}`], ['"text"', `found a string, ${rest}`], ['7', `found a number, ${rest}`]
    ]
  }
}

function portRow (fallback: number): Row<number> {
  return {
    default: fallback,
    good: [['0', 0], ['65535', 65535], ['8080', 8080]],
    bad: [['', '""'], ['-1', '-1'], ['65536', '65536'], ['80.5', '80.5'], ['tcp://10.0.0.1:80', '"tcp://10.0.0.1:80"']].map(([text = '', found = '']) => [
      text, `found ${found}, expected a whole number from 0 to 65535. Correct it, or leave it out (default: ${fallback}).`
    ])
  }
}

function wholeRow (minimum: number, maximum: number, fallback: number): Row<number> {
  return {
    default: fallback,
    good: [[String(minimum), minimum], [String(maximum), maximum]],
    bad: [String(minimum - 1), String(maximum + 1), '1.5'].map(text => [
      text, `found ${text}, expected a whole number from ${minimum} to ${maximum}. Correct it, or leave it out (default: ${fallback}).`
    ])
  }
}

function hostRow (): Row<string> {
  return {
    default: '127.0.0.1',
    good: [['::1', '::1'], ['localhost', 'localhost']],
    bad: [['', 'found "", expected a host name or IP address. Correct it, or leave it out (default: "127.0.0.1").']]
  }
}

const rows: { [Option in keyof ConnectorOptions]: Row<ConnectorOptions[Option]> } = {
  env: {
    default: 'test',
    good: [['test', 'test'], ['production', 'production']],
    bad: ['', 'prod', 'Test'].map(text => [
      text, `found ${JSON.stringify(text)}, expected "production" or "test". Correct it, or leave it out (default: "test").`
    ])
  },
  ilpAddress: {
    default: 'unknown',
    good: [['test.alice', 'test.alice'], ['g.a.b_c~d-e', 'g.a.b_c~d-e'], ['private.moneyd', 'private.moneyd'], ['unknown', 'unknown']],
    bad: ['', 'test', 'test.', 'test..a', 'foo.bar', 'test.a b', `test.${'a'.repeat(1019)}`].map(text => [
      text, `found ${JSON.stringify(text.length > 40 ? text.slice(0, 40) + '…' : text)}, ${address}`
    ])
  },
  ilpAddressInheritFrom: {
    default: '',
    good: [['', ''], ['up', 'up']],
    bad: [
      ['nobody', 'found "nobody", which is not an account. Name an account with relation parent, or leave it out for the first one.'],
      ['toString', 'found "toString", which is not an account. Name an account with relation parent, or leave it out for the first one.'],
      ['alice', 'found "alice", an account with relation peer. Name an account with relation parent, or leave it out for the first one.']
    ]
  },
  accounts: {
    good: [['{}', {}], ['{"a": {"relation": "parent", "plugin": "p", "assetCode": "X", "assetScale": 0}}', {
      a: { relation: 'parent', plugin: 'p', assetCode: 'X', assetScale: 0 }
    }]],
    bad: [
      ['', 'is not valid JSON, at line 1, column 1 (its end): expected a value. Correct or unset it.'],
      ['{"a": {]', 'is not valid JSON, at line 1, column 8: expected a key in double quotes or }. Correct or unset it.'],
      ['[]', 'found an array, expected an object that has accounts by their ids ({} for none). Correct it.'],
      ['"alice"', 'found a string, expected an object that has accounts by their ids ({} for none). Correct it.'],
      ['{"a": 1}', 'a: found a number, expected an object with relation, plugin, assetCode and assetScale. Correct it.']
    ]
  },
  defaultRoute: textRow('auto'),
  routes: {
    default: [],
    good: [
      ['[]', []],
      ['[{"targetPrefix": "g", "peerId": "up"}, {"targetPrefix": "test.a_b~c-d.e", "peerId": "not.yet_there"}]', [
        { targetPrefix: 'g', peerId: 'up' }, { targetPrefix: 'test.a_b~c-d.e', peerId: 'not.yet_there' }
      ]]
    ],
    bad: [
      ['{}', 'found an object, expected an array of routes. Correct it, or leave it out (default: []).'],
      ['[', 'is not valid JSON, at line 1, column 2 (its end): expected a value or ]. Correct or unset it.'],
      ['["g"]', `[0]: found a string, ${routeExpected}`],
      ['[{"targetPrefix": "g"}]', '[0].peerId: is missing, expected the id of an account. Add it.'],
      ['[{"peerId": "up"}]', `[0].targetPrefix: is missing, ${prefixExpected} Add it.`],
      ['[{"targetPrefix": "g.", "peerId": "up"}]', `[0].targetPrefix: found "g.", ${prefixExpected} Correct it.`],
      ['[{"targetPrefix": "", "peerId": "up"}]', `[0].targetPrefix: found "", ${prefixExpected} Correct it.`],
      ['[{"targetPrefix": "g", "peerId": "a b"}]', '[0].peerId: found "a b", expected the id of an account. Correct it.'],
      ['[{"targetPrefix": "g", "peerId": "up", "peerld": 1}]', '[0].peerld: is not a known key, did you mean peerId? Rename or remove it.'],
      ['[{"targetPrefix": "g", "peerId": "up", "via": 1}]',
        '[0].via: is not a known key. Remove it; the known keys are targetPrefix, peerId, priority.']
    ]
  },
  spread: {
    default: 0.002,
    good: [['0', 0], ['0.005', 0.005], ['0.999', 0.999], ['1e-3', 0.001]],
    bad: [
      ['abc', '"abc"'], ['', '""'], ['0,5', '"0,5"'], ['NaN', '"NaN"'], ['Infinity', '"Infinity"'], ['1', '1'], ['-0.1', '-0.1']
    ].map(([text = '', found = '']) => [
      text, `found ${found}, expected a number of at least 0 and below 1. Correct it, or leave it out (default: 0.002).`
    ])
  },
  minMessageWindow: millisecondsRow(0, 1000),
  maxHoldTime: millisecondsRow(1, 30000),
  routeBroadcastEnabled: flagRow(true),
  routeBroadcastInterval: millisecondsRow(1, 30000),
  routeCleanupInterval: millisecondsRow(1, 1000),
  routeExpiry: millisecondsRow(0, 45000),
  routingSecret: {
    default: '',
    good: [['', ''], ['c2VjcmV0', 'c2VjcmV0'], ['not+padded', 'not+padded']],
    bad: [['!', 'found a string, expected base64 text. Correct it, or leave it out (default: "").']]
  },
  backend: {
    default: 'ecb',
    good: [['one-to-one', 'one-to-one'], ['', 'one-to-one'], ['/some/path', '/some/path'], ['ecb-plus-coinmarketcap', 'ecb-plus-coinmarketcap']],
    bad: []
  },
  backendConfig: objectRow(),
  store: {
    default: 'leveldown',
    good: [['leveldown', 'leveldown'], ['memdown', 'memdown'], ['memory', 'memdown'], ['ilp-store-redis', 'ilp-store-redis']],
    bad: [['', 'found "", expected the name of a store. Correct it, or leave it out (default: "leveldown").']]
  },
  balanceDurability: {
    default: 'sync',
    good: [['sync', 'sync'], ['none', 'none']],
    bad: [['fast', 'found "fast", expected "sync" or "none". Correct it, or leave it out (default: "sync").']]
  },
  ledger: {
    default: 'embedded',
    good: [['embedded', 'embedded']],
    bad: [
      ['tiger', 'found "tiger", expected "embedded" or "tigerbeetle". Correct it, or leave it out (default: "embedded").']
    ]
  },
  tigerbeetleClusterId: {
    default: '',
    good: [['', ''], ['0', '0'], ['340282366920938463463374607431768211455', '340282366920938463463374607431768211455']],
    bad: ['one', '-1', '340282366920938463463374607431768211456'].map(text => [
      text, `found "${text}", expected a whole number of at most 128 bits, as a string such as "0". Correct it, or leave it out (default: "").`
    ])
  },
  tigerbeetleReplicas: {
    default: '',
    good: ['', '3000', '127.0.0.1:3001', 'tigerbeetle:3000', '[::1]:3001', '10.0.0.1:3001, 10.0.0.2:3001,10.0.0.3', '1,2,3,4,5,6']
      .map(text => [text, text]),
    bad: ['127.0.0.1:', ',', '127.0.0.1:3001,', 'a b', '::1', '1,2,3,4,5,6,7'].map(text => [
      text, `found "${text}", expected up to 6 addresses (host:port), separated by commas. Correct it, or leave it out (default: "").`
    ])
  },
  tigerbeetleNamespace: textRow(''),
  ledgerFallback: flagRow(false),
  storePath: textRow(''),
  storeConfig: objectRow(),
  middlewares: {
    default: {},
    good: [['{}', {}], ['{"mine": {"type": "my-module", "options": {"a": 1}, "note": "let through"}}', {
      mine: { type: 'my-module', options: { a: 1 }, note: 'let through' }
    }]],
    bad: [
      ['[]', 'found an array, expected an object that has middlewares by their names. Correct it, or leave it out (default: {}).'],
      ['{"mine": "my-module"}', 'mine: found a string, expected an object with type. Correct it.'],
      ['{"mine": {}}', 'mine.type: is missing, expected the name of a module. Add it.'],
      ['{"mine": {"type": ""}}', 'mine.type: found "", expected the name of a module. Correct it.'],
      ['{"mine": {"type": "m", "options": []}}', 'mine.options: found an array, expected an object. Correct it, or leave it out (default: no options).'],
      ['{"mine": {"type": "m", "option": {}}}', 'mine.option: is not a known key, did you mean options? Rename or remove it.']
    ]
  },
  disableMiddleware: {
    default: [],
    good: [['[]', []], ['["errorHandler", "alert"]', ['errorHandler', 'alert']]],
    bad: [
      ['{}', 'found an object, expected an array of names of built-in middlewares. Correct it, or leave it out (default: []).'],
      ['["balanc"]', `[0]: found "balanc", expected one of ${middlewareNames}. Correct it.`],
      ['[["balance"]]', `[0]: found an array, expected one of ${middlewareNames}. Correct it.`],
      ['["balance"', 'is not valid JSON, at line 1, column 11 (its end): expected a comma or ]. Correct or unset it.']
    ]
  },
  reflectPayments: flagRow(true),
  initialConnectTimeout: millisecondsRow(0, 10000),
  adminApi: flagRow(false),
  adminApiAllowPaths: flagRow(false),
  adminApiPort: portRow(7780),
  adminApiHost: hostRow(),
  explorer: flagRow(false),
  explorerPort: portRow(3001),
  explorerHost: hostRow(),
  explorerRetentionDays: wholeRow(1, 365, 7),
  explorerMaxEvents: wholeRow(1000, 10_000_000, 1_000_000),
  explorerPayloads: flagRow(false),
  adminApiKey: {
    default: '',
    good: [['some text', 'some text']],
    bad: [['', 'is set to nothing, and a secret is expected. Set it, or unset it.'], [' ', 'is set to nothing, and a secret is expected. Set it, or unset it.']]
  },
  adminApiAllowedHosts: {
    default: [],
    good: [['[]', []], ['["connector", "admin.example"]', ['connector', 'admin.example']]],
    bad: [
      ['["connector:7780"]', '[0]: found "connector:7780", expected a host name such as connector.internal, without a port. Correct it.'],
      ['["https://admin.example"]', '[0]: found "https://admin.example", expected a host name such as connector.internal, without a port. Correct it.']
    ]
  },
  logLevel: {
    default: undefined,
    good: LOG_LEVELS.map(level => [level, level]),
    bad: ['', 'loud', 'INFO'].map(text => [text, `found "${text}", expected one of debug, info, warn, error. Correct it, or leave it out (default: info).`])
  },
  logFormat: {
    default: undefined,
    good: LOG_FORMATS.map(format => [format, format]),
    bad: [['JSON', 'must be one of text, json, found "JSON". Set it to one of them or unset it.']]
  },
  collectDefaultMetrics: flagRow(false)
}

const accounts = JSON.stringify({ alice: peer, up: { ...peer, relation: 'parent' } })

describe('configuration from the environment', () => {
  for (const [option, row] of Object.entries(rows)) {
    const variable = envName(option)
    const load = (text: string): Config => {
      const config = new Config()
      config.loadFromEnv({ CONNECTOR_ACCOUNTS: accounts, [variable]: text })
      return config
    }
    describe(variable, () => {
      for (const [text, value] of row.good) {
        it(`reads ${JSON.stringify(text)}`, () => expect(load(text).get(option as keyof ConnectorOptions)).to.deep.equal(value))
      }
      for (const [text, line] of row.bad) {
        it(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
          expect(linesOf(() => load(text))).to.deep.equal([`${variable}: ${line}`])
        })
      }
      if (row.default === undefined) return
      it('has its default where it is not set', () => {
        const config = new Config()
        config.loadFromEnv({ CONNECTOR_ACCOUNTS: '{}' })
        expect(config.get(option as keyof ConnectorOptions)).to.deep.equal(row.default)
      })
    })
  }

  it('has a row above for every option', () => expect(Object.keys(rows)).to.have.members(Object.keys(connectorSchema.shape)))

  it('reads process.env when it is given nothing', () => {
    const before = process.env.CONNECTOR_ACCOUNTS
    process.env.CONNECTOR_ACCOUNTS = '{"bob": {"relation": "peer", "plugin": "p", "assetCode": "X", "assetScale": 0}}'
    try {
      const config = new Config()
      config.loadFromEnv()
      expect(config.accounts).to.have.all.keys('bob')
    } finally {
      if (before === undefined) delete process.env.CONNECTOR_ACCOUNTS
      else process.env.CONNECTOR_ACCOUNTS = before
    }
  })

  it('tells a newcomer how to write accounts', () => {
    expect(linesOf(() => new Config().loadFromEnv({}))).to.deep.equal([
      'CONNECTOR_ACCOUNTS: is missing, expected an object that has accounts by their ids ({} for none). Add it, for example ' +
      '{"alice": {"relation": "peer", "plugin": "ilp-plugin-btp", "assetCode": "USD", "assetScale": 9}}.'
    ])
  })

  it('names every fault at once, and nothing twice', () => {
    expect(linesOf(() => new Config().loadFromEnv({
      CONNECTOR_ACCOUNTS: '{', CONNECTOR_SPREAD: 'x', CONNECTOR_ROUTE: '[]', CONNECTOR_STORE: ''
    }))).to.deep.equal([
      'CONNECTOR_ACCOUNTS: is not valid JSON, at line 1, column 2 (its end): expected a key in double quotes or }. Correct or unset it.',
      'CONNECTOR_ROUTE: is not a known variable, did you mean CONNECTOR_ROUTES? Rename or unset it.',
      'CONNECTOR_SPREAD: found "x", expected a number of at least 0 and below 1. Correct it, or leave it out (default: 0.002).',
      'CONNECTOR_STORE: found "", expected the name of a store. Correct it, or leave it out (default: "leveldown").'
    ])
  })

  for (const [variable, meant] of [
    ['CONNECTOR_SPRED', 'CONNECTOR_SPREAD'], ['CONNECTOR_ILPADDRESS', 'CONNECTOR_ILP_ADDRESS'], ['CONNECTOR_Spread', 'CONNECTOR_SPREAD'],
    ['CONNECTOR_DISABLE_MIDDLEWARES', 'CONNECTOR_DISABLE_MIDDLEWARE'], ['CONNECTOR_FX_SPREAD', 'CONNECTOR_SPREAD'], ['CONNECTOR_ACCOUNT', 'CONNECTOR_ACCOUNTS']
  ] as const) {
    it(`refuses ${variable}, which is nearly ${meant}`, () => {
      expect(linesOf(() => new Config().loadFromEnv({ CONNECTOR_ACCOUNTS: '{}', [variable]: 'x' })))
        .to.deep.equal([`${variable}: is not a known variable, did you mean ${meant}? Rename or unset it.`])
    })
  }

  // Kubernetes and Docker set such variables for a service that is called `connector`.
  it('only warns of variables that resemble no option', () => {
    const strangers = ['CONNECTOR_SERVICE_HOST', 'CONNECTOR_SERVICE_PORT', 'CONNECTOR_PORT', 'CONNECTOR_PORT_7780_TCP_ADDR', 'CONNECTOR_NAME']
    const warnings: string[] = []
    const env = new Map([['CONNECTOR_ACCOUNTS', '{}'], ['PATH', 'x'], ...strangers.map((name): [string, string] => [name, 'x'])])
    new Config().loadFromEnv(Object.fromEntries(env), line => warnings.push(line))
    expect(warnings).to.deep.equal(strangers)
  })

  it('takes the variables of TigerBeetle by the names that others use, unless ours are set', () => {
    const load = (env: Record<string, string>): Config => {
      const config = new Config()
      config.loadFromEnv({ CONNECTOR_ACCOUNTS: '{}', CONNECTOR_LEDGER: 'tigerbeetle', TIGERBEETLE_REPLICAS: '127.0.0.1:3001', ...env })
      return config
    }
    expect(load({ TIGERBEETLE_CLUSTER_ID: '7' })).to.include({ tigerbeetleClusterId: '7', tigerbeetleReplicas: '127.0.0.1:3001' })
    expect(load({ TIGERBEETLE_CLUSTER_ID: '7', CONNECTOR_TIGERBEETLE_CLUSTER_ID: '8' })).to.include({ tigerbeetleClusterId: '8' })
    expect(linesOf(() => load({ TIGERBEETLE_CLUSTER_ID: 'seven' })).join()).to.match(/^TIGERBEETLE_CLUSTER_ID: found "seven"/)
    expect(linesOf(() => load({})).join()).to.match(/^CONNECTOR_TIGERBEETLE_CLUSTER_ID: is missing, and ledger is "tigerbeetle"/)
  })
})
