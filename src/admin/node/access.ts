/**
 * Who may use the node's admin API. First the address is checked, then the key, then a body is read: a stranger costs as little as
 * possible.
 *
 * Without a key and without an allowlist only this machine and private networks are served, so that a development node on a rented server
 * is not open to the internet. And without a key browsers are kept out.
 */
import type { MiddlewareHandler } from 'hono'
import { SluiceError } from '../../contracts/errors.js'
import { requireAddress, requireKey, requireLocalHost, requireLocalOrigin } from '../../http/access.js'
import { IpAllowlist, PRIVATE_NETWORKS } from '../../http/allowlist.js'

export interface AccessOptions {
  /** What clients must send as `X-Api-Key`. Empty is none. */
  apiKey?: string | undefined
  /** Addresses and networks (CIDR) that are served. Empty: see above. */
  allowedIPs?: readonly string[] | undefined
  /** Whether the client's address is the first of `X-Forwarded-For`. Only behind a proxy that overwrites that header. Default false. */
  trustProxy?: boolean | undefined
}

export interface Access {
  /** Check the address, and without a key that no stranger's page asks. */
  address: MiddlewareHandler[]
  /** Check the key, if there is one. */
  key: MiddlewareHandler[]
}

const KEY = { setting: 'adminApi.apiKey, ADMIN_API_KEY', message: 'Invalid or missing API key' }
const NOT_LISTED = 'IP address not allowed'
const NOT_PRIVATE = `${NOT_LISTED}: without a key only private networks are. ` +
  'Set adminApi.apiKey (ADMIN_API_KEY) or adminApi.allowedIPs (ADMIN_API_ALLOWED_IPS).'
const ORIGIN = 'Requests from web pages of other origins are refused while the admin API has no key'
const HOST = 'The Host header must name this machine (localhost, 127.0.0.1 or [::1]) while the admin API has no key'

/** Throws for an invalid entry of `allowedIPs`, and for a key that no client can send. */
export function nodeAccess ({ apiKey = '', allowedIPs = [], trustProxy = false }: AccessOptions): Access {
  const hasKey = apiKey !== ''
  const listed = allowedIPs.length > 0 ? requireAddress(new IpAllowlist(allowedIPs), { message: NOT_LISTED, trustProxy }) : undefined
  if (hasKey) return { address: listed === undefined ? [] : [listed], key: [noKeyInQuery, requireKey(apiKey, KEY)] }
  const near = listed ?? requireAddress(new IpAllowlist(PRIVATE_NETWORKS), { message: NOT_PRIVATE, trustProxy })
  // A proxy on this machine hands on the Host that it was called by.
  const host = trustProxy ? [] : [requireLocalHost(HOST, { onlyFromLoopback: true })]
  return { address: [near, requireLocalOrigin(ORIGIN), ...host], key: [noKeyInQuery] }
}

/** The query ends in logs. */
const noKeyInQuery: MiddlewareHandler = async (c, next) => {
  if (c.req.query('apiKey') !== undefined) {
    throw new SluiceError('SLUICE_API_KEY_IN_QUERY', 'API key must be provided via X-Api-Key header, not query parameter')
  }
  await next()
}
