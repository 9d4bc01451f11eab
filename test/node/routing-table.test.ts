/** The index by next hop says the same as a look at every route, after any history. */
import { expect } from 'chai'
import fc from 'fast-check'
import { RoutingTable } from '../../src/index.js'
import { TestLogger } from '../support/node.js'

const prefix = fc.constantFrom('g', 'g.a', 'g.a.b', 'g.c')
const nextHop = fc.constantFrom('anna', 'ben', 'local')
/** Without `priority` a removal; without `nextHop` of all routes for the prefix. */
const step = fc.oneof(
  fc.record({ prefix, nextHop, priority: fc.integer({ min: -2, max: 2 }) }),
  fc.record({ prefix, nextHop: fc.option(nextHop, { nil: undefined }), priority: fc.constant(undefined) })
)

describe('RoutingTable', () => {
  it('finds the longest prefix by whole segments, then the highest priority, then the first', () => {
    const table = new RoutingTable()
    table.addRoute('g', 'parent')
    table.addRoute('g.hub', 'local')
    table.addRoute('g.peer', 'first')
    table.addRoute('g.peer', 'second')
    table.addRoute('g.peer.charlie', 'low', -1)
    table.addRoute('g.peer.charlie', 'high', 1)
    const hops = ['g.hub.alice', 'g.peer.x', 'g.peer.charlie', 'g.peering', 'g', 'test.x'].map(address => table.getNextHop(address))
    expect(hops).to.deep.equal(['local', 'first', 'high', 'parent', 'parent', null])
    expect(table.removeRoute('g.peer', 'first')).to.deep.equal([{ prefix: 'g.peer', nextHop: 'first', priority: 0 }])
    expect(table.removeRoute('g.peer')).to.have.lengthOf(1)
    expect(table.removeRoute('g.peer')).to.deep.equal([])
    expect(table.getNextHop('g.peer.x')).to.equal('parent')
  })

  it('begins with the routes that it is given, counts them, and tells a log of each change', () => {
    const log = new TestLogger()
    const table = new RoutingTable([{ prefix: 'g.a', nextHop: 'anna' }, { prefix: 'g.a', nextHop: 'ben', priority: 2 }], log)
    expect([table.size, table.getNextHop('g.a.x'), new RoutingTable().size]).to.deep.equal([2, 'ben', 0])
    table.removeRoute('g.a', 'ben')
    expect([table.size, table.getAllRoutes()]).to.deep.equal([1, [{ prefix: 'g.a', nextHop: 'anna', priority: 0 }]])
    expect(log.lines).to.deep.equal([
      { level: 'debug', message: 'route_added', fields: { prefix: 'g.a', nextHop: 'anna', priority: 0 } },
      { level: 'debug', message: 'route_added', fields: { prefix: 'g.a', nextHop: 'ben', priority: 2 } },
      { level: 'debug', message: 'route_removed', fields: { prefix: 'g.a', nextHop: 'ben' } }
    ])
    expect(() => new RoutingTable([{ prefix: 'g..a', nextHop: 'anna' }])).to.throw('Invalid ILP address prefix: g..a')
  })

  it('knows the prefixes of each next hop, and which prefixes have a route', () => fc.assert(fc.property(fc.array(step, { maxLength: 40 }), steps => {
    const table = new RoutingTable()
    for (const { prefix, nextHop, priority } of steps) {
      if (priority !== undefined) table.addRoute(prefix, nextHop, priority)
      else table.removeRoute(prefix, nextHop)
      const routes = table.getAllRoutes()
      for (const hop of ['anna', 'ben', 'local', 'nobody']) {
        expect(table.prefixesOf(hop)).to.have.members(routes.filter(route => route.nextHop === hop).map(route => route.prefix))
      }
      for (const each of ['g', 'g.a', 'g.a.b', 'g.c', 'g.d']) expect(table.has(each)).to.equal(routes.some(route => route.prefix === each))
    }
  })))

  it('returns the prefixes in the order in which they were added', () => {
    const table = new RoutingTable()
    for (const each of ['g.c', 'g.a', 'g.b']) table.addRoute(each, 'anna')
    table.addRoute('g.c', 'anna', 7)
    expect(table.prefixesOf('anna')).to.deep.equal(['g.c', 'g.a', 'g.b'])
  })
})
