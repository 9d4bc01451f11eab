/** What a node adds to the explorer of the connector inside it: its name, its peers, its rules of access, and its configuration. */
import { join } from 'node:path'
import type { HealthStatus, NodeConfig } from '../contracts/node.js'
import type { AuditStatus } from '../contracts/audit.js'
import type { PausedPeer } from '../contracts/guard.js'
import type { AttentionEntry, ConfigView, PeerView } from '../contracts/explorer.js'
import type { Door } from '../explorer/door.js'
import { effectiveSettings, type Setting, type SettingSource } from '../config/effective.js'
import { ChainKinds } from '../config/node/chain-kinds.js'
import { fieldAt } from '../config/node/chains.js'
import { explorerHasPort } from '../config/node/rules.js'
import type { ConnectorConfig } from '../contracts/node.js'
import { addressOf } from '../config/node/settlement-chains.js'
import { LOCAL_ACCOUNT } from './peer-account.js'
import type { Peers } from './peers.js'

export interface NodeOfDoor {
  config: NodeConfig
  /** What was written, and who wrote it. */
  given: ConnectorConfig
  sourceOf: (path: readonly PropertyKey[]) => SettingSource
  peers: Peers
  health: () => HealthStatus
  isGuest: (peerId: string) => boolean
  paused: () => readonly PausedPeer[]
  audit: () => AuditStatus | undefined
}

export function nodeDoor (node: NodeOfDoor): Door {
  const { config, health } = node
  const { explorer, adminApi, environment, nodeId, dataPath } = config
  return {
    access: {
      host: explorer.host,
      environment,
      apiKey: adminApi.apiKey,
      allowedIPs: adminApi.allowedIPs,
      trustProxy: adminApi.trustProxy,
      allowedHosts: adminApi.allowedHosts,
      settings: { apiKey: 'adminApi.apiKey (ADMIN_API_KEY)', allowedHosts: 'adminApi.allowedHosts (ADMIN_API_ALLOWED_HOSTS)', host: 'explorer.host (EXPLORER_HOST)' }
    },
    port: explorer.port,
    isAsked: explorer.isAsked,
    hasPort: explorerHasPort(config),
    settings: { host: 'explorer.host (EXPLORER_HOST)', port: 'explorer.port (EXPLORER_PORT)' },
    historyPath: join(dataPath, `explorer-${nodeId}`),
    facts: {
      nodeId,
      environment,
      status: () => health().status,
      isOwn: accountId => accountId === LOCAL_ACCOUNT,
      peer: accountId => peerFacts(accountId, node),
      settings: () => settingsOf(node),
      auditHead: () => headOf(node.audit()),
      attention: () => [...handlerAttention(health()), ...pausedAttention(node), ...auditAttention(node)],
      commands: {
        redeem: channelId => `connector channels redeem ${channelId}${adminUrl(config)}`,
        settlements: () => `curl${keyHeader(config)} http://localhost:${adminApi.port}/admin/settlement/states`,
        balances: () => `curl${keyHeader(config)} http://localhost:${adminApi.port}/admin/peers`
      }
    }
  }
}

function peerFacts (accountId: string, { config, peers, isGuest }: NodeOfDoor): Pick<PeerView, 'relation' | 'isGuest'> & Partial<PeerView> {
  const peer = peers.get(accountId)
  const addresses = peer === undefined ? [] : config.chainKinds.flatMap(kind => {
    const address = addressOf(peer, kind)
    return address === undefined ? [] : [[kind.peerField, address] as const]
  })
  return {
    relation: peers.relationOf(accountId),
    isGuest: isGuest(accountId),
    ...(peer !== undefined && { btpUrl: peer.url }),
    ...Object.fromEntries(addresses)
  }
}

function handlerAttention ({ dependencies: { handler } }: HealthStatus): AttentionEntry[] {
  if (handler?.status !== 'down') return []
  return [{
    kind: 'handler', severity: 'look', subject: 'handler', action: { label: 'Look at the settings', page: 'config' },
    text: 'Your business logic server (localDelivery.handlerUrl) does not answer: packets for your application are rejected.'
  }]
}

function headOf (status: AuditStatus | undefined): ConfigView['audit'] {
  return status === undefined || status.entries === 0 ? undefined : { entries: status.entries, head: status.head }
}

function auditAttention ({ audit }: NodeOfDoor): AttentionEntry[] {
  const { trouble, lost = 0 } = audit() ?? {}
  if (trouble === undefined && lost === 0) return []
  return [{
    kind: 'audit', severity: 'risk', subject: 'audit log', action: { label: 'Look at the settings', page: 'config' },
    text: trouble === undefined ? `${lost} entries of the audit log could not be written.` : `The audit log cannot be written: ${trouble}. Payments go on.`
  }]
}

function pausedAttention ({ paused, config }: NodeOfDoor): AttentionEntry[] {
  return paused().map(({ peerId, since, by, reason }) => ({
    kind: 'paused', severity: 'look', subject: peerId, since, text: `${peerId} is paused by ${by}, and its packets are refused: ${reason}`,
    action: { label: 'Resume it', command: `connector security resume ${peerId}${adminUrl(config)}` }
  }))
}

/** What was written, and, where nothing was, what was decided. */
function settingsOf ({ config, given, sourceOf }: NodeOfDoor): Setting[] {
  const kinds = new ChainKinds({ ...given })
  const settlement = { ...given.settlement, connectorFeePercentage: config.feePercentage }
  const values = { ...given, ...config, peers: given.peers, routes: given.routes, settlement, security: given.security }
  return effectiveSettings(without(values, DECIDED), path => fieldAt(given, path, kinds), sourceOf)
    .filter(({ name }) => !DECIDED.includes(name))
}

/** What a node decides for itself, and no configuration has. */
const DECIDED: readonly string[] = ['chains', 'chainKinds', 'feePercentage', 'feeReason', 'adminApi.isHostGiven', 'explorer.isAsked']

function without (values: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))
}

function adminUrl ({ adminApi }: NodeConfig): string {
  return adminApi.port === 8081 ? '' : ` --url http://localhost:${adminApi.port}`
}

function keyHeader ({ adminApi }: NodeConfig): string {
  return adminApi.apiKey === undefined ? '' : ' -H "X-Api-Key: $ADMIN_API_KEY"'
}
