/** Tells of balances that have changed: once a second those of accounts that did something, as the books say then. */
import type { Accounts } from '../accounts/accounts.js'
import type { AccountInfo } from '../contracts/account.js'
import type { AccountBalanceChanged, Notice } from '../contracts/explorer-events.js'
import type { AccountBalance, Ledger } from '../contracts/ledger.js'

/** Accounts that are looked at in a second. */
const ACCOUNTS_MAX = 1000

export class BalanceNotices {
  /** What the books said when they were last told of, by account. */
  readonly #told = new Map<string, string>()
  readonly #touched = new Set<string>()

  constructor (private readonly accounts: Accounts, private readonly ledger: () => Ledger) {}

  /** Something happened to the account. */
  touch (accountId: string): void {
    if (this.#touched.size < ACCOUNTS_MAX) this.#touched.add(accountId)
  }

  forget (accountId: string): void {
    this.#told.delete(accountId)
  }

  /** Of the accounts that were touched since the last time, those whose balance is another one. */
  take (): Array<Notice<AccountBalanceChanged>> {
    const touched = [...this.#touched]
    this.#touched.clear()
    return touched.flatMap(accountId => this.#look(accountId) ?? [])
  }

  #look (accountId: string): Notice<AccountBalanceChanged> | undefined {
    if (!this.accounts.exists(accountId)) return undefined
    const book = this.ledger().balanceOf(accountId)
    if (book === undefined) return undefined
    const said = `${book.balance} ${book.settling}`
    if (this.#told.get(accountId) === said) return undefined
    this.#told.set(accountId, said)
    const info = this.accounts.getInfo(accountId)
    const { assetCode, assetScale, balance: config } = info
    const isOwed = book.balance > 0n
    return {
      type: 'ACCOUNT_BALANCE',
      peerId: accountId,
      tokenId: this.accounts.getPlugin(accountId).channels?.().tokenId ?? assetCode,
      assetCode,
      assetScale,
      debitBalance: String(isOwed ? book.balance : 0n),
      creditBalance: String(isOwed ? 0n : -book.balance),
      netBalance: String(-book.balance),
      ...(book.limits.maximum !== undefined && { creditLimit: String(book.limits.maximum) }),
      ...(config?.settleThreshold !== undefined && { settlementThreshold: config.settleThreshold }),
      settlementState: settlementStateOf(book, info)
    }
  }
}

/** `SETTLEMENT_PENDING`: we owe more than the threshold, and nothing is being paid yet. */
export function settlementStateOf (
  { balance, settlement }: Pick<AccountBalance, 'balance' | 'settlement'>, { balance: config }: Pick<AccountInfo, 'balance'>
): AccountBalanceChanged['settlementState'] {
  if (settlement !== undefined) return 'SETTLEMENT_IN_PROGRESS'
  const threshold = config?.settleThreshold
  return isAmount(threshold) && balance < BigInt(threshold) ? 'SETTLEMENT_PENDING' : 'IDLE'
}

/** Whether a setting is an amount, and neither left out nor infinite. */
export function isAmount (setting: string | undefined): setting is string {
  return setting !== undefined && /^-?\d+$/.test(setting)
}
