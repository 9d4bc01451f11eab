/** The index of the books: what it writes for an account, how it came from the one record of version 1, and what a crash leaves of it. */
import { expect } from 'chai'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import type { BatchOperation, Store } from '../../../src/contracts/store.js'
import { EmbeddedLedger } from '../../../src/ledger/embedded/embedded-ledger.js'
import { CrashableStore, Disk, PlainStore } from '../../support/ledger/crashable-store.js'

const UNIT = 'USD/9'

async function opened (store: Store, accounts: string[] = []): Promise<EmbeddedLedger> {
  const ledger = new EmbeddedLedger(store, 'sync', SILENT_LOG)
  await ledger.open(accounts)
  for (const accountId of accounts) ledger.openAccount(accountId, {}, UNIT)
  return ledger
}

/** What a store of version 1 had for accounts with these balances. */
function diskOfVersion1 (balances: Record<string, bigint>): Disk {
  const disk = new Disk()
  disk.entries.set('ledger:id', '{"version":1,"id":"old books"}')
  disk.entries.set('ledger:accounts', JSON.stringify({ version: 1, accounts: Object.keys(balances) }))
  for (const [accountId, balance] of Object.entries(balances)) {
    const today = { date: '2026-02-03', opening: String(balance), movements: {} }
    disk.entries.set(`ledger:account:${accountId}`, JSON.stringify({ version: 1, unit: UNIT, balance: String(balance), today }))
  }
  return disk
}

const balancesOf = (ledger: EmbeddedLedger): Record<string, bigint> =>
  Object.fromEntries(Array.from(ledger.accountIds(), accountId => [accountId, ledger.balanceOf(accountId)!.balance] as const).sort())

/** Shows what is written. */
function watched (store: CrashableStore): { store: Store, written: BatchOperation[][] } {
  const written: BatchOperation[][] = []
  return {
    written,
    store: {
      get: key => store.get(key),
      put: (key, value) => store.put(key, value),
      del: key => store.del(key),
      batch: (operations, options) => {
        written.push([...operations])
        return store.batch(operations, options)
      }
    }
  }
}

describe('the index of the books', () => {
  it('costs nothing for an account that comes and goes without a payment', async () => {
    const { store, written } = watched(new CrashableStore(new Disk()))
    const ledger = await opened(store, ['local'])
    await ledger.committed()
    written.length = 0
    for (let i = 0; i < 100; i++) {
      ledger.openAccount(`guest-${i}`, {}, UNIT)
      ledger.void(ledger.hold(`guest-${i}`, 5n)) // a packet that is rejected
      ledger.closeAccount(`guest-${i}`)
      await ledger.committed()
    }
    expect(written).to.deep.equal([])
    expect([...ledger.accountIds()]).to.deep.equal(['local'])
  })

  it('writes as much for an account among a thousand as among ten', async () => {
    const disk = new Disk()
    const { store, written } = watched(new CrashableStore(disk))
    const ledger = await opened(store)
    const sizes: number[] = []
    for (let i = 0; i < 1000; i++) {
      const accountId = `guest-${String(i).padStart(4, '0')}`
      ledger.openAccount(accountId, {}, UNIT)
      ledger.adjust(accountId, 1n)
      await ledger.committed()
      sizes.push(JSON.stringify(written.at(-1)).length)
    }
    expect(sizes.at(-1)! - sizes[10]!).to.be.lessThan(10) // digits of numbers
    expect(balancesOf(await opened(new CrashableStore(disk)))).to.deep.equal(balancesOf(ledger))
  })

  it('gives the slot of an account that is gone to the next one', async () => {
    const disk = new Disk()
    const ledger = await opened(new CrashableStore(disk), ['alice'])
    ledger.adjust('alice', 7n)
    for (let i = 0; i < 50; i++) {
      ledger.openAccount(`guest-${i}`, {}, UNIT)
      ledger.adjust(`guest-${i}`, 1n)
      await ledger.committed()
      ledger.adjust(`guest-${i}`, -1n)
      ledger.closeAccount(`guest-${i}`)
      await ledger.committed()
    }
    expect(disk.entries.get('ledger:accounts')).to.equal('{"version":2,"slots":2}')
    expect([...disk.entries.keys()].filter(key => key.includes('guest'))).to.deep.equal([])
    expect(balancesOf(await opened(new CrashableStore(disk)))).to.deep.equal({ alice: 7n })
  })

  it('deletes what a failed write was to delete, and keeps one that has come back by then', async () => {
    const disk = new Disk()
    const store = new CrashableStore(disk)
    const ledger = await opened(store, ['alice', 'bob'])
    for (const accountId of ['alice', 'bob']) ledger.adjust(accountId, 1n)
    await ledger.committed()
    store.failure = new Error('no space left')
    for (const accountId of ['alice', 'bob']) {
      ledger.credit(accountId, 1n)
      ledger.closeAccount(accountId)
    }
    const committed = ledger.committed()
    await new Promise(resolve => { setImmediate(resolve) })
    ledger.openAccount('bob', {}, UNIT)
    store.failure = undefined
    await committed
    ledger.adjust('bob', 3n)
    await ledger.committed()
    expect(disk.entries.has('ledger:account:alice')).to.equal(false)
    expect(balancesOf(await opened(new CrashableStore(disk)))).to.deep.equal({ bob: 3n })
  })

  it('keeps a running total of an account that nothing else is written of', async () => {
    const disk = new Disk()
    const ledger = await opened(new CrashableStore(disk), ['alice'])
    expect(ledger.credit('alice', 0n, undefined, { id: 'claims', from: 5n, to: 5n })).to.equal(false)
    await ledger.close()
    const restarted = await opened(new CrashableStore(disk), ['alice'])
    restarted.credit('alice', 7n, undefined, { id: 'claims', from: 0n, to: 7n })
    expect(restarted.balanceOf('alice')!.balance).to.equal(-2n)
  })
})

