/** What may stand as a route's prefix (RFC 0015): segments of letters, digits, `_`, `~` and `-`, joined by dots. */

const SEGMENTS = /^[a-zA-Z0-9_~-]+(\.[a-zA-Z0-9_~-]+)*$/
/** ILP addresses are no longer (RFC 0015). */
const MAX_LENGTH = 1023

export function isValidPrefix (prefix: string): boolean {
  return prefix.length <= MAX_LENGTH && SEGMENTS.test(prefix)
}
