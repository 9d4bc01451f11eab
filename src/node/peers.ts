/** The peers that were configured or registered: what the node knows of them, whether or not it runs. */
import type { z } from 'zod'
import { SluiceError } from '../contracts/errors.js'
import { firstFault } from '../lib/first-fault.js'
import { ACCOUNT_ID } from '../contracts/account.js'
import { MAX_PEERS } from '../config/limits.js'
import { secretFaults, secretVariableOf } from '../config/node/env.js'
import { RELATION_IN_WORDS, RELATIONS, childRouteFault, ownAddresses } from '../config/node/relations.js'
import { quote } from '../config/in-words.js'
import { registrationSchema } from '../config/node/peer.js'
import { SettlementAddresses } from '../config/node/settlement-addresses.js'
import { assetFault, assetOf, isSameAsset, UNNAMED_ASSET } from '../config/node/assets.js'
import { settlementFault, shownSettlement, type Chains } from '../config/node/settlement-chains.js'
import { peerTransportFault } from '../config/node/transport.js'
import type {
  AdminSettlementConfig, NodeConfig, Peer as ConfiguredPeer, PeerAddresses, PeerInfo, PeerRegistrationRequest, PeerRelation
} from '../contracts/node.js'
import type { RoutingTable } from './routing-table.js'

const GUEST_NAME_LENGTH_MAX = 128

/** A peer with what requests have said of how to settle with it. */
export type Peer = ConfiguredPeer & { settlement?: AdminSettlementConfig | undefined }

export class Peers {
  readonly #peers = new Map<string, Peer>()
  /** What guests are to the node where somebody has said so: while they are here. */
  readonly #guestRelations = new Map<string, PeerRelation>()
  readonly #settling: SettlementAddresses
  /** The ids for which a variable would be the secret. */
  readonly #byVariable = new Map<string, Set<string>>()
  readonly #schema: z.ZodType<PeerRegistrationRequest>

  /** `reserved`: ids that mean the node itself. `config`: a valid one. `routes`: those of the node. `env` has secrets of peers. */
  constructor (
    private readonly reserved: readonly string[],
    private readonly config: Chains & Pick<NodeConfig, 'nodeId' | 'ilpAddress' | 'peers' | 'asset' | 'rates' | 'creditLimits' | 'transport'>,
    private readonly routes: Pick<RoutingTable, 'prefixesOf'>,
    private readonly env: NodeJS.ProcessEnv = process.env
  ) {
    this.#settling = new SettlementAddresses(config)
    for (const peer of config.peers) {
      this.#settling.take(peer)
      this.#keep(peer)
    }
    const { chainKinds, chains } = config
    this.#schema = registrationSchema(chainKinds, chainKinds.filter(kind => chains.some(chain => chain.kind === kind)))
  }

  has (peerId: string): boolean {
    return this.#peers.has(peerId)
  }

  get (peerId: string): Peer | undefined {
    return this.#peers.get(peerId)
  }

  all (): Peer[] {
    return [...this.#peers.values()]
  }

  /** The peer for which this environment variable would be the secret; the first, where there are several. */
  ownerOf (variable: string): string | undefined {
    const [owner] = this.#byVariable.get(variable) ?? []
    return owner
  }

  /**
   * Adds a peer or replaces what is known of it. Returns what is known now, and what was before. Throws, changing nothing, for one that
   * cannot be used. Ends with `confirm` or `restore`: until then, the peer keeps both its former and its new settlement address.
   */
  put (request: PeerRegistrationRequest): { peer: Peer, before: Peer | undefined, routes: NonNullable<PeerRegistrationRequest['routes']> } {
    const { routes = [], ...judged } = this.#judge(request)
    const { id, url, authToken, dialect, transport, chain, asset, settlement } = judged
    const before = this.#peers.get(id)
    const relation = judged.relation ?? this.relationOf(id)
    if (relation === 'child') this.#judgeChild(id, routes.map(({ prefix }) => prefix))
    const peer = {
      id,
      url,
      authToken,
      dialect: dialect ?? before?.dialect,
      transport: transport ?? before?.transport,
      ...this.#addresses(judged, before),
      relation,
      chain: chain ?? before?.chain,
      asset: asset ?? before?.asset,
      settlement: settlement ?? before?.settlement
    }
    const unreachable = peerTransportFault(peer, this.config.transport)
    if (unreachable !== undefined) throw new SluiceError('SLUICE_PEER_INVALID', unreachable)
    const { chains } = this.config
    const fault = chains.length === 0 && peer.chain === undefined ? undefined : settlementFault(peer, this.config)
    if (fault !== undefined) throw new SluiceError('SLUICE_PEER_INVALID', fault)
    const foreign = assetFault(peer, this.config)
    if (foreign !== undefined) throw new SluiceError('SLUICE_NO_RATE', foreign)
    const shared = this.#settling.take(peer)
    if (shared !== undefined) throw new SluiceError('SLUICE_PEER_ADDRESS_SHARED', shared)
    this.#keep(peer)
    return { peer, before, routes }
  }

  /** What the application is told of a peer, or guest. */
  infoOf (peerId: string, connected: boolean): PeerInfo {
    const ilpAddresses = this.routes.prefixesOf(peerId)
    const settlement = shownSettlement(this.get(peerId) ?? {}, this.config)
    const asset = assetOf(this.get(peerId) ?? {}, this.config)
    return {
      id: peerId,
      connected,
      ilpAddresses,
      routeCount: ilpAddresses.length,
      relation: this.relationOf(peerId),
      transport: this.get(peerId)?.transport ?? this.config.transport.type,
      ...(settlement !== undefined && { settlement }),
      ...(!isSameAsset(asset, UNNAMED_ASSET) && { asset })
    }
  }

  /** `peer` unless somebody has said otherwise. */
  relationOf (peerId: string): PeerRelation {
    return this.#peers.get(peerId)?.relation ?? this.#guestRelations.get(peerId) ?? 'peer'
  }

  /** Throws, changing nothing, for a child with a route that cannot lead to one. The peer, or guest, is one that is known. */
  setRelation (peerId: string, relation: PeerRelation): void {
    if (!RELATIONS.includes(relation)) {
      const found = typeof relation === 'string' ? quote(relation) : typeof relation
      throw new SluiceError('SLUICE_PEER_INVALID', `relation must be ${RELATION_IN_WORDS}, found ${found}`)
    }
    if (relation === 'child') this.#judgeChild(peerId, [])
    const peer = this.#peers.get(peerId)
    if (peer === undefined) this.#guestRelations.set(peerId, relation)
    else this.#peers.set(peerId, { ...peer, relation })
  }

  /** Throws for a route that cannot lead to its next hop, because that is a child. */
  judgeRoute (prefix: string, nextHop: string): void {
    if (this.relationOf(nextHop) === 'child') this.#judgeChild(nextHop, [prefix])
  }

  /** The guest is gone, or configured now. */
  forgetGuest (peerId: string): void {
    this.#guestRelations.delete(peerId)
  }

  /** No guest is here any more: the next one of a name may be somebody else. */
  forgetGuests (): void {
    this.#guestRelations.clear()
  }

  /**
   * Throws for a peer that cannot be a child with these routes and those that it has. Those that a child has were in order when it got
   * them, so they are not judged again after the node has given up an address of its own.
   */
  #judgeChild (peerId: string, added: readonly string[]): void {
    const present = new Set(this.routes.prefixesOf(peerId))
    const isChild = this.relationOf(peerId) === 'child'
    this.#refuseForeign(peerId, isChild ? added.filter(prefix => !present.has(prefix)) : [...present, ...added])
  }

