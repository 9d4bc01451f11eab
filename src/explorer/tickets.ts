/**
 * Tickets for `/ws`. A browser cannot send the key there, and in the URL it would end in logs. So the page asks for a ticket, with the key:
 * it is good for one connection, within half a minute.
 */
import { randomBytes } from 'node:crypto'

const LIFETIME_MS = 30_000
/** Tickets that nobody has used yet. The oldest give way. */
export const TICKETS_MAX = 1000
const BYTES = 18

export class Tickets {
  readonly #until = new Map<string, number>()

  /** A new one, in letters that a URL takes as they are. */
  issue (): string {
    const ticket = randomBytes(BYTES).toString('base64url')
    this.#until.set(ticket, Date.now() + LIFETIME_MS)
    const [oldest] = this.#until.keys()
    if (this.#until.size > TICKETS_MAX && oldest !== undefined) this.#until.delete(oldest)
    return ticket
  }

  /** Whether it is good. It is not any more. */
  take (ticket: string): boolean {
    const until = this.#until.get(ticket)
    this.#until.delete(ticket)
    return until !== undefined && Date.now() < until
  }
}