describe('books of version 1', () => {
  const OLD = { alice: 30n, bob: -30n, carol: 0n, gone: 12n }

  it('are read as they are, and changed by nobody who only reads', async () => {
    const disk = diskOfVersion1(OLD)
    const before = new Map(disk.entries)
    const store = new CrashableStore(disk)
    const ledger = new EmbeddedLedger(store, 'sync', SILENT_LOG)
    await ledger.open([])
    expect(balancesOf(ledger)).to.deep.equal(OLD)
    expect(ledger.id).to.equal('old books')
    await ledger.close()
    expect(disk.entries).to.deep.equal(before)
  })

  it('get their slots with the first batch, in which everything is, before anything else is written', async () => {
    const disk = diskOfVersion1(OLD)
    const { store, written } = watched(new CrashableStore(disk))
    const ledger = await opened(store, ['alice'])
    await ledger.committed()
    expect(written).to.have.lengthOf(1)
    expect(written[0]!.map(({ key }) => key)).to.deep.equal([
      'ledger:slot:0', 'ledger:slot:1', 'ledger:slot:2', 'ledger:slot:3', 'ledger:accounts'
    ])
    expect(balancesOf(await opened(new CrashableStore(disk)))).to.deep.equal(OLD)
  })

  for (const how of ['lost', 'kept'] as const) {
    it(`lose nothing in a crash whose write is ${how}`, async () => {
      for (let at = 1; at <= 3; at++) {
        const disk = diskOfVersion1(OLD)
        const ledger = await opened(new CrashableStore(disk, { at, how }), ['alice', 'bob'])
        ledger.committed().catch(() => undefined)
        for (let i = 0; i < 5; i++) await new Promise(resolve => { setImmediate(resolve) })
        ledger.adjust('alice', 1n)
        ledger.committed().catch(() => undefined)
        for (let i = 0; i < 5; i++) await new Promise(resolve => { setImmediate(resolve) })
        const restarted = await opened(new CrashableStore(disk))
        expect(restarted.balanceOf('alice')!.balance).to.be.oneOf([30n, 31n])
        expect(balancesOf(restarted)).to.deep.equal({ ...OLD, alice: restarted.balanceOf('alice')!.balance })
      }
    })
  }

  it('lose nothing in a crash between any two writes of a store without batches', async () => {
    for (let crashAt = 1; crashAt <= 12; crashAt++) {
      const disk = diskOfVersion1(OLD)
      const plain = new PlainStore(disk)
      let writes = 0
      const step = (write: () => Promise<void>): Promise<void> => ++writes >= crashAt ? new Promise(() => undefined) : write()
      const ledger = await opened({
        get: key => plain.get(key), put: (key, value) => step(() => plain.put(key, value)), del: key => step(() => plain.del(key))
      }, ['alice', 'gone'])
      ledger.committed().catch(() => undefined)
      for (let i = 0; i < 20; i++) await Promise.resolve()
      ledger.adjust('gone', -12n)
      ledger.closeAccount('gone')
      ledger.openAccount('dave', {}, UNIT)
      ledger.adjust('dave', 4n)
      ledger.committed().catch(() => undefined)
      for (let i = 0; i < 40; i++) await Promise.resolve()
      const restarted = await opened(plain, ['dave'])
      const { gone = 0n, dave = 0n, ...others } = balancesOf(restarted)
      expect(others, `write ${crashAt}`).to.deep.equal({ alice: 30n, bob: -30n, carol: 0n })
      expect([gone, dave], `write ${crashAt}`).to.satisfy(([g, d]: [bigint, bigint]) => [0n, 12n].includes(g) && [0n, 4n].includes(d))
    }
  })
})
