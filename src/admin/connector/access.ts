/**
 * Who may use the connector's admin API. With a key: anyone who sends it. Without one: programs on this machine, and only as long as the
 * API is bound to loopback. Bodies are JSON that says so, whoever sends them.
 */
import type { MiddlewareHandler } from 'hono'
import { isLoopbackAddress } from '../../lib/loopback.js'
import type { Logger } from '../../contracts/logger.js'
import { SluiceError } from '../../contracts/errors.js'
import { refuseForeignPages, requireJson, requireKey } from '../../http/access.js'

const KEY = {
  setting: 'adminApiKey, CONNECTOR_ADMIN_API_KEY',
  message: 'missing or wrong API key. Send it in the X-Api-Key header.'
}
const MESSAGES = {
  host: 'the Host header must name this machine (localhost, 127.0.0.1 or [::1]) while the admin API has no key. ' +
    'List other names in adminApiAllowedHosts (CONNECTOR_ADMIN_API_ALLOWED_HOSTS), or set a key and send it.',
  origin: 'requests from web pages of other origins are refused while the admin API has no key.'
}

export interface ConnectorAccess {
  /** The address that the API is bound to. */
  host: string
  /** What clients must send as `X-Api-Key`. Empty is none. */
  apiKey?: string | undefined
  /** Names that may stand in `Host` without a key, besides `localhost`. */
  allowedHosts?: readonly string[] | undefined
}

/**
 * The rules, in the order in which they are checked.
 * Throws when the API would be open to the network, or when the key is one that no client can send.
 */
export function connectorAccess ({ host, apiKey = '', allowedHosts }: ConnectorAccess, log?: Logger): MiddlewareHandler[] {
  if (apiKey !== '') return [requireKey(apiKey, KEY, log), requireJson]
  if (isLoopbackAddress(host)) return [refuseForeignPages({ hosts: allowedHosts, messages: MESSAGES }), requireJson]
  throw new SluiceError('SLUICE_API_UNPROTECTED',
    `admin API refuses to listen on ${JSON.stringify(host)} without a key: anyone on that network could move money. ` +
    'Set a key (adminApiKey, CONNECTOR_ADMIN_API_KEY), or adminApiHost (CONNECTOR_ADMIN_API_HOST) to 127.0.0.1.')
}
