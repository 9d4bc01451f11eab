/** What the admin API asks of the connector around it. The application implements it; tests bring their own. */
import type { LedgerStatus } from '../../ledger/service.js'
import type { AccountStats } from '../../metrics/stats.js'
import type { AccountInfo } from '../../contracts/account.js'
import type { Rate } from '../../contracts/backend.js'
import type { AccountBalance, Day, Settlement } from '../../contracts/ledger.js'
import type { PluginInstance } from '../../contracts/plugin.js'

export interface AdminAccount {
  info: AccountInfo
  plugin: PluginInstance
}

/** A peer refused packets because we owe it too much. Bumped, not repeated, when it happens again. */
export interface Alert {
  id: number
  accountId: string
  triggeredBy: string
  message: string
  count: number
  createdAt: Date
  updatedAt: Date
}

/** A configured route. Of several for one prefix the highest priority (default 0) wins. */
export interface ConfiguredRoute {
  targetPrefix: string
  peerId: string
  priority?: number | undefined
}

/**
 * Errors that these methods throw become answers: the status is the error's `httpErrorCode` if it has one, 409 for ILP error T04, and 500
 * otherwise; the text is `String(error)`. So a message must not hold a secret.
 */
export interface AdminHost {
  readonly stats: AccountStats
  /** The connector's own ILP address. */
  address (): string
  accountIds (): Iterable<string>
  /** Undefined for an unknown id. */
  account (accountId: string): AdminAccount | undefined
  /** By account id, for accounts that have a balance. Undefined while no balances are kept at all (`balance` disabled). */
  balances (): ReadonlyMap<string, AccountBalance> | undefined
  /** An operator's correction in base units: positive means that the peer owes us more. Throws T04, changing nothing, at a limit. */
  adjustBalance (accountId: string, amount: bigint): Promise<void> | void
  /** What the ledger promises, and why it cannot at the moment. */
  ledgerStatus (): LedgerStatus
  /** Of one account, by day, oldest first. */
  journal (accountId: string): readonly Day[]
  /** Payments to peers that are under way, or of which nobody knows the outcome. */
  settlements (): readonly Settlement[]
  /** Pays `amount` > 0 base units now, or what is due. Rejects with `httpErrorCode` 404 and 409 where there is nothing to pay. */
  settle (accountId: string, amount?: bigint): Promise<void>
  /** Closes a settlement of which nobody knows the outcome. Rejects with `httpErrorCode` 404 for an unknown id, 409 for one under way. */
  resolveSettlement (id: string, outcome: 'paid' | 'unpaid'): Promise<void>
  /** The local routing table by prefix; `path` is the hops, joined by spaces. */
  localRoutes (): Record<string, { nextHop: string, path: string }>
  /** All routing state, as GET /routing shows it. */
  routingStatus (): object
  /** Rates by source and destination account, spread included. */
  rates (): Promise<Record<string, Record<string, Rate>>>
  /** Undefined while nobody raises alerts (`alert` disabled). */
  alerts (): readonly Alert[] | undefined
  /** Does nothing for an unknown id. */
  dismissAlert (id: number): void
  /**
   * Adds an account and connects it. The account is unchecked JSON: rejects with `httpErrorCode` 400 and the validation's text when it is
   * not valid, with 409 when the id has been taken meanwhile; then nothing has changed.
   */
  addAccount (accountId: string, account: unknown): Promise<{ connected: boolean }>
  configuredRoutes (): readonly ConfiguredRoute[]
  /** Adds a route, or changes the priority of the one with the same prefix and peer. */
  addRoute (route: ConfiguredRoute): Promise<void> | void
  /** Whether there was such a route. */
  removeRoute (targetPrefix: string, peerId: string): Promise<boolean> | boolean
}
