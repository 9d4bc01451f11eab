/** Who may have money of the faucet, and when again: limits for each address and for each client, and on what is under way. */
import { SluiceError } from '../../contracts/errors.js'
import { clientNetwork } from '../../lib/client-network.js'

const HOUR_MS = 3_600_000
/** Requests of one client (an IPv4 address, or a network of IPv6) in an hour. An address has one. */
const CLIENT_MAX = 10
/** Entries of each book. When one is full of clients that still count, nobody new is served. */
export const BOOK_MAX = 10_000
/** Requests whose transactions are not in a block yet. */
export const UNDER_WAY_MAX = 20

interface Entry {
  count: number
  since: number
}

export class FaucetLimits {
  readonly #addresses = new Map<string, Entry>()
  readonly #clients = new Map<string, Entry>()
  #underWay = 0

  /**
   * Counts a request. Call `done` when it has come to its end, with whether money may have been sent: if not, the address may ask again.
   * @param address in its canonical form @param client the address of its connection
   * @throws SluiceError when one of the limits is reached: nothing is counted then
   */
  take (address: string, client: string): { done: (wasSent: boolean) => void } {
    const now = Date.now()
    const network = clientNetwork(client)
    if (this.#underWay >= UNDER_WAY_MAX) throw new SluiceError('SLUICE_FAUCET_UNUSABLE', 'The faucet is busy. Try again in a moment.')
    refuseAbove(1, this.#addresses, address, now, 'This address')
    refuseAbove(CLIENT_MAX, this.#clients, network, now, 'Your network')
    if (!hasRoom(this.#addresses, address, now) || !hasRoom(this.#clients, network, now)) {
      throw new SluiceError('SLUICE_FAUCET_UNUSABLE', 'The faucet has served too many clients in the last hour. Try again later.')
    }
    count(this.#addresses, address, now)
    count(this.#clients, network, now)
    this.#underWay++
    return {
      done: wasSent => {
        this.#underWay--
        if (!wasSent) this.#addresses.delete(address)
      }
    }
  }
}

function refuseAbove (max: number, book: ReadonlyMap<string, Entry>, key: string, now: number, who: string): void {
  const entry = book.get(key)
  if (entry === undefined || isOver(entry, now) || entry.count < max) return
  const minutes = Math.ceil((entry.since + HOUR_MS - now) / 60_000)
  throw new SluiceError('SLUICE_FAUCET_LIMIT', `${who} has had its share. Try again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`)
}

function hasRoom (book: Map<string, Entry>, key: string, now: number): boolean {
  if (book.size < BOOK_MAX || book.has(key)) return true
  for (const [other, entry] of book) if (isOver(entry, now)) book.delete(other)
  return book.size < BOOK_MAX
}

function count (book: Map<string, Entry>, key: string, now: number): void {
  const entry = book.get(key)
  if (entry === undefined || isOver(entry, now)) book.set(key, { count: 1, since: now })
  else entry.count++
}

function isOver ({ since }: Entry, now: number): boolean {
  return now - since >= HOUR_MS
}
