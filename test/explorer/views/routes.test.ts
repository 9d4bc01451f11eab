/** Routes come with the reason for each choice, and a destination is explained as its packets would be routed. */
import { expect } from 'chai'
import { explainRoute, prefixesByAccount, routeViews } from '../../../src/explorer/views/routes.js'
import type { ViewParts } from '../../../src/explorer/views/facts.js'
import { Accounts } from '../../../src/accounts/accounts.js'
import { RateBackend } from '../../../src/forwarding/rate-backend.js'
import { RoutingService } from '../../../src/routing/service.js'
import { account, startConnector, type TestConnector } from '../../support/connector.js'
import { withoutLog } from '../../support/log.js'
import { TestPlugin } from '../../support/test-plugin.js'

describe('routes in the explorer', () => {
  withoutLog()
  let connector: TestConnector
  let parts: ViewParts
  before(async () => {
    connector = await startConnector(
      { alice: account(), bob: account(new TestPlugin(), { assetCode: 'EUR', assetScale: 2 }), carol: account() },
      { routes: [
        { targetPrefix: 'test', peerId: 'alice' }, { targetPrefix: 'test.bob', peerId: 'bob', priority: 5 }, { targetPrefix: 'test.bob', peerId: 'alice' },
        { targetPrefix: 'test.away', peerId: 'carol' }
      ] }
    )
    const { container } = connector
    await container(Accounts).getPlugin('carol').disconnect()
    parts = { accounts: container(Accounts), routing: container(RoutingService), backend: container(RateBackend), door: { isOwn: (id: string) => id === 'local' } } as unknown as ViewParts
  })
  after(() => connector.app.shutdown())

  it('are listed with all candidates, the best first, and why it is that', () => {
    const { routes, total } = routeViews(parts, { limit: 100, offset: 0 })
    expect(total).to.equal(routes.length)
    expect(routes.map(({ prefix }) => prefix)).to.deep.equal(['test', 'test.away', 'test.bob', 'test.connector'])
    expect(routes[2]).to.deep.equal({
      prefix: 'test.bob', nextHop: 'bob', priority: 5, reason: 'higher priority', candidates: [
        { nextHop: 'bob', path: [], source: 'configured', priority: 5, connected: true }, { nextHop: 'alice', path: [], source: 'configured', priority: 0, connected: true }
      ]
    })
  })

  it('are listed a page at a time, below a prefix if one is asked for', () => {
    expect(routeViews(parts, { limit: 1, offset: 2 })).to.deep.nested.include({ total: 4, 'routes[0].prefix': 'test.bob' })
    expect(routeViews(parts, { prefix: 'test.b', limit: 9, offset: 0 })).to.deep.equal({ routes: [], total: 0 })
    expect(routeViews(parts, { prefix: 'test.bob', limit: 9, offset: 0 }).total).to.equal(1)
    expect(prefixesByAccount(parts).get('bob')).to.equal('test.bob')
  })

  it('explain where a packet would go, what else matches, and at which rate', async () => {
    const explanation = await explainRoute('test.bob.shop', parts)
    expect(explanation.sentence).to.equal('A packet for test.bob.shop goes to bob, by the route for test.bob, the best of 2 (higher priority).')
    expect(explanation).to.deep.include({ shorter: ['test'], rate: { rate: '1', from: 'USD', to: 'EUR' } }).and.not.have.property('trouble')
  })

  it('explain why a packet would get no further', async () => {
    expect(await explainRoute('test.away.x', parts)).to.deep.include({ trouble: 'carol is not connected.' })
    expect((await explainRoute('test.away.x', parts)).sentence).to.include('rejected with T01')
    expect(await explainRoute('private.x.y', parts)).to.deep.equal({
      destination: 'private.x.y', shorter: [], trouble: 'There is no route.',
      sentence: 'No route matches private.x.y: a packet for it is rejected with F02. Add a route for one of its prefixes, such as private.x.'
    })
    expect((await explainRoute('test.connector.me', parts)).sentence).to.equal('A packet for test.connector.me has arrived: test.connector is this node itself.')
  })
})
