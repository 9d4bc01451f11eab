/**
 * Peers that are changed while the node runs: those that are not there hold up nobody, one peer is changed once at a time, and a change
 * that fails leaves everything as it was.
 */
import { expect } from 'chai'
import { stub } from 'sinon'
import { freePort } from '../../examples/free-port.js'
import PluginBtp from '../../plugins/btp/index.js'
import { BTPClient } from '../../src/index.js'
import { ask } from '../support/admin-node.js'
import { World, packet, urlOf } from '../support/node.js'
import { nextTurn, until } from '../support/waiting.js'

const NEVER = 'ws://127.0.0.1:9'
const PORT_IS_GONE = new Error('the port is gone')

describe('peers that are registered at once', () => {
  const world = new World()
  afterEach(() => world.end())

  it('do not wait for one that is not there', async () => {
    const [node, shop] = [await world.start('agent'), await world.start('shop')]
    const order: string[] = []
    const register = async (id: string, url: string): Promise<void> => {
      await node.registerPeer({ id, url, authToken: '' })
      order.push(id)
    }
    await Promise.all([...Array.from({ length: 50 }, (_, i) => register(`away-${i}`, NEVER)), register('shop', urlOf(shop))])
    expect(order[0]).to.equal('shop')
    expect(node.listPeers()).to.have.lengthOf(51)
  }).timeout(20_000) // one after the other, each would have its second

  it('are changed in the order of the calls, each by itself', async () => {
    const node = await world.start('agent')
    const peer = { id: 'away', url: NEVER, authToken: '' }
    const first = node.registerPeer({ ...peer, routes: [{ prefix: 'g.one' }] })
    const removed = node.removePeer('away')
    const second = node.registerPeer({ ...peer, routes: [{ prefix: 'g.two' }] })
    expect((await first).ilpAddresses).to.deep.equal(['g.one'])
    expect((await removed).removedRoutes).to.deep.equal(['g.one'])
    expect((await second).ilpAddresses).to.deep.equal(['g.two'])
  })

  it('are all there, or gone, when the node has stopped', async () => {
    const node = await world.start('agent')
    const registered = Array.from({ length: 5 }, (_, i) => node.registerPeer({ id: `away-${i}`, url: NEVER, authToken: '' }))
    await node.stop()
    await Promise.all(registered)
    expect(node.listPeers().map(({ id }) => id)).to.have.members(['away-0', 'away-1', 'away-2', 'away-3', 'away-4'])
  })

  it('are refused when they are nothing at all', async () => {
    const node = await world.make('agent')
    for (const nothing of [undefined, null, 'peer', {}]) {
      const error = await node.registerPeer(nothing as never).then(() => undefined, (error: unknown) => error)
      expect(error, JSON.stringify(nothing)).to.have.property('code', 'SLUICE_PEER_INVALID')
    }
  })
})

