/** The one line about a settlement, with account, amount and outcome, so that an operator can read in the log what moved. */
import { amountInUnit } from './amounts.js'
import { describeError } from './describe-error.js'
import { hideSecrets } from './hide-secrets.js'
import type { AccountInfo } from '../contracts/account.js'
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
}

/**
 * @param account undefined for one that has been removed
 * @param unit what the books say the amounts are: `USD/9`
 */
export function writeSettlement (
  log: Logger, { accountId, direction, amount, outcome, id = 'none', error }: SettlementOutcome, account: AccountInfo | undefined, unit?: string
): void {
  const known = unit ?? (account && `${account.assetCode}/${account.assetScale}`)
  const inWords = (/^\d+$/.test(amount) ? amountInUnit(BigInt(amount), known) : undefined) ?? amount
  if (error === undefined) {
    log.info('settlement. accountId=%s direction=%s amount=%s inWords="%s" outcome=%s id=%s', accountId, direction, amount, inWords, outcome, id)
    return
  }
  const why = hideSecrets(describeError(error), account?.options)
  log.info('settlement. accountId=%s direction=%s amount=%s inWords="%s" outcome=%s id=%s error=%s',
    accountId, direction, amount, inWords, outcome, id, why)
}
