/** Where packets enter a node that do not come over BTP: from its application, or from a transport of the application's own. */
import type { ILPFulfillPacket, ILPPreparePacket, ILPRejectPacket, SendPacketParams } from '../../contracts/node.js'

/** As much of a ConnectorNode as is used. */
export interface PacketNode {
  sendPacket (params: SendPacketParams): Promise<ILPFulfillPacket | ILPRejectPacket>
}

/** Anything that answers packets: a `PacketHandler`, or a function of yours in this shape. */
export interface PrepareHandler {
  handlePreparePacket (packet: ILPPreparePacket, sourcePeerId: string): Promise<ILPFulfillPacket | ILPRejectPacket>
}

export class PacketHandler implements PrepareHandler {
  constructor (private readonly node: PacketNode) {}

  /**
   * Routes the packet as one of the node's own application, which pays for it: checks, fee, books and delivery are those of `sendPacket`.
   * Resolves to the answer, whoever it came from. @throws ConnectorNotStartedError
   */
  handlePreparePacket (packet: ILPPreparePacket): Promise<ILPFulfillPacket | ILPRejectPacket> {
    return this.node.sendPacket(packet)
  }
}
