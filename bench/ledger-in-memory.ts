/** Loaded before a daemon (`node --import`): keeps its balances in memory only, so that what durable ones cost can be measured. */
import { LedgerService } from '../src/ledger/service.js'
import { MemoryLedger } from '../src/ledger/embedded/memory-ledger.js'

const ledger = new MemoryLedger()
Object.defineProperties(LedgerService.prototype, {
  ledger: { get: () => ledger },
  open: { value: () => Promise.resolve() },
  close: { value: () => Promise.resolve() }
})
