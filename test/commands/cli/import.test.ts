/** `connector import`: what other connectors for agents wrote becomes a configuration of this one; the rest is said, line by line. */
import { expect } from 'chai'
import { parse } from 'yaml'
import { freePorts, Workplace, type Result } from '../../support/cli.js'

const ADDRESS = `0x${'ab'.repeat(20)}`
const OTHER = `0x${'cd'.repeat(20)}`
const KEY = `0x${'5e'.repeat(32)}`
const BASE58 = '4Nd1mYbT7zKqL2xYw9rJc5v8eHgFsPqUaXnWtDkRoBzM'

const MANY_ALIASES = Array.from({ length: 9 }, (_, level) => `x${level + 1}: &x${level + 1} [${Array(10).fill(`*x${level}`).join()}]\n`)
  .reduce((text, line) => text + line, 'nodeId: a\nbtpServerPort: 1\npeers: []\nx0: &x0 [1, 2]\n')

/** Files as each kind of connector has them, in our words. PORT1 to PORT3 are free ports. */
const SAMPLES: Readonly<Record<string, { text: string, left: RegExp[], config: object, env?: Record<string, string> }>> = {
  'a hub of the agent stack': {
    text: `
nodeId: g.townhouse
btpServerPort: PORT1
healthCheckPort: PORT2
environment: development
adminApi: { enabled: true, port: PORT3, host: 127.0.0.1, allowedIPs: [127.0.0.1, 172.16.0.0/12] }
transport: { type: direct }
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
    left: [/^old\.yaml:2: nodeId: the node is called townhouse now\. Peers .* g\.townhouse have to rename it\.$/],
    config: {
      nodeId: 'townhouse',
      routes: [{ nextHop: 'town' }, { prefix: 'g.townhouse', nextHop: 'local', priority: 100 }],
      settlement: { connectorFeePercentage: 0.25 },
      chainProviders: [{ chainType: 'evm', keyId: '${HUB_KEY}' }]
    }
  },
  'a version that had blockchain': {
    text: `
{ "nodeId": "shop", "btpServerPort": PORT1, "healthCheckPort": PORT2, "explorerPort": 3011, "explorer": { "enabled": true },
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
      /^old\.yaml:6: blockchain\.xrpl: /,
      /^old\.yaml:8: peers\[0\]\.assetCode: /, /^old\.yaml:9: btpAuthTokens\.eve: .*BTP_PEER_<ID>_SECRET/
    ],
    config: {
      explorer: { enabled: true, port: 3011 },
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
  - { chainType: mina, chainId: 'mina:devnet', graphqlUrl: 'https://api.minascan.io', zkAppAddress: ${BASE58}, keyId: hunter2 }
  - { chainType: evm, chainId: 'evm:84532', rpcUrl: 'http://127.0.0.1:9', registryAddress: '${ADDRESS}', tokenAddress: '${ADDRESS}', privateKey: '${KEY}' }
settlement:
  enableSettlement: true
  thresholds: { defaultThreshold: 700, pollingInterval: 9000, perPeerThresholds: { b: 5 } }
nip59: { enabled: true }
selfAnnounce: { enabled: false, announceTo: [] }
localDelivery: { enabled: false }
peers:
  - { id: a, url: 'btp+ws://127.0.0.1:9', authToken: hunter4, relation: parent, chain: 'mina:devnet', minaAddress: ${BASE58} }
  - { id: b, url: 'ws://127.0.0.1:10', authToken: '\${B_SECRET}', chain: 'evm:84532', settlementAddress: '${OTHER}', routes: [{ prefix: g.b, priority: 3 }] }
  - { id: c, url: 'http://c', authToken: hunter5 }
routes: [{ prefix: g.a, nextHop: a }]
`,
    env: { B_SECRET: 'hunter6' },
    left: [
      /chainProviders\[0\]\.keyId: /, /chainProviders\[0\]\.zkAppAddress: /, /chainProviders\[0\]: is left out, because its keyId cannot be used/,
      /settlement\.thresholds\.perPeerThresholds: /, /nip59: /, /peers\[0\]\.minaAddress: /,
      /peers\[0\]\.chain: mina:devnet is not among the chains/, /peers\[2\]\.url: Invalid WebSocket URL for peer c: "http:\/\/c"\. /, /peers\[2\]: is left out, because its url cannot be used\.$/
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
    ['what refers to itself', 'nodeId: a\nbtpServerPort: 1\npeers: &all [*all]\n', 'old.yaml:3: Invalid YAML: *all is inside the value that it refers to'],
    ['what aliases make too large', MANY_ALIASES, 'old.yaml: Invalid YAML: '],
    ['a node with a name that cannot be', 'nodeId: a b\nbtpServerPort: 1\npeers: []\n', 'nodeId: found "a b"']
  ]
  for (const [what, text, words] of UNREADABLE) {
    it(`refuses ${what}`, async () => {
      const { code, out, err } = await importing(text)
      expect({ code, out }, err).to.deep.equal({ code: 78, out: '' })
      expect(err).to.include(words).and.match(/^Configuration error: /).and.not.include('hunter2')
    })
  }

  const PROTECTION = {
    adminApi: [
      'apiKey: [hunter2]', 'apiKey: "  "', 'apiKey: true', 'allowedIPs: 127.0.0.1', 'allowedIPs: [127.0.0.1, [10.0.0.1]]', 'allowedIps: [127.0.0.1]', 'host: [127.0.0.1]',
      'enabled: "false"'
    ],
    settlement: [
      'creditLimits: 1000', 'creditLimits: { defaultLimit: -5 }', 'creditLimits: { globalCeiling: 5000 USD }', 'creditLimits: { perPeerLimits: { bob: -5 } }',
      'creditLimits: { perPeerLimits: { bob: { USD: 5 } } }', 'creditLimits: { defaultlimit: 5 }', 'creditLimits: { perTokenLimits: { USD: 5 } }', 'enableSettlement: "false"'
    ],
    transport: [
      'type: tor', 'type: socks5, socksProxy: ["socks5h://hunter2:9@127.0.0.1:9050"]', 'type: socks5, managed: perhaps', 'type: 5'
    ],
    localDelivery: ['authToken: [hunter2]']
  }
  for (const [section, values] of Object.entries(PROTECTION)) {
    for (const value of values) {
      it(`keeps ${section}: { ${value.replaceAll('hunter', 'secret')} }, so that the node does not start before that is right`, async () => {
        await expectKept(`nodeId: a\nbtpServerPort: 1\npeers: []\n${section}: { ${value} }\n`, section)
      })
    }
  }
  for (const line of ['environment: prod', 'btpServerHost: [127.0.0.1]', 'healthCheckHost: 5.5.5', 'adminApi: true', 'settlement: none', 'transport: socks5', 'security: { allowedIps: [127.0.0.1] }']) {
    it(`keeps ${line}, too`, () => expectKept(`nodeId: a\nbtpServerPort: 1\npeers: []\n${line.replace('5.5.5', '[]')}\n`, line.split(':')[0] ?? ''))
  }

  it('keeps the transport of a peer that there is not', async () => {
    const { err } = await expectKept('nodeId: a\nbtpServerPort: 1\npeers: [{ id: b, url: "ws://b.onion:1", authToken: s, transport: tor }]\n', 'peers[0]')
    expect(err).to.equal('old.yaml:3: peers[0].transport: transport must be one of direct, socks5. Correct it, or remove it. It stays in the output, and the node does not start with it.\n')
  })

  it('keeps the transport of a chain that there is not', async () => {
    const address = `"0x${'1'.repeat(40)}"`
    await expectKept(`nodeId: a\nbtpServerPort: 1\npeers: []\nchainProviders: [{ chainType: evm, chainId: "evm:84532", rpcUrl: "https://x.example", ` +
      `registryAddress: ${address}, tokenAddress: ${address}, keyId: "\${KEY}", transport: tor }]\n`, 'chainProviders[0].transport')
  })

  /** What protects a node is not left out: the file says it still, and is refused for it. */
  async function expectKept (text: string, section: string): Promise<Result> {
    const result = await importing(text)
    expect(result.code, result.err).to.equal(2)
    expect(result.err).to.match(/It stays in the output, and the node does not start with it\.\n$/).and.not.include('hunter')
    expect(result.err.startsWith(`old.yaml:${text.trimEnd().split('\n').findIndex(line => line.startsWith(section.split('[')[0] ?? '')) + 1}: ${section}`), result.err).to.equal(true)
    expect(parse(result.out)).to.deep.equal(parse(text))
    await place.write('new.yaml', result.out)
    expect(await place.run(['validate', 'new.yaml'])).to.include({ code: 1 })
    return result
  }

  it('takes numbers that are meant as text, or are too large, as they are written', async () => {
    const { out, err } = await importing(`
nodeId: 12
btpServerPort: 3000
adminApi: { enabled: true, apiKey: 123456789012345678 }
settlement: { creditLimits: { defaultLimit: 1000, globalCeiling: 9007199254740993, perPeerLimits: { bob: 12345678901234567890 } } }
peers: [{ id: 007, url: "ws://b:1", authToken: 0x1f }]
`)
    expect(err).to.equal('')
    expect(parse(out)).to.deep.equal({
      nodeId: '12',
      btpServerPort: 3000,
      adminApi: { enabled: true, apiKey: '123456789012345678' },
      settlement: { creditLimits: { defaultLimit: 1000, globalCeiling: '9007199254740993', perPeerLimits: { bob: '12345678901234567890' } } },
      peers: [{ id: '007', url: 'ws://b:1', authToken: '0x1f' }]
    })
  })

  it('shows no credentials, paths and queries of the URLs that it leaves out', async () => {
    const { err } = await importing(`
nodeId: a
btpServerPort: 3000
localDelivery: { enabled: false, handlerUrl: "ftp://hunter1@handler:80/hunter2?key=hunter3" }
settlement: { tigerBeetleReplicas: ["tb://hunter4@ledger:3000/hunter5"] }
btpAllowedOrigins: ["http://hunter6@page/hunter7"]
peers:
  - { id: b, url: "ws://hunter8@b:3000", authToken: s }
  - { id: c, url: "ws://c:3000/hunter9?x=hunter10#hunter11", authToken: s }
  - { id: d, url: "hunter12:hunter13@d:3000", authToken: s }
  - { id: e, url: "ws://e:hunt/er@e:3000", authToken: s }
`)
    expect(err.match(/: (found )?"[^"]+"/g), err).to.deep.equal([
      ': found "ftp://<credentials>@handler:80/…"', ': found "tb://<credentials>@ledger:3000/…"', ': found "http://<credentials>@page/…"',
      ': "ws://<credentials>@b:3000"', ': "ws://c:3000/…"', ': "<credentials>@d:3000"', ': "ws://<credentials>@e:3000"'
    ])
    expect(err).to.not.match(/hunt/)
    expect(err).to.include('peers[0]: is left out, because its url cannot be used.')
  })

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
