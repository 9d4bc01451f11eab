/** Which addresses may talk to the admin API: single IPv4 and IPv6 addresses, and networks in CIDR notation (RFC 4632, RFC 4291). */
import { BlockList, isIP } from 'node:net'

/** IPv4 addresses inside IPv6 ones (RFC 4291, section 2.5.5.2), which is how a dual-stack socket shows IPv4 clients. */
const MAPPED_PREFIX_LENGTH = 96
const mappedAddresses = new BlockList()
mappedAddresses.addSubnet('::ffff:0.0.0.0', MAPPED_PREFIX_LENGTH, 'ipv6')

/** This machine and networks that the internet does not route: RFC 1122, 1918, 3927, 4193, 4291. */
export const PRIVATE_NETWORKS: readonly string[] = [
  '127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '::1', 'fc00::/7', 'fe80::/10'
]

/**
 * A rule of the one family never matches an address of the other, except that a mapped address is the IPv4 address in it: `::/0` is all of
 * IPv6 and none of IPv4. (BlockList alone would count IPv4 as a part of `::/64`.)
 */
export class IpAllowlist {
  private readonly v4 = new BlockList()
  private readonly v6 = new BlockList()

  /** Throws an Error that names the first entry that is neither an address nor a network. */
  constructor (entries: readonly string[]) {
    for (const entry of entries) this.add(entry)
  }

  /** False for anything that is not an address. */
  allows (address: string): boolean {
    const family = isIP(address)
    if (family === 0) return false
    if (family === 4) return this.v4.check(address, 'ipv4')
    return mappedAddresses.check(address, 'ipv6') ? this.v4.check(address, 'ipv6') : this.v6.check(address, 'ipv6')
  }

  private add (entry: string): void {
    const [address = '', length, ...rest] = entry.split('/')
    const family = isIP(address)
    if (length === undefined) {
      if (family === 0) throw new Error(`Invalid IP address in allowedIPs: "${entry}". Must be valid IPv4 or IPv6 address.`)
      this.listFor(address, family, family === 4 ? 32 : 128).addAddress(address, nameOf(family))
      return
    }
    const fault = faultOf(family, length, rest.length > 0)
    if (fault !== undefined) throw new Error(`Invalid CIDR notation in allowedIPs: "${entry}". Error: ${fault}`)
    this.listFor(address, family, Number(length)).addSubnet(address, Number(length), nameOf(family))
  }

  private listFor (address: string, family: number, prefixLength: number): BlockList {
    const isV4 = family === 4 || (prefixLength >= MAPPED_PREFIX_LENGTH && mappedAddresses.check(address, 'ipv6'))
    return isV4 ? this.v4 : this.v6
  }
}

function faultOf (family: number, length: string, hasMore: boolean): string | undefined {
  if (hasMore) return 'expected one slash, as in 10.0.0.0/8'
  if (family === 0) return 'the part before the slash is not an IPv4 or IPv6 address'
  const longest = family === 4 ? 32 : 128
  return /^\d{1,3}$/.test(length) && Number(length) <= longest ? undefined : `the prefix length must be a number from 0 to ${longest}`
}

function nameOf (family: number): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6'
}
