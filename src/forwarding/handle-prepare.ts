/** The middle of every packet's path: after the incoming pipeline of its account, this decides who answers it. */
import type { Injector } from 'reduct'
import type { PacketTrace } from '../contracts/packet-trace.js'
import { ConnectorBusyError, InvalidPacketError } from '../packet/errors.js'
import { isPrepare, prepareOf } from '../packet/prepare.js'
import { Forwarder, type SendData } from './forwarder.js'
import { PeerProtocols } from './peer-protocols.js'

const PEER_PREFIX = 'peer.'

export class PrepareHandler {
  private readonly forwarder: Forwarder
  private readonly peerProtocols: PeerProtocols
  private draining = false

  /** `send` carries packets that are for others into their outgoing pipelines. */
  constructor (deps: Injector, send: SendData) {
    this.forwarder = new Forwarder(deps, send)
    this.peerProtocols = deps(PeerProtocols)
  }

  /** Answers a packet from `accountId`. Throws or rejects with the ILP error that the sender is to get. */
  handle (data: Buffer, accountId: string, trace?: PacketTrace): Promise<Buffer> {
    trace?.reached('route', accountId)
    if (!Buffer.isBuffer(data)) throw new InvalidPacketError(`data handler was passed a non-buffer. typeof=${typeof data}`)
    if (!isPrepare(data)) throw new InvalidPacketError(`invalid packet type received. type=${String(data[0])}`)
    if (this.draining) throw new ConnectorBusyError('connector is shutting down.')
    return prepareOf(data).destination.startsWith(PEER_PREFIX)
      ? Promise.resolve(this.peerProtocols.handle(data, accountId))
      : this.forwarder.forward(data, accountId, trace)
  }

  /** From now on new packets are answered with T03. */
  drain (): void {
    this.draining = true
  }
}
