/** ILP addresses (RFC 0015): a scheme and dot-separated segments. */
export { isValidIlpAddress as isValidAddress } from 'ilp-packet'

const SEGMENT = /^[a-zA-Z0-9_~-]+$/

/** Whether `text` can be one segment of an address. */
export function isValidSegment (text: string): boolean {
  return SEGMENT.test(text)
}

/** Whether `address` is `prefix` or lies below it, by whole segments: `test.ab` is not below `test.a`. */
export function isBelow (prefix: string, address: string): boolean {
  return address.startsWith(prefix) && (address.length === prefix.length || address[prefix.length] === '.')
}
