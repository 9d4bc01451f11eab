/**
 * Payouts that the token refused: the network contract keeps them for us, and we take them out as soon as the token permits. Any token that
 * can be paused, or can block addresses, may refuse for a while.
 */
import { describeError } from '../../src/lib/describe-error.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { Heads } from './chain/heads.js'
import type { Network } from './chain/network.js'
import type { Transactions } from './chain/transactions.js'

export interface PayoutsOptions {
  network: () => Promise<Network>
  heads: Heads
  transactions: Transactions
  /** Ours, in lower case. */
  address: string
  log: Logger
}

const AGAIN_MS = 10 * 60_000
const PREFIX = 'withdraw:'

export class Payouts {
  readonly #options: PayoutsOptions
  #looking: Promise<void> | undefined

  constructor (options: PayoutsOptions) {
    this.#options = options
  }

  /** Takes out what waits for us, if anything does. */
  look (): void {
    this.#looking ??= this.#withdraw().finally(() => { this.#looking = undefined })
  }

  /** Resolves when nothing is being looked at. */
  async quiet (): Promise<void> {
    await this.#looking
  }

  /** What is confirmed and not taken out yet. Never rejects. */
  async #withdraw (): Promise<void> {
    const { network, heads, transactions, address, log } = this.#options
    let amount = 0n
    try {
      const contract = await network()
      const block = await heads.confirmed()
      amount = await contract.withdrawable(address, block)
      if (amount === 0n || transactions.isBusyWith(PREFIX) || await contract.withdrawable(address, 'latest') === 0n) return
      const { txId } = await transactions.do(`${PREFIX}${block}`, () => Promise.resolve(contract.withdraw(address)))
      log.info('took out what the token had refused to pay. amount=%s txId=%s', String(amount), txId)
    } catch (error) {
      if (amount === 0n) return // the chain is away: others say so
      log.warn('the token refuses to pay us, the network keeps it for us. address=%s amount=%s error=%s retryInMs=%d',
        address, String(amount), describeError(error), AGAIN_MS)
    }
  }
}
