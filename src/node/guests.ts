/** Peers that nobody configured: who of them may come in, and what becomes of one that goes. */
import type { Accounts } from '../accounts/accounts.js'
import type { App } from '../connector/connector.js'
import type { NodeConfig, NodeLogger } from '../contracts/node.js'
import { SluiceError } from '../contracts/errors.js'
import { describeError } from '../lib/describe-error.js'
import { secretVariableOf } from '../config/node/env.js'
import type { BtpAccess } from './btp-access.js'
import { GuestPlaces } from './guest-places.js'
import { LOCAL_ACCOUNT, guestAccount, hasOwnLimit } from './peer-account.js'
import { isGuestName, type Peers } from './peers.js'
import type { RoutingTable } from './routing-table.js'

/** What guests come to: the session, as far as it concerns them. */
export interface GuestHost {
  readonly config: NodeConfig
  readonly access: BtpAccess
  readonly peers: Peers
  readonly routes: Pick<RoutingTable, 'leadsTo'>
  readonly log: NodeLogger
  readonly app: Pick<App, 'addPlugin' | 'removePlugin' | 'getPlugin'>
  readonly accounts: Pick<Accounts, 'exists' | 'isConnected'>
  /** What we owe to somebody in particular under this name. */
  owedTo (peerId: string): bigint | Promise<bigint>
  /** Guests come in while it is `open`, configured peers until it is `closed`. */
  phase (): 'starting' | 'open' | 'closed'
}

export class Guests {
  /** With what frees the place of each. */
  readonly #guests = new Map<string, () => void>()
  readonly #places: GuestPlaces

  constructor (private readonly host: GuestHost) {
    this.#places = new GuestPlaces(host.log)
  }

  /** Those that are here. */
  present (): string[] {
    return [...this.#guests.keys()].filter(peerId => this.host.accounts.isConnected(peerId))
  }

  isPresent (peerId: string): boolean {
    return this.#guests.has(peerId) && this.host.accounts.isConnected(peerId)
  }

  /** Whether the name is held by somebody who has shown no secret. */
  isStranger (peerId: string): boolean {
    return this.#guests.has(peerId) && this.host.access.secretOf(peerId) === undefined
  }

  /**
   * A route to a stranger may be what the operator means while they try things out: it lasts as long as the connection, and is said.
   * In production, payments to somebody never go to anybody.
   */
  judgeRoute (prefix: string, nextHop: string): void {
    if (this.host.config.environment === 'production') {
      throw new SluiceError('SLUICE_ROUTE_INVALID', `nextHop ${nextHop} has come without a secret, so it could be anyone. ${remedyFor(nextHop)}`)
    }
    this.host.log.warn({ prefix, nextHop }, 'route_to_stranger')
  }

  /** The account of this name is gone, or somebody else's now. */
  forget (peerId: string): void {
    this.#guests.get(peerId)?.()
    this.#guests.delete(peerId)
    this.host.peers.forgetGuest(peerId)
  }

  /**
   * Whether somebody whom no account is for may come in. A promise: an account is on its way; rejects when that comes to nothing. Throws
   * NoRoomError for somebody who may, but for whom there is no place.
   */
  admit (peerId: string, address: string): Promise<void> | undefined {
    const { access, config, peers } = this.host
    const peer = peers.get(peerId)
    // A configured peer may be there before its account is: it waits, and shows its secret then.
    if (peer !== undefined) return this.host.phase() !== 'closed' && access.mayEnter(peerId, peer.authToken) ? Promise.resolve() : undefined
    const isNobody = this.host.phase() !== 'open' || !isGuestName(peerId) || [LOCAL_ACCOUNT, config.nodeId].includes(peerId)
    if (isNobody || this.#guests.has(peerId) || this.host.accounts.exists(peerId)) return undefined
    if (!access.mayEnter(peerId)) return undefined
    if (access.secretOf(peerId) === undefined && this.#isMeant(peerId)) {
      return Promise.reject(reserved(peerId, 'a route or a credit limit is configured for it'))
    }
    this.#guests.set(peerId, access.secretOf(peerId) === undefined ? this.#places.take(address) : needsNoPlace)
    return this.#welcome(peerId)
  }

  /** Whether the operator means somebody in particular by this name: a stranger under it would be paid, or have credit, in their place. */
  #isMeant (peerId: string): boolean {
    return this.host.routes.leadsTo(peerId) || hasOwnLimit(peerId, this.host.config)
  }

  async #welcome (peerId: string): Promise<void> {
    const { access, app, config } = this.host
    try {
      if (access.secretOf(peerId) === undefined && await this.host.owedTo(peerId) > 0n) throw reserved(peerId, 'a former peer has money under it')
      if (!this.#guests.has(peerId)) return // it was registered meanwhile
      await app.addPlugin(peerId, guestAccount(peerId, config, access))
      if (!this.#guests.has(peerId)) return // it was registered meanwhile
      app.getPlugin(peerId).on('disconnect', () => { void this.#seeOff(peerId) })
      if (!this.host.accounts.isConnected(peerId)) await this.#seeOff(peerId)
    } catch (error) {
      this.forget(peerId)
      throw error
    }
  }

  /** What the guest owes, or is owed, stays in the books; what a stranger owes perhaps only as a part of what all of them owe. */
  async #seeOff (peerId: string): Promise<void> {
    if (this.host.phase() !== 'open' || !this.#guests.has(peerId)) return
    try {
      if (this.host.accounts.exists(peerId)) await this.host.app.removePlugin(peerId)
      this.forget(peerId)
    } catch (error) {
      this.host.log.warn({ peerId, error: describeError(error) }, 'peer_not_removed')
    }
  }
}

/** Secrets are the operator's, so there are only so many. */
function needsNoPlace (): void {
  // nothing to free
}

function reserved (peerId: string, reason: string): Error {
  return new Error(`the name ${peerId} is reserved: ${reason}. ${remedyFor(peerId)}`)
}

function remedyFor (peerId: string): string {
  return `Set ${secretVariableOf(peerId)} to its secret, or add it as a peer.`
}
