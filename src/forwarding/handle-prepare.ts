/** The middle of every packet's way: between the incoming pipeline of the account it came from and the answer to it. */
import type { Injector } from 'reduct'
import { ConnectorBusyError, InvalidPacketError } from '../packet/errors.js'
import { isPrepare, prepareOf } from '../packet/prepare.js'
import { Forwarder, type SendData } from './forwarder.js'
import { PeerProtocols } from './peer-protocols.js'

const PEER_PREFIX = 'peer.'

export class Core {
  private readonly forwarder: Forwarder
  private readonly peerProtocols: PeerProtocols
  private draining = false

  constructor (deps: Injector) {
    this.forwarder = deps(Forwarder)
    this.peerProtocols = deps(PeerProtocols)
  }

  /** Answers a packet from `accountId`; `sendData` carries one into the outgoing pipeline of another account. */
  processData (data: Buffer, accountId: string, sendData: SendData): Promise<Buffer> {
    if (!Buffer.isBuffer(data)) throw new InvalidPacketError(`data handler was passed a non-buffer. typeof=${typeof data}`)
    if (!isPrepare(data)) throw new InvalidPacketError(`invalid packet type received. type=${String(data[0])}`)
    if (this.draining) throw new ConnectorBusyError('connector is shutting down.')
    return prepareOf(data).destination.startsWith(PEER_PREFIX)
      ? Promise.resolve(this.peerProtocols.handle(data, accountId))
      : this.forwarder.forward(data, accountId, sendData)
  }

  /** From now on new packets are answered with T03. */
  drain (): void {
    this.draining = true
  }
}
