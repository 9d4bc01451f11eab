/**
 * One line for each settlement of an account with books. An attempt of which nobody knows the outcome yet has no line: it is written when
 * the settlement has ended, by the plugin's word or by an operator's.
 */
import { settlementNotice, writeSettlement, type SettlementOutcome } from '../../src/lib/settlement-line.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { AccountBalance, Settlement } from '../../src/contracts/ledger.js'
import type { MiddlewareApi, Transfer } from '../../src/contracts/middleware.js'

interface Known {
  /** Why it was not paid, or is not in the books. */
  error?: unknown
  /** The account before. Undefined: as it is now. */
  before?: AccountBalance | undefined
}

export class SettlementLog {
  constructor (private readonly api: MiddlewareApi) {}

  /** Money for the peer. To be called when that is booked. */
  outgoing ({ accountId, amount, id }: Settlement, outcome: 'paid' | 'unpaid', { error, before }: Known = {}): void {
    this.write({ accountId, direction: 'outgoing', amount: String(amount), outcome, id, error }, before)
  }

  /** Money from the peer. What came with packets is left out: it is as frequent as packets are. */
  incoming (accountId: string, amount: string, { id, withPackets = false }: Transfer, { error, before }: Known = {}): void {
    if (withPackets || amount === '0') return
    const outcome = error === undefined ? 'received' : 'refused'
    this.write({ accountId, direction: 'incoming', amount, outcome, id, error }, before)
  }

  private write (settlement: SettlementOutcome, before: AccountBalance | undefined): void {
    const { ledger, log, tell } = this.api
    const { accountId } = settlement
    const info = this.infoOf(accountId)
    const after = ledger.balanceOf(accountId) ?? before // a book may end with its last settlement
    writeSettlement(log, settlement, info, settlement.direction === 'outgoing' ? after?.unit : undefined)
    if (tell === undefined) return
    const balances = after && { before: (before ?? after).balance, after: after.balance }
    const notice = settlementNotice({ ...settlement, balances }, info)
    if (notice !== undefined) tell(notice)
  }

  /** Undefined for an account that has been removed; its settlements may end later. */
  private infoOf (accountId: string): AccountInfo | undefined {
    try {
      return this.api.getInfo(accountId)
    } catch {
      return undefined
    }
  }
}
