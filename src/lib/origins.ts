/** The origins of web pages (RFC 6454), as a browser sends them when a page opens a connection. Programs send none. */

/** A scheme and a host, with a port where it is not the scheme's own, and nothing behind. */
export const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@\\,*]+$/i
export const ORIGIN_IN_WORDS = 'an origin such as https://wallet.example, without a path'

/** Whether a page of this origin may connect: only if it is on the list. Scheme and host are the same in small and capital letters. */
export function isListedOrigin (origin: string, listed: readonly string[]): boolean {
  const asked = canonical(origin)
  return asked !== undefined && listed.some(entry => canonical(entry) === asked)
}

/** Undefined for what is not an origin: `null`, which files and sandboxed pages send, and two at once. */
function canonical (origin: string): string | undefined {
  if (!ORIGIN.test(origin) || !URL.canParse(origin)) return undefined
  const { protocol, host } = new URL(origin)
  return `${protocol}//${host.toLowerCase()}`
}
