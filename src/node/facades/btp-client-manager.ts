/** A node's peers in one hand: who they are, whether they are here, and packets straight to one of them. */
import { encodePreparePacket, replyPacketOf } from '../packets.js'
import type {
  ILPFulfillPacket, ILPPreparePacket, ILPRejectPacket, PeerInfo, PeerRegistrationRequest, RemovePeerResult
} from '../../contracts/node.js'

/** As much of a ConnectorNode as is used. */
export interface PeeringNode {
  listPeers (): PeerInfo[]
  isPeerConnected (peerId: string): boolean
  registerPeer (request: PeerRegistrationRequest): Promise<PeerInfo>
  removePeer (peerId: string, removeRoutes?: boolean): Promise<RemovePeerResult>
}

export class BTPClientManager {
  /** @param sendTo carries a raw packet to a peer, and books it there */
  constructor (private readonly node: PeeringNode, private readonly sendTo: (peerId: string, packet: Buffer) => Promise<Buffer>) {}

  async addPeer (peer: PeerRegistrationRequest): Promise<void> {
    await this.node.registerPeer(peer)
  }

  /** Its routes stay: it may come back. */
  async removePeer (peerId: string): Promise<void> {
    await this.node.removePeer(peerId, false)
  }

  isConnected (peerId: string): boolean {
    return this.node.isPeerConnected(peerId)
  }

  getPeerIds (): string[] {
    return this.node.listPeers().map(({ id }) => id)
  }

  getPeerStatus (): Map<string, boolean> {
    return new Map(this.node.listPeers().map(({ id, connected }) => [id, connected]))
  }

  getConnectedPeerCount (): number {
    return this.node.listPeers().filter(({ connected }) => connected).length
  }

  getTotalPeerCount (): number {
    return this.node.listPeers().length
  }

  /** Percent of the peers that are here; 100 where there are none. */
  getConnectionHealth (): number {
    const total = this.getTotalPeerCount()
    return total === 0 ? 100 : (100 * this.getConnectedPeerCount()) / total
  }

  /**
   * Sends a packet to this peer whatever the routes say, as it is: no fee is taken, and it is booked with the peer alone.
   * Rejects while the peer is away, and for a node that does not run.
   */
  async sendToPeer (peerId: string, packet: ILPPreparePacket): Promise<ILPFulfillPacket | ILPRejectPacket> {
    return replyPacketOf(await this.sendTo(peerId, encodePreparePacket(packet)))
  }
}
