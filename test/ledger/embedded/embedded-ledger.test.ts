/** The books in the store: what stands there, what is refused on reading, and what a crash leaves. */
import { expect } from 'chai'
import sinon from 'sinon'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import { EmbeddedLedger } from '../../../src/ledger/embedded/embedded-ledger.js'
import type { BatchOperation, Store } from '../../../src/contracts/store.js'
import { CrashableStore, Disk, PlainStore } from '../../support/ledger/crashable-store.js'
import { RecordingLog } from '../../support/ledger/recording-log.js'

const UNIT = 'USD/9'

async function openOn (store: Store, accounts: string[] = [], log = SILENT_LOG): Promise<EmbeddedLedger> {
  const ledger = new EmbeddedLedger(store, 'sync', log)
  await ledger.open(accounts)
  for (const accountId of accounts) ledger.openAccount(accountId, {}, UNIT)
  return ledger
}

/** A packet that went from alice to bob. */
function forward (ledger: EmbeddedLedger, amount: bigint): void {
  const incoming = ledger.hold('alice', amount)
  const outgoing = ledger.hold('bob', -amount)
  ledger.post(outgoing)
  ledger.post(incoming)
}

async function diskWithMoney (): Promise<Disk> {
  const disk = new Disk()
  const ledger = await openOn(new CrashableStore(disk), ['alice', 'bob'])
  forward(ledger, 30n)
  await ledger.close()
  return disk
}

describe('the embedded ledger', () => {
  it('writes both legs of a packet in one synced batch, before anybody who waits goes on', async () => {
    const disk = new Disk()
    const store = new CrashableStore(disk)
    const batches: Array<{ keys: string[], sync: boolean | undefined }> = []
    const watching: Store = {
      get: key => store.get(key),
      put: () => Promise.reject(new Error('not in a batch')),
      del: () => Promise.reject(new Error('not in a batch')),
      batch: (operations, options) => {
        batches.push({ keys: operations.map(({ key }) => key), sync: options?.sync })
        return store.batch(operations, options)
      }
    }
    const ledger = await openOn(watching, ['alice', 'bob'])
    forward(ledger, 0n)
    await ledger.committed()
    batches.length = 0
    forward(ledger, 30n)
    await ledger.committed()
    expect(batches).to.deep.equal([{ keys: ['ledger:account:bob', 'ledger:account:alice'], sync: true }])
    const restarted = await openOn(new CrashableStore(disk), ['alice', 'bob'])
    expect(restarted.balanceOf('alice')!.balance).to.equal(30n)
    expect(restarted.balanceOf('bob')!.balance).to.equal(-30n)
  })

  it('loses nothing of what was committed in a power cut, and keeps no half of what was not', async () => {
    const disk = new Disk()
    const ledger = await openOn(new CrashableStore(disk, { at: 3, how: 'lost' }), ['alice', 'bob'])
    await ledger.committed()
    forward(ledger, 30n)
    await ledger.committed()
    forward(ledger, 5n)
    ledger.committed().catch(() => undefined)
    const restarted = await openOn(new CrashableStore(disk), ['alice', 'bob'])
    expect([restarted.balanceOf('alice')!.balance, restarted.balanceOf('bob')!.balance]).to.deep.equal([30n, -30n])
  })

  it('keeps records that a person can read', async () => {
    const clock = sinon.useFakeTimers({ now: Date.UTC(2026, 1, 3, 12), toFake: ['Date'] })
    try {
      const disk = new Disk()
      const ledger = await openOn(new CrashableStore(disk), ['alice', 'bob'])
      forward(ledger, 2n ** 70n)
      ledger.settle('bob', 7n, 'id-1')
      ledger.credit('alice', 3n, 'payment-1')
      await ledger.close()
      expect(disk.entries.get('ledger:account:alice')).to.equal('{"version":1,"unit":"USD/9","balance":"1180591620717411303421",' +
        '"today":{"date":"2026-02-03","opening":"0","movements":{"incoming":{"count":1,"amount":"1180591620717411303424"},' +
        '"received":{"count":1,"amount":"-3"}}}}')
      expect(disk.entries.get('ledger:account:bob')).to.contain('"settlement":{"id":"id-1","amount":"7","createdAt":"2026-02-03T12:00:00.000Z"}')
      expect(disk.entries.get('ledger:received:alice')).to.equal('{"version":1,"ids":["payment-1"]}')
      expect(disk.entries.get('ledger:accounts')).to.equal('{"version":2,"slots":2}')
      expect(disk.entries.get('ledger:slot:1')).to.equal('{"version":1,"account":"alice"}')
    } finally {
      clock.restore()
    }
  })

  it('keeps the days that make a balance, as many as it has room for', async () => {
    const clock = sinon.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ['Date'] })
    try {
      const disk = new Disk()
      const ledger = await openOn(new CrashableStore(disk), ['alice', 'bob'])
      for (let day = 0; day < 100; day++) {
        forward(ledger, BigInt(day))
        forward(ledger, 1n)
        clock.tick(86_400_000)
      }
      forward(ledger, 1n)
      clock.setSystemTime(Date.UTC(2020, 0, 1)) // a clock that goes back opens no day again
      forward(ledger, 1n)
      await ledger.close()
      const restarted = await openOn(new CrashableStore(disk), ['alice', 'bob'])
      const days = restarted.journalOf('alice')
      expect(days).to.have.length(90)
      expect(days.at(-1)).to.include({ date: '2026-04-11', opening: 5050n })
      expect(days.at(-1)!.movements.incoming).to.deep.equal({ count: 2, amount: 2n })
      expect(days[0]).to.include({ date: '2026-01-12', opening: 66n })
      expect(restarted.balanceOf('alice')!.balance).to.equal(5052n)
    } finally {
      clock.restore()
    }
  })

  it('remembers the latest ids of incoming money, and no more than it has room for', async () => {
    const disk = new Disk()
    const ledger = await openOn(new CrashableStore(disk), ['alice'])
    for (let i = 0; i < 300; i++) ledger.credit('alice', 1n, `payment-${i}`)
    await ledger.close()
    const restarted = await openOn(new CrashableStore(disk), ['alice'])
    expect(restarted.credit('alice', 1n, 'payment-299')).to.equal(false)
    expect(restarted.credit('alice', 1n, 'payment-44')).to.equal(false)
    expect((JSON.parse(disk.entries.get('ledger:received:alice')!) as { ids: string[] }).ids).to.have.length(256)
  })

  it('writes what was refused by the store as soon as it takes it', async () => {
    const disk = new Disk()
    const store = new CrashableStore(disk)
    const ledger = await openOn(store, ['alice', 'bob'])
    await ledger.committed()
    store.failure = new Error('no space left')
    forward(ledger, 30n)
    ledger.credit('alice', 1n, 'payment-1')
    const committed = ledger.committed()
    await new Promise(resolve => { setImmediate(resolve) })
    expect(ledger.trouble).to.equal('no space left')
    for (const refused of [() => ledger.hold('alice', 1n), () => ledger.hold('bob', -1n), () => ledger.settle('bob', 1n, 'x'), () => ledger.adjust('bob', 1n)]) {
      expect(refused).to.throw('balances cannot be stored').with.property('ilpErrorCode', 'T00')
    }
    store.failure = undefined
    await committed
    ledger.hold('alice', 1n)
    const restarted = await openOn(new CrashableStore(disk), ['alice', 'bob'])
    expect(restarted.balanceOf('alice')!.balance).to.equal(29n)
    expect(restarted.credit('alice', 1n, 'payment-1')).to.equal(false)
  })

  it('cannot be used before it has read the books', () => {
    const ledger = new EmbeddedLedger(new CrashableStore(new Disk()), 'sync', SILENT_LOG)
    expect(() => ledger.openAccount('alice', {}, UNIT)).to.throw('not open')
  })
})

