/**
 * What the `Host` and `Origin` of a request say about who asks. A browser runs strangers' pages, and a page reaches whatever the browser
 * can: by cross-site requests (the page's `Origin` gives it away) or by DNS rebinding (its own name, which now leads to us, is the `Host`).
 * An address cannot be rebound: only names can.
 */
import { isIP } from 'node:net'
import { IpAllowlist } from './allowlist.js'

/** A name or address with an optional port, as RFC 9112 section 3.2 writes it: no user, path or query. */
const HOST = /^(?:\[[\da-f:.]+\]|[^\s/?#@\\:[\]]+)(?::\d{1,5})?$/i
const loopback = new IpAllowlist(['127.0.0.0/8', '::1'])

/** A host name that an operator may list: no port, no brackets. */
export const HOST_NAME = /^[a-z\d_](?:[a-z\d._-]*[a-z\d_])?$/i

/** The host in a `Host` header, in small letters, IPv6 addresses without brackets. Undefined for what names no host. */
export function hostIn (header: string): string | undefined {
  const url = `http://${header}`
  return HOST.test(header) && URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : undefined
}

/** Whether a host, as `hostIn` gives it, is this machine and no other. */
export function isThisMachine (host: string): boolean {
  return host === 'localhost' || loopback.allows(host)
}

/** Whether a host, as `hostIn` gives it, is an address: those do not change their meaning. */
export function isAddress (host: string): boolean {
  return isIP(host) !== 0
}

/** Whether `origin` is that of pages which the server itself serves under this `Host` header, by itself or behind a proxy with TLS. */
export function isOwnOrigin (origin: string, host: string): boolean {
  const scheme = /^https?:\/\/(?=[^/?#@\\]+$)/i.exec(origin)?.[0]
  if (scheme === undefined || !HOST.test(host) || !URL.canParse(origin) || !URL.canParse(scheme + host)) return false
  return new URL(origin).host === new URL(scheme + host).host
}
