/**
 * Rules for who may use an API, each a handler that lets a request through or throws. An API puts them together and brings the words.
 *
 * An API without a key is for programs, not for browsers, which run strangers' pages (hosts.ts). A key is something that no stranger has:
 * a request that shows it may come under any name.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { SluiceError } from '../contracts/errors.js'
import type { Logger } from '../contracts/logger.js'
import { isLoopbackAddress } from '../lib/loopback.js'
import type { IpAllowlist } from './allowlist.js'
import { hasBody } from './body.js'
import { WrongKeys } from './wrong-keys.js'
import { hostIn, isAddress, isOwnOrigin, isThisMachine } from './hosts.js'

/** What proxies add to the requests of others. */
const FORWARDING = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']
/** What a header can carry unchanged. */
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/

/** Where Prometheus asks. It can send a key as a bearer token, and, until version 2.55, in no other way. */
export const METRICS_PATH = '/metrics'
const BEARER = /^Bearer +/i
const TOO_MANY = 'Too many wrong keys came from your address, so each is answered later. The right one is not.'

/** Asks for the key in `X-Api-Key`; `message` is for those who have none. Guesses are told to `log`. Throws like `keyCheck`. */
export function requireKey (apiKey: string, { setting, message }: { setting: string, message: string }, log?: Logger): MiddlewareHandler {
  const judge = keyJudge(apiKey, { setting, message }, log)
  return async (c, next) => {
    await judge(c)
    await next()
  }
}

/** Resolves for a request that shows the key, and throws for any other one, later and later for guesses. Throws like `keyCheck`. */
export function keyJudge (
  apiKey: string, { setting, message }: { setting: string, message: string }, log?: Logger
): (c: Context) => Promise<void> {
  const isKey = keyCheck(apiKey, setting)
  const wrongKeys = new WrongKeys(log)
  return async c => {
    const given = keyIn(c)
    if (!isKey(given)) {
      const isGuess = given !== undefined && await wrongKeys.counted(socketAddress(c))
      throw new SluiceError(isGuess ? 'SLUICE_TOO_MANY_WRONG_KEYS' : 'SLUICE_API_KEY_WRONG', isGuess ? `${message}. ${TOO_MANY}` : message)
    }
    wrongKeys.forgive(socketAddress(c))
  }
}

/** The key that a request shows, right or wrong. */
export function keyIn (c: Context): string | undefined {
  const authorization = c.req.path === METRICS_PATH ? c.req.header('authorization') : undefined
  return c.req.header('x-api-key') ?? (authorization !== undefined && BEARER.test(authorization) ? authorization.replace(BEARER, '') : undefined)
}

/** Whether a client can send the key in a header. */
export function isSendable (apiKey: string): boolean {
  return HEADER_VALUE.test(apiKey)
}

/**
 * Tells the key from anything else a client may send. Takes the same time for every wrong key.
 * Throws when `apiKey` is one that no client can send; `setting` says where the operator finds it.
 */
export function keyCheck (apiKey: string, setting: string): (given: string | undefined) => boolean {
  if (!isSendable(apiKey)) {
    throw new SluiceError('SLUICE_API_KEY_UNUSABLE', `admin API key (${setting}) cannot be sent in an HTTP header: ` +
      'it must be printable ASCII without line breaks and without spaces at its ends.')
  }
  const expected = digest(apiKey)
  // Digests have one length, so the comparison tells nothing about the key's.
  return given => timingSafeEqual(digest(given ?? ''), expected)
}

export interface PageRules {
  /** Names under which the API may be asked, besides `localhost`. */
  hosts?: readonly string[] | undefined
  /** Whether any address may stand in `Host`, not only those of loopback: for an API that other machines reach. */
  anyAddress?: boolean | undefined
  /** The words of the refusals. */
  messages: { host: string, origin: string }
}

/**
 * Keeps browsers' pages out, wherever the request comes from: the address of a browser says nothing about whose page it runs. `Host` must
 * be an address or a name that the operator listed, and `Origin`, if there is one, the API's own.
 */