describe('a damaged store', () => {
  const damage: Array<{ name: string, change: (entries: Map<string, string>) => void, record: string, reason: RegExp }> = [
    { name: 'no JSON', record: 'account:alice', change: entries => entries.set('ledger:account:alice', '{"version":1,'), reason: /not JSON/ },
    { name: 'no record', record: 'account:alice', change: entries => entries.delete('ledger:account:alice'), reason: /is missing/ },
    { name: 'no index', record: 'accounts', change: entries => entries.delete('ledger:accounts'), reason: /is missing although/ },
    { name: 'an index of something else', record: 'accounts', change: edit('accounts', '"slots":2', '"slots":-2'), reason: /slots: .*0/ },
    { name: 'no slot', record: 'slot:1', change: entries => entries.delete('ledger:slot:1'), reason: /is missing/ },
    { name: 'a slot of something else', record: 'slot:1', change: edit('slot:1', '"alice"', '7'), reason: /account: .*string/ },
    { name: 'another version', record: 'account:alice', change: edit('account:alice', '"version":1', '"version":0'), reason: /version/ },
    { name: 'a balance that is a number', record: 'account:alice', change: edit('account:alice', '"balance":"30"', '"balance":30'), reason: /balance/ },
    { name: 'a balance that is no integer', record: 'account:alice', change: edit('account:alice', '"balance":"30"', '"balance":"30.5"'), reason: /balance/ },
    { name: 'a balance that nothing explains', record: 'account:alice', change: edit('account:alice', '"balance":"30"', '"balance":"31"'), reason: /31.*30/ },
    { name: 'a field too many', record: 'account:alice', change: edit('account:alice', '"unit"', '"debt":"7","unit"'), reason: /debt/ },
    { name: 'a field too few', record: 'account:alice', change: edit('account:alice', '"unit":"USD/9",', ''), reason: /unit/ },
    { name: 'a settlement without an id', record: 'account:bob', change: edit('account:bob', '"unit"', '"settlement":{"amount":"1"},"unit"'), reason: /settlement/ },
    { name: 'a broken journal', record: 'journal:alice', change: entries => entries.set('ledger:journal:alice', 'x'), reason: /not JSON/ },
    { name: 'broken ids', record: 'received:bob', change: entries => entries.set('ledger:received:bob', '{"version":1,"ids":[7]}'), reason: /ids/ }
  ]
  for (const { name, change, record, reason } of damage) {
    it(`is refused, with the record and what to do: ${name}`, async () => {
      const disk = await diskWithMoney()
      change(disk.entries)
      const message = await openOn(new CrashableStore(disk), ['alice', 'bob']).then(() => 'opened', (error: unknown) => (error as Error).message)
      expect(message).to.contain(`record=ledger:${record} reason=`).and.to.match(reason).and.to.contain('remedy=restore the store from a backup')
    })
  }

  for (const record of ['accounts', 'slot:0', 'account:alice']) {
    it(`is said to be of a newer Sluice where that is so, and is not changed: ${record}`, async () => {
      const disk = await diskWithMoney()
      edit(record, /"version":\d/.exec(disk.entries.get(`ledger:${record}`)!)![0], '"version":3')(disk.entries)
      const before = new Map(disk.entries)
      const message = await openOn(new CrashableStore(disk), ['alice']).then(() => 'opened', (error: unknown) => (error as Error).message)
      expect(message).to.include(`the store was written by a newer Sluice (record=ledger:${record} format 3, this is `).and.include('): start that version')
      expect(disk.entries).to.deep.equal(before)
    })
  }

  function edit (record: string, from: string, to: string): (entries: Map<string, string>) => void {
    return entries => {
      const text = entries.get(`ledger:${record}`)!
      expect(text).to.contain(from)
      entries.set(`ledger:${record}`, text.replace(from, to))
    }
  }
})

