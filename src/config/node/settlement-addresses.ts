/** Which peer has which address on which chain: a payment from one address must not be credited to two peers. */
import { addressOf, chainOf, type Chains, type SettlingPeer } from './settlement-chains.js'

type NamedPeer = SettlingPeer & { id: string }

export class SettlementAddresses {
  /** By chain and address. */
  readonly #owners = new Map<string, string>()

  constructor (private readonly config: Chains) {}

  /**
   * Notes the peer's address, in the place of what was noted of it `before`. Returns why the node cannot settle with it beside another
   * peer, with nothing changed; undefined: it can.
   */
  take (peer: NamedPeer, before?: NamedPeer): string | undefined {
    const place = this.#placeOf(peer)
    const owner = place && this.#owners.get(place.key)
    if (place !== undefined && owner !== undefined && owner !== peer.id) {
      return `Peers ${owner} and ${peer.id} have the same ${place.peerField} on ${place.chain}: what it pays once would be credited twice. ` +
        'Give one of them another address, or make them one peer.'
    }
    if (before !== undefined) this.release(before)
    if (place !== undefined) this.#owners.set(place.key, peer.id)
    return undefined
  }

  /** The peer is not there any more. */
  release (peer: NamedPeer): void {
    const place = this.#placeOf(peer)
    if (place !== undefined && this.#owners.get(place.key) === peer.id) this.#owners.delete(place.key)
  }

  #placeOf (peer: NamedPeer): { key: string, chain: string, peerField: string } | undefined {
    const chain = chainOf(peer, this.config)
    const address = chain === undefined ? undefined : addressOf(peer, chain.kind)
    if (chain === undefined || address === undefined) return undefined
    const { id, kind } = chain
    return { key: `${id} ${kind.address.canonical(address)}`, chain: id, peerField: kind.peerField }
  }
}
