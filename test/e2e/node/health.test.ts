/** What a node says of its health: whether its peers, and whatever else it needs, are there. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { stub, useFakeTimers } from 'sinon'
import { LedgerService } from '../../../src/ledger/service.js'
import { World, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

describe('the health of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  it('is healthy, degraded and unhealthy as its peers come and go', async () => {
    const shops = [await world.start('one'), await world.start('two')]
    const node = await world.start('agent', { peers: shops.map(shop => ({ id: shop.config.nodeId, url: urlOf(shop), authToken: '' })) })
    expect(node.getHealthStatus()).to.include({ status: 'healthy', peersConnected: 2, totalPeers: 2, nodeId: 'agent' })
    await shops[0]!.stop()
    await until(() => node.getHealthStatus().status === 'degraded')
    await shops[1]!.stop()
    await until(() => node.getHealthStatus().status === 'unhealthy')
    await Promise.all(shops.map(shop => shop.start()))
    await until(() => node.getHealthStatus().status === 'healthy')
  })

  it('says what else it needs, and whether that is there', async () => {
    const clock = useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    world.after(() => { clock.restore(); return Promise.resolve() })
    let isReady = false
    const url = await world.server((_request, response) => { response.writeHead(isReady ? 200 : 503).end() })
    const node = await world.start('agent', { localDelivery: { enabled: true, handlerUrl: url } })
    const health = (): [string, object] => {
      const { status, dependencies } = node.getHealthStatus()
      return [status, dependencies]
    }
    expect(health()).to.deep.equal(['healthy', { ledger: { status: 'up' } }])
    clock.tick(10_000)
    await until(() => health()[0] === 'degraded')
    expect(health()).to.deep.equal(['degraded', { ledger: { status: 'up' }, handler: { status: 'down' } }])
    expect(world.log.has('handler_health_changed')).to.equal(true)
    isReady = true
    clock.tick(10_000)
    await until(() => health()[0] === 'healthy')
    expect(health()[1]).to.deep.equal({ ledger: { status: 'up' }, handler: { status: 'up' } })
    await node.stop()
    expect(health()).to.deep.equal(['stopped', {}])
    expect(clock.countTimers()).to.equal(0)
  })

  it('is said to load balancers, which ask in HTTP/1.0 without a host', async () => {
    const { config } = await world.start('agent')
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics']) {
      const socket = connect(config.healthCheckPort, '127.0.0.1')
      socket.end(`GET ${path} HTTP/1.0\r\n\r\n`)
      expect(await text(socket), path).to.match(/^HTTP\/1\.1 200 /)
    }
  })

  it('is unhealthy while balances cannot be kept', async () => {
    const node = await world.start('agent')
    const status = stub(LedgerService.prototype, 'getStatus').returns({ kind: 'embedded', durability: 'sync', trouble: 'the disk is full' })
    world.after(() => { status.restore(); return Promise.resolve() })
    expect(node.getHealthStatus()).to.deep.include({ status: 'unhealthy', dependencies: { ledger: { status: 'down' } } })
    status.restore()
    expect(node.getHealthStatus().status).to.equal('healthy')
  })

  it('is degraded with its balances elsewhere than in the TigerBeetle that was asked for', async () => {
    const node = await world.start('agent', { settlement: { tigerBeetleClusterId: 0, tigerBeetleReplicas: ['127.0.0.1:9'] } })
    const dependencies = { ledger: { status: 'up' }, tigerbeetle: { status: 'down' } }
    expect(node.getHealthStatus()).to.deep.include({ status: 'degraded', dependencies })
  }).timeout(30_000)
})
