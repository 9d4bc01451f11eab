/**
 * Who may look on. A node in development that listens on loopback shows itself to this machine without more ado; in all other cases the
 * rules of the admin API hold, with its key and its lists of addresses and names: the explorer shows who pays whom, and how much.
 *
 * Pages of other origins are kept out wherever no key is shown. Those of this machine (`http://localhost:5173`) may read, so that people
 * can build pages of their own.
 */
import type { Context, MiddlewareHandler } from 'hono'
import type { Environment } from '../contracts/chain-kind.js'
import { SluiceError } from '../contracts/errors.js'
import type { Logger } from '../contracts/logger.js'
import { hostCheck, isNear, keyJudge, noKeyInQuery, requireAddress } from '../http/access.js'
import { IpAllowlist, PRIVATE_NETWORKS } from '../http/allowlist.js'
import { hostIn, isOwnOrigin } from '../http/hosts.js'
import { isLoopbackAddress } from '../lib/loopback.js'
import type { Tickets } from './tickets.js'

export interface ExplorerAccess {
  /** The address that the explorer is bound to. It may also answer on a port that more people reach: that lets nobody else in. */
  host: string
  environment: Environment
  /** What clients must send as `X-Api-Key`. Empty is none. */
  apiKey?: string | undefined
  /** Addresses and networks (CIDR) that are served. Empty: without a key, private networks. */
  allowedIPs?: readonly string[] | undefined
  /** Whether the client's address is the first of `X-Forwarded-For`. Default false. */
  trustProxy?: boolean | undefined
  /** Names that may stand in `Host` without a key, besides `localhost` and addresses. */
  allowedHosts?: readonly string[] | undefined
  /** How the operator sets all that. */
  settings: { apiKey: string, allowedHosts: string, host: string }
}

/** In the order in which they are asked. */
export interface AccessRules {
  /** For the page itself, which holds no data. */
  page: MiddlewareHandler[]
  /** For the API. */
  data: MiddlewareHandler[]
  /** For `/ws`. A browser can send no key there: a ticket will do. */
  socket: MiddlewareHandler[]
}

/** As browsers write the origins of pages of this machine. */
const LOCAL_ORIGIN = /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/
const WRONG_ORIGIN = 'Without the key, requests from web pages of other origins are refused.'
/** Seconds for which a browser need not ask again. */
const PREFLIGHT_AGE = '600'

/** Throws for an invalid entry of `allowedIPs`, for a key that no client can send, and for an explorer that would be open to a network. */
export function explorerAccess (access: ExplorerAccess, tickets: Pick<Tickets, 'take'>, log?: Logger): AccessRules {
  const { host, environment, apiKey = '', allowedIPs = [], allowedHosts = [], settings } = access
  const isLocal = isLoopbackAddress(host)
  const judge = apiKey === '' ? undefined : keyJudge(apiKey, { setting: settings.apiKey, message: 'Invalid or missing API key' }, log)
  if (environment === 'production' && !isLocal && judge === undefined && allowedIPs.length === 0) {
    throw new SluiceError('SLUICE_API_UNPROTECTED', `explorer refuses to listen on ${JSON.stringify(host)} without a key: anyone on that network could see who ` +
      `pays whom. Set ${settings.apiKey}, or ${settings.host} to 127.0.0.1.`)
  }
  const isFree = (c: Context): boolean => environment === 'development' && isLocal && isNear(c)
  const needsKey = (c: Context): boolean => judge !== undefined && !isFree(c)
  const isOwnHost = hostCheck({ hosts: [host, ...allowedHosts], anyAddress: !isLocal })
  const near = nearRule(access, judge !== undefined)

  const address: MiddlewareHandler = (c, next) => isFree(c) ? next() : near(c, next)
  const name: MiddlewareHandler = async (c, next) => {
    if (!needsKey(c) && !isOwnHost(c.req.header('host') ?? '')) {
      throw new SluiceError('SLUICE_HOST_REFUSED', `Without the key, the Host header must be localhost or an address of this machine. List other names in ${settings.allowedHosts}, ` +
        `or set ${settings.apiKey}.`)
    }
    await next()
  }
  const origin = (mayBeLocal: boolean): MiddlewareHandler => async (c, next) => {
    const given = c.req.header('origin')
    const isWelcome = given === undefined || isOwnOrigin(given, c.req.header('host') ?? '') || (mayBeLocal && LOCAL_ORIGIN.test(given))
    if (!isWelcome && !needsKey(c)) throw new SluiceError('SLUICE_ORIGIN_REFUSED', WRONG_ORIGIN)
    await next()
  }
  const key = (orTicket: boolean): MiddlewareHandler => async (c, next) => {
    if (needsKey(c) && !(orTicket && tickets.take(c.req.query('ticket') ?? ''))) await judge?.(c)
    await next()
  }
  return {
    page: [address, name],
    data: [address, name, origin(true), readableByLocalPages, noKeyInQuery, key(false)],
    socket: [address, name, origin(environment === 'development'), noKeyInQuery, key(true)]
  }
}

/** Checks the address of those that are not on this machine. */
function nearRule (access: ExplorerAccess, hasKey: boolean): MiddlewareHandler {
  const { host, allowedIPs = [], trustProxy = false, allowedHosts = [], settings } = access
  if (allowedIPs.length > 0) return requireAddress(new IpAllowlist(allowedIPs), { message: 'IP address not allowed', trustProxy })
  if (hasKey) return (_c, next) => next()
  const message = `Without a key, the explorer answers only programs and pages on this machine. Set ${settings.apiKey}, or ${settings.host} to an address that others reach.`
  if (!isLoopbackAddress(host)) {
    return requireAddress(new IpAllowlist(PRIVATE_NETWORKS), { message: `Without a key, the explorer answers only private networks. Set ${settings.apiKey}.`, trustProxy })
  }
  const listed = new Set(allowedHosts.map(each => each.toLowerCase()))
  const isListed = (c: Context): boolean => listed.has(hostIn(c.req.header('host') ?? '') ?? '')
  const isHere = requireAddress(new IpAllowlist(['127.0.0.0/8', '::1']), { message, trustProxy: false })
  return async (c, next) => {
    // A proxy on this machine brings others here: it may do so only under a name that the operator lists.
    if (!isNear(c) && !isListed(c)) throw new SluiceError('SLUICE_CLIENT_REFUSED', message)
    await isHere(c, next)
  }
}

/** CORS (fetch.spec.whatwg.org), for pages of this machine alone. */
const readableByLocalPages: MiddlewareHandler = async (c, next) => {
  const origin = c.req.header('origin')
  if (origin === undefined || !LOCAL_ORIGIN.test(origin)) return next()
  const headers = { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' }
  if (c.req.method === 'OPTIONS') {
    return new Response(null, { status: 204, headers: {
      ...headers, 'Access-Control-Allow-Methods': 'GET', 'Access-Control-Allow-Headers': 'X-Api-Key', 'Access-Control-Max-Age': PREFLIGHT_AGE
    } })
  }
  await next()
  for (const [header, value] of Object.entries(headers)) c.res.headers.set(header, value)
}
