/**
 * Peers that are added, changed and removed by the application. One peer is changed once at a time, in the order of the calls, and an
 * absent one holds up no other. A change that fails leaves everything as it was.
 */
import { isSameAccount, chainOf } from '../config/node/settlement-chains.js'
import { SluiceError, codeOf } from '../contracts/errors.js'
import type {
  NodeConfig, NodeLogger, PeerChange, PeerInfo, PeerRegistrationRequest, RemovePeerResult
} from '../contracts/node.js'
import type { OpenChannelRequest } from '../contracts/node-channels.js'
import { describeError } from '../lib/describe-error.js'
import { settlementFor } from './channels.js'
import { unknownPeer } from './errors.js'
import type { Peer, Peers } from './peers.js'
import type { RoutingTable } from './routing-table.js'
import type { Session } from './session.js'

const NO_CHAIN_FOR_TERMS = 'The terms of settlement are kept, but the node settles on no chain with this peer, or more than one would do. Add the chain ' +
  'to chainProviders, and the chain and the address of the peer to its registration.'
const LOST = 'Its former account could not be brought back either, so the peer is removed: register it again.'

/** The node, as far as it concerns changes of its peers. */
export interface RegistrationHost {
  readonly config: NodeConfig
  readonly log: NodeLogger
  readonly peers: Peers
  readonly routes: RoutingTable
  /** Undefined while the node does not run. */
  session (): Session | undefined
  /** A start or stop that was asked for before, for which changes wait. */
  transition (): Promise<void> | undefined
  /** Why nothing can be changed now. */
  refusal (): SluiceError | undefined
}

export class Registrations {
  /** By peer, the last change to it that goes on. */
  readonly #changes = new Map<string, Promise<unknown>>()

  constructor (private readonly host: RegistrationHost) {}

  /** See ConnectorNode.registerPeer. */
  register (request: PeerRegistrationRequest): Promise<PeerInfo> {
    const id: unknown = Reflect.get(Object(request), 'id')
    return this.#inTurn(typeof id === 'string' ? id : '', () => this.#put(request))
  }

  /** See ConnectorNode.updatePeer. What the peer is like is read when it is this change's turn. */
  update (peerId: string, changes: PeerChange): Promise<PeerInfo> {
    return this.#inTurn(peerId, async () => {
      const peer = this.host.peers.get(peerId)
      if (peer === undefined) throw unknownPeer(peerId)
      return await this.#put({ ...peer, ...changes, id: peerId })
    })
  }

  /** A peer with which the node did not settle yet gets the chain and address that the request for a channel names. */
  settleWith (request: OpenChannelRequest): Promise<void> {
    return this.#inTurn(request.peerId, async () => {
      const peer = this.host.peers.get(request.peerId)
      if (peer === undefined) return // opening the channel says so
      const changes = settlementFor(peer, request, this.host.config)
      if (changes !== undefined) await this.#put({ ...peer, ...changes })
    })
  }

  /** See ConnectorNode.removePeer. */
  remove (peerId: string, removeRoutes: boolean): Promise<RemovePeerResult> {
    return this.#inTurn(peerId, async () => {
      const { peers, routes } = this.host
      if (!peers.has(peerId)) throw unknownPeer(peerId)
      await this.host.session()?.dropPeer(peerId)
      peers.delete(peerId)
      const removedRoutes = removeRoutes ? routes.prefixesOf(peerId) : []
      for (const route of removedRoutes.flatMap(prefix => routes.removeRoute(prefix, peerId))) this.host.session()?.removeRoute(route)
      return { peerId, removedRoutes }
    })
  }

  /** Resolves when all changes that were asked for so far have ended. */
  async ended (): Promise<void> {
    await Promise.all(this.#changes.values())
  }

  async #put (request: PeerRegistrationRequest): Promise<PeerInfo> {
    const { config, log, peers, routes } = this.host
    const { peer, before, routes: added } = peers.put(request)
    let takeRoutesBack: (() => void) | undefined
    try {
      takeRoutesBack = routes.addRoutes(peer.id, added) // they hold for everybody from now on, and carry packets once the account is there
      if (before === undefined || !isSameAccount(before, peer, config)) await this.#connect(peer)
    } catch (error) {
      takeRoutesBack?.()
      peers.restore(peer, before)
      if (before === undefined || await this.#bringBack(before)) throw error
      throw new SluiceError('SLUICE_PEER_UNUSABLE', `${describeError(error)} ${LOST}`)
    }
    peers.confirm(peer, before)
    this.host.session()?.notePeers()
    for (const { prefix } of added) {
      const route = routes.routeTo(prefix, peer.id)
      if (route !== undefined) this.host.session()?.addRoute(route)
    }
    if (request.settlement !== undefined && chainOf(peer, config) === undefined) {
      log.warn({ peerId: peer.id, reason: NO_CHAIN_FOR_TERMS }, 'peer_settles_nothing')
    }
    return peers.infoOf(peer.id, this.host.session()?.isConnected(peer.id) === true)
  }

  async #connect (peer: Peer): Promise<void> {
    try {
      await this.host.session()?.putPeer(peer)
    } catch (error) {
      if (codeOf(error) === 'SLUICE_NO_RATE') throw error
      const isConflict = error instanceof Error && 'httpErrorCode' in error && error.httpErrorCode === 409
      throw new SluiceError(isConflict ? 'SLUICE_PEER_UNSETTLED' : 'SLUICE_PEER_UNUSABLE', `Peer ${peer.id} cannot be used: ${describeError(error)}`)
    }
  }

  /** The account that a failed change has taken away. Resolves to whether it is there; where not, the peer is not listed either. */
  async #bringBack (before: Peer): Promise<boolean> {
    const session = this.host.session()
    if (session === undefined || session.pluginOf(before.id) !== undefined) return true
    try {
      await session.putPeer(before)
      return true
    } catch (error) {
      this.host.peers.delete(before.id)
      this.host.log.error({ peerId: before.id, error: describeError(error), remedy: LOST }, 'peer_lost')
      return false
    }
  }

  #inTurn<T> (peerId: string, change: () => Promise<T>): Promise<T> {
    const refusal = this.host.refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    // A stop waits for the changes before it, so a change must not wait for a stop after it.
    const transition = this.host.transition()
    const done = Promise.allSettled([transition, this.#changes.get(peerId)]).then(change)
    const ended = done.then(() => undefined, () => undefined).finally(() => {
      if (this.#changes.get(peerId) === ended) this.#changes.delete(peerId)
    })
    this.#changes.set(peerId, ended)
    return done
  }
}
