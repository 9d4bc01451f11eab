/** The dialect of BTP in which a node dials a peer: set in a file, by registerPeer or over the admin API, or found out. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { BTPClient, ConfigLoader } from '../../../src/index.js'
import type { ConnectorNode, PeerConfig } from '../../../src/index.js'
import { ask } from '../../support/admin-node.js'
import { closeAll } from '../../support/btp.js'
import { World } from '../../support/node.js'
import { toonListen } from '../../support/toon-peer.js'
import type { ToonListener } from '../../support/toon-peer.js'
import { until } from '../../support/waiting.js'

const SECRET = 'of both'

describe('the dialect of a peer', () => {
  const world = new World()
  let toon: ToonListener
  let peer: PeerConfig
  beforeEach(async () => {
    toon = await toonListen(SECRET)
    peer = { id: 'toon', url: `ws://127.0.0.1:${toon.port}`, authToken: SECRET }
  })
  afterEach(async () => {
    await world.end()
    await closeAll()
  })

  /** How often the node had to dial before it was let in. */
  async function attempts (node: ConnectorNode): Promise<number> {
    await until(() => node.isPeerConnected('toon'))
    return toon.dialled()
  }

  it('is found out where nothing is said, at the price of a second attempt', async () => {
    expect(await attempts(await world.start('node', { peers: [peer] }))).to.equal(2)
  })

  it('is spoken at once where a file names it', async () => {
    const file = join(await world.directory(), 'config.yaml')
    await writeFile(file, [
      'nodeId: node', 'btpServerPort: 3000', 'peers:',
      `  - { id: toon, url: '${peer.url}', authToken: '${SECRET}', dialect: toon }`
    ].join('\n'))
    const { peers } = ConfigLoader.loadConfig(file)
    expect(await attempts(await world.start('node', { peers }))).to.equal(1)
  })

  it('is spoken at once to a peer that is registered with it', async () => {
    const node = await world.start('node')
    expect(await node.registerPeer({ ...peer, dialect: 'toon' })).to.include({ connected: true })
    expect(toon.dialled()).to.equal(1)
    await node.registerPeer({ ...peer, routes: [{ prefix: 'g.toon' }] })
    expect(toon.dialled(), 'a request that says nothing of it changes nothing').to.equal(1)
  })

  it('is set and changed over the admin API', async () => {
    const port = await freePort()
    const node = await world.start('node', { adminApi: { enabled: true, port, host: '127.0.0.1' } })
    expect((await ask(port, 'POST', '/admin/peers', { ...peer, dialect: 'rfc' })).json).to.have.nested.property('peer.connected', false)
    expect(toon.auths).to.deep.equal([])
    expect((await ask(port, 'PUT', '/admin/peers/toon', { dialect: 'toon' })).json).to.deep.equal({ success: true, peerId: 'toon', updated: true })
    await until(() => node.isPeerConnected('toon'))
    const dialled = toon.dialled()
    expect((await ask(port, 'PUT', '/admin/peers/toon', { dialect: 'toon', routes: [{ prefix: 'g.toon' }] })).status).to.equal(200)
    expect(toon.dialled(), 'the same again changes nothing').to.equal(dialled)
    const { status, json } = await ask(port, 'PUT', '/admin/peers/toon', { dialect: 'klingon' })
    expect([status, json]).to.deep.equal([400, { error: 'Bad request', message: 'dialect must be one of: auto, rfc, toon' }])
  })

  it('is spoken by a client without a node', async () => {
    const client = new BTPClient({ ...peer, dialect: 'toon' }, 'node', { logger: world.log })
    world.after(() => client.disconnect())
    await client.connect()
    expect(toon.dialled()).to.equal(1)
  })

  it('is one of three', () => {
    expect(() => ConfigLoader.read({ nodeId: 'node', btpServerPort: 3000, peers: [{ ...peer, dialect: 'btp' }] }, {}))
      .to.throw(/peers\[0\]\.dialect: found "btp", expected one of auto, rfc, toon/)
  })
})
