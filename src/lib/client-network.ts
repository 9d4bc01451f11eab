/** What counts as one client where connections are counted by address: somebody who has one IPv6 address has all of its network. */
import { isIPv6 } from 'node:net'

/** A network that is given to one customer (RFC 6177, RFC 4291 section 2.5.4): the first 64 of 128 bits. */
const GROUPS = 4
const MAPPED = /^::ffff:(?=\d+\.)/i

/** An IPv4 address as it is, also where a dual-stack socket shows it as IPv6; of an IPv6 address the first half, without its zone. */
export function clientNetwork (address: string): string {
  const plain = address.replace(MAPPED, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.replace(/%.*$/, '').toLowerCase().split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const count = last.length + (tail?.includes('.') === true ? 1 : 0)
  const zeros = tail === undefined ? 0 : 8 - groups.length - count
  const full = [...groups, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...last]
  return `${full.slice(0, GROUPS).map(group => parseInt(group, 16).toString(16)).join(':')}::/64`
}
