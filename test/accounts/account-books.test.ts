/** What a plugin may do with its account's page in the books: report running totals, and book what it has prepaid. Through a connector. */
import { expect } from 'chai'
import { LedgerService } from '../../src/ledger/service.js'
import { createApp } from '../../src/connector/connector.js'
import type { RunningTotal } from '../../src/contracts/plugin.js'
import { account, makeConnector, startConnector, type TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import type NamedPlugin from '../support/modules/named-plugin.js'
import { NAMED_PLUGIN } from '../support/modules/named-plugin.js'
import { outcomeOf, prepare, reject } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { WIDE } from '../support/ledger/books.js'
import { CrashableStore, Disk } from '../support/ledger/crashable-store.js'
import { quiet } from '../support/waiting.js'

const GIVEN_STORE = new URL('../support/modules/given-store.js', import.meta.url).pathname
const step = (from: bigint, to: bigint, id = 'claims'): RunningTotal => ({ id, from, to })

describe('the books as a plugin sees them', () => {
  withoutLog()
  let disk: Disk
  let store: CrashableStore
  let connector: TestConnector
  let alice: TestPlugin
  let bob: NamedPlugin

  const infoOfBob = (balance: typeof WIDE | null = WIDE): ReturnType<typeof account> =>
    account(NAMED_PLUGIN, { ...(balance !== null && { balance }), options: { made: (plugin: NamedPlugin) => { bob = plugin } } })
  const start = async (): Promise<void> => {
    store = new CrashableStore(disk)
    alice = new TestPlugin()
    connector = await startConnector(
      { alice: account(alice, { balance: WIDE }), bob: infoOfBob() }, { store: GIVEN_STORE, storeConfig: { store } })
  }
  const report = async (total: RunningTotal, id?: string): Promise<void> => {
    await bob.moneyHandler!(String(total.to - total.from), { id, total })
  }
  const balance = (id = 'bob'): bigint => connector.container(LedgerService).ledger.balanceOf(id)!.balance

  beforeEach(async () => {
    disk = new Disk()
    await start()
  })
  afterEach(() => connector.app.shutdown())

  it('have an id: the same after a restart, another one in another store, none before the ledger is open', async () => {
    const { id } = bob.services.books!
    await quiet()
    store.crashed = true
    await start()
    expect(bob.services.books!.id).to.equal(id)
    disk = new Disk()
    await start()
    expect(bob.services.books!.id).to.not.equal(id)
    makeConnector({ bob: infoOfBob() })
    expect(() => bob.services.books!.id).to.throw('not open')
  })

  it('credit a running total once: repeated, after a crash, after the account was removed and added, under another step', async () => {
    await report(step(0n, 500n), '0-500')
    await report(step(0n, 500n), '0-500')
    store.crashed = true
    await start()
    await report(step(0n, 500n), '0-500')
    expect(balance()).to.equal(-500n)
    connector.container(LedgerService).ledger.adjust('bob', 500n)
    await connector.app.removePlugin('bob')
    await connector.app.addPlugin('bob', infoOfBob())
    await report(step(0n, 500n), '0-500')
    await report(step(0n, 500n))
    expect(balance()).to.equal(0n)
    await connector.app.removePlugin('bob')
    await connector.app.shutdown()
    await start()
    await report(step(400n, 501n), 'another id')
    expect(balance()).to.equal(-1n)
  })

  it('take no step that is none, and none of another amount', async () => {
    const wrong: unknown[] = [
      { id: 'claims', from: 5n, to: 1n }, { id: 'claims', from: -5n, to: 1n }, { id: 'claims', from: 0, to: 1 }, { id: '', from: 0n, to: 1n },
      { from: 0n, to: 1n }, { id: 'claims', from: 0n, to: 2n }, 'claims', null
    ]
    for (const total of wrong) {
      const outcome = await bob.moneyHandler!('1', { total: total as RunningTotal }).then(() => 'taken', (error: unknown) => (error as Error).name)
      expect(outcome, JSON.stringify(total, (_, value: unknown) => String(value))).to.equal('TypeError')
    }
    expect(balance()).to.equal(0n)
  })

  it('let prepaid money pay for delivered packets only', async () => {
    await bob.services.books!.prepay(step(0n, 100n), 100n)
    expect(await alice.receive(prepare({ amount: 60 })).then(outcomeOf)).to.equal('fulfill')
    expect([balance(), bob.services.books!.prepaid(), balance('alice')]).to.deep.equal([0n, 40n, 60n])
    bob.answer = () => Promise.resolve(reject('F99'))
    await alice.receive(prepare({ amount: 30 }))
    expect([balance(), bob.services.books!.prepaid()]).to.deep.equal([0n, 40n])
    expect(() => bob.services.books!.prepay(step(100n, 161n), 100n)).to.throw().with.property('ilpErrorCode', 'T04')
    await connector.container(LedgerService).ledger.committed()
    store.crashed = true
    await start()
    expect(bob.services.books!.prepaid()).to.equal(40n)
    await alice.receive(prepare({ amount: 50 }))
    expect([balance(), bob.services.books!.prepaid()]).to.deep.equal([-10n, 0n])
  })

  it('keep nothing for an account without limits', async () => {
    await connector.app.removePlugin('bob')
    await connector.app.addPlugin('bob', infoOfBob(null))
    await bob.services.books!.prepay(step(0n, 100n), 1n)
    await report(step(0n, 100n))
    expect(bob.services.books!.prepaid()).to.equal(0n)
    expect(connector.container(LedgerService).ledger.balanceOf('bob')).to.equal(undefined)
  })

  it('are there for the plugins that createApp makes', () => {
    createApp({ ilpAddress: 'test.connector', backend: 'one-to-one', store: 'memdown', accounts: { bob: infoOfBob() } })
    expect(bob.services.books).to.have.property('prepay')
  })
})
