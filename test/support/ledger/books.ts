/** A real connector on a store that the test can crash, fail and look into. */
import { fileURLToPath } from 'node:url'
import { LedgerService } from '../../../src/ledger/service.js'
import { MiddlewareManager } from '../../../src/pipeline/middleware-manager.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import type { AccountBalance, Ledger, Settlement } from '../../../src/contracts/ledger.js'
import type { Store } from '../../../src/contracts/store.js'
import { account, startConnector, type TestConnector } from '../connector.js'
import { TestPlugin } from '../test-plugin.js'

const GIVEN_STORE = fileURLToPath(new URL('../modules/given-store.js', import.meta.url))

/** What an operator has of the middleware named `balance`. */
export interface Operator {
  getStatus (): { accounts: Record<string, AccountBalance> }
  getSettlements (): Settlement[]
  settle (accountId: string, amount?: bigint): Promise<void>
  resolveSettlement (id: string, outcome: 'paid' | 'unpaid'): Promise<void>
  modifyBalance (accountId: string, diff: bigint): bigint
}

/** A peer that pays and is paid, and keeps what it was told. */
export class PayingPlugin extends TestPlugin {
  readonly payments: Array<{ amount: string, id: string | undefined }> = []
  settlesOnce = false
  settlementUnit = '1'
  pay: (amount: string, id: string) => unknown = () => undefined

  override async sendMoney (amount: string, transfer?: { id: string }): Promise<void> {
    this.payments.push({ amount, id: transfer?.id })
    await this.pay(amount, transfer?.id ?? '')
  }

  /** The peer paid, under an id. */
  async receivePayment (amount: string, id?: string): Promise<void> {
    if (this.moneyHandler === undefined) throw new Error('nobody listens for money')
    await this.moneyHandler(amount, { id })
  }
}

export interface Books extends TestConnector {
  ledger: Ledger
  operator: Operator
  alice: PayingPlugin
  bob: PayingPlugin
  balance (accountId: string): bigint
}

export const WIDE = { minimum: '-1000000', maximum: '1000000' }

interface Settings {
  alice?: Partial<AccountInfo>
  bob?: Partial<AccountInfo>
  plugins?: { alice?: PayingPlugin, bob?: PayingPlugin }
}

/** With accounts alice and bob, both with wide limits unless told otherwise. */
export async function startBooks (store: Store, { alice = {}, bob = {}, plugins = {} }: Settings = {}): Promise<Books> {
  const alicePlugin = plugins.alice ?? new PayingPlugin()
  const bobPlugin = plugins.bob ?? new PayingPlugin()
  const accounts = {
    alice: account(alicePlugin, { balance: WIDE, ...alice }),
    bob: account(bobPlugin, { balance: WIDE, ...bob })
  }
  const connector = await startConnector(accounts, { store: GIVEN_STORE, storeConfig: { store } })
  const { ledger } = connector.container(LedgerService)
  return {
    ...connector,
    ledger,
    alice: alicePlugin,
    bob: bobPlugin,
    operator: connector.container(MiddlewareManager).getMiddleware('balance') as unknown as Operator,
    balance: accountId => ledger.balanceOf(accountId)?.balance ?? 0n
  }
}
