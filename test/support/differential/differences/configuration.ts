/** Differences in what is taken for a configuration. Every option is compared in the tests of the configuration itself. */
import { expect } from 'chai'
import { createRequire } from 'node:module'
import { Config } from '../../../../src/config/connector/config.js'
import { linesOf } from '../../config.js'
import { between } from '../harness.js'
import type { Differences } from './difference.js'

interface ReferenceConfig {
  loadFromEnv (env: NodeJS.ProcessEnv): void
  loadFromOpts (options: object): void
  get (option: string): unknown
}
const { default: ReferenceConfig } = createRequire(import.meta.url)('ilp-connector/dist/services/config') as { default: new () => ReferenceConfig }

const CONNECTOR_ACCOUNTS = '{}'
const alice = { relation: 'peer', plugin: 'p', assetCode: 'USD', assetScale: 9 }

/** What ilp-connector makes of variables, and what Sluice has to say about them. */
function read (env: NodeJS.ProcessEnv, option: string): [unknown, string[]] {
  const theirs = new ReferenceConfig()
  theirs.loadFromEnv({ CONNECTOR_ACCOUNTS, ...env })
  return [theirs.get(option), linesOf(() => { new Config().loadFromEnv({ CONNECTOR_ACCOUNTS, ...env }) })]
}

export const configuration: Differences = {
  'All mistakes are listed, with what to do about them': arena => {
    const bad = between({}, {}, { spread: 'much' as never, maxHoldTime: 'long' as never })
    expect(() => arena.prepareOne('reference', bad)).to.throw('failed to initialize due to invalid configuration.')
    expect(() => arena.prepareOne('sluice', bad)).to.throw(/^options: spread: .*\noptions: maxHoldTime: /)
    return Promise.resolve()
  },

  'Broken JSON in a variable is refused': () => {
    const [theirs, ours] = read({ CONNECTOR_DISABLE_MIDDLEWARE: '["balance"' }, 'disableMiddleware')
    expect(theirs).to.deep.equal([])
    expect(ours).to.deep.equal(['CONNECTOR_DISABLE_MIDDLEWARE: is not valid JSON, at line 1, column 11 (its end): expected a comma or ]. Correct or unset it.'])
    const twice = read({ CONNECTOR_BACKEND_CONFIG: '{"a": 1, "a": 2}' }, 'backendConfig')
    expect(twice).to.deep.equal([{ a: 2 }, ['CONNECTOR_BACKEND_CONFIG: is not valid JSON, at line 1, column 10: the key "a" is in this object already. Correct or unset it.']])
    return Promise.resolve()
  },

  'Numbers and flags in variables must be valid': () => {
    for (const [variable, text, option, used] of [
      ['CONNECTOR_SPREAD', 'abc', 'spread', NaN], ['CONNECTOR_MAX_HOLD_TIME', '', 'maxHoldTime', 0], ['CONNECTOR_ADMIN_API', 'yes', 'adminApi', false]
    ] as const) {
      const [theirs, ours] = read({ [variable]: text }, option)
      expect(theirs).to.deep.equal(used)
      expect(ours).to.have.length(1).and.have.property('0').that.contains(variable)
    }
    const env = { CONNECTOR_ACCOUNTS, CONNECTOR_REFLECT_PAYMENTS: 'TRUE' }
    const [theirs, ours] = [new ReferenceConfig(), new Config()]
    theirs.loadFromEnv(env)
    ours.loadFromEnv(env)
    expect([theirs.get('reflectPayments'), ours.get('reflectPayments')]).to.deep.equal([false, true])
    return Promise.resolve()
  },

  'A misspelt variable is refused': () => {
    const [theirs, ours] = read({ CONNECTOR_MAX_HOLDTIME: '5000' }, 'maxHoldTime')
    expect(theirs).to.equal(30_000)
    expect(ours).to.deep.equal(['CONNECTOR_MAX_HOLDTIME: is not a known variable, did you mean CONNECTOR_MAX_HOLD_TIME? Rename or unset it.'])
    return Promise.resolve()
  },

  'Values that cannot work are refused': () => {
    for (const [options, place] of [
      [{ ilpAddress: 'test' }, 'ilpAddress'],
      [{ spread: -0.1 }, 'spread'],
      [{ spread: 1 }, 'spread'],
      [{ maxHoldTime: 0 }, 'maxHoldTime'],
      [{ minMessageWindow: -1 }, 'minMessageWindow'],
      [{ routeBroadcastInterval: 2 ** 31 }, 'routeBroadcastInterval'],
      [{ ilpAddressInheritFrom: 'alice' }, 'ilpAddressInheritFrom'],
      [{ routes: [{ targetPrefix: 'g.', peerId: 'alice' }] }, 'routes[0].targetPrefix'],
      [{ accounts: { alice: { ...alice, balance: { minimum: '1', maximum: '0' } } } }, 'accounts.alice.balance'],
      [{ accounts: { alice: { ...alice, relation: 'child', ilpAddressSegment: 'a.b' } } }, 'accounts.alice.ilpAddressSegment']
    ] as const) {
      new ReferenceConfig().loadFromOpts({ accounts: { alice }, ...options })
      const lines = linesOf(() => { new Config().loadFromOptions({ accounts: { alice }, ...options }) })
      expect(lines).to.have.length(1).and.have.property('0').that.contains(place)
    }
    return Promise.resolve()
  },

  'An option that is undefined counts as left out': () => {
    const [theirs, ours] = [new ReferenceConfig(), new Config()]
    theirs.loadFromOpts({ accounts: {}, maxHoldTime: undefined })
    ours.loadFromOptions({ accounts: {}, maxHoldTime: undefined })
    expect([theirs.get('maxHoldTime'), ours.get('maxHoldTime')]).to.deep.equal([undefined, 30_000])
    return Promise.resolve()
  }
}
