/** An embedder's options object is used as it is, or refused with the place that is wrong. */
import { expect } from 'chai'
import reduct from 'reduct'
import { Config } from '../../../src/config/connector/config.js'
import { ConfigError } from '../../../src/config/errors.js'
import { connectorSchema } from '../../../src/config/connector/schema.js'
import { linesOf, peer } from '../../support/config.js'

function load (options: object): Config {
  const config = new Config()
  config.loadFromOptions(options)
  return config
}

describe('configuration from an options object', () => {
  it('takes a key whose value is undefined as left out', () => {
    const nothing = Object.fromEntries(Object.keys(connectorSchema.shape).map(option => [option, undefined]))
    expect(load({ ...nothing, accounts: {} })).to.deep.equal(new Config())
    expect(load({ accounts: {}, adminApiPort: undefined }).adminApiPort).to.equal(7780)
  })

  it('does not look at the environment', () => {
    process.env.CONNECTOR_SPREAD = 'broken'
    try {
      expect(load({ accounts: {} }).spread).to.equal(0.002)
    } finally {
      delete process.env.CONNECTOR_SPREAD
    }
  })

  it('uses accounts by reference, with the instances and functions inside', () => {
    class Plugin { readonly circle = this }
    const options = { server: new Plugin(), callback: () => 1 }
    const accounts = { alice: { ...peer, plugin: new Plugin(), options }, bob: { ...peer, options: new Plugin() } }
    const config = load({ accounts })
    expect(config.accounts).to.equal(accounts)
    expect(config.accounts.alice).to.equal(accounts.alice)
    expect(Object.keys(accounts.alice)).to.deep.equal(['relation', 'plugin', 'assetCode', 'assetScale', 'options'])
  })

  it('hands on instances inside the options of backend, store and middlewares', () => {
    class Connection {}
    const connection = new Connection()
    const config = load({
      accounts: {}, backendConfig: { connection }, storeConfig: { connection }, middlewares: { mine: { type: 'm', options: { connection } } }
    })
    expect(config.backendConfig.connection).to.equal(connection)
    expect(config.storeConfig.connection).to.equal(connection)
    expect(config.middlewares.mine?.options?.connection).to.equal(connection)
  })

  it('names a misspelt key', () => {
    expect(linesOf(() => load({ accounts: {}, spred: 0, ilp_address: 'test.a', colour: 'red' })).map(line => line.slice(0, 70)))
      .to.deep.equal([
        'options: spred: is not a known key, did you mean spread? Rename or remove it.',
        'options: ilp_address: is not a known key, did you mean ilpAddress? Rename or remove it.',
        'options: colour: is not a known key. Remove it; the known keys are env, ilpAddress'
      ].map(line => line.slice(0, 70)))
  })

  it('refuses an unknown key even if its value is undefined', () => {
    expect(linesOf(() => load({ accounts: {}, nonsense: undefined }))).to.have.length(1)
  })

  it('refuses keys that mean something to JavaScript', () => {
    expect(linesOf(() => load(JSON.parse('{"accounts": {}, "__proto__": {"spread": 0.5}}') as object)).join())
      .to.match(/^options: __proto__: is not a known key\. /)
    expect(linesOf(() => load(JSON.parse('{"accounts": {"__proto__": null}}') as object)))
      .to.deep.equal(['options: accounts.__proto__: this account id cannot be used. Choose another.'])
    expect(linesOf(() => load({ accounts: { '': { ...peer, plugin: {} } } })))
      .to.deep.equal(['options: accounts[""]: this account id cannot be used. Choose another.'])
    expect(load({ accounts: { constructor: peer, toString: peer } }).accounts).to.have.all.keys('constructor', 'toString')
  })

  for (const [options, line] of [
    [{ spread: '0.002' }, 'options: spread: found "0.002", expected a number of at least 0 and below 1. Correct it, or leave it out (default: 0.002).'],
    [{ spread: NaN }, 'options: spread: found NaN, expected a number of at least 0 and below 1. Correct it, or leave it out (default: 0.002).'],
    [{ adminApi: 'true' },
      'options: adminApi: found "true", expected true or false (in the environment also 1 or 0). Correct it, or leave it out (default: false).'],
    [{ maxHoldTime: 30000n },
      'options: maxHoldTime: found a bigint, expected a whole number of milliseconds from 1 to 2147483647. Correct it, or leave it out (default: 30000).'],
    [{ initialConnectTimeout: Infinity },
      'options: initialConnectTimeout: found Infinity, expected a whole number of milliseconds from 0 to 2147483647. Correct it, or leave it out (default: 10000).'],
    [{ store: null }, 'options: store: found null, expected the name of a store. Correct it, or leave it out (default: "leveldown").'],
    [{ backend: () => 'ecb' }, 'options: backend: found a function, expected the name of a backend. Correct it, or leave it out (default: "ecb").'],
    [{ routes: {} }, 'options: routes: found an object, expected an array of routes. Correct it, or leave it out (default: []).']
  ] as const) {
    it(`refuses ${Object.keys(options).join()} of another type: ${line.slice(0, 50)}`, () => {
      expect(linesOf(() => load({ accounts: {}, ...options }))).to.deep.equal([line])
    })
  }

  it('names every account that is wrong, also where their ids look the same when shortened', () => {
    const id = 'a long id '.repeat(10)
    expect(linesOf(() => load({ accounts: { [id + '1']: {}, [id + '2']: {} } }))).to.have.length(8)
  })

  it('needs accounts', () => {
    expect(linesOf(() => load({}))).to.deep.equal([
      'options: accounts: is missing, expected an object that has accounts by their ids ({} for none). Add it, for example ' +
      '{"alice": {"relation": "peer", "plugin": "ilp-plugin-btp", "assetCode": "USD", "assetScale": 9}}.'
    ])
  })

  for (const options of [[], 'text', null, () => 1]) {
    it(`refuses ${String(options)} in the place of the object`, () => {
      expect(linesOf(() => load(options as object))[0]).to.match(/^options: found (an array|a string|null|a function), expected an object\. Correct it\.$/)
    })
  }

  it('loads all or nothing', () => {
    const config = new Config()
    expect(() => config.loadFromOptions({ accounts: { alice: peer }, spread: 0.1, store: '' })).to.throw(ConfigError)
    expect(config).to.deep.equal(new Config())
  })

  it('gives every fault as data too', () => {
    try {
      load({ accounts: { 'odd id': { ...peer, plugin: {}, relation: 'friend' } }, spread: 2 })
      expect.fail('was not refused')
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      expect(error.name).to.equal('ConfigError')
      expect(error.issues.map(({ source, path }) => [source, path])).to.deep.equal([
        ['options', 'accounts["odd id"].relation'], ['options', 'spread']
      ])
    }
  })

  it('gives each connector its own defaults', () => {
    const [one, other] = [new Config(), new Config()]
    one.routes.push({ targetPrefix: 'g', peerId: 'up' })
    one.backendConfig.spread = 1
    expect(other.routes).to.deep.equal([])
    expect(other.backendConfig).to.deep.equal({})
  })

  it('can be changed at run time', () => {
    const config = load({ accounts: {}, maxHoldTime: 5 })
    config.maxHoldTime = 7
    expect(config.get('maxHoldTime')).to.equal(7)
  })

  it('is a service that a container makes', () => {
    const container = reduct.default()
    expect(container(Config)).to.be.instanceOf(Config)
    expect(container(Config)).to.equal(container(Config))
  })
})
