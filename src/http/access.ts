/**
 * Rules for who may use an API, each a handler that lets a request through or throws. An API puts them together and brings the words.
 *
 * An API without a key is for programs near by, not for browsers: those run strangers' pages, which reach it by cross-site requests (they
 * send their `Origin`) or by DNS rebinding (they then send a strange `Host`).
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { isLoopbackHost, isLoopbackOrigin } from '../lib/loopback.js'
import { SluiceError } from '../contracts/errors.js'
import { IpAllowlist } from './allowlist.js'

/** What a header can carry unchanged. */
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/
const loopback = new IpAllowlist(['127.0.0.0/8', '::1'])

/** Asks for the key in `X-Api-Key`; `message` is for those who have none. Throws like `keyCheck`. */
export function requireKey (apiKey: string, { setting, message }: { setting: string, message: string }): MiddlewareHandler {
  const isKey = keyCheck(apiKey, setting)
  return async (c, next) => {
    if (!isKey(c.req.header('x-api-key'))) throw new SluiceError('SLUICE_API_KEY_WRONG', message)
    await next()
  }
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

/** `Host` must name this machine; with `onlyFromLoopback` for clients on this machine alone. */
export function requireLocalHost (message: string, { onlyFromLoopback = false } = {}): MiddlewareHandler {
  return async (c, next) => {
    const isChecked = !onlyFromLoopback || loopback.allows(socketAddress(c))
    if (isChecked && !isLoopbackHost(c.req.header('host') ?? '')) throw new SluiceError('SLUICE_HOST_REFUSED', message)
    await next()
  }
}

/** `Origin`, where there is one, must be a page of this machine. */
export function requireLocalOrigin (message: string): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header('origin')
    if (origin !== undefined && !isLoopbackOrigin(origin)) throw new SluiceError('SLUICE_ORIGIN_REFUSED', message)
    await next()
  }
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
function clientAddress (c: Context, trustProxy: boolean): string {
  const forwarded = trustProxy ? c.req.header('x-forwarded-for') : undefined
  if (forwarded === undefined) return socketAddress(c)
  const first = forwarded.split(',', 1).join('').trim()
  return isIP(first) === 0 ? '' : first
}

function socketAddress (c: Context): string {
  const { incoming } = c.env as HttpBindings
  return incoming.socket.remoteAddress ?? ''
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
