/** A secret opens exactly one door, and one that is set to nothing opens none. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigLoader, ConfigurationError } from '../../../src/index.js'
import { readEnv } from '../../../src/config/connector/env.js'
import { BtpAccess } from '../../../src/node/btp-access.js'
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
      const access = new BtpAccess({ BTP_PEER_CONNECTOR_B_SECRET: 'hunter2', BTP_ALLOW_NOAUTH: String(!isPrivate) }, () => [...peers])
      expect([access.secretOf('connector-b'), access.mayEnter('connector-b')]).to.deep.equal(['hunter2', true])
      for (const alias of ALIASES) expect([access.secretOf(alias), access.mayEnter(alias)], alias).to.deep.equal([undefined, false])
    })
  }

  it('belong to the configured peer where its id is spelt otherwise', () => {
    const access = new BtpAccess({ BTP_PEER_CONNECTOR_B_SECRET: 'hunter2' }, () => ['Connector_B'])
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

  it('may be left out by a literal, of which production warns by peer', async () => {
    const yaml = (token: string): string =>
      `nodeId: me\nbtpServerPort: 3000\nenvironment: production\npeers:\n  - { id: bank, url: 'ws://127.0.0.1:9', authToken: ${token} }\n`
    for (const token of ["''", "'${BANK:-}'"]) expect(await refusal(yaml(token), {})).to.include('peer bank has no secret')
    expect(await refusal(yaml("''"), { BTP_PEER_BANK_SECRET: 'hunter2' })).to.equal('')
  })
})
