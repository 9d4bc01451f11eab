/**
 * Who is on the other end of a fresh socket: the first frame of a client names its account and proves it with a token (RFC 0023 section
 * "Authentication"). Tokens are compared in constant time, and a client that sends wrong ones has to wait.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { ContentType } from '../../src/contracts/transport.js'
import { clientNetwork } from '../../src/lib/client-network.js'
import { FrameType } from './wire/frame.js'
import type { Frame, SubProtocol } from './wire/frame.js'

/** Wrong tokens from one network within the window; from then on the answer to a wrong one takes longer. Right ones are let in at once. */
export const MAX_FAILURES = 10
export const FAILURE_WINDOW_MS = 10_000

/** Networks whose failures are remembered; the oldest is forgotten first. */
const MAX_REMEMBERED_FAILURES = 10_000

/** The entry by which a listener that asks for no secret knows a peer again. */
const SESSION = 'auth_session'
const SESSION_BYTES = 16

/** What everybody hears who is not let in, whatever it was that they had wrong. */
export const WRONG_TOKEN = 'invalid auth_token'

/** The digest of a token that nobody has. It is used in the comparison if there is no such account, so that this takes just as long. */
const NOBODY = digest(randomBytes(32))

export interface Credentials {
  /** The `auth_username` of the peer. Undefined: any, which only works for the sole account of a listener. */
  username: string | undefined
  /** Undefined: anyone may connect. */
  secret: string | undefined
}

/** The entries of a client's first frame. `flags` are further entries for the peer's settlement code. */
export function authEntries (username: string, token: string, flags: readonly SubProtocol[]): SubProtocol[] {
  return [
    { protocolName: 'auth', contentType: ContentType.OCTET_STREAM, data: Buffer.alloc(0) },
    { protocolName: 'auth_username', contentType: ContentType.TEXT, data: Buffer.from(username) },
    { protocolName: 'auth_token', contentType: ContentType.TEXT, data: Buffer.from(token) },
    ...flags
  ]
}

/**
 * An entry for the first frames of a client that shows, to a listener without secrets, that its connections are of the same peer: random
 * bytes that nobody else knows. Others ignore it.
 */
export function sessionEntry (): SubProtocol {
  return { protocolName: SESSION, contentType: ContentType.OCTET_STREAM, data: randomBytes(SESSION_BYTES) }
}

/** What the peer that sent `frame` as its first is known by. Undefined: nothing, so that it could be anybody. */
export function sessionOf ({ protocolData }: Frame): Buffer | undefined {
  const data = dataOf(protocolData, SESSION)
  return data?.length === SESSION_BYTES ? Buffer.from(data) : undefined
}

/** Whether two connections without a secret are of the same peer. */
export function isSameSession (one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one !== undefined && other !== undefined && timingSafeEqual(one, other)
}

/** The accounts that one listener lets in. */
export class Authenticator<A extends Credentials> {
  /** With the digests of their tokens. By username, because there may be thousands; one without a username is alone. */
  readonly #accounts = new Map<string | undefined, { account: A, expected: Buffer }>()
  readonly #failures = new Map<string, { count: number, until: number }>()

  get size (): number {
    return this.#accounts.size
  }

  /** Throws when peers could not be told apart. */
  add (account: A): void {
    const { username, secret } = account
    const first = this.#first()
    if (first !== undefined && (username === undefined || first.username === undefined || this.#accounts.has(username))) {
      const other = this.#accounts.get(username)?.account ?? first
      const found = [other, account].map(({ username }) => username ?? '(none)').join(', ')
      throw new Error('accounts that share a BTP listener need a "listener.username" each, all different. ' +
        `found=${found} host and port decide what is shared: set usernames, or another port`)
    }
    this.#accounts.set(username, { account, expected: secret === undefined ? NOBODY : digest(Buffer.from(secret)) })
  }

  has (username: string): boolean {
    return this.#accountNamed(username) !== undefined
  }

  delete (account: A): void {
    if (this.#accounts.get(account.username)?.account === account) this.#accounts.delete(account.username)
  }

  /** The account whose peer sent `frame` from `address` as its first. Throws an Error whose message the peer may read. */
  authenticate (frame: Frame, address: string): A {
    const { username, token } = credentialsOf(frame)
    const { account, expected } = this.#accountNamed(username) ?? { expected: NOBODY }
    const matches = timingSafeEqual(digest(token), expected)
    if (account !== undefined && (matches || account.secret === undefined)) return account
    // Nothing differs for a name that nobody has: neither the words, nor when they come.
    throw new WrongTokenError(this.#failuresFrom(clientNetwork(address)) > MAX_FAILURES)
  }

  #accountNamed (username: string): { account: A, expected: Buffer } | undefined {
    const named = this.#accounts.get(username)
    if (named !== undefined || this.#accounts.size > 1) return named
    const [only] = this.#accounts.values()
    return only?.account.username === undefined || username === '' ? only : undefined
  }

  #first (): A | undefined {
    const [first] = this.#accounts.values()
    return first?.account
  }

  /** With this one. */
  #failuresFrom (network: string): number {
    const known = this.#failures.get(network)
    if (known !== undefined && Date.now() < known.until) return ++known.count
    this.#failures.delete(network)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size >= MAX_REMEMBERED_FAILURES && oldest !== undefined) this.#failures.delete(oldest)
    this.#failures.set(network, { count: 1, until: Date.now() + FAILURE_WINDOW_MS })
    return 1
  }
}

/** The peer is told the same whether there is such a name or not. */
export class WrongTokenError extends Error {
  /** @param isOneOfMany whether so many came from there that the answer has to wait */
  constructor (readonly isOneOfMany: boolean) {
    super(WRONG_TOKEN)
  }
}

/** The username in a client's first frame; empty if there is none. Throws like `authenticate`. */
export function usernameOf (frame: Frame): string {
  return credentialsOf(frame).username
}

/** Throws like `authenticate`. */
export function credentialsOf (frame: Frame): { username: string, token: Buffer } {
  const { protocolData } = frame
  if (frame.type !== FrameType.MESSAGE) throw new Error('First message sent over BTP connection must be auth packet')
  if (protocolData.length < 2) throw new Error('Auth packet must have auth and auth_token subprotocols')
  if (protocolData[0]?.protocolName !== 'auth') throw new Error('First subprotocol must be auth')
  const token = dataOf(protocolData, 'auth_token')
  if (token === undefined) throw new Error('auth_token subprotocol is required')
  return { username: dataOf(protocolData, 'auth_username')?.toString() ?? '', token }
}

/** The data of the first entry of this name. */
export function dataOf (entries: readonly SubProtocol[], name: string): Buffer | undefined {
  return entries.find(({ protocolName }) => protocolName === name)?.data
}

/** In memory that small Buffers share: thousands of accounts have one each. */
function digest (secret: Buffer): Buffer {
  return Buffer.from(createHash('sha256').update(secret).digest())
}
