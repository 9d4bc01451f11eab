/** Chains in the configuration of a node: what is read, mapped, refused and warned about, and which peers are settled with. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigLoader, ConfigurationError } from '../../../src/index.js'
import type { NodeConfig } from '../../../src/index.js'
import { peerAccount } from '../../../src/node/peer-account.js'
import { BtpAccess } from '../../../src/node/btp-access.js'
import { World } from '../../support/node.js'

const BASE = { nodeId: 'agent', btpServerPort: 3000, peers: [], routes: [] }
const ADDRESS = `0x${'Ab'.repeat(20)}`
const KEY = `0x${'5e'.repeat(32)}`
/** The first that developers' nodes print. */
const PUBLIC_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const PEER = { id: 'peer-b', url: 'ws://peer-b:3001', authToken: 'hunter2' }
const CHAIN = {
  chainType: 'evm' as const, chainId: 'evm:84532', rpcUrl: 'https://sepolia.base.org/v2/hunter2',
  registryAddress: ADDRESS, tokenAddress: ADDRESS, keyId: KEY
}
const LEGACY = {
  BASE_L2_RPC_URL: 'https://sepolia.base.org',
  TOKEN_NETWORK_REGISTRY: ADDRESS, M2M_TOKEN_ADDRESS: ADDRESS, TREASURY_EVM_PRIVATE_KEY: KEY
}

const read = (more: object, env: NodeJS.ProcessEnv = {}): { config: NodeConfig, warnings: string[] } =>
  ConfigLoader.read({ ...BASE, ...more }, env)

function refusal (more: object, env: NodeJS.ProcessEnv = {}): string {
  try {
    read(more, env)
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigurationError)
    return (error as Error).message
  }
  throw new Error('nothing was refused')
}

const failure = (changed: Promise<unknown>): Promise<unknown> => changed.then(() => undefined, (error: unknown) => error)

/** The account that the first peer gets. */
function accountOf ({ config }: { config: NodeConfig }): { plugin: unknown, options: Record<string, unknown>, balance: unknown } {
  const { plugin, options = {}, balance } = peerAccount(config.peers[0]!, config, new BtpAccess({}))
  return { plugin, options, balance }
}

