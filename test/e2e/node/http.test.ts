/** The HTTP services on real nodes: peers and routes that are added over HTTP carry money, and health follows the sockets. */
import { expect } from 'chai'
import type { ConnectorNode, HealthStatus } from '../../../src/index.js'
import { freePorts } from '../../support/cli.js'
import { World } from '../../support/node.js'
import { ask } from '../../support/admin-node.js'

describe('HTTP services of a real node', () => {
  let world: World
  let here: ConnectorNode
  let there: ConnectorNode
  let admin: number
  beforeEach(async () => {
    world = new World()
    admin = (await freePorts(1))[0]!
    there = await world.start('there')
    there.setPacketHandler(({ amount }) => Promise.resolve({ accept: BigInt(amount) >= 100n, rejectReason: { code: 'invalid_amount', message: 'pay more' } }))
    here = await world.start('here', { adminApi: { enabled: true, port: admin, host: '127.0.0.1' } })
  })
  afterEach(() => world.end())

  const health = async (): Promise<HealthStatus> => (await ask(here.config.healthCheckPort, 'GET', '/health')).json as HealthStatus
  const addPeer = async (): Promise<number> => (await ask(admin, 'POST', '/admin/peers', {
    id: 'there', url: `ws://127.0.0.1:${there.config.btpServerPort}`, authToken: '', routes: [{ prefix: 'g.there' }]
  })).status
  const send = async (amount: string, destination = 'g.there.shop'): Promise<unknown> =>
    (await ask(admin, 'POST', '/admin/ilp/send', { destination, amount, data: '' })).json

  it('adds a peer, pays through it, shows what is owed, and removes it', async () => {
    expect(await send('1000')).to.deep.include({ accepted: false, code: 'F02' })
    expect(await addPeer()).to.equal(201)
    expect(await addPeer(), 'again').to.equal(200)
    expect(await send('1000')).to.include({ accepted: true, fulfilled: true })
    expect(await send('50')).to.deep.include({ accepted: false, code: 'F03', message: 'pay more' })
    const { json } = await ask(admin, 'GET', '/admin/balances/there')
    const owed = (await there.getBalance('here')).balances[0]!.debitBalance
    expect(json).to.have.nested.property('balances[0].creditBalance', owed)
    expect(BigInt(owed) > 0n).to.equal(true)
    expect((await ask(admin, 'DELETE', '/admin/peers/there')).json).to.include({ success: true })
    expect(await send('1000')).to.deep.include({ accepted: false, code: 'F02' })
    expect((await ask(admin, 'GET', '/admin/routes')).json).to.deep.include({ routeCount: 0 })
  })

  it('adds and removes a route', async () => {
    await addPeer()
    expect((await ask(admin, 'POST', '/admin/routes', { prefix: 'g.elsewhere', nextHop: 'there' })).status).to.equal(201)
    expect(here.listRoutes().map(({ prefix }) => prefix)).to.include('g.elsewhere')
    expect((await ask(admin, 'DELETE', '/admin/routes/g.elsewhere')).status).to.equal(200)
    expect((await ask(admin, 'DELETE', '/admin/routes/g.elsewhere')).status).to.equal(404)
  })

  it('answers 400 for a peer that the node refuses', async () => {
    const peer = { url: 'ws://127.0.0.1:1', authToken: '' }
    for (const id of ['here', 'local', 'a b', '../x']) {
      const { status, json } = await ask(admin, 'POST', '/admin/peers', { ...peer, id })
      expect([status, (json as { error: string }).error], id).to.deep.equal([400, 'Bad request'])
    }
    expect(here.listPeers()).to.deep.equal([])
  })

  it('listens for its operator where it is told to, and for health checks everywhere', async () => {
    expect((await fetch(`http://127.0.0.2:${here.config.healthCheckPort}/health`)).status).to.equal(200)
    const elsewhere = await fetch(`http://127.0.0.2:${admin}/health`).then(() => 'answered', (error: unknown) => String(Reflect.get(Object(error), 'cause')))
    expect(elsewhere).to.include('ECONNREFUSED')
    expect((await ask(admin, 'GET', '/health')).status).to.equal(200)
  })

  it('answers 404 for the balance of a peer that never was', async () => {
    expect((await ask(admin, 'GET', '/admin/balances/nobody')).status).to.equal(404)
  })

  it('shows a peer that goes and comes back', async () => {
    expect(await health()).to.include({ status: 'healthy', totalPeers: 0 })
    await addPeer()
    expect(await health()).to.include({ status: 'healthy', peersConnected: 1, totalPeers: 1 })
    await there.stop()
    while ((await health()).peersConnected > 0) await new Promise(setImmediate)
    const { status } = await ask(here.config.healthCheckPort, 'GET', '/health')
    expect(status).to.equal(503)
    await there.start()
    while ((await health()).peersConnected === 0) await new Promise(setImmediate)
    expect(await health()).to.include({ status: 'healthy', peersConnected: 1 })
  })
})
