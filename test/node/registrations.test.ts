/** Many peers that are registered at once: those that are not there hold up nobody, and one peer is changed once at a time. */
import { expect } from 'chai'
import { World, urlOf } from '../support/node.js'

const NEVER = 'ws://127.0.0.1:9'

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
