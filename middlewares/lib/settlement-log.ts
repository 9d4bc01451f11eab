/**
 * One line for each settlement of an account with books. An attempt of which nobody knows the outcome yet has no line: it is written when
 * the settlement has ended, by the plugin's word or by an operator's.
 */
import { settlementNotice, writeSettlement, type SettlementOutcome } from '../../src/lib/settlement-line.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { Settlement } from '../../src/contracts/ledger.js'
import type { MiddlewareApi, Transfer } from '../../src/contracts/middleware.js'

export class SettlementLog {
  constructor (private readonly api: MiddlewareApi) {}

  /** Money for the peer. `error`: why it was not paid. */
  outgoing ({ accountId, amount, id }: Settlement, outcome: 'paid' | 'unpaid', error?: unknown): void {
    const unit = this.api.ledger.balanceOf(accountId)?.unit
    this.write({ accountId, direction: 'outgoing', amount: String(amount), outcome, id, error }, unit)
  }

  /** Money from the peer. `error`: why it is not in the books. What came with packets is left out: it is as frequent as packets are. */
  incoming (accountId: string, amount: string, { id, withPackets = false }: Transfer, error?: unknown): void {
    if (withPackets || amount === '0') return
    const outcome = error === undefined ? 'received' : 'refused'
    this.write({ accountId, direction: 'incoming', amount, outcome, id, error })
  }

  private write (settlement: SettlementOutcome, unit?: string): void {
    const { log, tell } = this.api
    const info = this.infoOf(settlement.accountId)
    writeSettlement(log, settlement, info, unit)
    const notice = tell && settlementNotice(settlement, info)
    if (notice !== undefined) tell?.(notice)
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
