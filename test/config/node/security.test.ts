/** The section `security`: what it means, and what is refused in it. */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigLoader, ConfigurationError } from '../../../src/index.js'
import { peerAccount, guestAccount } from '../../../src/node/peer-account.js'
import { BtpAccess } from '../../../src/node/btp-access.js'
import type { NodeConfig } from '../../../src/contracts/node.js'
import { World } from '../../support/node.js'

const PEER = { id: 'bob', url: 'ws://bob:3000', authToken: 'hunter2' }
const BASE = { nodeId: 'shop', btpServerPort: 3000, peers: [PEER, { ...PEER, id: 'carol' }] }

describe('the section security', () => {
  const world = new World()
  afterEach(() => world.end())

  const read = (security: unknown): NodeConfig => ConfigLoader.read({ ...BASE, security }, {}).config
  const refusal = (security: unknown): string => {
    try {
      read(security)
    } catch (error) {
      if (error instanceof ConfigurationError) return error.message
      throw error
    }
    throw new Error('it was accepted')
  }
  const rateOf = (config: NodeConfig, id: string): unknown => peerAccount({ ...PEER, id }, config, new BtpAccess({})).rateLimit
  const guestRate = (config: NodeConfig): unknown => guestAccount('anyone', config, new BtpAccess({})).rateLimit

  it('limits guests alone where it says nothing', () => {
    const config = ConfigLoader.read(BASE, {}).config
    expect(guestRate(config)).to.deep.equal({ refillPeriod: 1000, refillCount: 1000, capacity: 2000 })
    expect(rateOf(config, 'bob')).to.include({ refillCount: 1_000_000 })
    expect(config.security).to.include({ allowedIPs: config.security.allowedIPs }).and.deep.include({ allowedIPs: [], trustedProxies: [] })
    expect(read({}).security).to.deep.equal(config.security)
    expect(read({ rateLimit: { enabled: false, maxPerSecond: 1 } }).security).to.deep.equal(config.security)
  })

  it('limits each peer, with the limits of other connectors as defaults', () => {
    const config = read({ rateLimit: {} })
    expect(rateOf(config, 'bob')).to.deep.equal({ refillPeriod: 1000, refillCount: 1000, capacity: 2000 })
    expect(guestRate(config)).to.deep.equal(rateOf(config, 'bob'))
  })

  it('keeps both rates with the lower one, and lets nobody have more at once than in a minute', () => {
    const config = read({ rateLimit: { maxPerSecond: 10, maxPerMinute: 60 } })
    expect(rateOf(config, 'bob')).to.deep.equal({ refillPeriod: 60_000, refillCount: 60, capacity: 60 })
  })

  it('has other limits for single peers, and none for trusted ones', () => {
    const config = read({ rateLimit: { maxPerSecond: 5, burstSize: 7, trustedPeers: ['carol'], perPeerLimits: { bob: { maxPerSecond: 50 } } } })
    expect(rateOf(config, 'bob')).to.include({ refillCount: 50, capacity: 7 })
    expect(rateOf(config, 'carol')).to.include({ refillCount: 1_000_000 })
    expect(rateOf(config, 'dave')).to.include({ refillCount: 5 })
    expect(rateOf(config, 'constructor'), 'no name of an object').to.include({ refillCount: 5 })
  })

  it('blocks only where it says for how long', () => {
    const config = read({ rateLimit: { blockDuration: 300 } })
    expect(rateOf(config, 'bob')).to.include({ blockPeriod: 300_000, blockAfter: 100, blockWindow: 60_000 })
  })

  it('takes RATE_LIMIT_* and the addresses from the environment', async () => {
    const file = join(await world.directory(), 'config.yaml')
    await writeFile(file, 'nodeId: shop\nbtpServerPort: 3000\npeers: []\nsecurity: { rateLimit: { maxPerSecond: 7 } }\n')
    const { config } = ConfigLoader.read(file, {
      RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_BURST_SIZE: '9', SECURITY_ALLOWED_IPS: '10.0.0.0/8, ::1', RATE_LIMIT_ADAPTIVE_ENABLED: 'false'
    })
    expect(config.security.rateLimits.peers).to.include({ refillCount: 7, capacity: 9 })
    expect(config.security.allowedIPs).to.deep.equal(['10.0.0.0/8', '::1'])
    expect(() => ConfigLoader.read(file, { RATE_LIMIT_ADAPTIVE_ENABLED: 'true' })).to.throw('RATE_LIMIT_ADAPTIVE_ENABLED').with.property('message').that.includes('expected false')
  })

  const faults: Array<[what: string, security: unknown, ...texts: string[]]> = [
    ['a key that it does not have', { ratelimit: {} }, 'security.ratelimit', 'rateLimit'],
    ['a limit of nothing', { rateLimit: { maxPerSecond: 0 } }, 'security.rateLimit.maxPerSecond'],
    ['a limit that moves', { rateLimit: { adaptiveEnabled: true } }, 'security.rateLimit.adaptiveEnabled', 'refuses honest peers'],
    ['an address that is none', { allowedIPs: ['10.0.0.0/8', '300.1.1.1'] }, 'security.allowedIPs[1]', 'Invalid IP address in allowedIPs: "300.1.1.1"'],
    ['a proxy that is none', { trustedProxies: ['10.0.0.0/33'] }, 'security.trustedProxies[0]', 'Invalid CIDR notation in trustedProxies']
  ]
  for (const [what, security, ...texts] of faults) {
    it(`is refused with ${what}`, () => { for (const text of texts) expect(refusal(security)).to.include(text) })
  }

  it('warns of names that no peer has', () => {
    const { warnings } = ConfigLoader.read({ ...BASE, security: { rateLimit: { trustedPeers: ['bbo'], perPeerLimits: { crol: {} } } } }, {})
    expect(warnings.join('\n')).to.include('trustedPeers names \'bbo\'').and.include('perPeerLimits names \'crol\'')
  })
})
