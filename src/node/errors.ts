/** Errors of the node that its users may want to tell apart by their class; the rest are SluiceErrors, with a code. */
import { SluiceError, type ErrorCode } from '../contracts/errors.js'

/** A call that needs a running node. */
export class ConnectorNotStartedError extends Error {
  override readonly name = 'ConnectorNotStartedError'
  readonly code = 'SLUICE_NOT_STARTED' satisfies ErrorCode

  constructor (call: string, isStarting = false) {
    super(isStarting
      ? `Connector is starting. Wait until start() has resolved before you call ${call}().`
      : `Connector is not started. Call start() before ${call}().`)
  }
}

/** A call that names a peer that the node does not have. */
export function unknownPeer (peerId: string): SluiceError {
  return new SluiceError('SLUICE_PEER_UNKNOWN', `Peer not found: ${peerId}`)
}
