/** What the stand-in must know of one kind of transaction; one file each. */
import type { Result } from '../codes.js'
import type { Building } from '../rules.js'
import type { Transaction } from '../transaction.js'
import type { ReadView, View } from '../view.js'

export interface Transactor {
  /** Fields that its template requires, in addition to the common ones. */
  readonly required: readonly string[]
  /** Flags of its own. */
  readonly flags: number
  /** It changes who may sign, so nothing queues behind it. */
  readonly isBlocker?: boolean
  /** Drops that it may take from its sender, the fee apart. */
  spends? (tx: Transaction): bigint
  /** What it costs at least without load, in drops; the base fee when absent. */
  baseFee? (ledger: Building): bigint
  /** Fields that need an amendment which is off: comes before all other checks. */
  isDisabled? (tx: Transaction, ledger: Building): boolean
  /** What can be said without a ledger: `tem` or success. */
  preflight (tx: Transaction, ledger: Building): Result
  /** What can be said before anything changes, after the signature and the fee were checked. */
  preclaim? (tx: Transaction, view: ReadView, ledger: Building): Result
  /**
   * Makes the changes. The fee is paid and the sequence used already.
   * @param expired gets the ids of expired credentials, which are deleted whatever the result
   */
  apply (tx: Transaction, view: View, ledger: Building, expired: Set<string>): Result
}
