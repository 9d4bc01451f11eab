/** `connector import`: what other connectors for agents wrote becomes a configuration of this one; the rest is said, line by line. */
import { expect } from 'chai'
import { parse } from 'yaml'
import { freePorts, Workplace, type Result } from '../../support/cli.js'

const ADDRESS = `0x${'ab'.repeat(20)}`
const OTHER = `0x${'cd'.repeat(20)}`
const KEY = `0x${'5e'.repeat(32)}`
const BASE58 = '4Nd1mYbT7zKqL2xYw9rJc5v8eHgFsPqUaXnWtDkRoBzM'

/** Files as each kind of connector has them, in our words. PORT1 to PORT3 are free ports. */
const SAMPLES: Readonly<Record<string, { text: string, left: RegExp[], config: object, env?: Record<string, string> }>> = {
  'a hub of the agent stack': {
    text: `
nodeId: g.townhouse
btpServerPort: PORT1
healthCheckPort: PORT2
environment: development
adminApi: { enabled: true, port: PORT3, host: 127.0.0.1, allowedIPs: [127.0.0.1, 172.16.0.0/12] }
transport:
  type: socks5
  socksProxy: socks5h://127.0.0.1:9050
  externalUrl: auto
  managed: true
  managedOptions: { hiddenServiceDir: /data/hs, hiddenServicePort: 80, startupTimeoutMs: 1000, stopTimeoutMs: 1000 }
routingFeeBasisPoints: 25
chainProviders:
  - chainType: evm
    chainId: evm:base:84532
    rpcUrl: \${RPC_URL}
    registryAddress: '${ADDRESS}'
    tokenAddress: '${ADDRESS}'
    keyId: \${HUB_KEY}
peers: []
routes: [{ prefix: g.townhouse.town, nextHop: town, priority: 0 }, { prefix: g.townhouse, nextHop: g.townhouse, priority: 100 }]
`,
    env: { HUB_KEY: KEY, RPC_URL: 'http://127.0.0.1:9' },
    left: [/^old\.yaml:2: nodeId: the node is called townhouse now\. Peers .* g\.townhouse have to rename it\.$/, /^old\.yaml:7: transport: transport is not supported yet/],
    config: {
      nodeId: 'townhouse',
      routes: [{ nextHop: 'town' }, { prefix: 'g.townhouse', nextHop: 'local', priority: 100 }],
      settlement: { connectorFeePercentage: 0.25 },
      chainProviders: [{ chainType: 'evm', keyId: '${HUB_KEY}' }]
    }
  },
  'a version that had blockchain': {
    text: `
{ "nodeId": "shop", "btpServerPort": PORT1, "healthCheckPort": PORT2, "explorer": { "enabled": true, "port": 3001 },
  "ilpAddress": "g.connector.shop",
  "blockchain": { "base": { "enabled": true, "rpcUrl": "http://127.0.0.1:9", "chainId": 84532, "privateKey": "${KEY}",
    "registryAddress": "${ADDRESS}", "tokenAddress": "${ADDRESS}" },
    "arbitrum": { "enabled": false }, "xrpl": { "enabled": true } },
  "settlement": { "connectorFeePercentage": 0, "settlementThreshold": 5000 },
  "peers": [{ "id": "bob", "url": "ws://127.0.0.1:9", "authToken": "", "evmAddress": "${ADDRESS}", "assetCode": "USD" }],
  "btpAuthTokens": { "bob": "hunter2", "eve": "hunter3" },
  "routes": [{ "prefix": "g.bob", "nextHop": "bob" }] }
`,
    left: [
      /^old\.yaml:2: explorer: explorer is ignored/, /^old\.yaml:6: blockchain\.xrpl: /,
      /^old\.yaml:8: peers\[0\]\.assetCode: /, /^old\.yaml:9: btpAuthTokens: /
    ],
    config: {
      routes: [{ prefix: 'g.bob', nextHop: 'bob' }, { prefix: 'g.connector.shop', nextHop: 'local' }],
      chainProviders: [{ chainType: 'evm', chainId: 'evm:84532', keyId: KEY, settlementOptions: { threshold: '5000' } }],
      peers: [{ id: 'bob', authToken: 'hunter2', evmAddress: ADDRESS }]
    }
  },
  'a version with several kinds of chains': {
    text: `
nodeId: agent
btpServerPort: PORT1
healthCheckPort: PORT2
deploymentMode: embedded
chainProviders:
  - { chainType: solana, chainId: 'solana:devnet', rpcUrl: 'https://api.devnet.solana.com', programId: ${BASE58}, keyId: hunter2 }
  - { chainType: evm, chainId: 'evm:84532', rpcUrl: 'http://127.0.0.1:9', registryAddress: '${ADDRESS}', tokenAddress: '${ADDRESS}', privateKey: '${KEY}' }
settlement:
  enableSettlement: true
  thresholds: { defaultThreshold: 700, pollingInterval: 9000, perPeerThresholds: { b: 5 } }
nip59: { enabled: true }
selfAnnounce: { enabled: false, announceTo: [] }
localDelivery: { enabled: false }
peers:
  - { id: a, url: 'btp+ws://127.0.0.1:9', authToken: hunter4, relation: parent, chain: 'solana:devnet', solanaAddress: ${BASE58} }
  - { id: b, url: 'ws://127.0.0.1:10', authToken: '\${B_SECRET}', chain: 'evm:84532', settlementAddress: '${OTHER}', routes: [{ prefix: g.b, priority: 3 }] }
  - { id: c, url: 'http://c', authToken: hunter5 }
routes: [{ prefix: g.a, nextHop: a }]
`,
    env: { B_SECRET: 'hunter6' },
    left: [
      /chainProviders\[0\]: settlement on solana is not supported yet/, /settlement\.thresholds: /, /nip59: /, /peers\[0\]\.solanaAddress: /,
      /peers\[0\]\.chain: solana:devnet is not among the chains/, /peers\[2\]\.url: found "http:\/\/c"/, /peers\[2\]: is left out, because of what is wrong in it\.$/
    ],
    config: {
      chainProviders: [{ chainId: 'evm:84532', keyId: KEY, settlementOptions: { threshold: '700', pollingIntervalMs: 9000 } }],
      peers: [{ id: 'a', url: 'btp+ws://127.0.0.1:9', relation: 'parent' }, { id: 'b', authToken: '${B_SECRET}', evmAddress: OTHER }],
      routes: [{ prefix: 'g.a', nextHop: 'a' }, { prefix: 'g.b', priority: 3, nextHop: 'b' }]
    }
  },
  'a payment proxy': {
    text: `
nodeId: relay
btpServerPort: PORT1
healthCheckPort: PORT2
settlement: { thresholds: { defaultThreshold: 1000, pollingInterval: 5000 } }
chainProviders:
  - { chainType: evm, chainId: 'evm:84532', rpcUrl: 'http://127.0.0.1:9', registryAddress: '${ADDRESS}', tokenAddress: '${ADDRESS}', keyId: '${KEY}' }
selfAnnounce: { enabled: true, announceTo: ['ws://relay:7000'], announcePrice: 1, refreshIntervalSecs: 60, assetCode: USD, assetScale: 6 }
peers:
  - { id: apex, url: 'ws://127.0.0.1:9', authToken: '', chain: 'evm:84532', settlementAddress: '${OTHER}' }
routes:
  - { prefix: g.relay.events, upstream: 'http://127.0.0.1:7100', price: 10, chains: ['evm:84532'], ilpAddress: g.relay.events, settlementAddresses: { evm: '${ADDRESS}' } }
  - { prefix: g, nextHop: apex }
`,
    left: [
      /selfAnnounce: is not a key here: a node does not announce itself/, /routes\[0\]: is left out, because nextHop is missing/, /routes\[0\]\.upstream: .*handlerUrl/,
      /routes\[0\]\.price: /, /routes\[0\]\.chains: /, /routes\[0\]\.settlementAddresses: /
    ],
    config: {
      chainProviders: [{ settlementOptions: { threshold: '1000', pollingIntervalMs: 5000 } }], peers: [{ id: 'apex', evmAddress: OTHER }], routes: [{ prefix: 'g', nextHop: 'apex' }]
    }
  },
  'a node of this connector': {
    text: 'nodeId: me\nbtpServerPort: PORT1\nhealthCheckPort: PORT2\npeers: []\nadminApi: { enabled: true, port: PORT3, host: 127.0.0.1, apiKey: \'${ADMIN_API_KEY}\' }\n',
    env: { ADMIN_API_KEY: 'hunter2' },
    left: [],
    config: { nodeId: 'me', adminApi: { apiKey: '${ADMIN_API_KEY}' } }
  }
}

