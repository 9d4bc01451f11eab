/** The allowlist agrees with the arithmetic of CIDR, for both families and for IPv4 inside IPv6. */
import { expect } from 'chai'
import fc from 'fast-check'
import { IpAllowlist, PRIVATE_NETWORKS } from '../../src/http/allowlist.js'

const v4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n })
/** Low and high bits matter most: a random 128-bit number is hardly ever near `::`. */
const v6 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n }))
const textOf4 = (address: bigint): string => [24n, 16n, 8n, 0n].map(shift => (address >> shift) & 255n).join('.')
const textOf6 = (address: bigint): string =>
  Array.from({ length: 8 }, (_, group) => ((address >> BigInt(112 - 16 * group)) & 0xffffn).toString(16)).join(':')
const isMapped = (address: bigint): boolean => address >> 32n === 0xffffn

/** Two addresses that share at least some leading bits, and a prefix length. */
function pair (bits: number, address: fc.Arbitrary<bigint>): fc.Arbitrary<{ rule: bigint, client: bigint, length: number }> {
  return fc.record({ rule: address, noise: address, shared: fc.integer({ min: 0, max: bits }), length: fc.integer({ min: 0, max: bits }) })
    .map(({ rule, noise, shared, length }) => ({ rule, length, client: rule ^ (noise & ((1n << BigInt(bits - shared)) - 1n)) }))
}

const inside = (bits: number, { rule, client, length }: { rule: bigint, client: bigint, length: number }): boolean =>
  rule >> BigInt(bits - length) === client >> BigInt(bits - length)

describe('IP allowlist', () => {
  it('allows exactly the IPv4 addresses of a network, however the socket writes them', () => {
    fc.assert(fc.property(pair(32, v4), sample => {
      const allowlist = new IpAllowlist([`${textOf4(sample.rule)}/${sample.length}`])
      const expected = inside(32, sample)
      expect(allowlist.allows(textOf4(sample.client))).to.equal(expected)
      expect(allowlist.allows(`::ffff:${textOf4(sample.client)}`)).to.equal(expected)
      expect(allowlist.allows(textOf6((0xffffn << 32n) | sample.client))).to.equal(expected)
    }))
  })

  it('allows exactly the IPv6 addresses of a network', () => {
    fc.assert(fc.property(pair(128, v6), sample => {
      fc.pre(!isMapped(sample.client) && !isMapped(sample.rule))
      expect(new IpAllowlist([`${textOf6(sample.rule)}/${sample.length}`]).allows(textOf6(sample.client))).to.equal(inside(128, sample))
    }))
  })

  it('takes a network of mapped addresses for the IPv4 network that it is', () => {
    fc.assert(fc.property(pair(32, v4), sample => {
      const allowlist = new IpAllowlist([`::ffff:${textOf4(sample.rule)}/${96 + sample.length}`])
      expect(allowlist.allows(textOf4(sample.client))).to.equal(inside(32, sample))
    }))
  })

  it('never lets a rule of one family admit the other', () => {
    fc.assert(fc.property(v4, v6, fc.integer({ min: 0, max: 128 }), (client4, client6, length) => {
      fc.pre(!isMapped(client6))
      expect(new IpAllowlist([`::/${length}`]).allows(textOf4(client4))).to.equal(false)
      expect(new IpAllowlist([`::ffff:${textOf4(client4)}/${Math.min(length, 95)}`]).allows(textOf4(client4))).to.equal(false)
      expect(new IpAllowlist(['0.0.0.0/0']).allows(textOf6(client6))).to.equal(false)
    }))
  })

  it('allows a single address and no neighbour', () => {
    const allowlist = new IpAllowlist(['10.0.1.5', '2001:db8::5'])
    expect(['10.0.1.5', '::ffff:10.0.1.5', '2001:db8::5', '2001:0DB8:0::0005'].map(address => allowlist.allows(address))).to.not.include(false)
    expect(['10.0.1.4', '10.0.1.6', '2001:db8::4', '::'].map(address => allowlist.allows(address))).to.not.include(true)
  })

  it('allows nothing that is no address', () => {
    const everything = new IpAllowlist(['0.0.0.0/0', '::/0'])
    for (const odd of ['', 'localhost', '10.0.0', '010.0.0.1', '10.0.0.1:80', '[::1]', '1.2.3.4/32', ' 10.0.0.1']) {
      expect(everything.allows(odd), odd).to.equal(false)
    }
    expect(everything.allows('fe80::1%eth0')).to.equal(true)
  })

  it('names the entry that is none', () => {
    const text = (entry: string): string => {
      try { new IpAllowlist(['127.0.0.1', entry]) } catch (err) { return (err as Error).message }
      return 'taken'
    }
    expect(text('999.1.1.1')).to.equal('Invalid IP address in allowedIPs: "999.1.1.1". Must be valid IPv4 or IPv6 address.')
    expect(text('')).to.equal('Invalid IP address in allowedIPs: "". Must be valid IPv4 or IPv6 address.')
    for (const entry of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/a', 'host/8', '::/129', '10.0.0.0/08x']) {
      expect(text(entry), entry).to.match(/^Invalid CIDR notation in allowedIPs: ".*"\. Error: .+/).and.to.contain(`"${entry}"`)
    }
  })

  it('knows private networks of both families', () => {
    const allowlist = new IpAllowlist(PRIVATE_NETWORKS)
    for (const near of ['127.0.0.1', '::1', '10.9.8.7', '172.17.0.2', '192.168.1.1', '::ffff:192.168.1.1', 'fd00::1']) {
      expect(allowlist.allows(near), near).to.equal(true)
    }
    for (const far of ['8.8.8.8', '172.32.0.1', '2001:4860::8888', '::ffff:8.8.8.8']) expect(allowlist.allows(far), far).to.equal(false)
  })
})
