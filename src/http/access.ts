/**
 * Who may use the admin API. With a key: whoever sends it. Without one: programs on this machine, and only as long as the API is bound to
 * loopback. Browsers on this machine run strangers' pages, which reach loopback by DNS rebinding (they then send a strange `Host`) or by
 * cross-site requests (they send their `Origin`); both are refused.
 *
 * The content type is not checked: clients of ilp-connector send JSON under any name, and the rules above do not depend on it.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { SluiceError } from '../contracts/errors.js'

const LOOPBACK_ADDRESS = /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i
/** As in a URL, with an optional port. */
export const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i
export const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i
/** What a header can carry unchanged. */
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/

/**
 * The access rule for an API bound to `host`. An empty key is no key.
 * Throws when the API would be open to the network, or when the key is one that no client can send.
 */
export function accessRule (host: string, apiKey: string | undefined): MiddlewareHandler {
  if (apiKey !== undefined && apiKey !== '') return requireKey(apiKey)
  if (!LOOPBACK_ADDRESS.test(host)) {
    throw new SluiceError('SLUICE_API_UNPROTECTED', `admin API refuses to listen on ${JSON.stringify(host)} without a key: anyone on that network could move money. ` +
      'Set a key (adminApiKey, CONNECTOR_ADMIN_API_KEY), or adminApiHost (CONNECTOR_ADMIN_API_HOST) to 127.0.0.1.')
  }
  return requireLocal
}

function requireKey (apiKey: string): MiddlewareHandler {
  const isKey = keyCheck(apiKey, 'adminApiKey, CONNECTOR_ADMIN_API_KEY')
  return async (c, next) => {
    if (!isKey(c.req.header('x-api-key'))) {
      throw new SluiceError('SLUICE_API_KEY_WRONG', 'missing or wrong API key. Send it in the X-Api-Key header.')
    }
    await next()
  }
}

/**
 * Tells the key from anything else a client may send. Takes the same time for every wrong key.
 * Throws when `apiKey` is one that no client can send; `setting` says where the operator finds it.
 */
export function keyCheck (apiKey: string, setting: string): (given: string | undefined) => boolean {
  if (!HEADER_VALUE.test(apiKey)) {
    throw new SluiceError('SLUICE_API_KEY_UNUSABLE', `admin API key (${setting}) cannot be sent in an HTTP header: ` +
      'it must be printable ASCII without line breaks and without spaces at its ends.')
  }
  const expected = digest(apiKey)
  // Digests have one length, so the comparison tells nothing about the key's.
  return given => timingSafeEqual(digest(given ?? ''), expected)
}

const requireLocal: MiddlewareHandler = async (c, next) => {
  if (!LOOPBACK_HOST.test(c.req.header('host') ?? '')) {
    throw new SluiceError('SLUICE_HOST_REFUSED', 'the Host header must name this machine (localhost, 127.0.0.1 or [::1]) while the admin API has no key.')
  }
  const origin = c.req.header('origin')
  if (origin !== undefined && !LOOPBACK_ORIGIN.test(origin)) {
    throw new SluiceError('SLUICE_ORIGIN_REFUSED', 'requests from web pages of other origins are refused while the admin API has no key.')
  }
  await next()
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
