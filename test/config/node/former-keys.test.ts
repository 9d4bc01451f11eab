/** Configurations that were written for other connectors for agents: each key of theirs is told what became of it. */
import { expect } from 'chai'
import { ConfigurationError } from '../../../src/config/errors.js'
import { ConfigLoader } from '../../../src/config/node/config-loader.js'

const BASE = { nodeId: 'townhouse', btpServerPort: 3000, peers: [{ id: 'b', url: 'ws://b:3000', authToken: '' }], routes: [{ prefix: 'g.b', nextHop: 'b' }] }

function issuesOf (more: object): Array<{ path: string, message: string }> {
  try {
    ConfigLoader.read({ ...BASE, ...more }, {})
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.issues.map(({ path, message }) => ({ path, message }))
  }
  throw new Error('it was not refused')
}

const warningsOf = (more: object): string[] => ConfigLoader.read({ ...BASE, ...more }, {}).warnings

describe('a key of another connector', () => {
  const peer = (more: object): object => ({ peers: [{ ...BASE.peers[0], ...more }] })
  const route = (more: object): object => ({ routes: [{ ...BASE.routes[0], ...more }] })
  const cases: Array<[given: object, path: string, ...words: string[]]> = [
    [{ ilpAddress: 'g.connector.mynode' }, 'ilpAddress', 'g.<nodeId>', '{ prefix: g.connector.mynode, nextHop: local }'],
    [{ ilpAddress: 5 }, 'ilpAddress', '{ prefix: <address>, nextHop: local }'],
    [{ settlementPreference: 'evm' }, 'settlementPreference', 'peers[].chain'],
    [peer({ settlementPreference: 'evm' }), 'peers[0].settlementPreference', 'peers[].chain'],
    [{ settlement: { settlementThreshold: '1000' } }, 'settlement.settlementThreshold', 'chainProviders[].settlementOptions.threshold'],
    [{ settlement: { initialDepositMultiplier: 2 } }, 'settlement.initialDepositMultiplier', 'chainProviders[].settlementOptions.initialDepositMultiplier'],
    [{ settlement: { pollingInterval: 2 } }, 'settlement.pollingInterval', 'chainProviders[].settlementOptions.pollingIntervalMs'],
    [{ peerDiscovery: { enabled: true } }, 'peerDiscovery', 'POST /admin/peers'],
    [{ btpAuthTokens: { b: 'hunter2' } }, 'btpAuthTokens', 'peers[].authToken'],
    [{ btpAuthToken: 'hunter2' }, 'btpAuthToken', 'peers[].authToken'],
    [{ monitoring: {} }, 'monitoring', '/metrics of the health port'],
    [{ routingFeeBasisPoints: 30 }, 'routingFeeBasisPoints', 'settlement.connectorFeePercentage', ': 0.3.'],
    [{ selfAnnounce: {} }, 'selfAnnounce', 'does not announce itself'],
    [{ settlementAddresses: { evm: '0x1' } }, 'settlementAddresses', 'chainProviders[].keyId'],
    [{ nip59: { enabled: true } }, 'nip59', 'claims are sent as they are'],
    [{ transport: { type: 'direct', mode: 'hidden' } }, 'transport.mode', 'transport.type: direct or socks5'],
    [{ settlement: { thresholds: { defaultThreshold: '5' } } }, 'settlement.thresholds', 'settlementOptions.threshold'],
    [route({ upstream: 'http://localhost:3000' }), 'routes[0].upstream', 'localDelivery.handlerUrl'],
    [route({ price: '5' }), 'routes[0].price', 'invalid_amount'],
    [route({ chains: ['evm:1'] }), 'routes[0].chains', 'peers[].chain'],
    [peer({ settlementAddress: '0x1' }), 'peers[0].settlementAddress', '<chainType>Address'],
    [peer({ routes: [] }), 'peers[0].routes', 'nextHop: <id of the peer>']
  ]
  for (const [given, path, ...words] of cases) {
    it(`is told what became of it: ${path}`, () => {
      const [issue, ...others] = issuesOf(given)
      expect(others).to.deep.equal([])
      expect(issue).to.have.property('path', path)
      for (const word of words) expect(issue!.message).to.include(word)
      expect(issue!.message).to.match(/ \S.*\.$/).and.not.include('the known keys are').and.not.include('hunter2')
    })
  }

  it('that nobody knows is told the known ones once, at the end', () => {
    const issues = issuesOf({ qwertz: 1, ilpAddress: 'g.a', asdfgh: 1, yxcvbn: 1, settlement: { mnbvcx: 1 } })
    const listing = issues.filter(({ message }) => message.includes('the known keys are'))
    expect(issues).to.have.length(5)
    expect(listing.map(({ path }) => path), 'once for each place').to.deep.equal(['settlement.mnbvcx', 'yxcvbn'])
    expect(issues.find(({ path }) => path === 'qwertz')?.message).to.equal('is not a known key. Remove it.')
  })

  it('that turns off what is not here is accepted', () => {
    const off = { enabled: false }
    const switches = { selfAnnounce: { ...off, announceTo: [] }, peerDiscovery: off, nip59: off, security: off, performance: off }
    expect(warningsOf({ ...switches, transport: { type: 'direct' } })).to.deep.equal([])
  })

})

describe('an address in the place of a nodeId', () => {
  it('is told which part of it is the nodeId', () => {
    expect(issuesOf({ nodeId: 'g.townhouse' })[0]!.message).to.equal('nodeId is one segment of the address, found "g.townhouse". ' +
      'Write townhouse: the address of the node is then g.townhouse.')
    expect(issuesOf({ nodeId: 'g.connector.mynode' })[0]!.message).to.include('Write mynode: the address of the node is then g.mynode.')
      .and.include('{ prefix: g.connector.mynode, nextHop: local }')
  })
})

describe('a prefix that no packet matches', () => {
  const cases: Array<[prefix: string, words: string]> = [
    ['G.INVALID', 'Did you mean g.INVALID?'], ['Test.x', 'Did you mean test.x?'], ['connector-b', 'Correct it'], ['x.y', 'Correct it'], ['test9.a', 'Correct it']
  ]
  for (const [prefix, words] of cases) {
    it(`is warned of: ${prefix}`, () => {
      expect(warningsOf({ routes: [{ prefix, nextHop: 'b' }] }).join('\n')).to.include(`no packet matches the route for ${prefix}:`).and.include(words)
    })
  }

  it('is none of those that packets match', () => {
    for (const prefix of ['g', 'g.b', 'test', 'test3.b', 'private.b', 'example.x', 'local.x', `g.${'x'.repeat(1000)}`]) {
      expect(warningsOf({ routes: [{ prefix, nextHop: 'b' }] }), prefix).to.deep.equal([])
    }
  })
})
