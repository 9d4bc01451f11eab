/** ILP addresses (RFC 0015): a scheme and dot-separated segments, and the prefixes that routes are for. */
export { isValidIlpAddress as isValidAddress } from 'ilp-packet'

/** Characters of an address or prefix. */
export const ADDRESS_LENGTH_MAX = 1023
/** One segment of an address. */
export const SEGMENT = /^[A-Za-z0-9_~-]+$/
export const SEGMENT_IN_WORDS = 'one ILP address segment (letters, digits, _ ~ and - only)'
/** Whole segments, so no period at either end. `isPrefix` looks at the length, too. */
export const PREFIX = /^[A-Za-z0-9_~-]+(\.[A-Za-z0-9_~-]+)*$/

/** Whether the text is one or more segments joined by dots. */
export function isPrefix (text: string): boolean {
  return text.length <= ADDRESS_LENGTH_MAX && PREFIX.test(text)
}

/** Whether `address` is `prefix` or lies below it, by whole segments: `test.ab` is not below `test.a`. */
export function isBelow (prefix: string, address: string): boolean {
  return address.startsWith(prefix) && (address.length === prefix.length || address[prefix.length] === '.')
}
