/** The built-in ledgers keep the promises of every ledger. */
import { SILENT_LOG } from '../../src/contracts/logger.js'
import LeveldownStore from '../../stores/leveldown.js'
import MemdownStore from '../../stores/memdown.js'
import { EmbeddedLedger } from '../../src/ledger/embedded/embedded-ledger.js'
import { MemoryLedger } from '../../src/ledger/embedded/memory-ledger.js'
import { TigerBeetleLedger } from '../../src/ledger/tigerbeetle/ledger.js'
import type { Store } from '../../src/contracts/store.js'
import { ledgerConformance, type Opened } from '../conformance/ledger.js'
import { CrashableStore, Disk, PlainStore } from '../support/ledger/crashable-store.js'
import { Cluster } from '../support/ledger/tigerbeetle-double.js'

ledgerConformance('memory', () => Promise.resolve({ ledger: new MemoryLedger(), close: () => Promise.resolve() }), { persistent: false, ownHistory: true })

ledgerConformance('embedded on leveldown', path => embedded(new LeveldownStore({ path }, { log: SILENT_LOG })), { persistent: true, ownHistory: true })

ledgerConformance('embedded on memdown', () => embedded(new MemdownStore({}, { log: SILENT_LOG })), { persistent: false, ownHistory: true })

const disks = new Map<string, Disk>()
ledgerConformance('embedded on a store without batch', path => embedded(new PlainStore(diskOf(path))), { persistent: true, ownHistory: true })

ledgerConformance('embedded, durability none', path => embedded(new CrashableStore(diskOf(path)), 'none'), { persistent: true, ownHistory: true })

function diskOf (path: string): Disk {
  const disk = disks.get(path) ?? new Disk()
  disks.set(path, disk)
  return disk
}

async function embedded (store: Store, durability: 'sync' | 'none' = 'sync'): Promise<Opened> {
  const ledger = new EmbeddedLedger(store, durability, SILENT_LOG)
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

const clusters = new Map<string, { cluster: Cluster, disk: Disk }>()
ledgerConformance('tigerbeetle (a double of it)', async path => {
  const { cluster, disk } = clusters.get(path) ?? { cluster: new Cluster(), disk: new Disk() }
  clusters.set(path, { cluster, disk })
  const ledger = new TigerBeetleLedger(
    () => Promise.resolve(cluster.client()), new CrashableStore(disk), { namespace: '', holdTimeoutS: 60 }, SILENT_LOG)
  await ledger.open()
  return { ledger, close: () => ledger.close() }
}, { persistent: true, ownHistory: false })
