/** Nodes behind a proxy that may do anything: they reach their peers through it, each on its own circuit, or not at all. */
import dns from 'node:dns'
import { isIP } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { freePort } from '../../examples/free-port.js'
import { Overlay } from '../../src/node/overlay.js'
import { OVERLAY_MESSAGE_WINDOW_MS } from '../../src/node/connector-options.js'
import type { ConnectorConfig, ConnectorNode } from '../../src/index.js'
import { rejectionError } from '../support/failures.js'
import { World, outcome, packet } from '../support/node.js'
import { TestSocksProxy } from '../support/socks-proxy.js'
import { eventually } from '../support/waiting.js'

const NAME = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion'

describe('a node behind a SOCKS proxy', () => {
  const world = new World()
  let proxy: TestSocksProxy
  const names: Record<string, number> = {}

  beforeEach(async () => {
    proxy = await TestSocksProxy.start(names)
    world.after(() => proxy.stop())
  })
  afterEach(() => world.end())
  afterEach(() => { sinon.restore() })

  async function shop (id: string): Promise<ConnectorNode> {
    const node = await world.start(id, { btpServerHost: '127.0.0.1' })
    node.setPacketHandler(() => ({ accept: true }))
    return node
  }

  const hidden = (more: Partial<ConnectorConfig> = {}): Partial<ConnectorConfig> => (
    { transport: { type: 'socks5', socksProxy: proxy.url }, btpServerHost: '127.0.0.1', ...more })

  it('pays a peer by the name of its hidden service, and says what it uses', async () => {
    const lookup = sinon.spy(dns, 'lookup')
    const peer = await shop('shop')
    names[NAME] = peer.config.btpServerPort
    await proxy.stop()
    proxy = await TestSocksProxy.start(names)
    world.after(() => proxy.stop())
    const node = await world.start('agent', hidden({
      peers: [{ id: 'shop', url: `ws://${NAME}:3000`, authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
    }))
    await eventually('the peer is there', () => node.isPeerConnected('shop'))
    expect(outcome(await node.sendPacket(packet('g.shop')))).to.equal('fulfill')
    expect(node.getHealthStatus()).to.deep.include({ status: 'healthy', transport: { type: 'socks5', healthy: true } })
    expect(node.getHealthStatus().dependencies).to.deep.include({ transport: { status: 'up' } })
    expect(node.listPeers()[0]).to.include({ transport: 'socks5' })
    expect(proxy.asked.filter(({ host }) => host !== NAME)).to.deep.equal([])
    expect(lookup.args.map(([name]) => name).filter(name => isIP(name) === 0)).to.deep.equal([])
    const lines = world.log.lines.filter(({ level }) => level !== 'debug').map(line => JSON.stringify(line)).join('\n')
    expect(lines).to.include('socks_transport_started').and.not.include(NAME)
  }).timeout(20_000)

  it('dials each peer with credentials of its own, which do not tell its name', async () => {
    const peers = ['bob', 'carol'].map(id => ({ id, url: 'ws://127.0.0.1:9', authToken: '' }))
    const node = await world.start('agent', hidden({ peers }))
    await node.registerPeer({ id: 'dave', url: 'ws://127.0.0.1:9', authToken: '' })
    await eventually('all three are dialled, some twice', () => proxy.asked.length > 6)
    const circuits = new Set(proxy.asked.map(({ user, password }) => `${user}:${password}`))
    expect(circuits.size).to.equal(3)
    expect([...circuits].join()).to.match(/^[0-9a-f:,]+$/).and.not.include('undefined')
  }).timeout(20_000)

  it('uses the credentials that the operator gives, for all', async () => {
    const { url } = proxy
    await world.start('agent', hidden({
      transport: { type: 'socks5', socksProxy: url.replace('://', '://me:hunter2@') }, peers: [{ id: 'bob', url: 'ws://127.0.0.1:9', authToken: '' }]
    }))
    await eventually('it is asked', () => proxy.asked.length > 0)
    expect(proxy.asked[0]).to.include({ user: 'me', password: 'hunter2' })
  }).timeout(20_000)

  it('dials a peer past the proxy only where that is said of the peer, and stops when it is not said any more', async () => {
    const peer = await shop('shop')
    const url = `ws://127.0.0.1:${peer.config.btpServerPort}`
    const node = await world.start('agent', hidden({ peers: [{ id: 'shop', url, authToken: '', transport: 'direct' }] }))
    await eventually('the peer is there', () => node.isPeerConnected('shop'))
    expect([proxy.asked, node.listPeers()[0]?.transport]).to.deep.equal([[], 'direct'])
    await node.updatePeer('shop', { transport: 'socks5' })
    await eventually('it is dialled through the proxy', () => node.isPeerConnected('shop') && proxy.asked.length === 1)
    expect(node.listPeers()[0]).to.include({ transport: 'socks5' })
  }).timeout(20_000)

  it('does not start without the proxy, and leaves nothing open', async () => {
    const port = await freePort()
    const node = await world.make('agent', hidden({ transport: { type: 'socks5', socksProxy: `socks5h://127.0.0.1:${port}` } }))
    expect((await rejectionError(node.start())).message).to.match(
      new RegExp(`SocksTransportProvider: SOCKS5 proxy unreachable at 127\\.0\\.0\\.1:${port} \\(.*ECONNREFUSED.*\\)`))
    expect(node.getHealthStatus()).to.deep.include({ status: 'unhealthy', transport: { type: 'socks5', healthy: false } })
  })

  for (const manners of ['garbage', 'closes-after-greeting'] as const) {
    it(`does not start with a proxy that answers with ${manners.replaceAll('-', ' ')}`, async () => {
      proxy.manners = manners
      const node = await world.make('agent', hidden())
      expect((await rejectionError(node.start())).message).to.include('SOCKS5 proxy unreachable')
    })
  }

  it('goes no other way while the proxy is away, and comes back with it', async () => {
    const peer = await shop('shop')
    const node = await world.start('agent', hidden({ peers: [{ id: 'shop', url: `ws://127.0.0.1:${peer.config.btpServerPort}`, authToken: '' }] }))
    await eventually('the peer is there', () => node.isPeerConnected('shop'))
    const { port } = proxy
    await proxy.stop()
    await eventually('the peer is gone', () => !node.isPeerConnected('shop'))
    proxy = await TestSocksProxy.start({}, port)
    world.after(() => proxy.stop())
    await eventually('the peer is back', () => node.isPeerConnected('shop'))
    expect(proxy.asked.every(({ host }) => host === '127.0.0.1')).to.equal(true)
  }).timeout(30_000)

  it('is asked every half a minute how the proxy is', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setInterval'] })
    const { port } = proxy
    const config = { type: 'socks5', proxy: proxy.url, externalUrl: 'ws://me', managed: undefined } as const
    const overlay = new Overlay({ config, directory: '', target: 1, log: world.log })
    world.after(() => overlay.stop())
    await overlay.start()
    expect([overlay.isHealthy, overlay.externalUrl, overlay.hiddenService]).to.deep.equal([true, 'ws://me', undefined])
    await proxy.stop()
    for (const failures of [1, 2]) {
      clock.tick(30_000)
      await eventually('it is noticed', () => overlay.probeFailures === failures)
    }
    expect([overlay.isHealthy, world.log.has('socks_transport_health_failed')]).to.deep.equal([false, true])
    proxy = await TestSocksProxy.start({}, port)
    clock.tick(30_000)
    await eventually('it is noticed', () => overlay.isHealthy)
    expect(world.log.has('socks_transport_recovered')).to.equal(true)
  })

  it('keeps more of the time of a packet for an answer that crosses an overlay', async () => {
    const peer = await shop('shop')
    const node = await world.start('agent', hidden({
      peers: [{ id: 'shop', url: `ws://127.0.0.1:${peer.config.btpServerPort}`, authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
    }))
    await eventually('the peer is there', () => node.isPeerConnected('shop'))
    const sent = async (ms: number): Promise<string> => outcome(await node.sendPacket(packet('g.shop', { expiresAt: new Date(Date.now() + ms) })))
    expect(await sent(OVERLAY_MESSAGE_WINDOW_MS)).to.equal('R02')
    expect(await sent(OVERLAY_MESSAGE_WINDOW_MS * 4)).to.equal('fulfill')
  }).timeout(20_000)
})
