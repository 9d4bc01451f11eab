/**
 * Who may use the node's admin API. First the address is checked, then the key, then a body is read: a stranger costs as little as
 * possible.
 *
 * Without a key and without an allowlist only this machine and private networks are served, so that a development node on a rented server
 * is not open to the internet. And without a key browsers are kept out, because they run strangers' pages: those reach us by cross-site
 * requests (which carry their `Origin`) or by DNS rebinding (which gives this machine a strange `Host`).
 */
import { isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { keyCheck, LOOPBACK_HOST, LOOPBACK_ORIGIN } from '../../http/access.js'
import { IpAllowlist, PRIVATE_NETWORKS } from '../../http/allowlist.js'
import { SluiceError } from '../../contracts/errors.js'

export interface AccessOptions {
  /** What clients must send as `X-Api-Key`. Empty is none. */
  apiKey?: string | undefined
  /** Addresses and networks (CIDR) that are served. Empty: see above. */
  allowedIPs?: readonly string[] | undefined
  /** Whether the client's address is the first of `X-Forwarded-For`. Only behind a proxy that overwrites that header. Default false. */
  trustProxy?: boolean | undefined
}

export interface Access {
  /** Checks the address, and without a key that no stranger's page asks. */
  address: MiddlewareHandler
  /** Checks the key, if there is one. */
  key: MiddlewareHandler
}

const loopback = new IpAllowlist(['127.0.0.0/8', '::1'])

/** Throws for an entry of `allowedIPs` that is none, and for a key that no client can send. */
export function nodeAccess ({ apiKey, allowedIPs, trustProxy }: AccessOptions): Access {
  const hasKey = apiKey !== undefined && apiKey !== ''
  const restricted = allowedIPs !== undefined && allowedIPs.length > 0
  const unrestricted = hasKey && !restricted
  const allowlist = new IpAllowlist(restricted ? allowedIPs : PRIVATE_NETWORKS)
  const isKey = hasKey ? keyCheck(apiKey, 'adminApi.apiKey, ADMIN_API_KEY') : undefined

  return {
    address: async (c, next) => {
      if (!unrestricted && !allowlist.allows(clientAddress(c, trustProxy === true))) {
        throw new SluiceError('SLUICE_CLIENT_REFUSED', restricted ? 'IP address not allowed' : 'IP address not allowed: without a key only private networks are. ' +
          'Set adminApi.apiKey (ADMIN_API_KEY) or adminApi.allowedIPs (ADMIN_API_ALLOWED_IPS).')
      }
      if (!hasKey) keepPagesOut(c, trustProxy === true)
      await next()
    },
    key: async (c, next) => {
      if (c.req.query('apiKey') !== undefined) {
        throw new SluiceError('SLUICE_API_KEY_IN_QUERY', 'API key must be provided via X-Api-Key header, not query parameter')
      }
      if (isKey?.(c.req.header('x-api-key')) === false) throw new SluiceError('SLUICE_API_KEY_WRONG', 'Invalid or missing API key')
      await next()
    }
  }
}

/** Empty, which no list allows, when the proxy says something that is no address. */
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

function keepPagesOut (c: Context, trustProxy: boolean): void {
  const origin = c.req.header('origin')
  if (origin !== undefined && !LOOPBACK_ORIGIN.test(origin)) {
    throw new SluiceError('SLUICE_ORIGIN_REFUSED', 'Requests from web pages of other origins are refused while the admin API has no key')
  }
  // A proxy on this machine hands on the Host that it was called by.
  if (!trustProxy && loopback.allows(socketAddress(c)) && !LOOPBACK_HOST.test(c.req.header('host') ?? '')) {
    throw new SluiceError('SLUICE_HOST_REFUSED', 'The Host header must name this machine (localhost, 127.0.0.1 or [::1]) while the admin API has no key')
  }
}
