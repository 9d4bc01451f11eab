/** What an account's plugin may do with the account's books. Plugins are created before the ledger opens. */
import type { Ledger } from '../contracts/ledger.js'
import type { PluginBooks, RunningTotal } from '../contracts/plugin.js'

export class AccountBooks implements PluginBooks {
  constructor (private readonly accountId: string, private readonly ledger: () => Ledger) {}

  get id (): string {
    return this.ledger().id
  }

  prepay (total: RunningTotal, limit?: bigint): void | Promise<void> {
    if (this.hasPage) return this.ledger().prepay(this.accountId, total, limit)
  }

  prepaid (): bigint {
    return this.hasPage ? this.ledger().balanceOf(this.accountId)?.prepaid ?? 0n : 0n
  }

  /** An account without limits has none, though an earlier account of that id may have left one. */
  private get hasPage (): boolean {
    return this.ledger().balanceOf(this.accountId)?.removed === false
  }
}
