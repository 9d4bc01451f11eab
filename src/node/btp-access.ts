/**
 * Who may connect over BTP. By default the node is permissionless: a peer needs no secret. With `BTP_ALLOW_NOAUTH=false`, or for a peer
 * that has a secret (`BTP_PEER_<ID>_SECRET`, or else its authToken), only a client that knows the secret gets in.
 */
import { isPermissionless } from '../config/node/env.js'

export class BtpAccess {
  readonly isPermissionless: boolean

  /** @throws ConfigurationError for an invalid flag: a node that the operator meant to close would stay open. */
  constructor (private readonly env: NodeJS.ProcessEnv) {
    this.isPermissionless = isPermissionless(env)
  }

  /** The secret that the peer has to show. Undefined: none is known. */
  secretOf (peerId: string, authToken = ''): string | undefined {
    const name = `BTP_PEER_${peerId.toUpperCase().replaceAll('-', '_')}_SECRET`
    return this.env[name] || authToken || undefined
  }

  /** Whether a peer of this id may come in at all, with its secret or without one. */
  mayEnter (peerId: string, authToken?: string): boolean {
    return this.isPermissionless || this.secretOf(peerId, authToken) !== undefined
  }
}
