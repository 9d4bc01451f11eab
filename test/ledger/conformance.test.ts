/** The built-in ledgers keep the promises of every ledger. */
import LeveldownStore from '../../stores/leveldown.js'
import MemdownStore from '../../stores/memdown.js'
import { EmbeddedLedger } from '../../src/ledger/embedded-ledger.js'
import { MemoryLedger } from '../../src/ledger/memory-ledger.js'
import type { Store } from '../../src/types/store.js'
import { ledgerConformance, type Opened } from '../conformance/ledger.js'
import { CrashableStore, Disk, PlainStore } from './crashable-store.js'
import { silentLog } from './silent-log.js'

ledgerConformance('memory', () => Promise.resolve({ ledger: new MemoryLedger(), close: () => Promise.resolve() }), { persistent: false })

ledgerConformance('embedded on leveldown', path => embedded(new LeveldownStore({ path }, { log: silentLog })), { persistent: true })

ledgerConformance('embedded on memdown', () => embedded(new MemdownStore({}, { log: silentLog })), { persistent: false })

const disks = new Map<string, Disk>()
ledgerConformance('embedded on a store without batch', path => embedded(new PlainStore(diskOf(path))), { persistent: true })

ledgerConformance('embedded, durability none', path => embedded(new CrashableStore(diskOf(path)), 'none'), { persistent: true })

function diskOf (path: string): Disk {
  const disk = disks.get(path) ?? new Disk()
  disks.set(path, disk)
  return disk
}

async function embedded (store: Store, durability: 'sync' | 'none' = 'sync'): Promise<Opened> {
  const ledger = new EmbeddedLedger(store, durability, silentLog)
  await store.open?.()
  await ledger.open([])
  return {
    ledger,
    close: async () => {
      await ledger.close()
      await store.close?.()
    }
  }
}
