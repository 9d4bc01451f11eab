/**
 * The promises every store keeps, as a mocha suite for authors of their own:
 * `storeConformance('mine', directory => new MyStore({ path: directory }, { log }), { batch: true, lifecycle: true, persistent: true })`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Store } from '../../src/contracts/store.js'

/** What a store offers beyond get, put and del; declared, not found out. */
export interface StoreFeatures {
  /** It has `batch`. */
  batch: boolean
  /** It has `open` and `close`. */
  lifecycle: boolean
  /** A second store made for the same directory, after the first was closed, has the first one's data. */
  persistent: boolean
}

/** @param createStore called for each test with an empty directory of its own, and again with the same one where data must persist */
export function storeConformance (
  name: string,
  createStore: (directory: string) => Store | Promise<Store>,
  features: StoreFeatures
): void {
  describe(`store conformance: ${name}`, () => {
    let directory: string
    let store: Store

    const reopen = async (): Promise<Store> => {
      await store.close?.()
      store = await createStore(directory)
      return store
    }

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'store-conformance-'))
      store = await createStore(directory)
    })

    afterEach(async () => {
      await store.close?.()
      await rm(directory, { recursive: true, force: true })
    })

    basicPromises(() => store)
    if (features.batch) batchPromises(() => store)
    if (features.lifecycle) lifecyclePromises(() => store)
    if (features.persistent) persistencePromises(() => store, reopen, features)
  })
}

/** Keys that a careless store mixes up with each other or with what its objects inherit. */
const trickyKeys = ['a', 'A', 'ab', 'a b', 'a/b', 'a\n', 'ä', '\u{1F4B6}', ' ', '0', 'constructor', '__proto__', 'x'.repeat(1000)]

function basicPromises (store: () => Store): void {
  it('knows nothing about a key that was never put', async () => {
    for (const key of trickyKeys) expect(await store().get(key)).to.equal(undefined)
  })

  it('gives back what was put last, under each key its own', async () => {
    for (const key of trickyKeys) await store().put(key, 'old')
    for (const key of trickyKeys) await store().put(key, `value of ${key}`)
    for (const key of trickyKeys) expect(await store().get(key)).to.equal(`value of ${key}`)
  })

  it('forgets what was deleted, and nothing else', async () => {
    for (const key of trickyKeys) await store().put(key, 'value')
    await store().del('a')
    await store().del('never put')
    for (const key of trickyKeys) expect(await store().get(key)).to.equal(key === 'a' ? undefined : 'value')
  })

  it('keeps empty, long and many-lined values as they are', async () => {
    for (const value of ['', '0', 'null', ' \n\t\0', '\u{1F4B6} ä', JSON.stringify({ a: ['"'] }), 'long '.repeat(200_000)]) {
      await store().put('key', value)
      expect(await store().get('key')).to.equal(value)
    }
  })

  it('lets the later of two writes win that do not wait for each other', async () => {
    await Promise.all([store().put('key', 'first'), store().put('key', 'second'), store().put('gone', 'first'), store().del('gone')])
    expect([await store().get('key'), await store().get('gone')]).to.deep.equal(['second', undefined])
  })

  it('does what a Map does', () => fc.assert(fc.asyncProperty(fc.array(change), async changes => {
    const model = new Map<string, string>()
    for (const { key, value } of changes) {
      if (value === null) {
        model.delete(key)
        await store().del(key)
      } else {
        model.set(key, value)
        await store().put(key, value)
      }
    }
    for (const { key } of changes) expect(await store().get(key)).to.equal(model.get(key))
    for (const { key } of changes) await store().del(key)
  }), { numRuns: 30 }))
}

const change = fc.record({
  key: fc.oneof(fc.constantFrom('a', 'b', 'ab'), fc.string({ unit: 'grapheme', minLength: 1 })),
  value: fc.option(fc.string({ unit: 'grapheme' }))
})

