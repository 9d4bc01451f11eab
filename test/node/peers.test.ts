/** What a node knows of its peers besides their connections: how their URLs are written, and what they are to the node. */
import { expect } from 'chai'
import { BTPClient, ConfigLoader, type ConnectorConfig, type ConnectorNode, type PeerConfig, type PeerRegistrationRequest } from '../../src/index.js'
import { freePort } from '../../examples/free-port.js'
import { ask } from '../support/admin-node.js'
import { World, outcome, packet, urlOf } from '../support/node.js'
import { until } from '../support/waiting.js'

const NEVER = 'ws://127.0.0.1:9'
const BASE = { nodeId: 'agent', btpServerPort: 3000 }
const shop = (more: object = {}): PeerRegistrationRequest => ({ id: 'shop', url: NEVER, authToken: '', ...more })

describe('the peers of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  const reasonOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => String(error))
  const thrownBy = (call: () => unknown): string => {
    try {
      call()
      return ''
    } catch (error) {
      return String(error)
    }
  }
  const configured = (peer: PeerConfig, more: Partial<ConnectorConfig> = {}): string =>
    thrownBy(() => ConfigLoader.validateConfig({ ...BASE, peers: [peer], ...more }))

  describe('URLs with btp+ in front', () => {
    it('mean the same without it, in a configuration and in a request', async () => {
      const there = await world.start('shop')
      there.setPacketHandler(() => ({ accept: true }))
      const url = `btp+${urlOf(there)}`
      const routes = [{ prefix: 'g.shop', nextHop: 'shop' }]
      const byFile = await world.start('agent', { peers: [{ id: 'shop', url, authToken: '' }], routes })
      expect(outcome(await byFile.sendPacket(packet('g.shop')))).to.equal('fulfill')
      const byRequest = await world.start('other')
      const info = await byRequest.registerPeer({ id: 'shop', url, authToken: '', routes: [{ prefix: 'g.shop' }], settlement: { preference: 'evm', evmAddress: '0xPeer' } })
      expect(info).to.deep.include({ connected: true, settlement: { preference: 'evm', evmAddress: '0xPeer' } })
      expect(outcome(await byRequest.sendPacket(packet('g.shop')))).to.equal('fulfill')
      expect(byRequest.listPeers()).to.have.lengthOf(1)
    })

    it('are known to a client without a node, too', async () => {
      const there = await world.start('shop')
      const client = new BTPClient({ id: 'shop', url: `btp+${urlOf(there)}`, authToken: '' }, 'tool')
      world.after(() => client.disconnect())
      await client.connect()
      expect(client.isConnected).to.equal(true)
    })

    it('may be wss, and no other scheme', async () => {
      expect(configured(shop({ url: 'btp+wss://shop.example:443' }))).to.equal('')
      expect(configured(shop({ url: 'btp+http://shop.example:443' }))).to.include('Invalid WebSocket URL for peer shop: "btp+http://shop.example:443"')
      const node = await world.make('agent')
      await node.registerPeer(shop({ url: 'btp+wss://shop.example' }))
      expect(await reasonOf(node.registerPeer(shop({ url: 'btp+http://x:1' })))).to.include('URL must start with ws:// or wss://')
    })
  })

  describe('URLs with a query or a fragment', () => {
    it('are refused everywhere, because a secret in them would be shown', async () => {
      const node = await world.make('agent')
      for (const url of ['ws://127.0.0.1:9?token=hunter2', 'ws://127.0.0.1:9/#hunter2', 'ws://127.0.0.1?x:9']) {
        expect(configured(shop({ url })), url).to.include('peers[0].url')
        expect(await reasonOf(node.registerPeer(shop({ url }))), url).to.include('its secret belongs in authToken').and.not.include('hunter2')
      }
    })
  })

  describe('a token with a secret in it', () => {
    const tokenOf = (secret: string): string => JSON.stringify({ peerId: 'shop', secret })

    it('is opened once, so a change of something else leaves the secret alone', async () => {
      const node = await world.make('agent')
      expect(configured(shop({ authToken: tokenOf(tokenOf('s3cret')) }))).to.include('authToken')
      expect(await reasonOf(node.registerPeer(shop({ authToken: tokenOf(tokenOf('s3cret')) })))).to.include('give the secret itself').and.not.include('s3cret')
      for (const secret of ['s3cret', '{not JSON', '']) {
        expect(configured(shop({ authToken: tokenOf(secret) })), secret).to.equal('')
        await node.registerPeer(shop({ authToken: tokenOf(secret) }))
      }
    })
  })

  describe('the transport of a peer', () => {
    it('is direct, whether or not that is said', async () => {
      const node = await world.make('agent', { peers: [{ id: 'said', url: NEVER, authToken: '', transport: 'direct' }] })
      await node.registerPeer(shop({ transport: 'direct' }))
      await node.registerPeer(shop({ id: 'silent' }))
      expect(node.listPeers().map(({ transport }) => transport)).to.deep.equal(['direct', 'direct', 'direct'])
    })

    it('is refused by its name if it is another, in a configuration and in a request', async () => {
      const refusal = "peer 'shop': transport: 'socks5' requires connector-level transport.type 'socks5'"
      expect(configured(shop({ transport: 'socks5' }))).to.include(`peers[0].transport: ${refusal}`)
      const node = await world.make('agent')
      expect(await reasonOf(node.registerPeer(shop({ transport: 'socks5' })))).to.include(refusal)
      expect(await reasonOf(node.registerPeer(shop({ transport: 'tor' })))).to.include('transport must be one of direct, socks5')
      expect(node.listPeers()).to.deep.equal([])
    })
  })

  describe('the relation of a peer', () => {
    const relationsOf = (node: ConnectorNode): Array<string | undefined> => node.listPeers().map(({ relation }) => relation)

    it('is peer unless said otherwise, in a configuration, in a request and at any time', async () => {
      const node = await world.make('agent', { peers: [{ id: 'up', url: NEVER, authToken: '', relation: 'parent' }, { id: 'aside', url: NEVER, authToken: '' }] })
      expect(await node.registerPeer(shop({ relation: 'child' }))).to.include({ relation: 'child' })
      expect(relationsOf(node)).to.deep.equal(['parent', 'peer', 'child'])
      node.setPeerRelation('aside', 'child')
      node.setPeerRelation('shop', 'peer')
      expect(['up', 'aside', 'shop'].map(id => node.getPeerRelation(id))).to.deep.equal(['parent', 'child', 'peer'])
      await node.registerPeer(shop({ routes: [{ prefix: 'g.shop' }] }))
      await node.registerPeer({ id: 'up', url: NEVER, authToken: '' })
      expect(relationsOf(node)).to.deep.equal(['parent', 'child', 'peer'])
    })

    it('is one of three, of a peer that is known', async () => {
      const node = await world.make('agent')
      expect(configured(shop({ relation: 'friend' }))).to.include('expected parent, peer or child')
      expect(await reasonOf(node.registerPeer(shop({ relation: 'friend' })))).to.include('relation must be parent, peer or child')
      await node.registerPeer(shop())
      expect(thrownBy(() => { node.setPeerRelation('shop', 'friend' as 'peer') })).to.include('relation must be parent, peer or child, found "friend"')
      expect(thrownBy(() => { node.setPeerRelation('shop', undefined as never) })).to.include('relation must be parent, peer or child, found undefined')
      expect(thrownBy(() => { node.setPeerRelation('nobody', 'child') })).to.include('Peer not found: nobody')
      expect(node.getPeerRelation('nobody')).to.equal(undefined)
    })

    it('child: the peer gets routes below the addresses of the node, in whatever order, and no others', async () => {
      const node = await world.make('agent', { routes: [{ prefix: 'test.network.agent', nextHop: 'agent' }] })
      await node.registerPeer(shop({ routes: [{ prefix: 'g.agent.shop' }, { prefix: 'test.network.agent.shop' }] }))
      node.setPeerRelation('shop', 'child')
      node.addRoute('g.agent.other', 'shop')
      const refusal = (prefix: string): string => `Route ${prefix} cannot lead to shop, which is a child: its addresses lie below g.agent or test.network.agent`
      for (const prefix of ['g', 'g.shop', 'g.agent', 'g.agents.shop']) {
        expect(thrownBy(() => { node.addRoute(prefix, 'shop') })).to.include(refusal(prefix))
        expect(await reasonOf(node.registerPeer(shop({ routes: [{ prefix: 'g.agent.more' }, { prefix }] })))).to.include(refusal(prefix))
      }
      expect(node.listRoutes().filter(({ nextHop }) => nextHop === 'shop').map(({ prefix }) => prefix))
        .to.deep.equal(['g.agent.shop', 'test.network.agent.shop', 'g.agent.other'])
    })

    it('child: the peer keeps its routes, and is registered again, when the node gives up an address of its own', async () => {
      const node = await world.make('agent', { routes: [{ prefix: 'g.market', nextHop: 'local' }] })
      await node.registerPeer(shop({ relation: 'child', routes: [{ prefix: 'g.market.shop' }] }))
      node.removeRoute('g.market')
      expect(await node.registerPeer(shop({ relation: 'child', routes: [{ prefix: 'g.market.shop', priority: 1 }] }))).to.include({ relation: 'child', routeCount: 1 })
      node.setPeerRelation('shop', 'child')
      expect(await reasonOf(node.registerPeer(shop({ routes: [{ prefix: 'g.market.more' }] })))).to.include('Route g.market.more cannot lead to shop')
    })

    it('child: a peer with another route is not made one', async () => {
      const node = await world.make('agent')
      await node.registerPeer(shop({ routes: [{ prefix: 'g.shop' }] }))
      const refusal = 'Route g.shop cannot lead to shop, which is a child'
      expect(thrownBy(() => { node.setPeerRelation('shop', 'child') })).to.include(refusal)
      expect(await reasonOf(node.registerPeer(shop({ relation: 'child' })))).to.include(refusal)
      expect(await reasonOf(node.registerPeer(shop({ id: 'new', relation: 'child', routes: [{ prefix: 'g.new' }] })))).to.include('Route g.new cannot lead to new')
      expect(relationsOf(node)).to.deep.equal(['peer'])
      expect(configured(shop({ relation: 'child' }), { routes: [{ prefix: 'g.shop', nextHop: 'shop' }] })).to.include(`routes[0]: ${refusal}`)
      expect(configured(shop({ relation: 'child' }), { routes: [{ prefix: 'g.agent.shop', nextHop: 'shop' }] })).to.equal('')
    })

    it('is said and shown over HTTP, too', async () => {
      const port = await freePort()
      await world.start('agent', { adminApi: { enabled: true, port, host: '127.0.0.1' } })
      const peers = async (): Promise<unknown> => (await ask(port, 'GET', '/admin/peers')).json
      expect(await ask(port, 'POST', '/admin/peers', shop({ url: 'btp+ws://127.0.0.1:9', relation: 'parent', transport: 'direct' }))).to.include({ status: 201 })
      expect(await peers()).to.have.nested.property('peers[0]').that.includes({ id: 'shop', relation: 'parent', transport: 'direct' })
      expect(await ask(port, 'PUT', '/admin/peers/shop', { relation: 'child', routes: [{ prefix: 'g.agent.shop' }] })).to.include({ status: 200 })
      expect(await peers()).to.have.nested.property('peers[0]').that.includes({ relation: 'child', routeCount: 1 })
      const refused = await ask(port, 'PUT', '/admin/peers/shop', { routes: [{ prefix: 'g.shop' }] })
      expect([refused.status, refused.text]).to.satisfy(([status, text]: [number, string]) => status === 400 && text.includes('Route g.shop cannot lead to shop'))
      expect(await ask(port, 'POST', '/admin/peers', shop({ transport: 'socks5' }))).to.deep.include({
        status: 400, json: { error: 'Bad request', message: "peer 'shop': transport: 'socks5' requires connector-level transport.type 'socks5'" }
      })
      expect((await ask(port, 'PUT', '/admin/peers/shop', { relation: 'friend' })).text).to.include('relation must be parent, peer or child')
    })

    it('child: a peer that is known by an address has that, too', async () => {
      const node = await world.start('agent')
      const client = new BTPClient({ id: 'agent', url: urlOf(node), authToken: '' }, 'g.toon.client')
      world.after(() => client.disconnect())
      await client.connect()
      await until(() => node.hasPeer('g.toon.client'))
      node.addRoute({ prefix: 'g.toon.client', nextHop: 'g.toon.client', priority: 50 })
      node.setPeerRelation('g.toon.client', 'child')
      expect(relationsOf(node)).to.deep.equal(['child'])
      expect(thrownBy(() => { node.addRoute('g.toon', 'g.toon.client') })).to.include('below g.agent or at g.toon.client')
      await client.disconnect()
      await until(() => !node.hasPeer('g.toon.client'))
      expect(node.getPeerRelation('g.toon.client')).to.equal(undefined)
    })
  })
})