describe('a change of a peer', () => {
  const world = new World()
  afterEach(() => world.end())

  const reasonOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error)
  const away = { id: 'away', url: NEVER, authToken: 'secret' }

  it('builds on the changes that were asked for before it', async () => {
    const [node, shop] = [await world.start('agent'), await world.start('shop')]
    await node.registerPeer({ id: 'shop', url: NEVER, authToken: '' })
    await Promise.all([node.registerPeer({ id: 'shop', url: urlOf(shop), authToken: '' }), node.updatePeer('shop', { dialect: 'rfc' })])
    await until(() => node.isPeerConnected('shop'))
  })

  it('does not bring back a peer whose removal was asked for before it', async () => {
    const node = await world.start('agent')
    await node.registerPeer(away)
    const removed = node.removePeer('away')
    expect(await reasonOf(node.updatePeer('away', { dialect: 'toon' }))).to.have.property('code', 'SLUICE_PEER_UNKNOWN')
    await removed
    expect(node.listPeers()).to.deep.equal([])
  })

  it('leaves the relation alone that is set meanwhile', async () => {
    const node = await world.start('agent')
    await node.registerPeer(away)
    const updated = node.updatePeer('away', { dialect: 'toon' })
    node.setPeerRelation('away', 'child')
    await updated
    expect(node.getPeerRelation('away')).to.equal('child')
  })

  it('has its routes from the beginning, so that the peer cannot become a child meanwhile that it cannot be', async () => {
    const node = await world.start('agent')
    const registered = node.registerPeer({ ...away, routes: [{ prefix: 'g.foreign' }] })
    await until(() => node.hasPeer('away'))
    expect(() => { node.setPeerRelation('away', 'child') }).to.throw('Route g.foreign cannot lead to away')
    expect((await registered).ilpAddresses).to.deep.equal(['g.foreign'])
    node.removeRoute('g.foreign')
    node.setPeerRelation('away', 'child')
  })

  it('does not lead packets to a route that was removed meanwhile', async () => {
    const [node, shop] = [await world.start('agent'), await world.start('shop')]
    shop.setPacketHandler(() => ({ accept: true }))
    const registered = node.registerPeer({ id: 'shop', url: urlOf(shop), authToken: '', routes: [{ prefix: 'g.shop' }] })
    await until(() => node.hasPeer('shop'))
    node.removeRoute('g.shop')
    expect((await registered).connected).to.equal(true)
    expect(await node.sendPacket(packet('g.shop'))).to.include({ code: 'F02' })
  })

  it('brings the former account back when it fails, and takes its routes back', async () => {
    const [node, shop] = [await world.start('agent'), await world.start('shop')]
    const peer = { id: 'shop', url: urlOf(shop), authToken: '' }
    const before = await node.registerPeer({ ...peer, relation: 'parent', routes: [{ prefix: 'g.shop', priority: 3 }] })
    const connect = stub(PluginBtp.prototype, 'connect').callThrough()
    connect.onFirstCall().rejects(PORT_IS_GONE)
    try {
      const routes = [{ prefix: 'g.more' }, { prefix: 'g.shop', priority: 7 }]
      const error = await reasonOf(node.registerPeer({ ...peer, url: NEVER, relation: 'peer', routes }))
      expect(error).to.include({ code: 'SLUICE_PEER_UNUSABLE', message: 'Peer shop cannot be used: the port is gone' })
    } finally {
      connect.restore()
    }
    expect(node.listPeers()).to.deep.equal([before])
    expect(node.listRoutes()).to.deep.equal([{ prefix: 'g.shop', nextHop: 'shop', priority: 3 }])
  })

  it('does not leave a peer listed that has no account any more, and says so', async () => {
    const node = await world.start('agent')
    await node.registerPeer({ ...away, routes: [{ prefix: 'g.away' }] })
    const connect = stub(PluginBtp.prototype, 'connect').rejects(PORT_IS_GONE)
    try {
      const error = await reasonOf(node.registerPeer({ ...away, authToken: 'another' }))
      expect(error).to.have.property('message').that.includes('the port is gone').and.includes('so the peer is removed: register it again')
    } finally {
      connect.restore()
    }
    expect(node.listPeers()).to.deep.equal([])
    expect(node.listRoutes()).to.have.lengthOf(1)
    const [line] = world.log.lines.filter(({ message }) => message === 'peer_lost')
    expect(line).to.deep.include({ level: 'error' }).and.to.have.nested.property('fields.peerId', 'away')
    expect(await node.registerPeer(away)).to.include({ routeCount: 1 })
  })

  it('is refused over HTTP while the node stops, instead of each waiting for the other', async () => {
    const port = await freePort()
    const node = await world.start('agent', { adminApi: { enabled: true, port, host: '127.0.0.1' } })
    let answer = (): void => undefined
    const asked = new Promise<void>(told => {
      node.setPacketHandler(() => new Promise(resolve => {
        answer = () => { resolve({ accept: true }) }
        told()
      }))
    })
    await node.registerPeer(away)
    const sent = node.sendPacket(packet('g.agent'))
    await asked
    const stopped = node.stop()
    const expected = { status: 503, json: { error: 'Service unavailable', message: 'The node is stopping, so its peers cannot be changed, and nothing was. ' +
      'Try again when it has stopped, or runs again.' } }
    expect(await ask(port, 'POST', '/admin/peers', { ...away, id: 'late' })).to.deep.include(expected)
    expect(await ask(port, 'PUT', '/admin/peers/away', { dialect: 'toon' })).to.deep.include(expected)
    expect(await ask(port, 'DELETE', '/admin/peers/away')).to.deep.include(expected)
    answer()
    await Promise.all([sent, stopped])
    expect(node.listPeers().map(({ id }) => id)).to.deep.equal(['away'])
    await node.removePeer('away') // a node that has stopped is changed as ever
    expect(node.listPeers()).to.deep.equal([])
  })

  it('keeps both settlement addresses of the peer until it is through', async () => {
    const address = (digit: string): string => `0x${digit.repeat(40)}`
    const node = await world.start('agent', {
      chainProviders: [{
        chainType: 'evm', chainId: 'evm:31337', rpcUrl: 'http://127.0.0.1:9', registryAddress: address('1'), tokenAddress: address('2'), keyId: `0x${'5e'.repeat(32)}`
      }]
    })
    await node.registerPeer({ ...away, evmAddress: address('a') })
    const moved = node.registerPeer({ ...away, evmAddress: address('b') })
    await nextTurn() // it has begun
    const error = await reasonOf(node.registerPeer({ ...away, id: 'other', evmAddress: address('a') }))
    expect(error).to.have.property('code', 'SLUICE_PEER_ADDRESS_SHARED')
    await moved
    await node.registerPeer({ ...away, id: 'other', evmAddress: address('a') })
  })
})

describe('the relation of a guest', () => {
  const world = new World()
  afterEach(() => world.end())

  it('ends with the connection, also when it is the node that stops', async () => {
    const node = await world.start('agent')
    const come = async (): Promise<void> => {
      const guest = new BTPClient({ id: 'agent', url: urlOf(node), authToken: '' }, 'guest')
      world.after(() => guest.disconnect())
      await guest.connect()
      await until(() => node.hasPeer('guest'))
    }
    await come()
    node.setPeerRelation('guest', 'child')
    await node.stop()
    await node.start()
    await come()
    expect(node.getPeerRelation('guest')).to.equal('peer')
  })
})
