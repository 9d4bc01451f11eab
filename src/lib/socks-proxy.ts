/**
 * The address of a SOCKS5 proxy (RFC 1928), and the names of hidden services that are reached through one. Where a proxy hides who
 * speaks to whom, neither its credentials nor such a name belongs into an error or a log.
 */

export interface SocksProxy {
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** Both, or none (RFC 1929). Tor and anon build another circuit for each pair. */
  readonly user: string | undefined
  readonly password: string | undefined
}

/** The only scheme: with `socks5://` programs ask a resolver here, which tells it who is dialled. */
const SOCKS_SCHEME = 'socks5h://'
/** What RFC 1929 has room for. */
const CREDENTIAL_BYTES_MAX = 255
/** Hidden services of Tor, and of the Anyone network under its former and its present name. */
const OVERLAY_NAME = /(?<![\w.-])[\w.-]+?\.(?:onion|anon|anyone)(?![\w-])/gi
/** What says already that it was taken out stays. */
const CREDENTIALS = /(?<=:\/\/)(?!<[a-z]+>@)[^\s/@]*@/g

/** What is wrong with `text` as the address of a proxy; undefined for a good one. Does not repeat it. */
export function socksProxyFault (text: string): string | undefined {
  if (!text.startsWith(SOCKS_SCHEME)) return `must use the "${SOCKS_SCHEME}" scheme to prevent DNS leaks (names are then resolved by the proxy, never here).`
  if (!URL.canParse(text)) return `must be ${SOCKS_SCHEME}host:port.`
  const { hostname, port, pathname, search, hash, username, password } = new URL(text)
  if (hostname === '' || port === '' || port === '0' || (pathname !== '' && pathname !== '/') || search !== '' || hash !== '') {
    return `must be ${SOCKS_SCHEME}host:port, with user:password@ before the host where the proxy asks for them, and nothing else.`
  }
  if ((username === '') !== (password === '')) return 'has a user without a password, or a password without a user. Give both, or none.'
  const isLong = [username, password].some(text => Buffer.byteLength(decoded(text)) > CREDENTIAL_BYTES_MAX)
  return isLong ? `has a user or a password of more than ${CREDENTIAL_BYTES_MAX} bytes, which SOCKS5 cannot send.` : undefined
}

/** @throws TypeError for what `socksProxyFault` has something to say about */
export function parseSocksProxy (text: string): SocksProxy {
  const fault = socksProxyFault(text)
  if (fault !== undefined) throw new TypeError(`the SOCKS proxy ${fault}`)
  const { hostname, port, username, password } = new URL(text)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port),
    user: username === '' ? undefined : decoded(username),
    password: password === '' ? undefined : decoded(password)
  }
}

/** Whether a name leads nowhere but through a proxy (RFC 7686): it is never asked of a resolver. */
export function isOverlayHost (host: string): boolean {
  return /\.(?:onion|anon|anyone)\.?$/i.test(host)
}

/** `text` without the names of hidden services, and without the credentials in URLs. */
export function withoutOverlayNames (text: string): string {
  return text.replace(CREDENTIALS, '<redacted>@').replace(OVERLAY_NAME, '<redacted>')
}

function decoded (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
