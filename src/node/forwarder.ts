/** The connector's forwarder with what a node adds: a handler learns who a packet came from, and no peer gets its own packet back. */
import { Forwarder } from '../forwarding/forwarder.js'
import type { SendData } from '../forwarding/forwarder.js'
import { UnreachableError } from '../packet/errors.js'
import { rememberOrigin } from '../delivery/origin.js'
import { LOCAL_ACCOUNT } from './peer-account.js'

export class NodeForwarder extends Forwarder {
  override forward (packet: Buffer, sourceAccount: string, sendData: SendData): Promise<Buffer> {
    return super.forward(packet, sourceAccount, (data, nextHop) => {
      // The application may pay itself; two peers that route to each other would play ping-pong until the packet expires.
      if (nextHop === sourceAccount && nextHop !== LOCAL_ACCOUNT) {
        throw new UnreachableError(`refusing to send a packet back to the peer that it came from. peer=${nextHop}`)
      }
      rememberOrigin(data, sourceAccount)
      return sendData(data, nextHop)
    })
  }
}
