/**
 * Places for peers that show no secret. There are only so many, and the first to come must not get them all. So an address (IPv6: a
 * network, because its owner has all addresses of it) gets another place only while it has less than a third of what is still free: one
 * alone gets a quarter of all places, the next a quarter of the rest, and there is one left for a newcomer for a long time.
 */
import type { NodeLogger } from '../contracts/node.js'
import { NoRoomError } from '../contracts/transport.js'
import { clientNetwork } from '../lib/client-network.js'
import { LogThrottle } from '../lib/log-throttle.js'

/** Peers without a secret at a time. */
export const MAX_GUESTS = 1000
/** So many places have to be free for each that an address has. */
const FREE_FOR_EACH = 3
/** Refused guests make one log line in this time. */
const LOG_INTERVAL_MS = 60_000

const ASK_FOR_SECRET = 'Try again later, or ask the operator for a secret: peers with one always get in.'
const REMEDY = 'Give peers that have to get in a secret: BTP_PEER_<ID>_SECRET. They need no such place.'

export class GuestPlaces {
  readonly #taken = new Map<string, number>()
  readonly #refusals = new LogThrottle(LOG_INTERVAL_MS)
  #free = MAX_GUESTS

  constructor (private readonly log: NodeLogger) {}

  /** Takes a place for a peer at this address. Returns what frees it again. Throws NoRoomError, with the reason for the peer. */
  take (address: string): () => void {
    const network = clientNetwork(address)
    const own = this.#taken.get(network) ?? 0
    if (this.#free === 0) throw this.#refusal(network, 'There is no room for another guest at the moment.')
    if (own * FREE_FOR_EACH >= this.#free) throw this.#refusal(network, `There is no room for more guests from ${network} at the moment.`)
    this.#change(network, 1)
    let isTaken = true
    return () => {
      if (isTaken) this.#change(network, -1)
      isTaken = false
    }
  }

  #change (network: string, change: 1 | -1): void {
    const own = (this.#taken.get(network) ?? 0) + change
    this.#free -= change
    if (own === 0) this.#taken.delete(network)
    else this.#taken.set(network, own)
  }

  #refusal (network: string, reason: string): NoRoomError {
    const refusedSinceLastLine = this.#refusals.due()
    if (refusedSinceLastLine !== undefined) {
      const guests = MAX_GUESTS - this.#free
      this.log.warn({ network, guests, ofThisNetwork: this.#taken.get(network) ?? 0, refusedSinceLastLine, remedy: REMEDY }, 'no_room_for_guest')
    }
    return new NoRoomError(`${reason} ${ASK_FOR_SECRET}`)
  }
}
