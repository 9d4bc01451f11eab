/** The running totals of an account in the store: a bounded number, and none that are damaged. */
import { expect } from 'chai'
import { SILENT_LOG } from '../../src/contracts/logger.js'
import { EmbeddedLedger } from '../../src/ledger/embedded/embedded-ledger.js'
import type { RunningTotal } from '../../src/contracts/plugin.js'
import { CrashableStore, Disk } from '../support/ledger/crashable-store.js'

const step = (from: bigint, to: bigint, id = 'claims'): RunningTotal => ({ id, from, to })

describe('running totals in the store', () => {
  async function open (disk: Disk): Promise<EmbeddedLedger> {
    const ledger = new EmbeddedLedger(new CrashableStore(disk), 'sync', SILENT_LOG)
    await ledger.open([])
    ledger.openAccount('alice', {}, 'USD/9')
    return ledger
  }

  it('are the newest thousand, those that grow', async () => {
    const disk = new Disk()
    const ledger = await open(disk)
    const credit = (id: string, to: bigint): boolean => ledger.credit('alice', to, undefined, step(0n, to, id))
    credit('lasting', 1n)
    for (let i = 0; i < 1500; i++) {
      credit(`sum-${i}`, 1n)
      credit('lasting', BigInt(i) + 2n)
    }
    await ledger.close()
    const again = await open(disk)
    expect((JSON.parse(disk.entries.get('ledger:totals:alice')!) as { received: unknown[] }).received).to.have.length(1000)
    expect(again.credit('alice', 1501n, undefined, step(0n, 1501n, 'lasting'))).to.equal(false)
    expect(again.credit('alice', 1n, undefined, step(0n, 1n, 'sum-1400'))).to.equal(false)
  })

  it('are refused where they are damaged, and may be missing in records from before there were any', async () => {
    const disk = new Disk()
    const ledger = await open(disk)
    ledger.adjust('alice', 5n)
    await ledger.close()
    for (const key of [...disk.entries.keys()]) if (/^ledger:(totals|id)/.test(key)) disk.entries.delete(key)
    const again = await open(disk)
    expect(again.balanceOf('alice')).to.include({ balance: 5n, prepaid: 0n })
    again.prepay('alice', step(0n, 7n))
    await again.close()
    expect(disk.entries.get('ledger:totals:alice')).to.equal('{"version":1,"received":[],"prepaid":[["claims","7"]]}')
    for (const [key, value] of [['totals:alice', '{"version":1,"received":[]}'], ['id', '{"version":1,"id":""}'], ['id', 'x']] as const) {
      const damaged = new Disk()
      for (const [own, text] of disk.entries) damaged.entries.set(own, text)
      damaged.entries.set(`ledger:${key}`, value)
      expect(await open(damaged).then(() => 'opened', (error: unknown) => (error as Error).message)).to.contain(`record=ledger:${key}`)
    }
  })
})
