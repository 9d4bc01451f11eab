/** What the node's admin API and health server ask of the node around them: a part of ConnectorNode's public face. */
import type { ChannelState, OpenChannelRequest } from '../../node/channels.js'
import type { ChannelManager } from '../../node/facades/channel-manager.js'
import type {
  HealthStatus, ILPFulfillPacket, ILPRejectPacket, NodeConfig, PeerAccountBalance, PeerInfo, PeerRegistrationRequest, RemovePeerResult,
  RouteInfo, SendPacketParams, SettlementChange
} from '../../contracts/node.js'

/** What the health server asks. */
export interface HealthHost {
  /** True at this moment: asked anew for every answer. */
  getHealthStatus (): HealthStatus
  /** Everything that is counted, in the Prometheus text format. */
  getMetrics (): Promise<string>
}

/**
 * What the admin API asks. Errors that these methods throw become answers: the status is the error's `httpErrorCode` if it has one, and
 * 500 otherwise; the text is the first line of its message. So a message must not hold a secret.
 */
export interface NodeAdminHost extends Pick<HealthHost, 'getHealthStatus'> {
  /** The kinds of chains that requests may speak of. */
  readonly config: Pick<NodeConfig, 'chainKinds'>
  listPeers (): PeerInfo[]
  hasPeer (peerId: string): boolean
  /** Adds a peer, or merges routes and settlement into the one with this id. Resolves when it is connected, or after a second. */
  registerPeer (request: PeerRegistrationRequest): Promise<PeerInfo>
  /** Changes how a peer is settled with, and connects it anew where that means another account. Rejects with 404 for an unknown peer. */
  updatePeer (peerId: string, changes: SettlementChange): Promise<PeerInfo>
  removePeer (peerId: string, removeRoutes: boolean): Promise<RemovePeerResult>
  listRoutes (): RouteInfo[]
  addRoute (prefix: string, nextHop: string, priority: number): void
  /** Removes every route for exactly this prefix. */
  removeRoute (prefix: string): void
  /** Rejects with `httpErrorCode` 404 for a peer that nothing is known of. */
  getBalance (peerId: string, tokenId?: string): Promise<PeerAccountBalance>
  /** Rejects with 400, 404, 409 and 503 where there is no channel to be had. */
  openChannel (request: OpenChannelRequest): Promise<ChannelState>
  readonly channelManager: Pick<ChannelManager, keyof ChannelManager>
  /** Derives the condition from the data. Resolves by the packet's expiry. */
  sendPacket (packet: SendPacketParams): Promise<ILPFulfillPacket | ILPRejectPacket>
}

/** Whether the node runs: it takes and sends packets, whatever its peers do. */
export function isRunning (host: Pick<HealthHost, 'getHealthStatus'>): boolean {
  const { status } = host.getHealthStatus()
  return status !== 'starting' && status !== 'stopped'
}
