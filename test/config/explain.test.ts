/** Whatever is wrong, and wherever, no part of a secret comes back in the error. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Config } from '../../src/config/connector/config.js'
import { ConfigError } from '../../src/config/errors.js'
import { peer } from '../support/config.js'

const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 200) }

/** Recognisable wherever it turns up, also after escaping or shortening: no message has these letters in this order. */
const secret = fc.string({ minLength: 0, maxLength: 60 }).map(rest => `zqXjSecret${rest}`)
const trace = 'zqXj'

/** A value that holds the secret somewhere. */
const holder = secret.chain(text => fc.constantFrom<unknown>(text, [text], { key: text }, { [text]: { deep: [text] } }, () => text))

function said (load: () => void): string {
  try {
    load()
    return ''
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [error.message, error.stack ?? '', JSON.stringify(error.issues), JSON.stringify(error)].join('\n')
  }
}

describe('secrets in a refused configuration', () => {
  it('stay hidden when they are in the options object', () => {
    const broken = fc.record({
      accounts: fc.constant({ bob: { ...peer, balance: {} } }),
      adminApiKey: holder, routingSecret: secret.map(text => [text]), backendConfig: holder, storeConfig: holder,
      middlewares: holder.map(options => ({ mine: { type: 'm', options }, other: options })), spread: fc.constant('wrong')
    }, { requiredKeys: ['accounts', 'spread'] })
    fc.assert(fc.property(broken, holder, (options, value) => {
      const accounts = { ...options.accounts, alice: { ...peer, relation: 'x', options: value }, carol: { ...peer, options: { value }, option: [value] } }
      const text = said(() => { new Config().loadFromOptions({ ...options, accounts }) })
      expect(text).to.include('spread: found "wrong"')
      expect(text.replaceAll(/middlewares\.?\S*/g, '')).not.to.include(trace)
    }), runs)
  })

  it('stay hidden when an account is checked', () => {
    fc.assert(fc.property(holder, fc.constantFrom('options', 'plugin', 'balance', 'throughput'), (value, key) => {
      const text = said(() => new Config().validateAccount('alice', { ...peer, assetScale: -1, [key]: value }))
      expect(text).to.include('assetScale: found -1')
      if (key === 'options' || key === 'plugin') expect(text).not.to.include(trace)
    }), runs)
  })

  it('stay hidden when JSON in the environment is cut, or not what it should be', () => {
    const variables = fc.constantFrom('ACCOUNTS', 'BACKEND_CONFIG', 'STORE_CONFIG', 'MIDDLEWARES', 'ROUTES', 'DISABLE_MIDDLEWARE')
    fc.assert(fc.property(variables, secret, fc.nat(), fc.boolean(), (variable, text, cut, whole) => {
      const json = whole ? JSON.stringify(text) : JSON.stringify({ alice: { ...peer, options: { text } } })
      const env = { CONNECTOR_ACCOUNTS: '{}', CONNECTOR_STORE: '', [`CONNECTOR_${variable}`]: whole ? json : json.slice(0, cut % json.length) }
      const message = said(() => { new Config().loadFromEnv(env) })
      expect(message).to.include(`CONNECTOR_${variable}: `)
      expect(message).not.to.include(trace)
    }), runs)
  })

  it('stay hidden in the variables that are secrets themselves', () => {
    fc.assert(fc.property(secret, text => {
      const env = { CONNECTOR_ACCOUNTS: '[]', CONNECTOR_ADMIN_API_KEY: text, CONNECTOR_ROUTING_SECRET: text, CONNECTOR_ADMIN_API_KEYS: text }
      const message = said(() => { new Config().loadFromEnv(env) })
      expect(message).to.include('CONNECTOR_ADMIN_API_KEYS: is not a known variable, did you mean CONNECTOR_ADMIN_API_KEY?')
      expect(message).not.to.include(trace)
    }), runs)
  })

  it('says each fault on one line of bounded length, whatever was found', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300, unit: 'binary' }), fc.string({ maxLength: 300, unit: 'binary' }), (id, value) => {
      const message = said(() => { new Config().loadFromOptions({ accounts: { [id]: { ...peer, relation: value } }, env: value }) }).split('\n    at')[0] ?? ''
      const lines = message.split('\nConfigError')[0]?.split('\n') ?? []
      expect(lines).to.have.length(2)
      for (const line of lines) expect(line.length).to.be.below(700)
    }), { ...runs, examples: [['__proto__', ''], ['', '']] })
  })
})
