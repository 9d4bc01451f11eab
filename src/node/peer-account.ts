/** How peers and the application become accounts of the connector: all in one asset, with books but, unless configured, without limits. */
import type { AccountInfo } from '../contracts/account.js'
import type { BtpAccess } from './btp-access.js'
import type { Peer } from './peers.js'
import { addressOf, chainOf } from '../config/node/settlement-chains.js'
import type { CreditLimit, CreditLimits, NodeConfig } from '../contracts/node.js'

/** The account of the application, and the next hop of routes that end here. */
export const LOCAL_ACCOUNT = 'local'
/** The asset of all accounts, as `tokenId` in balances. */
export const TOKEN_ID = 'M2M'

/** Packets per second. A stranger who dialled in gets this; who was configured or has a secret is trusted with more than a node can do. */
const STRANGER_RATE = { refillPeriod: 1000, refillCount: 1000, capacity: 2000 }
const UNLIMITED_RATE = { refillPeriod: 1000, refillCount: 1_000_000, capacity: 1_000_000 }

type Options = Record<string, unknown>

/** A peer that we dial and, if it may, that dials us. If it has a chain, the node settles with it there. */
export function peerAccount (peer: Peer, config: NodeConfig, access: BtpAccess): AccountInfo {
  const plain = account(peer.id, config, UNLIMITED_RATE, {
    server: `btp+${peer.url}`,
    btpAccount: config.nodeId,
    btpToken: peer.authToken,
    dialect: peer.dialect,
    ...(access.mayEnter(peer.id, peer.authToken) && {
      listener: listener(peer.id, config, access.secretOf(peer.id, peer.authToken), { onlyFromServer: true })
    })
  })
  const chain = chainOf(peer, config)
  if (chain === undefined) return plain
  return {
    ...plain,
    plugin: chain.plugin,
    balance: {
      maximum: limitOf(peer.id, config),
      settleThreshold: String(-BigInt(chain.threshold)),
      settleTo: '0',
      ...(chain.intervalMs !== undefined && { settleInterval: chain.intervalMs })
    },
    options: { ...plain.options, ...chain.options, peerAddress: addressOf(peer, chain.kind), senderId: config.nodeId }
  }
}

/** A peer that nobody configured and that has dialled in. */
export function guestAccount (peerId: string, config: NodeConfig, access: BtpAccess): AccountInfo {
  const secret = access.secretOf(peerId)
  const rate = secret === undefined ? STRANGER_RATE : UNLIMITED_RATE
  const guest = account(peerId, config, rate, { listener: listener(peerId, config, secret, { keepFirst: true }) })
  const hasCredit = secret !== undefined || config.ledger.type !== 'tigerbeetle' || strangersLimit(config) === undefined
  return hasCredit ? guest : { ...guest, balance: { maximum: '0' } } // nobody sums up what strangers owe in a cluster
}

/** Whether the operator has set a limit for this name. */
export function hasOwnLimit (peerId: string, { creditLimits: { perPeerLimits = {} } }: NodeConfig): boolean {
  return isMap(perPeerLimits) ? perPeerLimits.has(peerId) : Object.hasOwn(perPeerLimits, peerId)
}

/** What strangers may owe together, in base units: peers with no configuration, secret or limit of their own. Undefined: any amount. */
export function strangersLimit ({ creditLimits: { defaultLimit, globalCeiling } }: NodeConfig): bigint | undefined {
  return creditLimitFor('', { defaultLimit, globalCeiling })
}

/** `options` are those of the plugin `local`. */
export function localAccount (options: Options): AccountInfo {
  return { ...base, plugin: 'local', balance: { maximum: 'Infinity' }, rateLimit: UNLIMITED_RATE, options }
}

const base = { relation: 'peer', assetCode: TOKEN_ID, assetScale: 0, sendRoutes: false, receiveRoutes: false } as const

function account (peerId: string, config: NodeConfig, rateLimit: AccountInfo['rateLimit'], options: Options): AccountInfo {
  return { ...base, plugin: 'btp', balance: { maximum: limitOf(peerId, config) }, rateLimit, options }
}

function limitOf (peerId: string, { creditLimits }: NodeConfig): string {
  return String(creditLimitFor(peerId, creditLimits) ?? 'Infinity')
}

/** Without a secret, a peer that we dial has to prove that it comes from there, and nobody takes the place of a guest that is here. */
function listener (
  username: string, { btpServerHost: host, btpServerPort: port, btpAllowedOrigins: allowedOrigins }: NodeConfig, secret: string | undefined,
  withoutSecret: { onlyFromServer: true } | { keepFirst: true }
): Options {
  return { host, port, allowedOrigins, username, ...(secret === undefined ? { noAuth: true, ...withoutSecret } : { secret }) }
}

/** What a peer may owe us, in base units. Undefined: any amount. */
export function creditLimitFor (peerId: string, { defaultLimit, perPeerLimits = {}, globalCeiling }: CreditLimits): bigint | undefined {
  const limits = isMap(perPeerLimits) ? perPeerLimits : new Map(Object.entries(perPeerLimits))
  const isSet = (limit: CreditLimit | undefined): limit is CreditLimit => limit !== undefined
  const set = [limits.get(peerId) ?? defaultLimit, globalCeiling].filter(isSet).map(BigInt)
  return set.length === 0 ? undefined : set.reduce((a, b) => a < b ? a : b)
}

function isMap (limits: NonNullable<CreditLimits['perPeerLimits']>): limits is ReadonlyMap<string, CreditLimit> {
  return limits instanceof Map
}
