/** Where the metrics of a node come from. Looked at only when somebody scrapes, which is when everything is there. */
import type { Asset } from '../contracts/account.js'
import type { Audit } from '../contracts/audit.js'
import type { Guard } from '../contracts/guard.js'
import type { AccountBalance } from '../contracts/ledger.js'
import type { PluginInstance } from '../contracts/plugin.js'
import type { AccountStats } from '../metrics/stats.js'
import { listChannels } from './channels.js'
import type { MetricSources } from './metrics.js'
import { LOCAL_ACCOUNT } from './peer-account.js'

/** The session, as far as it knows figures. */
interface Counted {
  readonly guard: Guard | undefined
  /** Undefined: peers are dialled directly. */
  readonly overlay: ReturnType<MetricSources['transport']> | undefined
  tokenOf (peerId: string): string
  balanceOf (peerId: string): AccountBalance | undefined
  pluginOf (peerId: string): PluginInstance | undefined
  assetOf (accountId: string): Asset
}

interface SourcesHost {
  readonly ownAddress: string
  readonly stats: AccountStats
  readonly audit: Audit | undefined
  readonly accountIds: () => string[]
}

export function metricSources (session: Counted, { ownAddress, stats, audit, accountIds }: SourcesHost): MetricSources {
  const valuesOf = (counter: AccountStats['incomingDataPackets']): Map<string, number> => new Map(counter.getStatus().values
    .filter(({ labels }) => labels.result === 'fulfilled').map(({ labels, value }) => [String(labels.account), value]))
  const peerIds = (): string[] => accountIds().filter(accountId => accountId !== LOCAL_ACCOUNT)
  return {
    ownAddress,
    audit: () => audit?.status(),
    guard: () => session.guard,
    transport: () => session.overlay ?? { isHealthy: true, probeFailures: 0, restarts: 0 },
    tokenOf: peerId => session.tokenOf(peerId),
    balances: () => peerIds().map(id => [id, session.balanceOf(id)?.balance ?? 0n] as const),
    turnover: () => {
      const [debits, credits] = [valuesOf(stats.incomingDataPacketValue), valuesOf(stats.outgoingDataPacketValue)]
      return peerIds().map(id => [id, debits.get(id) ?? 0, credits.get(id) ?? 0] as const)
    },
    channels: () => listChannels({ peerIds, pluginOf: id => session.pluginOf(id), assetOf: id => session.assetOf(id) }),
    claims: () => peerIds().flatMap(id => {
      const counts = session.pluginOf(id)?.channels?.().claimCounts
      return counts === undefined ? [] : [[id, counts] as const]
    })
  }
}
