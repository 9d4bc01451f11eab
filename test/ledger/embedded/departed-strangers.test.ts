/** What strangers leave in the books: bounded, with every unit accounted for, whatever crashes in between. */
import { expect } from 'chai'
import { DEPARTED_STRANGERS } from '../../../src/contracts/ledger.js'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import type { Store } from '../../../src/contracts/store.js'
import { auditLedger } from '../../../src/ledger/audit.js'
import { STRANGERS_KEPT_MAX } from '../../../src/ledger/embedded/departed-strangers.js'
import { EmbeddedLedger } from '../../../src/ledger/embedded/embedded-ledger.js'
import { CrashableStore, Disk } from '../../support/ledger/crashable-store.js'

const UNIT = 'M2M/0'
/** As many go for one that is too many. */
const MERGED_AT_ONCE = 101

async function opened (store: Store): Promise<EmbeddedLedger> {
  const ledger = new EmbeddedLedger(store, 'sync', SILENT_LOG)
  await ledger.open([])
  return ledger
}

function enter (ledger: EmbeddedLedger, name: string, isStranger = true): void {
  ledger.openAccount(name, {}, UNIT)
  ledger.markStranger(name, isStranger)
}

/** A stranger who comes, pays that much on credit, and goes. */
function visit (ledger: EmbeddedLedger, name: string, amount: bigint): void {
  enter(ledger, name)
  ledger.post(ledger.hold(name, amount))
  ledger.closeAccount(name)
}

const sumOf = (ledger: EmbeddedLedger): bigint =>
  Array.from(ledger.accountIds()).reduce((sum, accountId) => sum + ledger.balanceOf(accountId)!.balance, 0n)
const owes = (ledger: EmbeddedLedger, name: string): bigint | undefined => ledger.balanceOf(name)?.balance
const count = (ledger: EmbeddedLedger): number => [...ledger.accountIds()].length

/** As many as are kept: `small` owes the least. */
async function full (store: Store): Promise<EmbeddedLedger> {
  const ledger = await opened(store)
  visit(ledger, 'small', 3n)
  for (let i = 1; i < STRANGERS_KEPT_MAX; i++) visit(ledger, `stranger-${i}`, 1000n + BigInt(i))
  await ledger.committed()
  return ledger
}

