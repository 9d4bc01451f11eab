/** An audit finds what does not add up, and nothing else. */
import { expect } from 'chai'
import sinon from 'sinon'
import { SILENT_LOG } from '../../src/contracts/logger.js'
import { auditLedger } from '../../src/ledger/audit.js'
import { EmbeddedLedger } from '../../src/ledger/embedded/embedded-ledger.js'
import { CrashableStore, Disk } from '../support/ledger/crashable-store.js'

async function open (disk: Disk): Promise<EmbeddedLedger> {
  const ledger = new EmbeddedLedger(new CrashableStore(disk), 'sync', SILENT_LOG)
  await ledger.open([])
  return ledger
}

describe('an audit', () => {
  let disk: Disk

  beforeEach(async () => {
    const clock = sinon.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ['Date'] })
    try {
      disk = new Disk()
      const ledger = await open(disk)
      for (const accountId of ['alice', 'bob']) ledger.openAccount(accountId, {}, 'USD/9')
      for (let day = 0; day < 3; day++) {
        ledger.post(ledger.hold('alice', 10n))
        ledger.post(ledger.hold('bob', -10n))
        ledger.credit('alice', 3n)
        clock.tick(86_400_000)
      }
      ledger.adjust('alice', 1n)
      await ledger.close()
    } finally {
      clock.restore()
    }
  })

  it('of books that are right finds nothing', async () => {
    const ledger = await open(disk)
    expect(ledger.balanceOf('alice')!.balance).to.equal(22n)
    expect(auditLedger(ledger)).to.deep.equal([])
  })

  it('names account, day and both sums where a day does not lead to the next', async () => {
    const journal = disk.entries.get('ledger:journal:alice')!
    disk.entries.set('ledger:journal:alice', journal.replace('"opening":"7"', '"opening":"8"'))
    expect(auditLedger(await open(disk))).to.deep.equal([
      { accountId: 'alice', date: '2026-01-01', computed: 7n, found: 8n },
      { accountId: 'alice', date: '2026-01-02', computed: 15n, found: 14n }
    ])
  })
})