describe('chainProviders', () => {
  const world = new World()
  afterEach(() => world.end())

  async function yaml (text: string): Promise<string> {
    const file = join(await world.directory(), 'config.yaml')
    await writeFile(file, text)
    return file
  }

  it('say whether the nodes of a chain are asked through the proxy of the node, all peers on one circuit', () => {
    const transport = { type: 'socks5', socksProxy: 'socks5h://127.0.0.1:9050' } as const
    const proxyIn = (found: { config: NodeConfig }): unknown => (accountOf(found).options.chain as { socksProxy?: string }).socksProxy
    const peers = ['b', 'c'].map((id, index) => ({ ...PEER, id, evmAddress: `${ADDRESS.slice(0, -1)}${index}` }))
    const chosen = read({ transport, btpServerHost: '127.0.0.1', peers, chainProviders: [{ ...CHAIN, transport: 'socks5' }] })
    expect(chosen.warnings.join()).to.not.include('asked directly')
    expect(proxyIn(chosen)).to.match(/^socks5h:\/\/[0-9a-f]{32}:[0-9a-f]{32}@127\.0\.0\.1:9050$/)
    expect(proxyIn({ config: { ...chosen.config, peers: chosen.config.peers.toReversed() } }), 'one circuit').to.equal(proxyIn(chosen))
    expect(accountOf(chosen).options.socksProxy, 'and another for the peer').to.not.equal(proxyIn(chosen))
    const silent = read({ transport, peers, chainProviders: [CHAIN] })
    expect(silent.warnings.join()).to.include('the nodes of evm:84532 are asked directly')
    expect(proxyIn(silent)).to.equal(undefined)
    expect(read({ transport, peers, chainProviders: [{ ...CHAIN, transport: 'direct' }] }).warnings.join()).to.not.include('asked directly')
    expect(refusal({ peers, chainProviders: [{ ...CHAIN, transport: 'socks5' }] })).to.include('chainProviders[0].transport: is socks5, which requires')
  })

  it('mean one chain however its id is spelt, wherever it stands', async () => {
    const spellings = ['evm:84532', 'evm:base:84532']
    const settlement = { preference: 'evm', evmAddress: ADDRESS }
    for (const chainId of spellings) {
      const node = await world.make('agent', { chainProviders: [{ ...CHAIN, chainId }, { ...CHAIN, chainId: 'evm:421614' }] })
      for (const [index, chain] of spellings.entries()) {
        expect(read({ chainProviders: [{ ...CHAIN, chainId }], peers: [{ ...PEER, evmAddress: ADDRESS, chain }] }).config.chains[0]?.id).to.equal('evm:84532')
        const byName = await node.registerPeer({ ...PEER, id: `named-${index}`, chain, evmAddress: `0x${'a1'.repeat(19)}0${index}` })
        expect(byName.settlement).to.include({ chainId: 84532 })
        const terms = { ...settlement, evmAddress: `0x${'b2'.repeat(19)}0${index}`, chainId: chain }
        expect((await node.registerPeer({ ...PEER, id: `terms-${index}`, settlement: terms })).settlement).to.include({ chainId: 84532 })
      }
      expect(await failure(node.registerPeer({ ...PEER, settlement: { ...settlement, chainId: 'evm:base:1' } }))).to.have.property('message').that.includes('evm:1,')
      expect(await failure(node.registerPeer({ ...PEER, settlement: { ...settlement, chainId: 'base' } })))
        .to.have.property('message', 'settlement.chainId must be a positive integer')
    }
    expect(refusal({ chainProviders: spellings.map(chainId => ({ ...CHAIN, chainId })) })).to.include('Duplicate chainId: evm:84532')
  })

  it('give a peer with that chain an account that settles, with the options of the plugin', () => {
    const { plugin, options, balance } = accountOf(read({
      chainProviders: [{
        ...CHAIN,
        settlementOptions: {
          threshold: '5000', timeBasedIntervalMs: 60_000, settlementTimeoutSecs: 7200, initialDepositMultiplier: 3, pollingIntervalMs: 1000, claims: 'packet', requireClaims: true,
          topUpBelow: 7n, confirmations: 2, startBlock: 12, idleCloseSecs: 0
        }
      }],
      peers: [{ ...PEER, chain: 'evm:base:84532', evmAddress: ADDRESS }]
    }))
    expect(balance).to.deep.equal({ maximum: 'Infinity', settleThreshold: '-5000', settleTo: '0', settleInterval: 60_000 })
    const { chainType, ...chain } = CHAIN
    expect(plugin).to.equal(chainType)
    expect(options).to.deep.include({
      server: 'btp+ws://peer-b:3001',
      peerAddress: ADDRESS,
      senderId: 'agent',
      sameUnits: true,
      chain: { ...chain, confirmations: 2, startBlock: 12 },
      settlementTimeoutSecs: 7200,
      initialDeposit: '50000',
      initialDepositMultiplier: 3,
      redeemThreshold: '5000',
      topUpBelow: '7',
      pollingIntervalMs: 1000,
      claims: 'packet',
      requireClaims: true,
      idleCloseSecs: 0
    }).and.not.have.any.keys('threshold', 'timeBasedIntervalMs', 'confirmations')
  })

  it('have the documented defaults', () => {
    const { options, balance } = accountOf(read({ chainProviders: [CHAIN], peers: [{ ...PEER, chain: 'evm:84532', evmAddress: ADDRESS }] }))
    expect(balance).to.deep.include({ settleThreshold: '-1000000' })
    expect(options).to.include({ initialDeposit: '10000000', redeemThreshold: '1000000' })
  })

  it('are shown with the peers that they are for', async () => {
    const node = await world.make('agent', { chainProviders: [CHAIN], peers: [{ ...PEER, evmAddress: ADDRESS }, { ...PEER, id: 'peer-c' }] })
    const settlement = { preference: 'evm', evmAddress: ADDRESS, tokenAddress: ADDRESS.toLowerCase(), chainId: 84532 }
    expect(node.listPeers()[0]).to.deep.include({ id: 'peer-b', settlement })
    expect(node.listPeers()[1]).to.not.have.property('settlement')
  })

  it('can be given to a peer that is there, and taken only as they are', async () => {
    const node = await world.make('agent', { chainProviders: [CHAIN] })
    await node.registerPeer(PEER)
    const settlement = { preference: 'evm', evmAddress: ADDRESS }
    expect(await node.updatePeer('peer-b', { settlement })).to.deep.include({
      settlement: { ...settlement, tokenAddress: ADDRESS.toLowerCase(), chainId: 84532 }
    })
    expect(await failure(node.updatePeer('peer-b', { settlement: { ...settlement, chainId: 1 } }))).to.include({ httpErrorCode: 400 })
    expect(await failure(node.updatePeer('peer-x', { settlement }))).to.include({ httpErrorCode: 404, message: 'Peer not found: peer-x' })
    expect(node.listPeers()[0]?.settlement).to.include({ chainId: 84532 })
  })

  it('leave peers without a chain and without an address as they are', () => {
    expect(accountOf(read({ chainProviders: [CHAIN], peers: [PEER] })).plugin).to.equal('btp')
    expect(accountOf(read({ peers: [{ ...PEER, evmAddress: ADDRESS }] })).plugin).to.equal('btp')
  })

  it('are what a peer with an address is settled with on when there is one, and asked for by name when there are several', () => {
    const peers = [{ ...PEER, evmAddress: ADDRESS }]
    expect(accountOf(read({ chainProviders: [CHAIN], peers })).plugin).to.equal('evm')
    const several = read({ chainProviders: [CHAIN, { ...CHAIN, chainId: 'evm:421614' }], peers })
    expect(accountOf(several).plugin).to.equal('btp')
    expect(several.warnings.join()).to.include('peer peer-b has an evmAddress and no chain').and.include('evm:84532, evm:421614')
  })

  it('are turned off by enableSettlement: false, with a warning', () => {
    const off = read({ chainProviders: [CHAIN], peers: [{ ...PEER, chain: 'evm:84532', evmAddress: ADDRESS }], settlement: { enableSettlement: false } })
    expect(accountOf(off).plugin).to.equal('btp')
    expect(off.warnings.join()).to.include('nothing is settled')
    expect(accountOf(read({ chainProviders: [CHAIN], settlement: { enableSettlement: true }, peers: [{ ...PEER, evmAddress: ADDRESS }] })).plugin).to.equal('evm')
  })

  it('take their key from the environment in a file', async () => {
    const file = await yaml(['nodeId: agent', 'btpServerPort: 3000', 'peers: []', 'chainProviders:', '  - chainType: evm', '    chainId: evm:84532',
      '    rpcUrl: ${RPC}', `    registryAddress: '${ADDRESS}'`, `    tokenAddress: '${ADDRESS}'`, '    keyId: ${EVM_PRIVATE_KEY}',
      '    settlementOptions: { threshold: 1000 }', ''].join('\n'))
    const { config, warnings } = ConfigLoader.read(file, { EVM_PRIVATE_KEY: KEY, RPC: 'https://sepolia.base.org' })
    expect(config.chains[0]).to.deep.include({ id: 'evm:84532', threshold: '1000' })
    expect(config.chains[0]?.options.chain).to.include({ keyId: KEY })
    expect(warnings).to.deep.equal([])
  })

  it('say in a file on which line something is wrong', async () => {
    const file = await yaml(`nodeId: agent\nbtpServerPort: 3000\npeers: []\nchainProviders:\n  - chainType: evm\n    chainId: evm:84532\n    keyId: ${KEY}\n`)
    expect(() => ConfigLoader.read(file, {})).to.throw(`${file}:7: chainProviders[0].keyId: found a number, expected a private key`)
  })

  const without = (field: string): object =>
    ({ chainProviders: [Object.fromEntries(Object.entries(CHAIN).filter(([name]) => name !== field))] })
  const one = (more: object): object => ({ chainProviders: [{ ...CHAIN, ...more }] })
  const faults: Array<[what: string, more: object, ...texts: string[]]> = [
    ...['chainType', 'chainId', 'rpcUrl', 'registryAddress', 'tokenAddress', 'keyId']
      .map((field): [string, object, string] => [`no ${field}`, without(field), `chainProviders[0].${field}: is missing, expected`]),
    ['two of one chain', { chainProviders: [CHAIN, { ...CHAIN, chainId: 'evm:base:84532' }] }, 'chainProviders[1].chainId: Duplicate chainId: evm:84532'],
    ['a type that nobody knows', one({ chainType: 'dogecoin' }), 'chainProviders[0].chainType: Unknown chain type: "dogecoin"'],
    ['a field that there is not', one({ rpcURL: 'https://x' }), 'chainProviders[0].rpcURL: is not a known key, did you mean rpcUrl?'],
    ['an option that there is not', one({ settlementOptions: { treshold: '1' } }), 'settlementOptions.treshold: is not a known key, did you mean threshold?'],
    ['a chain of another kind', one({ chainId: 'solana:mainnet' }), 'chainProviders[0].chainId', 'evm:8453'],
    ['a socket for an RPC', one({ rpcUrl: 'wss://hunter2' }), 'chainProviders[0].rpcUrl', 'http:// or https://'],
    ['a key in a cloud under a wrong name', one({ keyId: 'aws-kms://hunter2' }), 'chainProviders[0].keyId: this does not name a key in AWS KMS: expected aws-kms:'],
    ['a claim for each packet under a key in a vault', one({ keyId: 'hsm:evm', settlementOptions: { claims: 'packet' } }),
      'chainProviders[0].settlementOptions: claims is packet', 'Set claims to settlement'],
    ['a way into a vault that there is not', one({ keyId: 'hsm:evm', vault: { pinn: 'hunter2' } }), 'chainProviders[0].vault.pinn: is not a known key'],
    ['a key that is none', one({ keyId: 'hunter2' }), 'chainProviders[0].keyId: found a string, expected a private key'],
    ['a threshold that is no amount', one({ settlementOptions: { threshold: '-1' } }), 'settlementOptions.threshold', 'base units'],
    ['a challenge that the contract refuses', one({ settlementOptions: { settlementTimeoutSecs: 60 } }), 'from 3600'],
    ['a peer on another chain', { ...one({}), peers: [{ ...PEER, evmAddress: ADDRESS, chain: 'evm:1' }] },
      'peers[0].chain: Peer peer-b names the chain evm:1, which is not in chainProviders (evm:84532)'],
    ['a peer on a chain where there is none', { peers: [{ ...PEER, evmAddress: ADDRESS, chain: 'evm:8453' }] }, 'evm:8453, which is not in chainProviders'],
    ['a peer without an address', { ...one({}), peers: [{ ...PEER, chain: 'evm:84532' }] }, 'Peer peer-b missing required field: evmAddress'],
    ['a test network in production', { ...one({}), environment: 'production' }, 'Production must use Base mainnet (chainId 8453), got chainId 84532'],
    ['a developers\' chain in production', { ...one({ chainId: 'evm:31337' }), environment: 'production' }, 'got chainId 31337'],
    ['real money in staging', { ...one({ chainId: 'evm:8453' }), environment: 'staging' }, 'Staging must use Base Sepolia (chainId 84532), got chainId 8453'],
    ['an RPC in the clear in production', { ...one({ chainId: 'evm:8453', rpcUrl: 'http://rpc.example' }), environment: 'production' }, 'https:// RPC URL'],
    ['an RPC on this machine in production', { ...one({ chainId: 'evm:8453', rpcUrl: 'https://localhost:8545' }), environment: 'production' }, 'localhost'],
    ['a key that everybody has', { ...one({ keyId: PUBLIC_KEY }), environment: 'staging' },
      'chainProviders[0].keyId: this key is public'],
    ['a blockchain of another kind', { blockchain: { solana: { enabled: true } } }, 'blockchain.solana', 'not supported yet'],
    ['a blockchain with a field that there is not', { blockchain: { base: { enabled: true, rpcURL: '' } } }, 'did you mean rpcUrl?']
  ]
  for (const [what, more, ...texts] of faults) {
    it(`are refused with ${what}`, () => {
      const message = refusal(more)
      for (const text of texts) expect(message).to.include(text)
      expect(message).to.not.match(/hunter2|5e5e|ac0974/)
    })
  }

  it('are told of all faults at once, of entries that cannot be used the type alone', () => {
    const message = refusal({ chainProviders: [{ chainType: 'dogecoin', chainId: 'dogecoin:main' }, { ...CHAIN, registryAddress: '0x1' }, { chainType: 'x' }] })
    expect(message.split('\n')).to.have.length(3)
    expect(message).to.include('chainProviders[1].registryAddress')
  })

  it('warn of what is odd', () => {
    const peers = [{ ...PEER, evmAddress: ADDRESS, chain: 'evm:8453' }, { ...PEER, id: 'peer-c', evmAddress: ADDRESS, chain: 'evm:42161' }]
    const { warnings } = read({
      chainProviders: [{ ...CHAIN, chainId: 'evm:8453', settlementOptions: { ledgerSnapshotPath: './x', ledgerPersistIntervalMs: 5 } }, { ...CHAIN, chainId: 'evm:42161' }],
      peers
    })
    for (const text of ['settlementOptions.ledgerSnapshotPath is ignored', 'ledgerPersistIntervalMs is ignored', 'Base mainnet, where money is real', 'several chains']) {
      expect(warnings.join('\n')).to.include(text)
    }
  })
})

