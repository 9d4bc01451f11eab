/**
 * Who may use the node's admin API. First the address is checked, then the key, then a body is read: a stranger costs as little as
 * possible.
 *
 * Without a key and without an allowlist only this machine and private networks are served, so that a development node on a rented server
 * is not open to the internet. And foreign pages are kept out of everything that needs no key, from every address: a browser on the same
 * network, on the host of a container or behind a proxy is as good a way in as one on this machine.
 */
import type { Context, MiddlewareHandler } from 'hono'
import type { Logger } from '../../contracts/logger.js'
import { isFromThisMachine, keyIn, keyJudge, noKeyInQuery, refuseForeignPages, requireAddress, requireJson, requireKey } from '../../http/access.js'
import { IpAllowlist, PRIVATE_NETWORKS } from '../../http/allowlist.js'

export interface AccessOptions {
  /** What clients must send as `X-Api-Key`. Empty is none. */
  apiKey?: string | undefined
  /** Addresses and networks (CIDR) that are served. Empty: see above. */
  allowedIPs?: readonly string[] | undefined
  /** Whether the client's address is the first of `X-Forwarded-For`. Only behind a proxy that overwrites that header. Default false. */
  trustProxy?: boolean | undefined
  /** Names that may stand in `Host` without a key, besides `localhost` and addresses. */
  allowedHosts?: readonly string[] | undefined
}

export interface Access {
  /** Checks the address. */
  address: MiddlewareHandler[]
  /** For what is served without the key. */
  pages: MiddlewareHandler
  /** For everything else. */
  key: MiddlewareHandler[]
}

/** What the rules are for. Two paths stand where programs around other connectors for agents look for them. */
export const ADMIN_PATHS = ['/admin/*', '/packets', '/send-packet']

const KEY = { setting: 'adminApi.apiKey, ADMIN_API_KEY', message: 'Invalid or missing API key' }
const NOT_LISTED = 'IP address not allowed'
const NOT_PRIVATE = `${NOT_LISTED}: without a key only private networks are. ` +
  'Set adminApi.apiKey (ADMIN_API_KEY) or adminApi.allowedIPs (ADMIN_API_ALLOWED_IPS).'
const MESSAGES = {
  host: 'Without the key, the Host header must be localhost or an IP address. ' +
    'List other names in adminApi.allowedHosts (ADMIN_API_ALLOWED_HOSTS), or set a key and send it.',
  origin: 'Without the key, requests from web pages of other origins are refused.'
}

/** Throws for an invalid entry of `allowedIPs`, and for a key that no client can send. */
export function nodeAccess ({ apiKey = '', allowedIPs = [], trustProxy = false, allowedHosts }: AccessOptions, log: Logger): Access {
  const pages = refuseForeignPages({ hosts: allowedHosts, anyAddress: true, messages: MESSAGES })
  const listed = allowedIPs.length > 0 ? requireAddress(new IpAllowlist(allowedIPs), { message: NOT_LISTED, trustProxy }) : undefined
  if (apiKey !== '') return { address: listed === undefined ? [] : [listed], pages, key: [noKeyInQuery, requireKey(apiKey, KEY, log), requireJson] }
  const near = listed ?? requireAddress(new IpAllowlist(PRIVATE_NETWORKS), { message: NOT_PRIVATE, trustProxy })
  return { address: [near], pages, key: [pages, noKeyInQuery, requireJson] }
}

/**
 * Who may read the series of `/metrics` that show the ids of accounts and peers. If there is a key: those who send it. If not: in
 * production programs on this machine, and otherwise everybody. The rule throws for a wrong key, so that an operator notices it.
 */
export function namesAccess (
  { apiKey = '', isProduction }: { apiKey?: string | undefined, isProduction: boolean }, log?: Logger
): (c: Context) => Promise<boolean> {
  if (apiKey === '') return c => Promise.resolve(!isProduction || isFromThisMachine(c))
  const judge = keyJudge(apiKey, KEY, log)
  return async c => {
    if (keyIn(c) === undefined) return false
    await judge(c)
    return true
  }
}
