/**
 * Who may connect over BTP. By default the node is permissionless: a peer needs no secret. With `BTP_ALLOW_NOAUTH=false`, or for a peer
 * that has a secret (`BTP_PEER_<ID>_SECRET`, or else its authToken), only a client that knows the secret gets in. The variable belongs to
 * exactly one id, letter by letter: to the peer of that name or, if no peer has it, to the name in lower case with hyphens.
 */
import { isPermissionless, secretVariableOf } from '../config/node/env.js'

export class BtpAccess {
  readonly isPermissionless: boolean

  /**
   * @param ownerOf the peer to which a variable belongs
   * @throws ConfigurationError for an invalid flag: a node that the operator meant to close would stay open
   */
  constructor (
    private readonly env: NodeJS.ProcessEnv, private readonly ownerOf: (variable: string) => string | undefined = () => undefined
  ) {
    this.isPermissionless = isPermissionless(env)
  }

  /** The secret that the peer has to show. Undefined: none is known. */
  secretOf (peerId: string, authToken = ''): string | undefined {
    const secret = this.env[secretVariableOf(peerId)] ?? ''
    return (secret !== '' && this.#isOwner(peerId) ? secret : authToken) || undefined
  }

  /** Whether a peer of this id may come in at all, with its secret or without one. */
  mayEnter (peerId: string, authToken?: string): boolean {
    if (this.secretOf(peerId, authToken) !== undefined) return true
    const isAlias = (this.env[secretVariableOf(peerId)] ?? '') !== '' // of a name that has a secret
    return this.isPermissionless && !isAlias
  }

  #isOwner (peerId: string): boolean {
    return peerId === (this.ownerOf(secretVariableOf(peerId)) ?? peerId.toLowerCase().replaceAll('_', '-'))
  }
}
