/** What dashboards and other programs around a node read of it: traffic, earnings, and the last packets. */
import { isBelow } from '../../packet/address.js'
import { SluiceError } from '../../contracts/errors.js'
import type { ClaimSummary } from '../../contracts/channels.js'
import type { NodeConfig, PeerInfo } from '../../contracts/node.js'
import type { AssetEarnings, NodeDashboard, NodeEarnings, NodeTraffic, PacketFilter, PacketRecord, PeerClaim, PeerEarnings } from '../../contracts/node-figures.js'
import { channelsOf, isEnabled, type ChannelHolders } from '../channels.js'
import { isSameAsset, UNNAMED_ASSET } from '../../config/node/assets.js'
import { LOCAL_ACCOUNT } from '../peer-account.js'
import type { Traffic } from '../traffic.js'

/** Of all peers together; the newest. */
const MAX_RECENT_CLAIMS = 50

interface DashboardNode {
  readonly config: Pick<NodeConfig, 'ilpAddress'>
  listPeers (): PeerInfo[]
}

/** The token of the claims with a peer. */
type Asset = Pick<AssetEarnings, 'assetCode' | 'assetScale'>

export class Dashboard implements NodeDashboard {
  /** @param traffic and `holders` are those of the running node; they throw while it does not run */
  constructor (
    private readonly node: DashboardNode,
    private readonly traffic: () => Traffic,
    private readonly holders: () => ChannelHolders
  ) {}

  getTraffic (): NodeTraffic {
    const traffic = this.traffic()
    const peers = this.node.listPeers().map(({ id, connected }) => {
      const { packetsForwarded = 0, packetsRejected = 0, bytesSent = 0, packetsLocallyDelivered = 0, lastPacketAt } = traffic.of(id) ?? {}
      return { peerId: id, connected, packetsForwarded, packetsRejected, bytesSent, packetsLocallyDelivered, lastPacketAt }
    })
    const { packetsForwarded, packetsRejected, bytesSent, packetsLocallyDelivered } = traffic.aggregate()
    return { aggregate: { packetsForwarded, packetsRejected, bytesSent, packetsLocallyDelivered }, peers }
  }

  async getEarnings (): Promise<NodeEarnings> {
    const holders = this.holders()
    if (!isEnabled(holders)) throw new SluiceError('SLUICE_NO_CHAIN', 'Settlement infrastructure not enabled: no settlement chain is configured')
    const found = await Promise.all(holders.peerIds().map(peerId => earningsOf(peerId, holders)))
    const earnings = found.filter(each => each !== undefined)
    return {
      peers: earnings.map(({ peerId, byAsset }) => ({ peerId, byAsset })),
      connectorFees: this.#fees(earnings, holders),
      recentClaims: earnings.flatMap(({ claims }) => claims).sort((a, b) => b.at - a.at).slice(0, MAX_RECENT_CLAIMS)
    }
  }

  /** What is kept in an asset without a name has the name of the token of the peers that count in it, if they have one in common. */
  #fees (earnings: readonly PeerEarnings[], holders: ChannelHolders): NodeEarnings['connectorFees'] {
    const fees = this.traffic().fees()
    const unnamed = fees.find(({ asset }) => isSameAsset(asset, UNNAMED_ASSET))?.total ?? 0n
    const tokens = earnings.filter(({ peerId }) => isSameAsset(holders.assetOf(peerId), UNNAMED_ASSET)).flatMap(({ byAsset }) => byAsset)
    const named = fees.filter(({ asset, total }) => total !== 0n && !isSameAsset(asset, UNNAMED_ASSET))
    const shown = named.map(({ asset: { code, scale }, total }) => ({ assetCode: code, assetScale: scale, total }))
    return [...feesIn(tokens, unnamed), ...shown]
  }

  getPackets ({ address, since = 0, limit = Infinity }: PacketFilter = {}): PacketRecord[] {
    const addresses = new Map(this.node.listPeers().map(({ id, ilpAddresses: [first = id] }) => [id, first]))
    addresses.set(LOCAL_ACCOUNT, this.node.config.ilpAddress)
    const packets: PacketRecord[] = []
    const holders = this.holders()
    for (const { at, accountId, destination: to, amount, result } of this.traffic().log.newest()) {
      if (packets.length >= limit) break
      if (at < since) continue
      const from = addresses.get(accountId) ?? accountId
      if (address === undefined || isBelow(address, from) || isBelow(address, to)) {
        packets.push({ at, from, to, amount, result, ...namedAsset(holders.assetOf(accountId)) })
      }
    }
    return packets
  }
}

/** Nothing where the configuration names none. */
function namedAsset (asset: PacketRecord['asset']): Pick<PacketRecord, 'asset'> {
  return asset === undefined || isSameAsset(asset, UNNAMED_ASSET) ? {} : { asset }
}

/** Undefined for a peer with which the node does not settle. Nothing by asset while neither the chain nor its records can be used. */
async function earningsOf (peerId: string, holders: ChannelHolders): Promise<PeerEarnings & { claims: PeerClaim[] } | undefined> {
  const operations = channelsOf(peerId, holders)
  if (operations?.claimSummary === undefined) return undefined
  const summary = await operations.claimSummary().catch(() => undefined)
  if (summary === undefined) return { peerId, byAsset: [], claims: [] }
  const asset = { assetCode: operations.tokenId ?? holders.assetOf(peerId).code, assetScale: summary.tokenScale }
  return { peerId, byAsset: [earnedWith(asset, summary)], claims: claimsOf(peerId, asset, summary) }
}

function earnedWith (asset: Asset, { received, sent, lastAt }: ClaimSummary): AssetEarnings {
  return { ...asset, claimsReceivedTotal: received, claimsSentTotal: sent, netBalance: received - sent, lastClaimAt: lastAt?.getTime() }
}

function claimsOf (peerId: string, asset: Asset, { recent }: ClaimSummary): PeerClaim[] {
  return recent.map(({ direction, amount, at }) => ({ peerId, ...asset, amount, direction, at: at.getTime() }))
}

/** Nothing before any token is known. */
function feesIn (assets: readonly Asset[], total: bigint): NodeEarnings['connectorFees'] {
  const [first, ...others] = assets
  if (first === undefined && total === 0n) return []
  const isCommon = others.every(({ assetCode, assetScale }) => assetCode === first?.assetCode && assetScale === first.assetScale)
  const unnamed = { assetCode: UNNAMED_ASSET.code, assetScale: UNNAMED_ASSET.scale }
  const { assetCode, assetScale } = first !== undefined && isCommon ? first : unnamed
  return [{ assetCode, assetScale, total }]
}
