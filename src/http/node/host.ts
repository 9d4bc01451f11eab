/** What the node's admin API and health server ask of the node around them: a part of ConnectorNode's public face. */
import type {
  HealthStatus, ILPFulfillPacket, ILPRejectPacket, PeerAccountBalance, PeerInfo, PeerRegistrationRequest, RemovePeerResult, RouteInfo,
  SendPacketParams
} from '../../node/types.js'

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
  listPeers (): PeerInfo[]
  /** Adds a peer, or merges routes and settlement into the one with this id. Resolves when it is connected, or after a second. */
  registerPeer (request: PeerRegistrationRequest): Promise<PeerInfo>
  removePeer (peerId: string, removeRoutes: boolean): Promise<RemovePeerResult>
  listRoutes (): RouteInfo[]
  addRoute (prefix: string, nextHop: string, priority: number): void
  /** Removes every route for exactly this prefix. */
  removeRoute (prefix: string): void
  /** Rejects with `httpErrorCode` 404 for a peer that nothing is known of. */
  getBalance (peerId: string, tokenId?: string): Promise<PeerAccountBalance>
  /** Derives the condition from the data. Resolves by the packet's expiry. */
  sendPacket (packet: SendPacketParams): Promise<ILPFulfillPacket | ILPRejectPacket>
}

/** Whether the node runs: it takes and sends packets, whatever its peers do. */
export function isRunning (host: Pick<HealthHost, 'getHealthStatus'>): boolean {
  const { status } = host.getHealthStatus()
  return status !== 'starting' && status !== 'stopped'
}
