/**
 * Whose connection it is that a reverse proxy makes. Each proxy appends to `X-Forwarded-For` the address that it was asked by, so what
 * stands there is true from the right up to the first address that is not a proxy of ours; what a client writes itself stands to the left.
 */
import type { IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import type { ClientRules } from '../../src/contracts/transport.js'

/** Hops that are looked at: a header may be long. */
const PROXIES_MAX = 16

/** Which clients may come in, and from where they come. */
export class Clients {
  /** Undefined: all may. */
  rules: ClientRules | undefined
  /** Of clients behind a proxy, the address that it names. */
  readonly #proxied = new WeakMap<Socket, string>()

  /** Whether a socket may stay, as far as its own address shows. */
  mayConnect ({ remoteAddress: address = '' }: Socket): boolean {
    return this.rules === undefined || this.rules.mayConnect(address) || this.rules.isProxy(address)
  }

  /** Whether a client, or the one that a proxy connects for, may not come in. */
  isRefused (request: IncomingMessage): boolean {
    if (this.rules === undefined) return false
    const address = clientBehind(request, this.rules)
    if (address !== request.socket.remoteAddress) this.#proxied.set(request.socket, address)
    return !this.rules.mayConnect(address)
  }

  /** Of the client, as far as it is known. */
  addressOf (raw: Socket): string {
    return this.#proxied.get(raw) ?? raw.remoteAddress ?? ''
  }
}

/** The address of the client. Empty, which no list allows, if a proxy names none. */
export function clientBehind ({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>, { isProxy }: Pick<ClientRules, 'isProxy'>): string {
  let address = socket.remoteAddress ?? ''
  const forwarded = [headers['x-forwarded-for']].flat().join(',').split(',').slice(-PROXIES_MAX)
  while (isProxy(address)) {
    address = forwarded.pop()?.trim() ?? ''
    if (isIP(address) === 0) return ''
  }
  return address
}
