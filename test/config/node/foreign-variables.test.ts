/** Variables of other connectors: each that is set is named, and those without which the node would be open or visible stop the start. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigLoader, ConfigurationError } from '../../../src/index.js'
import { World } from '../../support/node.js'

const NAMED = [
  'CONNECTOR_ADMIN_URL', 'CONNECTOR_URL', 'CONNECTOR_PEERS', 'CONNECTOR_ILP_ADDRESS', 'CONNECTOR_ADMIN_PORT', 'PARENT_PEER_ID', 'TOON_PARENT_PEER_ID',
  'TOON_PARENT_AUTH_TOKEN', 'TOON_CONNECTOR_LOG_LEVEL', 'TOON_CONNECTOR_URL', 'TOON_SETTLEMENT_PRIVATE_KEY', 'SETTLEMENT_PRIVATE_KEY', 'SETTLEMENT_RPC_URL',
  'SETTLEMENT_CHAIN_ID', 'SETTLEMENT_TOKEN_ADDRESS', 'BTP_URL', 'BTP_PORT', 'BTP_ENDPOINT', 'SOLANA_PRIVATE_KEY', 'APTOS_PRIVATE_KEY',
  'TIGERBEETLE_OPERATION_TIMEOUT', 'BTP_SEND_TIMEOUT_MS'
]
const STOPPING = ['TRANSPORT_MODE', 'SOCKS_PROXY', 'TRANSPORT_HIDDEN_SERVICE_DIR', 'TRANSPORT_HIDDEN_SERVICE_PORT', 'BTP_SECRET', 'TOON_MNEMONIC']

describe('a variable of another connector', () => {
  const world = new World()
  let file = ''
  before(async () => {
    file = join(await world.directory(), 'config.yaml')
    await writeFile(file, 'nodeId: agent\nbtpServerPort: 3000\npeers: []\n')
  })
  after(() => world.end())

  const issuesOf = (env: NodeJS.ProcessEnv): string[] => {
    try {
      ConfigLoader.read(file, env)
      return []
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      return error.message.split('\n')
    }
  }

  for (const name of NAMED) {
    it(`is named in one warning: ${name}`, () => {
      const { warnings } = ConfigLoader.read(file, { [name]: 'hunter2' })
      expect(warnings).to.have.length(1)
      expect(warnings[0]).to.include(name).and.match(/[:.] .+\.$/).and.not.include('hunter2')
    })
  }

  for (const name of STOPPING) {
    it(`stops the start: ${name}`, () => {
      const [issue, ...more] = issuesOf({ [name]: 'hunter2' })
      expect(more).to.deep.equal([])
      expect(issue).to.match(new RegExp(`^${name}: is not supported: .*unset it\\.$`, 'i')).and.not.include('hunter2')
    })
  }

  const misspelt: ReadonlyArray<[name: string, meant: string]> = [
    ['BTP_ALLOW_NO_AUTH', 'BTP_ALLOW_NOAUTH'], ['btp_allow_noauth', 'BTP_ALLOW_NOAUTH'], ['ADMIN_API_ALLOWED_IP', 'ADMIN_API_ALLOWED_IPS'],
    ['ADMIN_APIKEY', 'ADMIN_API_KEY'], ['SECURITY_ALOWED_IPS', 'SECURITY_ALLOWED_IPS'], ['RATELIMIT_ENABLED', 'RATE_LIMIT_ENABLED'],
    ...['BTP_PEER_bank_SECRET', 'btp_peer_bank_secret', 'BTP_PEERS_BANK_SECRET', 'BTP_PEER_BANK_SECRET_FILE', 'BTP_PEER__SECRET', 'BTP_PEER_SECRET', 'BTP_PEER_BANK_TOKEN']
      .map((name): [string, string] => [name, 'BTP_PEER_<ID>_SECRET'])
  ]
  for (const [name, meant] of misspelt) {
    it(`that protects stops the start when it is misspelt: ${name}`, () => {
      const [issue, ...more] = issuesOf({ [name]: 'false' })
      expect(more).to.deep.equal([])
      expect(issue).to.match(new RegExp(`^${name}: is not a known variable, did you mean ${meant}`)).and.not.include('false')
    })
  }

  it('that only begins like one of ours is left alone', () => {
    const others = {
      BTP_PEER_BANK_SECRET: 'x', BTP_PEER_A_1_SECRET: 'y', BTP_PEERS: 'a,b', ADMIN_API_SERVICE_HOST: '10.0.0.1', ADMIN_API_PORT_8081_TCP: 'tcp://10.0.0.1:8081',
      ADMIN_API_URL_FOR_DASHBOARD: 'http://x', SECURITY_LEVEL: '3', RATE_LIMIT_BY_PLAN: 'true'
    }
    expect(issuesOf(others)).to.deep.equal([])
  })

  for (const nothing of ['', ' ', ' , ']) {
    it(`that says who is kept out is refused when it is ${JSON.stringify(nothing)}`, () => {
      for (const name of ['SECURITY_ALLOWED_IPS', 'ADMIN_API_ALLOWED_IPS', 'BTP_ALLOW_NOAUTH']) {
        if (name === 'BTP_ALLOW_NOAUTH' && nothing.includes(',')) continue
        expect(issuesOf({ [name]: nothing })).to.deep.equal([`${name}: is set to nothing, which would keep nobody out. Set it, or unset it.`])
      }
    })
  }

  it('that asks for nothing is not named', () => {
    const none = { TRANSPORT_MODE: 'direct', SOCKS_PROXY: '', BTP_URL: '' }
    expect(ConfigLoader.read(file, none).warnings).to.deep.equal([])
  })

  it('that Kubernetes sets for a Service of such a name is not named', () => {
    expect(ConfigLoader.read(file, { BTP_PORT: 'tcp://10.0.0.1:3000', CONNECTOR_ADMIN_PORT: 'tcp://10.0.0.2:8081' }).warnings).to.deep.equal([])
  })

  it('is all named at once, and does not touch a configuration in code', () => {
    expect(issuesOf(Object.fromEntries(STOPPING.map(name => [name, 'x'])))).to.have.length(STOPPING.length)
    const env = Object.fromEntries([...STOPPING, 'BTP_URL'].map(name => [name, 'x']))
    expect(ConfigLoader.read({ nodeId: 'agent', btpServerPort: 3000, peers: [] }, env).warnings).to.deep.equal([])
  })
})