export function refuseForeignPages ({ hosts, anyAddress, messages }: PageRules): MiddlewareHandler {
  const isOwnHost = hostCheck({ hosts, anyAddress })
  return async (c, next) => {
    const header = c.req.header('host') ?? ''
    if (!isOwnHost(header)) throw new SluiceError('SLUICE_HOST_REFUSED', messages.host)
    const origin = c.req.header('origin')
    if (origin !== undefined && !isOwnOrigin(origin, header)) throw new SluiceError('SLUICE_ORIGIN_REFUSED', messages.origin)
    await next()
  }
}

/** Tells a `Host` header that nobody else can make lead here from any other. */
export function hostCheck ({ hosts = [], anyAddress = false }: Pick<PageRules, 'hosts' | 'anyAddress'>): (header: string) => boolean {
  const listed = new Set(hosts.map(host => host.toLowerCase()))
  return header => {
    const host = hostIn(header)
    return host !== undefined && (isThisMachine(host) || listed.has(host) || (anyAddress && isAddress(host)))
  }
}

/**
 * Whether a program on this machine asks, and no page in a browser, and no proxy for somebody else (a proxy that adds no header about that
 * cannot be told).
 */
export function isFromThisMachine (c: Context): boolean {
  const [header, origin] = [c.req.header('host') ?? '', c.req.header('origin')]
  return isNear(c) && (origin === undefined || isOwnOrigin(origin, header))
}

/** The same, whatever page in a browser asks. */
export function isNear (c: Context): boolean {
  const host = hostIn(c.req.header('host') ?? '')
  const isForwarded = FORWARDING.some(name => c.req.header(name) !== undefined)
  return !isForwarded && isLoopbackAddress(socketAddress(c)) && host !== undefined && isThisMachine(host)
}

/** The query ends in logs. */
export const noKeyInQuery: MiddlewareHandler = async (c, next) => {
  if (c.req.query('apiKey') !== undefined) {
    throw new SluiceError('SLUICE_API_KEY_IN_QUERY', 'API key must be provided via X-Api-Key header, not query parameter')
  }
  await next()
}

/** A `Host` that names no host goes no further: what is behind puts it into URLs. */
export const requireValidHost: MiddlewareHandler = async (c, next) => {
  const header = c.req.header('host')
  if (header !== undefined && hostIn(header) === undefined) {
    throw new SluiceError('SLUICE_HOST_INVALID', 'The Host header names neither a host nor an address.')
  }
  await next()
}

/**
 * A body must say that it is JSON. Pages of other origins cannot send such a request without asking first, and nobody here says yes. They
 * can send text and forms, and bodies without a type.
 */
export const requireJson: MiddlewareHandler = async (c, next) => {
  const [type = ''] = (c.req.header('content-type') ?? '').split(';', 1)
  if (hasBody(c.req.header('transfer-encoding'), c.req.header('content-length')) && type.trim().toLowerCase() !== 'application/json') {
    throw new SluiceError('SLUICE_BODY_TYPE_WRONG', 'a request body needs the header Content-Type: application/json.')
  }
  await next()
}

/**
 * The client's address must be on the list.
 * @param trustProxy takes the first address of `X-Forwarded-For` for the client's: only behind a proxy that overwrites that header
 */
export function requireAddress (
  allowlist: IpAllowlist, { message, trustProxy }: { message: string, trustProxy: boolean }
): MiddlewareHandler {
  return async (c, next) => {
    if (!allowlist.allows(clientAddress(c, trustProxy))) throw new SluiceError('SLUICE_CLIENT_REFUSED', message)
    await next()
  }
}

/** Empty, which no list allows, if the proxy names anything but an address. */
export function clientAddress (c: Context, trustProxy: boolean): string {
  const forwarded = trustProxy ? c.req.header('x-forwarded-for') : undefined
  if (forwarded === undefined) return socketAddress(c)
  const first = forwarded.split(',', 1).join('').trim()
  return isIP(first) === 0 ? '' : first
}

/** Of the client, or of its proxy. */
export function socketAddress (c: Context): string {
  const { incoming } = c.env as HttpBindings
  return incoming.socket.remoteAddress ?? ''
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
