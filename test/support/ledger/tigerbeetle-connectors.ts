/** Connectors whose balances are in one cluster. */
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import { LastingClient } from '../../../src/ledger/tigerbeetle/client.js'
import { TigerBeetleLedger } from '../../../src/ledger/tigerbeetle/ledger.js'
import { CrashableStore, Disk } from './crashable-store.js'
import type { Cluster } from './tigerbeetle-double.js'

export const HOLD_TIMEOUT_S = 60
export const LIMITS = { minimum: -100n, maximum: 100n }

export function ledgerOn (cluster: Cluster, { disk = new Disk(), namespace = '' } = {}): TigerBeetleLedger {
  const connect = (): Promise<LastingClient> => Promise.resolve(new LastingClient(() => cluster.client()))
  return new TigerBeetleLedger(connect, new CrashableStore(disk), { namespace, holdTimeoutS: HOLD_TIMEOUT_S }, SILENT_LOG)
}

export async function connectorOn (cluster: Cluster, settings?: { disk?: Disk, namespace?: string }): Promise<TigerBeetleLedger> {
  const ledger = ledgerOn(cluster, settings)
  await ledger.open()
  await ledger.openAccount('alice', LIMITS, 'USD/9')
  return ledger
}

export async function codeOf (action: Promise<unknown>): Promise<string> {
  return await action.then(() => 'done', (error: unknown) => (error as { ilpErrorCode?: string }).ilpErrorCode ?? (error as Error).message)
}
