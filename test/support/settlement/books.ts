/** What a node has on its disk about who owes whom, added up over all days. */
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import { auditLedger } from '../../../src/ledger/audit.js'
import { forEachKind } from '../../../src/ledger/book.js'
import { EmbeddedLedger } from '../../../src/ledger/embedded/embedded-ledger.js'
import type { Movement, MovementKind } from '../../../src/contracts/ledger.js'
import LeveldownStore from '../../../stores/leveldown.js'

export interface AccountBook {
  balance: bigint
  /** What is on hold or being settled: nothing, when all is quiet. */
  open: bigint
  moved: Record<MovementKind, Movement>
}

export type Books = ReadonlyMap<string, AccountBook>

/** Reads the store in a directory that no process uses. Throws where the books of an account do not add up. */
export async function booksIn (path: string): Promise<Books> {
  const store = new LeveldownStore({ path }, { log: SILENT_LOG })
  await store.open()
  try {
    const ledger = new EmbeddedLedger(store, 'sync', SILENT_LOG)
    await ledger.open([])
    const findings = auditLedger(ledger)
    if (findings.length > 0) throw new Error(`the books in ${path} do not add up: ${findings.map(({ accountId }) => accountId).join(', ')}`)
    return new Map(Array.from(ledger.accountIds(), accountId => [accountId, bookOf(ledger, accountId)]))
  } finally {
    await store.close()
  }
}

function bookOf (ledger: EmbeddedLedger, accountId: string): AccountBook {
  const { balance = 0n, settling = 0n, incomingHolds = 0n, outgoingHolds = 0n } = ledger.balanceOf(accountId) ?? {}
  const days = ledger.journalOf(accountId)
  const moved = forEachKind(kind => days.reduce<Movement>((sum, { movements }) => ({
    count: sum.count + movements[kind].count, amount: sum.amount + movements[kind].amount
  }), { count: 0, amount: 0n }))
  return { balance, open: settling + incomingHolds - outgoingHolds, moved }
}
