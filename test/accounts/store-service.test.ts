/** What plugins keep: each account its own, apart from all others and from the connector's books, and what ilp-connector left behind. */
import { expect } from 'chai'
import fc from 'fast-check'
import { StoreService } from '../../src/accounts/store-service.js'
import { account, makeConnector } from '../support/connector.js'
import { codeOf } from '../../src/contracts/errors.js'
import { endClock, runClock, stoppedClock } from '../support/clock.js'
import { never, rejection } from '../support/failures.js'
import { SCRIPTED_STORE } from '../support/modules/scripted-store.js'
import { withoutLog } from '../support/log.js'
import type NamedPlugin from '../support/modules/named-plugin.js'
import { NAMED_PLUGIN } from '../support/modules/named-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import type { PluginStore } from '../../src/contracts/plugin.js'

/** Ids and keys made of each other's parts, so that they meet where they can. */
const piece = fc.constantFrom('a', 'ab', 'b', '1', '2', '.', 'plugin', 'ledger', 'account')
const accountId = fc.array(piece, { minLength: 1, maxLength: 3 }).map(pieces => pieces.join(''))
const key = fc.array(fc.oneof(piece, fc.constantFrom(':', '')), { maxLength: 8 }).map(pieces => pieces.join(''))

describe('the store of a connector', () => {
  withoutLog()
  noRejectionLeft()

  it('that never opens ends the start after a while, and the stop does not wait for it', async () => {
    const clock = stoppedClock()
    try {
      const { app } = makeConnector({}, { store: SCRIPTED_STORE, storePath: '/mnt/gone', storeConfig: { open: never, close: never } })
      const error = await runClock(clock, rejection(app.listen()))
      expect(codeOf(error)).to.equal('SLUICE_STORE_UNUSABLE')
      expect(String(error)).to.match(/store .*: cannot open the store\. path=\/mnt\/gone reason=it did not open within 30 seconds remedy=/)
    } finally {
      endClock(clock)
    }
  })

  it('of a newer version is named as such, by what is not settled', async () => {
    const entries = new Map([['settlement:unsettled', '{"version":2,"later":true}']])
    const error = await rejection(makeConnector({}, { storeConfig: { entries } }).app.listen())
    expect(codeOf(error)).to.equal('SLUICE_STORE_NEWER')
    expect(String(error)).to.include('record=settlement:unsettled format 2, this is 1')
  })
})