describe('settlement as earlier versions were told of it', () => {
  const PEER_1 = { ...PEER, id: 'peer1' }

  it('is set up from variables when all are there, with a warning, and the addresses of numbered peers', () => {
    const env = { ...LEGACY, PEER1_EVM_ADDRESS: ADDRESS, SETTLEMENT_THRESHOLD: '77', SETTLEMENT_POLLING_INTERVAL: '500', INITIAL_DEPOSIT_MULTIPLIER: '2' }
    const reading = read({ peers: [PEER_1] }, env)
    const { plugin, options, balance } = accountOf(reading)
    expect(plugin).to.equal('evm')
    expect(balance).to.include({ settleThreshold: '-77' })
    expect(options).to.include({ peerAddress: ADDRESS, pollingIntervalMs: 500, initialDepositMultiplier: 2 })
    expect(options.chain).to.include({ chainId: 'evm:84532', keyId: KEY })
    expect(reading.warnings.join()).to.include('deprecated').and.include('TREASURY_EVM_PRIVATE_KEY').and.not.include(KEY)
  })

  it('has the names of later versions, too, and the chain that production has unless another is named', () => {
    const env = { ...LEGACY, BASE_L2_RPC_URL: '', TREASURY_EVM_PRIVATE_KEY: '', EVM_RPC_URL: 'https://mainnet.base.org', EVM_PRIVATE_KEY: KEY }
    expect(read({ environment: 'production' }, env).config.chains[0]?.id).to.equal('evm:8453')
    expect(read({}, { ...env, BASE_CHAIN_ID: '31337' }).config.chains[0]?.id).to.equal('evm:31337')
  })

  it('is not used beside chains of the configuration, nor when it is turned off', () => {
    expect(read({ chainProviders: [{ ...CHAIN, chainId: 'evm:421614' }] }, LEGACY).config.chains.map(({ id }) => id)).to.deep.equal(['evm:421614'])
    expect(read({}, { ...LEGACY, SETTLEMENT_ENABLED: 'false' }).config.chains).to.deep.equal([])
  })

  it('turns off what the configuration has, too', () => {
    const chains = { chainProviders: [CHAIN], peers: [{ ...PEER, evmAddress: ADDRESS, chain: CHAIN.chainId }] }
    const reading = read({ ...chains, settlement: { connectorFeePercentage: 1 } }, { SETTLEMENT_ENABLED: 'false' })
    expect(accountOf(reading).plugin).to.equal('btp')
    expect(reading.config).to.deep.include({ chains: [], feePercentage: 1 })
    expect(reading.warnings.join()).to.include('nothing is settled on the chains that are configured')
    expect(refusal(chains, { SETTLEMENT_ENABLED: 'no' })).to.match(/^SETTLEMENT_ENABLED: settlement\.enableSettlement: found .*expected true or false/)
  })

  it('takes chain and RPC node from NETWORK_MODE', () => {
    for (const [mode, id, rpcUrl] of [['mainnet', 'evm:8453', 'https://mainnet.base.org'], ['testnet', 'evm:84532', 'https://sepolia.base.org']]) {
      for (const url of [undefined, 'https://rpc.example']) {
        const [chain] = read({}, { ...LEGACY, NETWORK_MODE: mode, BASE_L2_RPC_URL: url }).config.chains
        expect(chain?.options.chain).to.include({ chainId: id, rpcUrl: url ?? rpcUrl })
      }
    }
    expect(read({}, { ...LEGACY, NETWORK_MODE: 'mainnet', BASE_CHAIN_ID: '31337' }).config.chains[0]?.id).to.equal('evm:31337')
    expect(refusal({}, { ...LEGACY, NETWORK_MODE: 'main' })).to.match(/^NETWORK_MODE: chainProviders\[0\]\.chainId: /)
    expect(refusal({ environment: 'production' }, { ...LEGACY, NETWORK_MODE: 'testnet' })).to.include('Production must use Base mainnet')
  })

  it('signs with no key in the environment where one in a cloud was asked for', () => {
    expect(refusal({}, { ...LEGACY, KEY_BACKEND: 'aws-kms' })).to.equal(
      'KEY_BACKEND: AWS_REGION required for aws-kms backend\nKEY_BACKEND: AWS_KMS_EVM_KEY_ID required for aws-kms backend')
    expect(read({}, { ...LEGACY, KEY_BACKEND: 'env' }).config.chains).to.have.lengthOf(1)
  })

  it('says which variables change nothing beside chains of the configuration', () => {
    const env = { SETTLEMENT_THRESHOLD: '5', SETTLEMENT_POLLING_INTERVAL: '500', NETWORK_MODE: 'testnet', KEY_BACKEND: 'gcp-kms' }
    const [warning, ...more] = read({ chainProviders: [{ ...CHAIN, settlementOptions: { threshold: '5' } }] }, env).warnings
    expect(more).to.deep.equal([])
    expect(warning).to.match(/^SETTLEMENT_POLLING_INTERVAL, NETWORK_MODE, KEY_BACKEND: ignored, /)
    expect(read({ chainProviders: [CHAIN] }, { KEY_BACKEND: 'env', SETTLEMENT_ENABLED: 'true' }).warnings).to.deep.equal([])
  })

  it('is set up for each chain that a variable turns on, from the variables of that chain and of all', () => {
    const base = { BASE_ENABLED: 'true', BASE_RPC_URL: 'https://rpc.example', BASE_PRIVATE_KEY: KEY, BASE_REGISTRY_ADDRESS: ADDRESS, BASE_TOKEN_ADDRESS: ADDRESS }
    const arbitrum = Object.fromEntries(Object.entries(base).map(([name, value]) => [name.replace('BASE', 'ARBITRUM'), value]))
    const { config, warnings } = read({}, { ...base, ...arbitrum, ARBITRUM_CHAIN_ID: '31337' })
    expect(config.chains.map(({ id }) => id)).to.deep.equal(['evm:84532', 'evm:31337'])
    expect(config.chains[0]?.options.chain).to.deep.include({ rpcUrl: 'https://rpc.example', registryAddress: ADDRESS, tokenAddress: ADDRESS, keyId: KEY })
    expect(warnings.join('\n')).to.include('blockchain.base (BASE_ENABLED) is deprecated').and.not.include(KEY)
    expect(read({ environment: 'production' }, { ...base, ...arbitrum }).config.chains.map(({ id }) => id)).to.deep.equal(['evm:8453', 'evm:42161'])
    expect(read({}, { ...LEGACY, BASE_ENABLED: 'true' }).config.chains).to.have.length(1)
    expect(refusal({ environment: 'production' }, { ...base, BASE_CHAIN_ID: '84532' })).to.include('Production must use Base mainnet (chainId 8453), got chainId 84532')
    expect(refusal({}, { ...base, BASE_RPC_URL: 'hunter2' })).to.match(/^BASE_RPC_URL: blockchain\.base\.rpcUrl: /).and.not.include('hunter2')
    expect(refusal({}, { ...base, ARBITRUM_ENABLED: 'yes' })).to.match(/^ARBITRUM_ENABLED: /)
  })

  it('takes what variables say of a chain before what `blockchain` says of it', () => {
    const blockchain = { base: { enabled: true, rpcUrl: 'https://old.example', chainId: 84532, privateKey: KEY, registryAddress: ADDRESS, tokenAddress: ADDRESS } }
    expect(read({ blockchain }, { BASE_ENABLED: 'true', BASE_RPC_URL: 'https://new.example' }).config.chains[0]?.options.chain).to.include({ rpcUrl: 'https://new.example' })
    expect(read({ blockchain }, { BASE_ENABLED: 'false' }).config.chains).to.deep.equal([])
  })

  it('says what a chain lacks that a variable turns on, and what is said of one that none does', async () => {
    expect(read({}, { ARBITRUM_ENABLED: 'true', ARBITRUM_RPC_URL: 'https://rpc.example' }).warnings).to.deep.equal([
      'blockchain.arbitrum has no registryAddress, tokenAddress, privateKey (ARBITRUM_REGISTRY_ADDRESS, ARBITRUM_TOKEN_ADDRESS, ARBITRUM_PRIVATE_KEY): ' +
      'nothing is settled on it. Use chainProviders with an entry of chainType evm.'
    ])
    const world = new World()
    const file = join(await world.directory(), 'config.yaml')
    await writeFile(file, 'nodeId: agent\nbtpServerPort: 3000\npeers: []\n')
    const { warnings } = ConfigLoader.read(file, { BASE_RPC_URL: 'https://rpc.example', BASE_PRIVATE_KEY: KEY, SETTLEMENT_CHAIN_ID: '84532' })
    expect(warnings[0]).to.match(/^BASE_RPC_URL, BASE_PRIVATE_KEY: ignored without BASE_ENABLED=true\./)
    expect(warnings[1]).to.include('SETTLEMENT_CHAIN_ID').and.include('TOKEN_NETWORK_REGISTRY')
    expect(read({ chainProviders: [CHAIN] }, { BASE_ENABLED: 'true', SETTLEMENT_PRIVATE_KEY: 'hunter2', EVM_PRIVATE_KEY: KEY }).warnings)
      .to.deep.equal(['SETTLEMENT_PRIVATE_KEY, BASE_ENABLED: ignored, because the configuration has chainProviders. Say it there.'])
    await world.end()
  })

  it('has the key of an entry under the name that libraries give it, too', () => {
    const { keyId: privateKey, ...entry } = CHAIN
    const { config, warnings } = read({ chainProviders: [{ ...entry, privateKey }] })
    expect(config.chains[0]?.options.chain).to.include({ keyId: KEY })
    expect(warnings).to.deep.equal(['chainProviders[0].privateKey is called keyId here. It is taken; rename it.'])
    expect(refusal({ chainProviders: [{ ...entry, privateKey: 'hunter2' }] })).to.include('chainProviders[0].keyId: ').and.not.include('hunter2')
  })

  it('says which variable is wrong', () => {
    expect(refusal({}, { ...LEGACY, M2M_TOKEN_ADDRESS: '0x1' })).to.match(/^M2M_TOKEN_ADDRESS: chainProviders\[0\]\.tokenAddress: found "0x1"/)
    expect(refusal({}, { ...LEGACY, SETTLEMENT_POLLING_INTERVAL: 'soon' })).to.match(/^SETTLEMENT_POLLING_INTERVAL: /)
    expect(refusal({}, { ...LEGACY, BASE_CHAIN_ID: 'base' })).to.match(/^BASE_CHAIN_ID: /)
    for (const [name, set] of Object.entries({ BASE_CHAIN_ID: { BASE_ENABLED: 'true' }, ARBITRUM_CHAIN_ID: { ARBITRUM_ENABLED: 'true' } })) {
      expect(refusal({}, { ...set, [name]: 'abc' })).to.match(new RegExp(`^${name}: .*found "abc"`))
    }
    expect(refusal({}, { ...LEGACY, SETTLEMENT_POLLING_INTERVAL: '5s' })).to.include('found "5s"')
    expect(refusal({ peers: [PEER_1] }, { PEER1_EVM_ADDRESS: 'x' })).to.match(/^PEER1_EVM_ADDRESS: /)
  })

  it('warns in a file of variables that are not enough', async () => {
    const world = new World()
    const file = join(await world.directory(), 'config.yaml')
    await writeFile(file, 'nodeId: agent\nbtpServerPort: 3000\npeers: []\n')
    const { warnings } = ConfigLoader.read(file, { EVM_PRIVATE_KEY: KEY, SETTLEMENT_ENABLED: 'true' })
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.match(/^Detected legacy settlement env vars: EVM_PRIVATE_KEY, SETTLEMENT_ENABLED\./)
      .and.include('TOKEN_NETWORK_REGISTRY').and.not.include(KEY)
    await world.end()
  })

  it('is taken from `blockchain` as far as that is complete', () => {
    const base = { enabled: true, rpcUrl: CHAIN.rpcUrl, chainId: 84532, privateKey: KEY, registryAddress: ADDRESS, tokenAddress: ADDRESS }
    const { config, warnings } = read({ blockchain: { base, arbitrum: { enabled: true, rpcUrl: 'https://arb1.arbitrum.io/rpc', chainId: 42161 } } })
    expect(config.chains.map(({ id }) => id)).to.deep.equal(['evm:84532'])
    expect(warnings.join('\n')).to.include('blockchain.base (BASE_ENABLED) is deprecated')
      .and.include('blockchain.arbitrum has no registryAddress, tokenAddress, privateKey (ARBITRUM_REGISTRY_ADDRESS,')
    expect(read({ blockchain: { base: { ...base, enabled: false } } }).config.chains).to.deep.equal([])
  })

  it('is taken from both together: `blockchain` says which chain, variables the rest', () => {
    const base = { enabled: true, rpcUrl: 'https://mainnet.base.org', chainId: 8453 }
    const arbitrum = { enabled: true, rpcUrl: 'https://arb1.arbitrum.io/rpc', chainId: 42161, registryAddress: ADDRESS, tokenAddress: ADDRESS }
    const env = { ...LEGACY, SETTLEMENT_THRESHOLD: '77', SETTLEMENT_POLLING_INTERVAL: '500' }
    const { config: { chains }, warnings } = read({ environment: 'production', blockchain: { base, arbitrum } }, env)
    expect(chains.map(({ id, threshold, options }) => [id, threshold, options.pollingIntervalMs])).to.deep.equal([['evm:8453', '77', 500], ['evm:42161', '77', 500]])
    expect(chains[0]?.options.chain).to.deep.include({ rpcUrl: base.rpcUrl, registryAddress: ADDRESS, tokenAddress: ADDRESS, keyId: KEY })
    expect(warnings.join()).to.not.include(KEY)
    expect(refusal({ blockchain: { base } }, { ...env, TOKEN_NETWORK_REGISTRY: '0x1' })).to.match(/^TOKEN_NETWORK_REGISTRY: blockchain\.base\.registryAddress: found "0x1"/)
    // Contracts are not the same on two chains.
    expect(read({ blockchain: { arbitrum: { enabled: true, rpcUrl: arbitrum.rpcUrl, chainId: 42161 } } }, env).warnings.join())
      .to.include('blockchain.arbitrum has no registryAddress, tokenAddress (ARBITRUM_REGISTRY_ADDRESS, ARBITRUM_TOKEN_ADDRESS): nothing is settled on it')
    expect(read({ blockchain: { base } }, { ...env, SETTLEMENT_ENABLED: 'false' }).config.chains).to.deep.equal([])
  })
})