  #refuseForeign (childId: string, prefixes: readonly string[]): void {
    if (prefixes.length === 0) return
    const own = ownAddresses(this.config, nextHop => this.routes.prefixesOf(nextHop))
    const fault = prefixes.map(prefix => childRouteFault(prefix, childId, own)).find(found => found !== undefined)
    if (fault !== undefined) throw new SluiceError('SLUICE_ROUTE_INVALID', fault)
  }

  /** An address that is not said again stays. */
  #addresses (request: object, before: Peer | undefined): PeerAddresses {
    return Object.fromEntries(this.config.chainKinds.flatMap(({ peerField }) => {
      const address: unknown = Reflect.get(request, peerField) ?? before?.[peerField]
      return typeof address === 'string' ? [[peerField, address]] : []
    }))
  }

  #judge (request: PeerRegistrationRequest): PeerRegistrationRequest {
    const { data, error } = this.#schema.safeParse(request)
    if (error !== undefined) throw refusalOf(error, firstFault(error, this.#schema), request)
    const { id } = data
    if (this.reserved.includes(id)) throw new SluiceError('SLUICE_PEER_INVALID', `Peer id ${id} means this node itself. Choose another.`)
    if (!this.#peers.has(id)) this.#refuseSharedSecret(id)
    if (!this.#peers.has(id) && this.#peers.size >= MAX_PEERS) {
      throw new SluiceError('SLUICE_TOO_MANY_PEERS', `Too many peers, at most ${MAX_PEERS}. Remove some first.`)
    }
    return data
  }

  /** The variable of a secret opens the account of one peer. */
  #refuseSharedSecret (id: string): void {
    const variable = secretVariableOf(id)
    if (this.env[variable] === undefined) return
    const [fault] = secretFaults([...this.#byVariable.get(variable) ?? [], id], { [variable]: this.env[variable] })
    if (fault !== undefined) throw new SluiceError('SLUICE_PEER_INVALID', `${variable}: ${fault.message}`)
  }

  delete (peerId: string): void {
    const peer = this.#peers.get(peerId)
    if (peer === undefined) return
    this.#settling.release(peer)
    this.#peers.delete(peerId)
    const variable = secretVariableOf(peerId)
    const sharing = this.#byVariable.get(variable)
    sharing?.delete(peerId)
    if (sharing?.size === 0) this.#byVariable.delete(variable)
  }

  /** A `put` holds, given what it returned. */
  confirm (peer: Peer, before: Peer | undefined): void {
    this.#settling.take(peer, before)
  }

  /** Takes a `put` back, given what it returned. A relation that was set since then stays. */
  restore (peer: Peer, before: Peer | undefined): void {
    if (before === undefined) {
      this.delete(peer.id)
      return
    }
    this.#settling.take(before, peer)
    const relation = this.relationOf(peer.id)
    this.#keep(relation === peer.relation ? before : { ...before, relation })
  }

  #keep (peer: Peer): void {
    this.#peers.set(peer.id, peer)
    const variable = secretVariableOf(peer.id)
    this.#byVariable.set(variable, (this.#byVariable.get(variable) ?? new Set()).add(peer.id))
  }
}

function refusalOf ({ issues: [issue] }: z.ZodError, fault: string, request: PeerRegistrationRequest): SluiceError {
  const field = String(issue?.path[0])
  if (field === 'routes') return new SluiceError('SLUICE_ROUTE_INVALID', fault)
  return new SluiceError('SLUICE_PEER_INVALID', field.endsWith('Address') ? `Peer ${request.id} cannot be used: ${fault}` : fault)
}

/** Whether a peer that nobody configured may call itself that. */
export function isGuestName (text: string): boolean {
  return text.length <= GUEST_NAME_LENGTH_MAX && ACCOUNT_ID.test(text)
}
