/** How peers and the application become accounts of the connector: each in its asset, with books but, unless configured, without limits. */
import type { AccountInfo, Asset } from '../contracts/account.js'
import type { SettlementChain } from '../contracts/chain-kind.js'
import type { BtpAccess } from './btp-access.js'
import { proxyOf, proxyOfChain } from './circuits.js'
import type { Peer } from './peers.js'
import { assetOf, creditLimitIn, rescaled } from '../config/node/assets.js'
import { addressOf, chainOf } from '../config/node/settlement-chains.js'
import type { CreditLimit, NodeConfig } from '../contracts/node.js'

/** The account of the application, and the next hop of routes that end here. */
export const LOCAL_ACCOUNT = 'local'

/** Packets per second, of those who have no limit: more than a node can do. */
const UNLIMITED_RATE = { refillPeriod: 1000, refillCount: 1_000_000, capacity: 1_000_000 }

type Options = Record<string, unknown>

/** A peer that we dial and, if it may, that dials us. If it has a chain, the node settles with it there. */
export function peerAccount (peer: Peer, config: NodeConfig, access: BtpAccess): AccountInfo {
  const asset = assetOf(peer, config)
  const plain = account(peer.id, config, asset, rateOf(peer.id, config), {
    server: `btp+${peer.url}`,
    btpAccount: config.nodeId,
    btpToken: peer.authToken,
    dialect: peer.dialect,
    socksProxy: proxyOf(peer, config.transport),
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
      maximum: limitOf(peer.id, config, asset),
      settleThreshold: String(-rescaled(BigInt(chain.threshold), chain.asset?.scale ?? asset.scale, asset.scale)),
      settleTo: '0',
      ...(chain.intervalMs !== undefined && { settleInterval: chain.intervalMs })
    },
    options: {
      ...plain.options,
      ...chain.options,
      ...throughProxy(chain, config),
      peerAddress: addressOf(peer, chain.kind),
      senderId: config.nodeId
    }
  }
}

/** Nothing, where the nodes of the chain are asked directly. */
function throughProxy (chain: SettlementChain, { transport }: NodeConfig): Options {
  const socksProxy = proxyOfChain(chain, transport)
  return socksProxy === undefined ? {} : { chain: { ...Object(chain.options.chain) as Options, socksProxy } }
}

/** A peer that nobody configured and that has dialled in. */
export function guestAccount (peerId: string, config: NodeConfig, access: BtpAccess): AccountInfo {
  const secret = access.secretOf(peerId)
  const rate = secret === undefined ? config.security.rateLimits.guests : rateOf(peerId, config)
  const guest = account(peerId, config, config.asset, rate, { listener: listener(peerId, config, secret, { keepFirst: true }) })
  const hasCredit = secret !== undefined || config.ledger.type !== 'tigerbeetle' || strangersLimit(config) === undefined
  return hasCredit ? guest : { ...guest, balance: { maximum: '0' } } // nobody sums up what strangers owe in a cluster
}

/** Of a peer that was configured or has a secret. */
function rateOf (peerId: string, { security: { rateLimits: { peers, trusted, perPeer } } }: NodeConfig): AccountInfo['rateLimit'] {
  if (trusted.includes(peerId)) return UNLIMITED_RATE
  return (Object.hasOwn(perPeer, peerId) ? perPeer[peerId] : peers) ?? UNLIMITED_RATE
}

/** Whether the operator has set a limit for this name. */
export function hasOwnLimit (peerId: string, { creditLimits: { perPeerLimits = {} } }: NodeConfig): boolean {
  return isMap(perPeerLimits) ? perPeerLimits.has(peerId) : Object.hasOwn(perPeerLimits, peerId)
}

/** What strangers may owe together, in base units: peers with no configuration, secret or limit of their own. Undefined: any amount. */
export function strangersLimit ({ creditLimits: { defaultLimit, globalCeiling }, ...config }: NodeConfig): bigint | undefined {
  return creditLimitIn('', { ...config, creditLimits: { defaultLimit, globalCeiling } })
}

/** `options` are those of the plugin `local`. */
export function localAccount ({ asset }: NodeConfig, options: Options): AccountInfo {
  return { ...base, ...countedIn(asset), plugin: 'local', balance: { maximum: 'Infinity' }, rateLimit: UNLIMITED_RATE, options }
}

const base = { relation: 'peer', sendRoutes: false, receiveRoutes: false } as const

function account (peerId: string, config: NodeConfig, asset: Asset, rateLimit: AccountInfo['rateLimit'], options: Options): AccountInfo {
  return { ...base, ...countedIn(asset), plugin: 'btp', balance: { maximum: limitOf(peerId, config, asset) }, rateLimit, options }
}

function countedIn ({ code, scale }: Asset): Pick<AccountInfo, 'assetCode' | 'assetScale'> {
  return { assetCode: code, assetScale: scale }
}

function limitOf (peerId: string, config: NodeConfig, asset: Asset): string {
  return String(creditLimitIn(peerId, config, asset) ?? 'Infinity')
}

/** Without a secret, a peer that we dial has to prove that it comes from there, and nobody takes the place of a guest that is here. */
function listener (
  username: string, { btpServerHost: host, btpServerPort: port, btpAllowedOrigins: allowedOrigins }: NodeConfig, secret: string | undefined,
  withoutSecret: { onlyFromServer: true } | { keepFirst: true }
): Options {
  return { host, port, allowedOrigins, username, ...(secret === undefined ? { noAuth: true, ...withoutSecret } : { secret }) }
}

function isMap (limits: NonNullable<NodeConfig['creditLimits']['perPeerLimits']>): limits is ReadonlyMap<string, CreditLimit> {
  return limits instanceof Map
}
