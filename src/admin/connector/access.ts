/**
 * Who may use the connector's admin API. With a key: anyone who sends it. Without one: programs on this machine, and only as long as the
 * API is bound to loopback.
 *
 * The content type is not checked: clients of ilp-connector send JSON under any name, and the rules do not depend on it.
 */
import type { MiddlewareHandler } from 'hono'
import { isLoopbackAddress } from '../../lib/loopback.js'
import { SluiceError } from '../../contracts/errors.js'
import { requireKey, requireLocalHost, requireLocalOrigin } from '../../http/access.js'

const KEY = {
  setting: 'adminApiKey, CONNECTOR_ADMIN_API_KEY',
  message: 'missing or wrong API key. Send it in the X-Api-Key header.'
}
const HOST = 'the Host header must name this machine (localhost, 127.0.0.1 or [::1]) while the admin API has no key.'
const ORIGIN = 'requests from web pages of other origins are refused while the admin API has no key.'

/**
 * The rules for an API bound to `host`, in the order in which they are checked. An empty key counts as none.
 * Throws when the API would be open to the network, or when the key is one that no client can send.
 */
export function connectorAccess (host: string, apiKey: string | undefined): MiddlewareHandler[] {
  if (apiKey !== undefined && apiKey !== '') return [requireKey(apiKey, KEY)]
  if (isLoopbackAddress(host)) return [requireLocalHost(HOST), requireLocalOrigin(ORIGIN)]
  throw new SluiceError('SLUICE_API_UNPROTECTED',
    `admin API refuses to listen on ${JSON.stringify(host)} without a key: anyone on that network could move money. ` +
    'Set a key (adminApiKey, CONNECTOR_ADMIN_API_KEY), or adminApiHost (CONNECTOR_ADMIN_API_HOST) to 127.0.0.1.')
}