describe('strangers who are gone', () => {
  it('are kept by name as long as there are few, and then those who owe the most', async () => {
    const disk = new Disk()
    const ledger = await full(new CrashableStore(disk))
    expect([count(ledger), owes(ledger, 'small'), owes(ledger, DEPARTED_STRANGERS)]).to.deep.equal([STRANGERS_KEPT_MAX, 3n, undefined])
    const before = sumOf(ledger)
    visit(ledger, 'one more', 7n)
    await ledger.committed()
    for (const books of [ledger, await opened(new CrashableStore(disk))]) {
      expect(count(books)).to.equal(STRANGERS_KEPT_MAX + 1 - MERGED_AT_ONCE + 1)
      expect([owes(books, 'small'), owes(books, 'one more'), owes(books, 'stranger-999')]).to.deep.equal([undefined, undefined, 1999n])
      expect(sumOf(books)).to.equal(before + 7n)
      expect(owes(books, DEPARTED_STRANGERS)! > 10n).to.equal(true)
      expect(auditLedger(books)).to.deep.equal([])
    }
  })

  it('leave a bounded number of records, however many they are', async () => {
    const disk = new Disk()
    const ledger = await opened(new CrashableStore(disk))
    for (let i = 0; i < 5000; i++) {
      visit(ledger, `stranger-${i}`, 1n)
      if (i % 500 === 0) await ledger.committed()
    }
    await ledger.committed()
    expect(sumOf(ledger)).to.equal(5000n)
    expect([...disk.entries.keys()].filter(key => key.startsWith('ledger:account:')).length).to.be.at.most(STRANGERS_KEPT_MAX + 1)
    expect(disk.entries.size).to.be.lessThan(4 * STRANGERS_KEPT_MAX)
    expect(sumOf(await opened(new CrashableStore(disk)))).to.equal(5000n)
  })

  it('keep what they are owed, and what is under way, under their names', async () => {
    const ledger = await full(new CrashableStore(new Disk()))
    enter(ledger, 'creditor')
    ledger.post(ledger.hold('creditor', -5n))
    ledger.closeAccount('creditor')
    enter(ledger, 'waiting')
    ledger.post(ledger.hold('waiting', 1n))
    const late = ledger.hold('waiting', 1n)
    ledger.closeAccount('waiting')
    visit(ledger, 'one more', 1n)
    expect([owes(ledger, 'creditor'), owes(ledger, 'waiting'), owes(ledger, 'small')]).to.deep.equal([-5n, 1n, undefined])
    const before = sumOf(ledger)
    for (let i = 0; i < MERGED_AT_ONCE; i++) visit(ledger, `another-${i}`, 5000n)
    ledger.post(late)
    for (let i = 0; i < MERGED_AT_ONCE; i++) visit(ledger, `yet-another-${i}`, 5000n)
    expect([owes(ledger, 'creditor'), owes(ledger, 'waiting')]).to.deep.equal([-5n, undefined])
    expect(sumOf(ledger)).to.equal(before + 1n + 2n * BigInt(MERGED_AT_ONCE) * 5000n)
  })

  it('who are back are not touched, nor are accounts that are no strangers, or no longer', async () => {
    const ledger = await full(new CrashableStore(new Disk()))
    for (const [name, isStranger] of [['small', true], ['customer', false], ['stranger-1', false]] as const) enter(ledger, name, isStranger)
    ledger.post(ledger.hold('customer', 1n))
    for (const name of ['customer', 'stranger-1']) ledger.closeAccount(name)
    for (let i = 0; i < 3; i++) visit(ledger, `one-more-${i}`, 2n)
    expect([owes(ledger, 'small'), owes(ledger, 'customer'), owes(ledger, 'stranger-1')]).to.deep.equal([3n, 1n, 1001n])
    expect(owes(ledger, 'one-more-0')).to.equal(undefined)
  })

  it('are known as such after a restart, and a customer of that name is none', async () => {
    const disk = new Disk()
    const ledger = await full(new CrashableStore(disk))
    await ledger.close()
    const restarted = await opened(new CrashableStore(disk))
    enter(restarted, 'small', false)
    restarted.closeAccount('small')
    visit(restarted, 'one more', 7n)
    visit(restarted, 'another', 8n)
    expect([owes(restarted, 'small'), owes(restarted, 'one more'), owes(restarted, 'another')]).to.deep.equal([3n, undefined, undefined])
  })

  it('whose answer cannot be sent after all owe that much less, in the sum', async () => {
    const ledger = await full(new CrashableStore(new Disk()))
    enter(ledger, 'unlucky')
    const hold = ledger.hold('unlucky', 2n)
    ledger.post(hold)
    ledger.closeAccount('unlucky')
    const before = sumOf(ledger)
    const sum = owes(ledger, DEPARTED_STRANGERS)!
    expect(owes(ledger, 'unlucky')).to.equal(undefined)
    ledger.reverse(hold)
    expect([owes(ledger, 'unlucky'), owes(ledger, DEPARTED_STRANGERS)]).to.deep.equal([undefined, sum - 2n])
    expect(sumOf(ledger)).to.equal(before - 2n)
    expect(ledger.balanceOf(DEPARTED_STRANGERS)!.reversals).to.deep.equal({ count: 1, amount: 2n })
  })

  for (const how of ['lost', 'kept'] as const) {
    it(`lose and gain nothing in a crash whose write is ${how}`, async () => {
      const disk = new Disk()
      const before = sumOf(await full(new CrashableStore(disk)))
      const crashing = new CrashableStore(disk, { at: 1, how })
      const ledger = await opened(crashing)
      visit(ledger, 'one more', 7n)
      ledger.committed().catch(() => undefined)
      while (!crashing.crashed) await new Promise(resolve => { setImmediate(resolve) })
      const restarted = await opened(new CrashableStore(disk))
      expect(sumOf(restarted)).to.equal(how === 'lost' ? before : before + 7n)
      expect(auditLedger(restarted)).to.deep.equal([])
    })
  }

  it('are merged in the end when a write fails', async () => {
    const disk = new Disk()
    const store = new CrashableStore(disk)
    const ledger = await full(store)
    store.failure = new Error('no space left')
    enter(ledger, 'late')
    ledger.credit('late', -7n)
    ledger.closeAccount('late')
    const committed = ledger.committed()
    await new Promise(resolve => { setImmediate(resolve) })
    store.failure = undefined
    await committed
    expect(sumOf(await opened(new CrashableStore(disk)))).to.equal(sumOf(ledger))
    expect(disk.entries.has('ledger:account:small')).to.equal(false)
  })
})