describe('a store that promises less', () => {
  it('without batch: says so at the start, and comes back after a crash between any two writes', async () => {
    for (let crashAt = 1; crashAt < 12; crashAt++) {
      const disk = new Disk()
      let writes = 0
      const plain = new PlainStore(disk)
      const step = (write: () => Promise<void>): Promise<void> => ++writes >= crashAt ? new Promise(() => undefined) : write()
      const crashing: Store = {
        get: key => plain.get(key),
        put: (key, value) => step(() => plain.put(key, value)),
        del: key => step(() => plain.del(key))
      }
      const log = new RecordingLog()
      const ledger = await openOn(crashing, ['alice', 'bob', 'carol'], log)
      expect(log.lines.join()).to.match(/warn .*store has no batch/)
      forward(ledger, 30n)
      ledger.closeAccount('carol')
      ledger.committed().catch(() => undefined)
      for (let i = 0; i < 30; i++) await Promise.resolve()
      const restarted = await openOn(plain, ['alice', 'bob', 'carol'])
      expect(restarted.balanceOf('alice')!.balance).to.be.oneOf([0n, 30n])
      expect(restarted.balanceOf('bob')!.balance).to.be.oneOf([0n, -30n])
    }
  })

  it('answering null for what it does not have is understood', async () => {
    const disk = new Disk()
    const plain = new PlainStore(disk)
    const store = {
      get: async (key: string) => await plain.get(key) ?? null,
      put: plain.put.bind(plain),
      del: plain.del.bind(plain),
      batch: async (operations: readonly BatchOperation[]) => { for (const { key } of operations) await plain.put(key, 'x') }
    } as unknown as Store
    expect((await openOn(store, ['alice'])).balanceOf('alice')!.balance).to.equal(0n)
  })

  it('durability none: says so at the start, waits for nothing, and refuses nothing when the store fails', async () => {
    const disk = new Disk()
    const store = new CrashableStore(disk)
    const log = new RecordingLog()
    const ledger = new EmbeddedLedger(store, 'none', log)
    await ledger.open([])
    expect(log.lines.join()).to.match(/warn .*durability=none/)
    for (const accountId of ['alice', 'bob']) ledger.openAccount(accountId, {}, UNIT)
    store.failure = new Error('no space left')
    forward(ledger, 30n)
    await ledger.committed()
    await new Promise(resolve => { setImmediate(resolve) })
    forward(ledger, 30n)
    await ledger.committed()
    store.failure = undefined
    await ledger.close()
    await store.close()
    expect((await openOn(new CrashableStore(disk), ['alice'])).balanceOf('alice')!.balance).to.equal(60n)
  })
})
