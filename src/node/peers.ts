/** The peers that were configured or registered: what the node knows of them, whether or not it runs. */
import { SluiceError } from '../contracts/errors.js'
import { ACCOUNT_ID } from '../contracts/account.js'
import { MAX_PEERS } from '../config/limits.js'
import { checkRoute } from './routing-table.js'
import { settlementFault, sharedAddressFault, type Chains } from '../config/node/settlement-chains.js'
import type { AdminSettlementConfig, Peer as ConfiguredPeer, PeerAddresses, PeerRegistrationRequest } from '../contracts/node.js'

const GUEST_NAME_LENGTH_MAX = 128

const URL_SHAPE = /^wss?:\/\//

export type Peer = ConfiguredPeer & { settlement?: AdminSettlementConfig | undefined }

export class Peers {
  readonly #peers = new Map<string, Peer>()

  /** `reserved`: ids that mean the node itself. `chains`: what peers may be settled with on. */
  constructor (private readonly reserved: readonly string[], private readonly chains: Chains) {}

  has (peerId: string): boolean {
    return this.#peers.has(peerId)
  }

  get (peerId: string): Peer | undefined {
    return this.#peers.get(peerId)
  }

  all (): Peer[] {
    return [...this.#peers.values()]
  }

  /** Adds a peer or replaces what is known of it. Returns what was known. Throws, changing nothing, for one that cannot be used. */
  put (request: PeerRegistrationRequest): Peer | undefined {
    this.check(request)
    const { id, url, authToken, chain, settlement } = request
    const before = this.#peers.get(id)
    const peer = {
      id,
      url,
      authToken,
      ...this.#addresses(request, before),
      chain: chain ?? before?.chain,
      settlement: settlement ?? before?.settlement
    }
    const fault = this.chains.chains.length === 0 && peer.chain === undefined ? undefined : settlementFault(peer, this.chains)
    if (fault !== undefined) throw new SluiceError('SLUICE_PEER_INVALID', fault)
    const shared = sharedAddressFault(peer, this.#peers.values(), this.chains)
    if (shared !== undefined) throw new SluiceError('SLUICE_PEER_ADDRESS_SHARED', shared)
    this.#peers.set(id, peer)
    return before
  }

  /** An address that is not said again stays. */
  #addresses (request: PeerRegistrationRequest, before: Peer | undefined): PeerAddresses {
    return Object.fromEntries(this.chains.chainKinds.flatMap(({ peerField }) => {
      const address: unknown = Reflect.get(request, peerField) ?? before?.[peerField]
      return typeof address === 'string' ? [[peerField, address]] : []
    }))
  }

  delete (peerId: string): void {
    this.#peers.delete(peerId)
  }

  /** Takes a `put` back, given what it returned. */
  restore (peerId: string, before: Peer | undefined): void {
    if (before === undefined) this.#peers.delete(peerId)
    else this.#peers.set(peerId, before)
  }

  private check ({ id, url, authToken, routes = [] }: PeerRegistrationRequest): void {
    if (typeof id !== 'string' || !ACCOUNT_ID.test(id)) throw new SluiceError('SLUICE_PEER_INVALID', 'Missing or invalid peer id')
    if (this.reserved.includes(id)) throw new SluiceError('SLUICE_PEER_INVALID', `Peer id ${id} means this node itself. Choose another.`)
    if (typeof url !== 'string' || url === '') throw new SluiceError('SLUICE_PEER_INVALID', 'Missing or invalid peer url')
    if (!URL_SHAPE.test(url)) throw new SluiceError('SLUICE_PEER_INVALID', 'URL must start with ws:// or wss://')
    if (!URL.canParse(url) || new URL(url).username !== '' || new URL(url).password !== '') {
      throw new SluiceError('SLUICE_PEER_INVALID', 'Missing or invalid peer url: expected ws://host:port, with the secret in authToken')
    }
    if (typeof authToken !== 'string') throw new SluiceError('SLUICE_PEER_INVALID', 'authToken must be a string (can be empty for no auth)')
    for (const { prefix, priority } of routes) {
      if (typeof prefix !== 'string' || prefix === '') throw new SluiceError('SLUICE_ROUTE_INVALID', 'Invalid route: missing prefix')
      checkRoute(prefix, id, priority)
    }
    if (!this.#peers.has(id) && this.#peers.size >= MAX_PEERS) throw new SluiceError('SLUICE_TOO_MANY_PEERS', `Too many peers, at most ${MAX_PEERS}. Remove some first.`)
  }
}

/** Whether a peer that nobody configured may call itself that. */
export function isGuestName (text: string): boolean {
  return text.length <= GUEST_NAME_LENGTH_MAX && ACCOUNT_ID.test(text)
}