describe('connector import', () => {
  let place: Workplace
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(() => place.remove())

  async function importing (text: string): Promise<Result> {
    await place.write('old.yaml', text)
    return place.run(['import', 'old.yaml'])
  }

  for (const [what, { text, left, config, env = {} }] of Object.entries(SAMPLES)) {
    it(`takes over ${what}, which then is valid, and starts`, async () => {
      const ports = await freePorts(3)
      const { code, out, err } = await importing(ports.reduce((filled, port, index) => filled.replaceAll(`PORT${index + 1}`, String(port)), text))
      const lines = err.split('\n').filter(line => line !== '')
      for (const line of left) expect(lines.filter(each => line.test(each)), `${String(line)}\n${err}`).to.have.length(1)
      expect(lines, err).to.have.length(left.length)
      expect(err).to.not.match(/hunter|5e5e/)
      expect(code).to.equal(left.length === 0 ? 0 : 2)
      expectSome(parse(out), config)
      await place.write('config.yaml', out)
      const verdict = await place.run(['validate', 'config.yaml'], { env })
      expect(verdict.out, `${verdict.err}\n${out}`).to.equal('Configuration file is valid.\n')
      expect(await starts(env)).to.include('is running as')
    }).timeout(60_000)
  }

  async function starts (env: Record<string, string>): Promise<string> {
    const child = place.start(['start', 'config.yaml'], env)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (output.includes('is running as')) child.kill('SIGTERM')
      })
    }
    await new Promise(resolve => child.once('close', resolve))
    return output
  }

  it('says of its own output that nothing was left out', async () => {
    const first = await importing('nodeId: me\nbtpServerPort: 3000\nilpAddress: g.x\nroutingFeeBasisPoints: 5\npeers: [{ id: b, url: "ws://b:1", authToken: a }]\n')
    expect(first).to.include({ code: 0, err: '' })
    expect(await importing(first.out)).to.deep.equal(first)
  })

  const UNREADABLE: Array<[what: string, text: string, words: string]> = [
    ['what is not YAML', 'nodeId: [', 'Invalid YAML syntax'],
    ['what is not an object', '- a', 'must be a YAML object'],
    ['the TOML of a Rust connector', 'client_edge_addr = "0.0.0.0:3000"\n[signer]\nkey_file = "hunter2"\n', ''],
    ['a file of something else', 'version: 3\nservices: { db: { image: hunter2 } }\n', 'nodeId: is missing'],
    ['a key of the admin API that is not one', 'nodeId: a\nbtpServerPort: 1\npeers: []\nadminApi: { enabled: true, apiKey: 4711 }\n', 'adminApi.apiKey: found a number'],
    ['a limit on credit that is not one', 'nodeId: a\nbtpServerPort: 1\npeers: []\nsettlement: { creditLimits: { defaultLimit: -5 } }\n', 'creditLimits.defaultLimit'],
    ['a node with a name that cannot be', 'nodeId: a b\nbtpServerPort: 1\npeers: []\n', 'nodeId: found "a b"']
  ]
  for (const [what, text, words] of UNREADABLE) {
    it(`refuses ${what}`, async () => {
      const { code, out, err } = await importing(text)
      expect({ code, out }, err).to.deep.equal({ code: 78, out: '' })
      expect(err).to.include(words).and.match(/^Configuration error: /).and.not.include('hunter2')
    })
  }

  it('refuses a file that is not there, and asks for one', async () => {
    expect(await place.run(['import', 'nowhere.yaml'])).to.include({
      code: 78, err: 'Configuration error: Configuration file not found: nowhere.yaml\nError code: SLUICE_CONFIG_INVALID\n'
    })
    expect((await place.run(['import'])).err).to.match(/^Which file\?\nUsage: connector import <file>/)
  })
})

/** Deep, as far as `expected` says anything; lists are as long as that says. */
function expectSome (found: unknown, expected: unknown, place = ''): void {
  if (typeof expected !== 'object' || expected === null) {
    expect(found, place).to.equal(expected)
    return
  }
  if (Array.isArray(expected)) expect(found, place).to.have.length(expected.length)
  for (const [key, value] of Object.entries(expected)) expectSome((found as Record<string, unknown> | undefined)?.[key], value, `${place}.${key}`)
}