describe('the store of a plugin', () => {
  withoutLog()
  noRejectionLeft()
  let entries: Map<string, string>
  let store: StoreService

  beforeEach(() => {
    entries = new Map()
    store = makeConnector({}, { storeConfig: { entries } }).container(StoreService)
  })

  it('keeps what it is given', async () => {
    const mine = store.getPluginStore('alice')
    expect(await mine.get('k')).to.equal(undefined)
    await mine.put('k', 'v')
    expect(await mine.get('k')).to.equal('v')
    await mine.put('k', '')
    expect(await mine.get('k'), 'an empty value is a value').to.equal('')
    await mine.del('k')
    expect(await mine.get('k')).to.equal(undefined)
  })

  it('keeps several values in one write that is on disk when it says so, and only where the store can', async () => {
    const writes: unknown[] = []
    const batch = (...args: unknown[]): Promise<void> => Promise.resolve(void writes.push(args))
    Object.assign(store.store, { batch })
    await store.getPluginStore('alice').putAll?.({ k: 'v', l: 'w' })
    expect(writes).to.deep.equal([[
      [{ type: 'put', key: 'plugin:5:alice:k', value: 'v' }, { type: 'put', key: 'plugin:5:alice:l', value: 'w' }], { sync: true }
    ]])
    Object.assign(store.store, { batch: undefined })
    expect(store.getPluginStore('alice')).not.to.have.property('putAll')
  })

  it('is on disk with each write where the books are elsewhere: nothing else syncs it there', async () => {
    const { container } = makeConnector({}, {
      storeConfig: { entries }, ledger: 'tigerbeetle', tigerbeetleClusterId: '0', tigerbeetleReplicas: '127.0.0.1:1'
    })
    const synced: unknown[] = []
    for (const { store: backing } of [store, container(StoreService)]) {
      Object.assign(backing, { batch: (_: unknown, options: unknown) => Promise.resolve(void synced.push(options)) })
    }
    await store.getPluginStore('alice').put('k', 'v')
    await container(StoreService).getPluginStore('alice').put('k', 'v')
    expect(synced).to.deep.equal([undefined, { sync: true }])
  })

  it('never shows, changes or deletes what other accounts have', async () => {
    await fc.assert(fc.asyncProperty(accountId, key, accountId, key, async (one, oneKey, other, otherKey) => {
      fc.pre(one !== other)
      entries.clear()
      const [mine, theirs] = [store.getPluginStore(one), store.getPluginStore(other)]
      await mine.put(oneKey, 'mine')
      expect(await theirs.get(otherKey)).to.equal(undefined)
      await theirs.put(otherKey, 'theirs')
      await theirs.del(otherKey)
      expect(await mine.get(oneKey)).to.equal('mine')
    }), { numRuns: 500 })
  })

  it('never shows or deletes the other accounts\' data or the connector\'s books under names made for that', async () => {
    const own = ['ledger:accounts', 'ledger:account:bob', 'ledger:journal:bob', 'ledger:received:bob', 'store:owner']
    await store.getPluginStore('bob').put('secret', 'hunter2')
    for (const name of own) entries.set(name, 'books')
    const before = new Map(entries)
    for (const name of before.keys()) {
      for (let split = 1; split < name.length; split++) { // account `ledger`, key `:account:bob`, and so on
        const thief = store.getPluginStore(name.slice(0, split))
        expect(await thief.get(name.slice(split)), name).to.equal(undefined)
        await thief.del(name.slice(split))
      }
    }
    expect(entries).to.deep.equal(before)
  })

  it('finds what ilp-connector has left, until it is written or deleted here', async () => {
    for (const [name, value] of [['alicek', 'old'], ['alicel', 'old'], ['a.b-c~dchannel:1', 'old']] as const) entries.set(name, value)
    const alice = store.getPluginStore('alice')
    expect([await alice.get('k'), await store.getPluginStore('a.b-c~d').get('channel:1')]).to.deep.equal(['old', 'old'])
    await alice.put('k', 'new')
    expect(await alice.get('k')).to.equal('new')
    for (const name of ['k', 'l']) {
      await alice.del(name)
      expect(await alice.get(name), 'what is deleted does not come back').to.equal(undefined)
    }
  })

  it('is what a plugin gets, with its options and a log of its own', () => {
    const made: NamedPlugin[] = []
    const options = { made: (plugin: NamedPlugin) => made.push(plugin), token: 'x' }
    makeConnector({ alice: account(NAMED_PLUGIN, { options }), bob: account(NAMED_PLUGIN, { options }) }, { storeConfig: { entries } })
    const [alice, bob] = made as [NamedPlugin, NamedPlugin]
    expect(alice.options).to.include({ token: 'x', _store: alice.services.store, _log: alice.services.log }).and.not.equal(options)
    expect(alice.services.store).to.not.equal(bob.services.store)
    expect(alice.services.log).to.include.keys('log').and.not.equal(bob.services.log)
    expect(Object.keys(alice.services.store)).to.have.members(['get', 'put', 'del', 'putAll'])
  })

  it('can be replaced by the account\'s options', () => {
    let plugin: NamedPlugin | undefined
    const own = {} as PluginStore
    makeConnector({ alice: account(NAMED_PLUGIN, { options: { _store: own, made: (made: NamedPlugin) => { plugin = made } } }) })
    expect(plugin!.options._store).to.equal(own)
  })
})
