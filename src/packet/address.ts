/** ILP addresses (RFC 0015): a scheme and dot-separated segments. */
export { isValidIlpAddress as isValidAddress } from 'ilp-packet'

/** Whether `address` is `prefix` or lies below it, by whole segments: `test.ab` is not below `test.a`. */
export function isBelow (prefix: string, address: string): boolean {
  return address.startsWith(prefix) && (address.length === prefix.length || address[prefix.length] === '.')
}
