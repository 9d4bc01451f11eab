/** What it costs to ask a node about its peers, in routes looked at: each route once for the list, none for a question about one peer. */
import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectorNode, RoutingTable } from '../../src/index.js'
import { TestLogger } from '../support/node.js'

const PEERS = 50
const ROUTES = 1000

describe('a node with many peers and routes', () => {
  const peers = Array.from({ length: PEERS }, (_, i) => ({ id: `peer-${i}`, url: 'ws://127.0.0.1:9', authToken: '' }))
  const routes = Array.from({ length: ROUTES }, (_, i) => ({ prefix: `g.route-${i}`, nextHop: `peer-${i % PEERS}` }))
  let node: ConnectorNode
  let lookedAt: () => number
  beforeEach(() => {
    node = new ConnectorNode({ nodeId: 'here', btpServerPort: 9, peers, routes }, new TestLogger())
    const [all, ofOne] = [sinon.spy(RoutingTable.prototype, 'getAllRoutes'), sinon.spy(RoutingTable.prototype, 'prefixesOf')]
    lookedAt = () => all.returnValues.flat().length + ofOne.returnValues.flat().length
  })
  afterEach(() => { sinon.restore() })

  it('lists the peers with one look at each route', () => {
    const listed = node.listPeers()
    expect(listed).to.have.lengthOf(PEERS)
    expect(listed.map(({ routeCount }) => routeCount)).to.deep.equal(peers.map(() => ROUTES / PEERS))
    expect(listed[7]?.ilpAddresses).to.deep.equal(routes.filter(({ nextHop }) => nextHop === 'peer-7').map(({ prefix }) => prefix))
    expect(lookedAt()).to.equal(ROUTES)
  })

  it('says whether it has a peer, and whether that is connected, without a look at any', () => {
    expect([node.hasPeer('peer-7'), node.hasPeer('nobody')]).to.deep.equal([true, false])
    expect([node.isPeerConnected('peer-7'), node.btpClientManager.isConnected('peer-7')]).to.deep.equal([false, false])
    expect(lookedAt()).to.equal(0)
  })

  it('removes a route, and a peer with its routes, with one look at those', async () => {
    node.removeRoute('g.route-7')
    expect(lookedAt()).to.equal(0)
    expect((await node.removePeer('peer-7')).removedRoutes).to.have.lengthOf(ROUTES / PEERS - 1)
    expect(lookedAt()).to.equal(ROUTES / PEERS - 1)
  })
})
