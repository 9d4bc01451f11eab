/** The ledger that the connector's balances are kept in. */
import type { Injector } from 'reduct'
import type { Ledger } from '../types/ledger.js'
import { MemoryLedger } from './memory-ledger.js'

export class LedgerService {
  readonly ledger: Ledger = new MemoryLedger()

  constructor (_deps: Injector) {}
}