function batchPromises (store: () => Store): void {
  it('writes a batch in its order', async () => {
    await store().put('old', 'value')
    await store().batch?.([
      { type: 'put', key: 'new', value: '1' },
      { type: 'del', key: 'old' },
      { type: 'put', key: 'new', value: '2' },
      { type: 'put', key: 'gone', value: '1' },
      { type: 'del', key: 'gone' },
      { type: 'del', key: 'never put' }
    ], { sync: true })
    expect([await store().get('new'), await store().get('old'), await store().get('gone')]).to.deep.equal(['2', undefined, undefined])
  })

  it('takes an empty batch', async () => {
    await store().batch?.([])
    await store().batch?.([], { sync: true })
  })

  it('changes nothing when it refuses a batch', async () => {
    await store().put('old', 'value')
    const wrong: unknown = undefined
    const outcome = await Promise.resolve(store().batch?.([
      { type: 'del', key: 'old' },
      { type: 'put', key: 'new', value: '1' },
      { type: 'put', key: 'wrong', value: wrong as string }
    ])).then(() => 'taken', () => 'refused')
    expect(outcome).to.equal('refused')
    expect([await store().get('old'), await store().get('new')]).to.deep.equal(['value', undefined])
  })

  it('writes batches and single values in the order they were given', async () => {
    await Promise.all([
      store().put('key', '1'),
      store().batch?.([{ type: 'put', key: 'key', value: '2' }], { sync: true }),
      store().put('key', '3'),
      store().batch?.([{ type: 'put', key: 'other', value: '1' }])
    ])
    expect([await store().get('key'), await store().get('other')]).to.deep.equal(['3', '1'])
  })
}

function lifecyclePromises (store: () => Store): void {
  it('works before it was opened', async () => {
    await store().put('key', 'value')
    expect(await store().get('key')).to.equal('value')
  })

  it('keeps what was written before open, which can be called twice', async () => {
    await store().put('key', 'value')
    await Promise.all([store().open?.(), store().open?.()])
    expect(await store().get('key')).to.equal('value')
  })

  it('can be closed twice, and without having been opened', async () => {
    await store().close?.()
    await Promise.all([store().close?.(), store().close?.()])
  })

  it('finishes the writes under way when closed', async () => {
    const writes = [store().put('a', '1'), store().put('b', '2'), store().del('a')]
    await store().close?.()
    for (const outcome of await Promise.allSettled(writes)) expect(outcome.status).to.equal('fulfilled')
  })

  it('rejects with an Error once closed', async () => {
    await store().put('key', 'value')
    await store().close?.()
    for (const outcome of await Promise.allSettled([store().get('key'), store().put('key', '2'), store().del('key')])) {
      expect(outcome).to.have.property('status', 'rejected')
      expect(outcome).to.have.property('reason').that.is.an.instanceOf(Error)
    }
  })
}

function persistencePromises (store: () => Store, reopen: () => Promise<Store>, { batch }: StoreFeatures): void {
  it('has everything again after a restart', async () => {
    for (const key of trickyKeys) await store().put(key, `value of ${key}`)
    await store().del('a')
    await reopen()
    for (const key of trickyKeys) expect(await store().get(key)).to.equal(key === 'a' ? undefined : `value of ${key}`)
  })

  it('has what was being written when it was closed', async () => {
    const write = batch
      ? store().batch?.([{ type: 'put', key: 'key', value: 'value' }], { sync: true })
      : store().put('key', 'value')
    await reopen()
    await write
    expect(await store().get('key')).to.equal('value')
  })

  it('goes on where it was after many restarts', async () => {
    for (let round = 0; round < 5; round++) {
      expect(await store().get('round')).to.equal(round === 0 ? undefined : String(round - 1))
      await store().put('round', String(round))
      await store().put(`round ${round}`, 'was here')
      await reopen()
    }
    for (let round = 0; round < 5; round++) expect(await store().get(`round ${round}`)).to.equal('was here')
  })
}
