/** A secret opens exactly one door, and one that is set to nothing opens none. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigLoader, ConfigurationError } from '../../../src/index.js'
import { readEnv } from '../../../src/config/connector/env.js'
import { BtpAccess } from '../../../src/node/btp-access.js'
import PluginBtp from '../../../plugins/btp/index.js'
import { World } from '../../support/node.js'

const ALIASES = ['CONNECTOR-B', 'CONNECTOR_B', 'connector_b', 'cOnnector-b', 'Connector-b']

describe('secrets from the environment', () => {
  const world = new World()
  afterEach(() => world.end())
  const peer = (id: string, authToken: string): object => ({ id, url: 'ws://127.0.0.1:9', authToken })

  async function refusal (text: string, env: NodeJS.ProcessEnv): Promise<string> {
    const file = join(await world.directory(), 'config.yaml')
    await writeFile(file, text)
    try {
      return ConfigLoader.read(file, env).warnings.join('\n')
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigurationError)
      return String(error)
    }
  }

  for (const [peers, isPrivate] of [[[], false], [[], true], [['connector-b'], false], [['connector-b'], true]] as const) {
    it(`belong to one id${peers.length > 0 ? ' that is configured' : ''}, letter by letter, ${isPrivate ? 'also in a private network' : 'also where strangers get in'}`, () => {
      const access = new BtpAccess({ BTP_PEER_CONNECTOR_B_SECRET: 'hunter2', BTP_ALLOW_NOAUTH: String(!isPrivate) }, () => peers[0])
      expect([access.secretOf('connector-b'), access.mayEnter('connector-b')]).to.deep.equal(['hunter2', true])
      for (const alias of ALIASES) expect([access.secretOf(alias), access.mayEnter(alias)], alias).to.deep.equal([undefined, false])
    })
  }

  it('belong to the configured peer where its id is spelt otherwise', () => {
    const access = new BtpAccess({ BTP_PEER_CONNECTOR_B_SECRET: 'hunter2' }, () => 'Connector_B')
    expect([access.secretOf('Connector_B'), access.secretOf('connector-b')]).to.deep.equal(['hunter2', undefined])
  })

  it('are refused where two peers would share one', () => {
    const given = { nodeId: 'me', btpServerPort: 3000, peers: [peer('peer-b', 'x'), peer('peer_b', 'y')] }
    expect(() => ConfigLoader.read(given, { BTP_PEER_PEER_B_SECRET: 'z' })).to.throw(ConfigurationError, 'peer-b, peer_b')
    expect(() => ConfigLoader.read(given, {})).to.not.throw()
  })

  for (const nothing of ['', ' \t']) {
    it(`are refused by name when they are ${JSON.stringify(nothing)}`, async () => {
      const yaml = (token: string, more = ''): string =>
        `nodeId: me\nbtpServerPort: 3000\npeers:\n  - id: bank\n    url: ws://127.0.0.1:9\n    authToken: ${token}\n${more}`
      for (const token of ['${BANK}', '"${BANK}"', '"pre${BANK}"']) {
        expect(await refusal(yaml(token), { BANK: nothing })).to.include('BANK').and.include('config.yaml:6').and.include('peers[0].authToken')
      }
      expect(await refusal(yaml('x', 'adminApi:\n  apiKey: ${KEY}\n'), { KEY: nothing })).to.include('KEY').and.include('adminApi.apiKey')
      for (const name of ['BTP_PEER_SHOP_SECRET', 'ADMIN_API_KEY', 'LOCAL_DELIVERY_AUTH_TOKEN']) {
        expect(await refusal(yaml('x'), { [name]: nothing }), name).to.include(`${name}: is set to nothing`)
      }
      expect(readEnv({ CONNECTOR_ADMIN_API_KEY: nothing }).issues.map(({ source }) => source)).to.deep.equal(['CONNECTOR_ADMIN_API_KEY'])
    })
  }

  it('of spaces alone are refused, wherever they come from', async () => {
    for (const blank of [' ', '\t', ' \n ']) {
      for (const more of [{ peers: [peer('bank', blank)] }, { adminApi: { apiKey: blank } }, { localDelivery: { authToken: blank } },
        { security: { audit: { key: blank.repeat(20) } } }]) {
        expect(() => ConfigLoader.read({ nodeId: 'me', btpServerPort: 3000, peers: [], ...more }, {}), JSON.stringify(more)).to.throw(ConfigurationError, 'spaces')
      }
      const node = await world.make('shop')
      const error = await node.registerPeer(peer('bank', blank) as never).catch((reason: unknown) => reason)
      expect(error).to.include({ code: 'SLUICE_PEER_INVALID' }).with.property('message').that.includes('only spaces')
      expect(() => new PluginBtp({ listener: { port: 0, secret: blank } })).to.throw('missing or empty')
    }
  })

  it('belong to one peer also among those that are registered', async () => {
    world.setEnv('BTP_PEER_A_B_SECRET', 'hunter2')
    const node = await world.make('shop', { peers: [peer('a-b', '') as never] })
    for (const authToken of ['', 'x']) {
      const error = await node.registerPeer(peer('a_b', authToken) as never).catch((reason: unknown) => reason)
      expect(error).to.include({ code: 'SLUICE_PEER_INVALID' }).with.property('message').that.includes('BTP_PEER_A_B_SECRET').and.includes('a-b, a_b')
    }
    await node.registerPeer(peer('a-b', '') as never)
    await node.registerPeer(peer('a-c', '') as never)
    expect(node.listPeers().map(({ id }) => id)).to.deep.equal(['a-b', 'a-c'])
  })

  it('of chains are refused by name when they are nothing', async () => {
    const address = `0x${'1'.repeat(40)}`
    for (const nothing of ['', ' ']) {
      const yaml = `nodeId: me\nbtpServerPort: 3000\npeers: []\nchainProviders:\n  - { chainType: evm, chainId: 'evm:8453', rpcUrl: 'https://x.example', ` +
        `registryAddress: '${address}', tokenAddress: '${address}', keyId: '\${KEY}' }\n`
      expect(await refusal(yaml, { KEY: nothing })).to.include('KEY is set to nothing')
      const env = { EVM_RPC_URL: 'https://x.example', TOKEN_NETWORK_REGISTRY: address, M2M_TOKEN_ADDRESS: address }
      const plain = 'nodeId: me\nbtpServerPort: 3000\npeers: []\n'
      for (const key of ['TREASURY_EVM_PRIVATE_KEY', 'EVM_PRIVATE_KEY']) {
        expect(await refusal(plain, { ...env, [key]: nothing })).to.include(`${key}: chainProviders[0].keyId`)
      }
    }
  })

  it('may be left out by a literal, of which production warns by peer', async () => {
    const yaml = (token: string): string =>
      `nodeId: me\nbtpServerPort: 3000\nenvironment: production\npeers:\n  - { id: bank, url: 'ws://127.0.0.1:9', authToken: ${token} }\n`
    for (const token of ["''", "'${BANK:-}'"]) expect(await refusal(yaml(token), {})).to.include('peer bank has no secret')
    expect(await refusal(yaml("''"), { BTP_PEER_BANK_SECRET: 'hunter2' })).to.equal('')
  })

  for (const [environment, warned] of [['production', ['bank']], ['development', []]] as const) {
    it(`may be left out by who registers a peer, of which production warns: ${environment}`, async () => {
      const node = await world.start('agent', { environment, logLevel: 'warn' })
      const before = world.log.lines.length
      await Promise.all(['bank', 'shop'].map(id => node.registerPeer(peer(id, id === 'bank' ? '' : 'hunter2') as never)))
      const warnings = world.log.lines.slice(before).filter(({ message }) => message === 'config_warning').map(({ fields }) => String(Reflect.get(fields, 'warning')))
      expect(warnings.map(text => /^peer (\S+) has no secret/.exec(text)?.[1])).to.deep.equal(warned)
    })
  }
})
