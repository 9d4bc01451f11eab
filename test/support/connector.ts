/** A small real connector for tests: `createApp` with accounts whose peers are the test, rates of 1, and a store in memory. */
import { fileURLToPath } from 'node:url'
import reductModule, { type Injector } from 'reduct'
import { createApp, type App } from '../../src/connector/connector.js'
import type { ConnectorInput } from '../../src/config/connector/schema.js'
import { LedgerService } from '../../src/ledger/service.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import { TestPlugin } from './test-plugin.js'

export const MEMORY_STORE = fileURLToPath(new URL('./modules/memory-store.js', import.meta.url))

export type Options = Omit<Partial<ConnectorInput>, 'accounts'>

export interface TestConnector {
  app: App
  container: Injector
  /** What the books say of all accounts that have a balance. */
  balances: () => Record<string, { balance: bigint, held: bigint }>
}

/** An account with a plugin instance: a peer in USD with 9 decimals. */
export function account (plugin: AccountInfo['plugin'] = new TestPlugin(), more: Partial<AccountInfo> = {}): AccountInfo {
  return { relation: 'peer', plugin, assetCode: 'USD', assetScale: 9, ...more }
}

/** Not started yet. Each account `x` is at `test.x`, unless routes are given. */
export function makeConnector (accounts: Record<string, AccountInfo>, options: Options = {}): TestConnector {
  const container = reductModule.default()
  const app = createApp({
    ilpAddress: 'test.connector',
    backend: 'one-to-one',
    spread: 0,
    store: MEMORY_STORE,
    routeBroadcastEnabled: false,
    initialConnectTimeout: 1000,
    routes: Object.keys(accounts).map(id => ({ targetPrefix: `test.${id}`, peerId: id })),
    accounts,
    ...options
  }, container)
  return { app, container, balances: () => balancesOf(container) }
}

/** Started. Stop it with `app.shutdown()`. */
export async function startConnector (accounts: Record<string, AccountInfo>, options: Options = {}): Promise<TestConnector> {
  const connector = makeConnector(accounts, options)
  await connector.app.listen()
  return connector
}

function balancesOf (container: Injector): Record<string, { balance: bigint, held: bigint }> {
  const { ledger } = container(LedgerService)
  return Object.fromEntries(Array.from(ledger.accountIds(), accountId => {
    const { balance, incomingHolds, outgoingHolds, settling } = ledger.balanceOf(accountId)!
    return [accountId, { balance, held: incomingHolds - outgoingHolds + settling }]
  }))
}

