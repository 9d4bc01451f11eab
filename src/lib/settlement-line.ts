/** The one line about a settlement, with account, amount and outcome: an operator can read in the log, or the explorer, what moved. */
import { amountInUnit, unitOf } from './amounts.js'
import { describeError } from './describe-error.js'
import { hideSecrets } from './hide-secrets.js'
import type { AccountInfo } from '../contracts/account.js'
import type { Notice, SettlementCompleted } from '../contracts/explorer-events.js'
import type { Logger } from '../contracts/logger.js'

export interface SettlementOutcome {
  accountId: string
  direction: 'outgoing' | 'incoming'
  /** Base units, or whatever a plugin reported in their place. */
  amount: string
  /** For outgoing money `paid` or `unpaid`; for incoming money `received`, or `refused`: not booked. */
  outcome: 'paid' | 'unpaid' | 'received' | 'refused'
  id?: string | undefined
  /** Why it was not paid, or not booked. */
  error?: unknown
  /** Of the account before and after, base units: above 0, the peer owes us. Undefined where no books are kept. */
  balances?: { before: bigint, after: bigint } | undefined
}

/**
 * @param account undefined for one that has been removed
 * @param unit what the books say the amounts are: `USD/9`
 */
export function writeSettlement (
  log: Logger, { accountId, direction, amount, outcome, id = 'none', error }: SettlementOutcome, account: AccountInfo | undefined, unit?: string
): void {
  const known = unit ?? (account && unitOf(account))
  const inWords = (/^\d+$/.test(amount) ? amountInUnit(BigInt(amount), known) : undefined) ?? amount
  if (error === undefined) {
    log.info('settlement. accountId=%s direction=%s amount=%s inWords="%s" outcome=%s id=%s', accountId, direction, amount, inWords, outcome, id)
    return
  }
  const why = hideSecrets(describeError(error), account?.options)
  log.info('settlement. accountId=%s direction=%s amount=%s inWords="%s" outcome=%s id=%s error=%s',
    accountId, direction, amount, inWords, outcome, id, why)
}

/** The same for the explorer. Undefined for an account that has been removed: nobody knows what its amounts are. */
export function settlementNotice (
  { accountId, direction, amount, outcome, id, error, balances }: SettlementOutcome, account: AccountInfo | undefined
): Notice<SettlementCompleted> | undefined {
  if (account === undefined) return undefined
  const { assetCode, assetScale, plugin } = account
  return {
    type: 'SETTLEMENT_COMPLETED',
    peerId: accountId,
    tokenId: assetCode,
    assetCode,
    assetScale,
    direction: direction === 'outgoing' ? 'sent' : 'received',
    ...(balances !== undefined && { previousBalance: String(balances.before), newBalance: String(balances.after) }),
    settledAmount: amount,
    settlementType: typeof plugin === 'string' ? plugin : plugin.constructor.name,
    success: outcome === 'paid' || outcome === 'received',
    ...(id !== undefined && { settlementId: id }),
    ...(error !== undefined && { errorMessage: hideSecrets(describeError(error), account.options) })
  }
}
