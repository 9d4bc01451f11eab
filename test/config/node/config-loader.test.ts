/** The configuration of a node: what is read, what is refused, and how well the reader is told what to do. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigLoader, ConfigurationError, ConnectorNode } from '../../../src/index.js'
import type { ConnectorConfig } from '../../../src/index.js'
import { ChainKinds } from '../../../src/config/node/chain-kinds.js'
import { World } from '../../support/node.js'

const BASE = { nodeId: 'agent', btpServerPort: 3000, peers: [], routes: [] }
const PEER = { id: 'peer-b', url: 'ws://peer-b:3001', authToken: 'hunter2' }
const SETTLEMENT_INFRA = '"settlementInfra" has been removed. Use "chainProviders" with an EVM entry instead. ' +
  'Configure chainProviders with chainType "evm", rpcUrl, registryAddress, keyId, and tokenAddress.'

describe('the configuration of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  function failure (read: () => unknown): ConfigurationError {
    try {
      read()
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigurationError)
      return error as ConfigurationError
    }
    throw new Error('nothing was refused')
  }

  const refusal = (more: object): string => failure(() => ConfigLoader.read({ ...BASE, ...more }, {})).message

  async function yaml (text: string): Promise<string> {
    const file = join(await world.directory(), 'config.yaml')
    await writeFile(file, text)
    return file
  }

  describe('as an object', () => {
    it('has the documented defaults', () => {
      const { config, warnings } = ConfigLoader.read(BASE, {})
      expect(warnings).to.deep.equal([])
      expect(config).to.deep.equal({
        nodeId: 'agent',
        ilpAddress: 'g.agent',
        btpServerPort: 3000,
        btpServerHost: '0.0.0.0',
        btpAllowedOrigins: [],
        healthCheckPort: 8080,
        healthCheckHost: '0.0.0.0',
        logLevel: 'info',
        environment: 'development',
        deploymentMode: 'embedded',
        peers: [],
        routes: [],
        localDelivery: { enabled: false, handlerUrl: undefined, timeout: 30_000, maxConcurrentRequests: 64, authToken: undefined },
        adminApi: {
          enabled: false, port: 8081, host: '0.0.0.0', isHostGiven: false, apiKey: undefined, allowedIPs: [], trustProxy: false, allowedHosts: []
        },
        explorer: { enabled: true, isAsked: false, port: 3001, host: '127.0.0.1', retentionDays: 7, maxEvents: 1_000_000, payloads: false },
        feePercentage: 0,
        feeReason: 'there is no section settlement. To take a fee, set settlement.connectorFeePercentage',
        creditLimits: {},
        asset: { code: 'M2M', scale: 0 },
        rates: {},
        chains: [],
        chainKinds: new ChainKinds({}).all,
        transport: { type: 'direct' },
        ledger: { type: 'embedded', clusterId: '', replicas: [], fallback: true },
        security: {
          allowedIPs: [], trustedProxies: [], fraud: {}, audit: { enabled: false, key: undefined, retentionDays: 365 },
          rateLimits: { guests: { refillPeriod: 1000, refillCount: 1000, capacity: 2000 }, peers: undefined, trusted: [], perPeer: {} }
        },
        perHopNotification: false,
        dataPath: './data'
      })
    })

    it('is refused by the constructor at once', () => {
      expect(() => new ConnectorNode({} as ConnectorConfig)).to.throw(ConfigurationError, 'Missing required field: nodeId')
    })

    it('can be read once and given to a node', () => {
      const given = ConfigLoader.validateConfig({ ...BASE, deploymentMode: 'library', logLevel: 'error' })
      expect(new ConnectorNode(given, world.log).isEmbedded()).to.equal(true)
    })

    it('is returned with the defaults of what programs read of it', () => {
      const read = ConfigLoader.validateConfig(BASE)
      expect(read).to.deep.include({ ...BASE, healthCheckPort: 8080, environment: 'development', logLevel: 'info', routes: [] })
      expect(ConfigLoader.validateConfig(read)).to.deep.equal(read)
      const given = { ...BASE, healthCheckPort: 9, environment: 'staging', logLevel: 'error', routes: [{ prefix: 'g.x', nextHop: 'peer-b', priority: 0 }] }
      expect(ConfigLoader.validateConfig(given)).to.deep.include(given)
      expect(ConfigLoader.read(read).config).to.deep.equal(ConfigLoader.read(BASE).config)
    })

    const faults: Array<[what: string, more: object, ...texts: string[]]> = [
      ['no nodeId', { nodeId: undefined }, 'Missing required field: nodeId'],
      ['an empty nodeId', { nodeId: '' }, 'nodeId cannot be empty'],
      ['a nodeId that is a number', { nodeId: 5 }, 'Invalid type for nodeId: expected string, got number'],
      ['a nodeId that is no address segment', { nodeId: 'a.b c' }, 'nodeId', 'letters, digits'],
      ['a nodeId that means something else', { nodeId: 'local' }, 'nodeId'],
      ['no port', { btpServerPort: undefined }, 'Missing required field: btpServerPort'],
      ['a port of 0', { btpServerPort: 0 }, 'BTP server port must be between 1-65535, got: 0'],
      ['a port too high', { healthCheckPort: 65_536 }, 'Health check port must be between 1-65535, got: 65536'],
      ['a log level that is none', { logLevel: 'loud' }, 'Invalid logLevel: must be one of debug, info, warn, error, got "loud"'],
      ['an environment that is none', { environment: 'prod' }, 'Invalid ENVIRONMENT: must be one of development, staging, production, got "prod"'],
      ['no peers', { peers: undefined }, 'Missing required field: peers'],
      ['a peer without id', { peers: [{ ...PEER, id: undefined }] }, 'peers[0].id', 'Peer missing required field: id'],
      ['a peer without token', { peers: [{ ...PEER, authToken: undefined }] }, 'Peer peer-b missing required field: authToken'],
      ['a peer with token null', { peers: [{ ...PEER, authToken: null }] }, 'Peer peer-b missing required field: authToken'],
      ['a peer over http', { peers: [{ ...PEER, url: 'http://peer-b:3001' }] },
        'Invalid WebSocket URL for peer peer-b: "http://peer-b:3001". Must start with ws:// or wss:// and include port.'],
      ['a peer without port', { peers: [{ ...PEER, url: 'ws://peer-b' }] }, 'Invalid WebSocket URL for peer peer-b'],
      ['an IPv6 address without brackets', { peers: [{ ...PEER, url: 'ws://::1:3000' }] }, 'An IPv6 address needs brackets, before the port: ws://[::1]:3000.'],
      ['half a pair of brackets', { peers: [{ ...PEER, url: 'btp+wss://[::1:3000' }] }, 'An IPv6 address needs brackets'],
      ['a port that there is not', { peers: [{ ...PEER, url: 'ws://b:99999' }] }, 'A port is at most 65535.'],
      ['a secret in a URL', { peers: [{ ...PEER, url: 'ws://me:hunter2@[::1]:3000' }] }, '<credentials>', 'The secret of a peer belongs in authToken'],
      ['two peers of one id', { peers: [PEER, PEER] }, 'Duplicate peer ID: peer-b'],
      ['itself as a peer', { peers: [{ ...PEER, id: 'agent' }] }, 'means this node itself'],
      ['a bad EVM address', { peers: [{ ...PEER, evmAddress: '0x12' }] }, 'evmAddress', '40 hexadecimal digits'],
      ['a bad prefix', { routes: [{ prefix: 'g.x.', nextHop: 'peer-b' }] }, 'Invalid ILP address prefix in route: "g.x.". Must contain only'],
      ['a route to nobody', { routes: [{ prefix: 'g.x' }] }, 'routes[0].nextHop'],
      ['the same route twice', { routes: [{ prefix: 'g.x', nextHop: 'b' }, { prefix: 'g.x', nextHop: 'b' }] }, 'routes[1]', 'twice'],
      ['a typing error', { btpServerport: 3000 }, 'btpServerport', 'did you mean btpServerPort?'],
      ['a typing error inside', { adminApi: { enabled: true, apikey: 'hunter2' } }, 'adminApi.apikey', 'did you mean apiKey?'],
      ['one port for two things', { healthCheckPort: 3000 }, 'healthCheckPort: port 3000 is also that of btpServerPort'],
      ['the default port of the admin API for another', { btpServerPort: 8081, adminApi: { enabled: true } }, 'adminApi.port: port 8081'],
      ['an explorer on a port of another', { explorer: { port: 3000 } }, 'explorer.port: port 3000 is also that of btpServerPort'],
      ['an explorer on the default port of another', { healthCheckPort: 3001, explorer: { enabled: true } }, 'explorer.port: port 3001 is also that of healthCheckPort'],
      ['an explorer on the port of the admin API', { adminApi: { enabled: true, port: 3010 }, explorer: { port: 3010 } }, 'explorer.port: port 3010', 'adminApi.port'],
      ['an explorer that is open in production', { environment: 'production', explorer: { enabled: true, host: '0.0.0.0' } },
        'explorer.host: the explorer would listen on 0.0.0.0 in production without authentication. Set ADMIN_API_KEY or ADMIN_API_ALLOWED_IPS'],
      ['an explorer that remembers forever', { explorer: { retentionDays: 366, maxEvents: 999 } },
        'explorer.retentionDays', 'from 1 to 365', 'explorer.maxEvents', 'from 1000 to 10000000'],
      ['an explorer with a key that it does not have', { explorer: { apikey: 'hunter2' } }, 'explorer.apikey'],
      ['embedded with a server', { deploymentMode: 'embedded', localDelivery: { enabled: true, handlerUrl: 'http://x' } },
        'deploymentMode is set to "embedded" but localDelivery.enabled is true.'],
      ['standalone without the URL of the server', { deploymentMode: 'standalone', localDelivery: { enabled: true } },
        'deploymentMode is set to "standalone" with localDelivery.enabled=true but localDelivery.handlerUrl is missing.'],
      ['local delivery without URL', { localDelivery: { enabled: true } }, 'localDelivery.handlerUrl is missing'],
      ['a server that is no URL', { localDelivery: { enabled: true, handlerUrl: 'bls:3100' } }, 'localDelivery.handlerUrl'],
      ['an open admin API in production', { environment: 'production', adminApi: { enabled: true } },
        'Admin API is enabled in production without authentication. Set ADMIN_API_KEY or ADMIN_API_ALLOWED_IPS to secure the admin API.'],
      ['an IP address that is none', { adminApi: { allowedIPs: ['300.1.1.1'] } },
        'Invalid IP address in allowedIPs: "300.1.1.1". Must be valid IPv4 or IPv6 address.'],
      ['a CIDR range that is none', { adminApi: { allowedIPs: ['10.0.0.0/33'] } }, 'Invalid CIDR notation in allowedIPs: "10.0.0.0/33". Error: '],
      ['a host name with its port', { adminApi: { allowedHosts: ['connector:8081'] } }, 'adminApi.allowedHosts[0]', 'without a port'],
      ['an origin with a path', { btpAllowedOrigins: ['https://wallet.example/'] }, 'btpAllowedOrigins[0]', 'such as https://wallet.example'],
      ['any origin', { btpAllowedOrigins: ['*'] }, 'btpAllowedOrigins[0]'],
      ['the origin of files', { btpAllowedOrigins: ['null'] }, 'btpAllowedOrigins[0]'],
      ['a fee of everything', { settlement: { connectorFeePercentage: 100 } }, 'settlement.connectorFeePercentage'],
      ['a limit that is no amount', { settlement: { creditLimits: { defaultLimit: '-1' } } }, 'settlement.creditLimits.defaultLimit'],
      ['a secret that is no text', { adminApi: { apiKey: 4711471147 } }, 'adminApi.apiKey: found a number'],
      ['settlementInfra', { settlementInfra: { enabled: true, privateKey: 'hunter2' } }, SETTLEMENT_INFRA, 'privateKey -> keyId', 'settlementOptions'],
      ['gateway mode', { mode: 'gateway' }, 'mode gateway is not supported yet'],
      ['settlement without a chain', { settlement: { enableSettlement: true } }, 'settlement.enableSettlement', 'there is no chain to settle on'],
      ['TigerBeetle without a cluster', { ledger: 'tigerbeetle' }, 'settlement.tigerBeetleClusterId: is missing', 'tigerBeetleReplicas: is missing'],
      ['half a TigerBeetle cluster', { settlement: { tigerBeetleReplicas: ['3000'] } }, 'settlement.tigerBeetleClusterId: is missing'],
      ['another ledger', { ledger: 'tiger' }, 'ledger: found a string, expected one of embedded, tigerbeetle, or an object'],
      ['a replica that is no address', { settlement: { tigerBeetleReplicas: ['a b'] } }, 'settlement.tigerBeetleReplicas[0]', 'host:port'],
      ['a cluster of no number', { settlement: { tigerBeetleClusterId: -1 } }, 'settlement.tigerBeetleClusterId', '128 bits'],
      ['thresholds', { settlement: { thresholds: {} } }, 'settlement.thresholds', 'settlementOptions.threshold']
    ]
    for (const [what, more, ...texts] of faults) {
      it(`is refused with ${what}`, () => {
        const message = refusal(more)
        for (const text of texts) expect(message).to.include(text)
        expect(message).to.not.include('hunter2')
      })
    }

    it('is told of all its faults at once', () => {
      const { issues } = failure(() => ConfigLoader.read({ nodeId: '', btpServerPort: 0, peers: [{}], nip59: {} }, {}))
      expect(issues.map(({ path }) => path)).to.have.members(['nip59', 'nodeId', 'btpServerPort', 'peers[0].id', 'peers[0].url', 'peers[0].authToken'])
    })

    it('has an explorer on this machine, in production only if it is asked for', () => {
      const explorerOf = (more: object): object => ConfigLoader.read({ ...BASE, ...more }, {}).config.explorer
      const usual = { enabled: true, isAsked: false, port: 3001, host: '127.0.0.1', retentionDays: 7, maxEvents: 1_000_000, payloads: false }
      expect(explorerOf({})).to.deep.equal(usual)
      expect(explorerOf({ environment: 'staging' })).to.deep.equal(usual)
      expect(explorerOf({ environment: 'production' })).to.deep.equal({ ...usual, enabled: false })
      expect(explorerOf({ explorer: { enabled: false } })).to.deep.equal({ ...usual, enabled: false })
      expect(explorerOf({ environment: 'production', explorer: { enabled: true } })).to.deep.equal({ ...usual, isAsked: true })
      const { warnings } = ConfigLoader.read({ ...BASE, environment: 'production', explorer: { enabled: true } }, {})
      expect(warnings.join()).to.include('the explorer is enabled in production').and.include('EXPLORER_ENABLED')
      const protectedOne = { environment: 'production', explorer: { enabled: true, host: '0.0.0.0' }, adminApi: { apiKey: 'k' } }
      expect(explorerOf(protectedOne)).to.include({ host: '0.0.0.0' })
    })

    it('goes on without a port for the explorer where it uses the default one for something else', () => {
      const { warnings } = ConfigLoader.read({ ...BASE, btpServerPort: 3001 }, {})
      expect(warnings.join()).to.include('the explorer has no port of its own').and.include('/explorer of the health port (8080)').and.include('EXPLORER_PORT')
      expect(ConfigLoader.read({ ...BASE, btpServerPort: 3001, explorer: { enabled: false } }, {}).warnings).to.deep.equal([])
    })

    it('may turn off what does not exist', () => {
      ConfigLoader.read({
        ...BASE, transport: { type: 'direct' }, settlement: { enableSettlement: false }, mode: 'connector',
        chainProviders: [], peers: [{ ...PEER, relation: 'peer', transport: 'direct' }]
      }, {})
    })

    it('keeps its balances in TigerBeetle when it is told of a cluster, and elsewhere in production only when it is told that, too', () => {
      const cluster = { settlement: { tigerBeetleClusterId: 2n ** 100n, tigerBeetleReplicas: ['10.0.0.1:3001', 'tigerbeetle:3000'] } }
      const there = { type: 'tigerbeetle', clusterId: String(2n ** 100n), replicas: ['10.0.0.1:3001', 'tigerbeetle:3000'] }
      const ledgerOf = (more: object): object => ConfigLoader.read({ ...BASE, ...cluster, ...more }, {}).config.ledger
      expect(ledgerOf({})).to.deep.equal({ ...there, fallback: true })
      expect(ledgerOf({ environment: 'production' })).to.deep.equal({ ...there, fallback: false })
      expect(ledgerOf({ environment: 'production', ledger: { fallback: true } })).to.deep.equal({ ...there, fallback: true })
      expect(ledgerOf({ ledger: { type: 'tigerbeetle', fallback: false } })).to.deep.equal({ ...there, fallback: false })
      expect(ledgerOf({ ledger: 'embedded' })).to.include({ type: 'embedded' })
    })

    const oddities: Array<[what: string, more: object, warning: string]> = [
      ['embedded with an admin API', { deploymentMode: 'embedded', adminApi: { enabled: true } }, 'the admin API is enabled'],
      ['standalone on its own', { deploymentMode: 'standalone' }, 'localDelivery is not enabled'],
      ['standalone without an admin API', { deploymentMode: 'standalone' }, 'the admin API is not enabled'],
      ['trustProxy for nothing', { adminApi: { trustProxy: true } }, 'trustProxy'],
      ['its own port as the server', { localDelivery: { enabled: true, handlerUrl: 'http://localhost:8080' } }, "this node's own healthCheckPort (8080)"]
    ]
    for (const [what, more, warning] of oddities) {
      it(`is warned of ${what}`, () => {
        expect(ConfigLoader.read({ ...BASE, ...more }, {}).warnings.join('\n')).to.include(warning)
      })
    }

    it('takes the environment from ENVIRONMENT only when it says nothing itself', () => {
      expect(ConfigLoader.read(BASE, { ENVIRONMENT: 'staging' }).config.environment).to.equal('staging')
      expect(ConfigLoader.read({ ...BASE, environment: 'production' }, { ENVIRONMENT: 'staging' }).config.environment).to.equal('production')
      expect(ConfigLoader.read(BASE, { NODE_ID: 'other' }).config.nodeId).to.equal('agent')
    })
  })

  describe('as YAML', () => {
    const text = 'nodeId: agent\nbtpServerPort: 3000\npeers: []\nroutes: []\n'

    it('says on which line each fault is', async () => {
      const file = await yaml(`${text}healthCheckPort: 99999\nadminApi:\n  enabled: true\n  prot: 1\nlocalDelivery:\n  timeout: soon\n`)
      const { issues, message } = failure(() => ConfigLoader.read(file, {}))
      expect(issues.map(({ line, path }) => [line, path])).to.have.deep.members([
        [5, 'healthCheckPort'], [8, 'adminApi.prot'], [10, 'localDelivery.timeout']
      ])
      expect(message.split('\n')[0]).to.match(/config\.yaml:\d+: /)
    })

    it('points at the surroundings of what is missing', async () => {
      const file = await yaml('nodeId: agent\nbtpServerPort: 3000\npeers:\n  - id: a\n    url: ws://a:1\n    authToken: ""\n  - id: b\n    url: ws://b:1\n')
      const { issues } = failure(() => ConfigLoader.read(file, {}))
      expect(issues.map(({ line, path }) => [line, path])).to.deep.equal([[7, 'peers[1].authToken']])
    })

    it('fills in the environment', async () => {
      const file = await yaml([
        'nodeId: ${NAME}-${ROLE:-agent}', 'btpServerPort: ${PORT}', 'healthCheckPort: ${HEALTH:-8090}', 'peers:', '  - id: b', '    url: ws://${HOST}:3001',
        '    authToken: "${TOKEN}"', '  - id: c', '    url: ws://c:1', '    authToken: $${literal} ${EMPTY:-x}', 'adminApi:', '  enabled: ${ADMIN:-true}'
      ].join('\n'))
      const { config } = ConfigLoader.read(file, { NAME: 'my', PORT: '4000', HOST: 'b.example', TOKEN: '12345', EMPTY: '' })
      expect(config).to.include({ nodeId: 'my-agent', btpServerPort: 4000, healthCheckPort: 8090 })
      expect(config.peers.map(({ url, authToken }) => [url, authToken])).to.deep.equal([['ws://b.example:3001', '12345'], ['ws://c:1', '${literal} x']])
      expect(config.adminApi.enabled).to.equal(true)
    })

    it('names all variables that are missing, and where they are wanted', async () => {
      const file = await yaml(`${text}adminApi:\n  apiKey: \${ADMIN_API_KEY}\nlocalDelivery:\n  handlerUrl: http://\${BLS}:1\n  authToken: \${oops`)
      const { message, issues } = failure(() => ConfigLoader.read(file, {}))
      expect(message).to.include('Missing environment variable: ADMIN_API_KEY (referenced at adminApi.apiKey)')
      expect(message).to.include('Missing environment variable: BLS (referenced at localDelivery.handlerUrl)')
      expect(message).to.include('Unreadable reference')
      expect(issues.map(({ line }) => line)).to.deep.equal([6, 8, 9])
    })

    it('is overridden by the environment, variable by variable', async () => {
      const file = await yaml(`${text}adminApi:\n  port: 1234\n`)
      const { config } = ConfigLoader.read(file, {
        NODE_ID: 'other', LOG_LEVEL: 'warn', BTP_SERVER_PORT: '3100', HEALTH_CHECK_PORT: '3101', ENVIRONMENT: 'production',
        LOCAL_DELIVERY_ENABLED: 'true', LOCAL_DELIVERY_URL: 'http://bls:1', LOCAL_DELIVERY_TIMEOUT: '50', LOCAL_DELIVERY_MAX_CONCURRENT_REQUESTS: '7', LOCAL_DELIVERY_AUTH_TOKEN: 't',
        LOCAL_DELIVERY_PER_HOP_NOTIFICATION: 'true', ADMIN_API_ENABLED: 'true', ADMIN_API_HOST: '127.0.0.1', ADMIN_API_KEY: 'k',
        ADMIN_API_ALLOWED_IPS: '127.0.0.1, 10.0.0.0/16', ADMIN_API_TRUST_PROXY: 'true', ADMIN_API_ALLOWED_HOSTS: 'connector, admin.example',
        EXPLORER_ENABLED: 'true', EXPLORER_PORT: '3010', EXPLORER_HOST: '0.0.0.0', EXPLORER_RETENTION_DAYS: '30', EXPLORER_MAX_EVENTS: '5000', EXPLORER_PAYLOADS: 'true',
        BTP_SERVER_HOST: '10.0.0.1', BTP_ALLOWED_ORIGINS: 'https://wallet.example, chrome-extension://abc', HEALTH_CHECK_HOST: '::1', TIGERBEETLE_CLUSTER_ID: '7',
        TIGERBEETLE_REPLICAS: '10.0.0.1:3001, 10.0.0.2:3001'
      })
      expect(config).to.deep.include({
        nodeId: 'other',
        logLevel: 'warn',
        btpServerPort: 3100,
        btpServerHost: '10.0.0.1',
        btpAllowedOrigins: ['https://wallet.example', 'chrome-extension://abc'],
        healthCheckPort: 3101,
        healthCheckHost: '::1',
        environment: 'production',
        deploymentMode: 'standalone',
        ledger: { type: 'tigerbeetle', clusterId: '7', replicas: ['10.0.0.1:3001', '10.0.0.2:3001'], fallback: false },
        perHopNotification: true,
        explorer: { enabled: true, isAsked: true, port: 3010, host: '0.0.0.0', retentionDays: 30, maxEvents: 5000, payloads: true },
        localDelivery: { enabled: true, handlerUrl: 'http://bls:1', timeout: 50, maxConcurrentRequests: 7, authToken: 't' },
        adminApi: {
          enabled: true,
          port: 1234,
          host: '127.0.0.1',
          isHostGiven: true,
          apiKey: 'k',
          allowedIPs: ['127.0.0.1', '10.0.0.0/16'],
          trustProxy: true,
          allowedHosts: ['connector', 'admin.example']
        }
      })
    })

    it('blames the variable that set a wrong value, and shows no secret', async () => {
      const file = await yaml(text)
      const { message } = failure(() => ConfigLoader.read(file, { BTP_SERVER_PORT: 'many', ADMIN_API_ENABLED: 'si', ADMIN_API_KEY: 'hunter2' }))
      expect(message).to.include('BTP_SERVER_PORT: btpServerPort').and.include('ADMIN_API_ENABLED: adminApi.enabled').and.not.include('hunter2')
    })

    it('warns of variables for what does not exist', async () => {
      const names = [
        'APTOS_PRIVATE_KEY', 'EVM_PRIVATE_KEY', 'NETWORK_MODE', 'KEY_BACKEND', 'LEDGER_SNAPSHOT_PATH', 'LEDGER_PERSIST_INTERVAL_MS'
      ]
      const { warnings } = ConfigLoader.read(await yaml(text), { ...Object.fromEntries(names.map(name => [name, 'hunter2'])), KEY_BACKEND: 'hsm' })
      for (const name of names) expect(warnings.join('\n')).to.include(name)
      expect(ConfigLoader.read(await yaml(text), { KEY_BACKEND: 'env' }).warnings).to.deep.equal([])
      expect(warnings.join('\n')).to.not.include('hunter2')
    })

    it('is refused when it is no YAML, no object, or not there', async () => {
      expect(failure(() => ConfigLoader.read('/nowhere/config.yaml', {})).message).to.equal('Configuration file not found: /nowhere/config.yaml')
      const broken = await yaml('nodeId: [\nnodeId: "')
      expect(failure(() => ConfigLoader.read(broken, {})).message).to.match(/config\.yaml:\d+: Invalid YAML syntax: /)
      const doubled = await yaml(`${text}nodeId: other\n`)
      expect(failure(() => ConfigLoader.read(doubled, {})).issues[0]).to.include({ line: 5 })
      for (const odd of ['', '- a', '5', '# nothing']) {
        const file = await yaml(odd)
        expect(failure(() => ConfigLoader.read(file, {})).message).to.include('Configuration must be a YAML object')
      }
      const directory = await world.directory()
      expect(failure(() => ConfigLoader.read(directory, {})).message).to.include('Failed to read configuration file: ')
    })
  })
})
