/** What becomes of packets while news of a change is still on its way. (That none circles: see the simulator.) */
import { expect } from 'chai'
import { Harness } from '../../support/routing/harness.js'

describe('packets while a route changes', () => {
  it('holds back packets from a peer that still counts on the shorter route, until it has confirmed', async () => {
    const harness = Harness.started({ anna: 'peer', bert: 'peer', carl: 'peer', kid: 'child' })
    harness.announce('anna', 'test.x')
    harness.announce('bert', 'test.x', ['test.bert', 'test.y', 'test.z'])
    harness.ask('carl')
    await harness.advance(1000)
    harness.withdraw('anna', 'test.x')
    expect(() => harness.nextHop('test.x.y', 'carl')).to.throw('route is changing, try again. source=carl destination=test.x.y')
      .with.property('ilpErrorCode', 'T01')
    expect(harness.nextHop('test.x.y', 'kid'), 'a child counts on nothing').to.equal('bert')
    expect(harness.nextHop('test.x.y', 'anna'), 'nor does a peer that was told nothing').to.equal('bert')
    expect(harness.nextHop('test.x.y'), 'nor do we').to.equal('bert')
    await harness.advance(150)
    expect(harness.nextHop('test.x.y', 'carl')).to.equal('bert')
  })

  it('does not send them along a shorter prefix either', async () => {
    const harness = Harness.started({ mum: 'parent', anna: 'peer', carl: 'peer' })
    harness.announce('anna', 'test.x')
    harness.ask('carl')
    await harness.advance(1000)
    harness.withdraw('anna', 'test.x')
    expect(() => harness.nextHop('test.x.y', 'carl')).to.throw('route is changing')
    expect(harness.nextHop('test.other', 'carl')).to.equal('mum')
    await harness.advance(150)
    expect(harness.nextHop('test.x.y', 'carl')).to.equal('mum')
  })

  it('lets those pass that have confirmed, while others have not', async () => {
    const harness = Harness.started({ anna: 'peer', bert: 'peer', carl: 'peer', dora: 'peer' })
    harness.announce('anna', 'test.x')
    harness.announce('bert', 'test.x', ['test.bert', 'test.y', 'test.z'])
    for (const accountId of ['carl', 'dora']) harness.ask(accountId)
    await harness.advance(1000)
    const { answer } = harness
    harness.answer = accountId => accountId === 'dora' ? new Promise(() => {}) : answer(accountId)
    harness.withdraw('anna', 'test.x')
    await harness.advance(1000)
    expect(harness.nextHop('test.x.y', 'carl')).to.equal('bert')
    expect(() => harness.nextHop('test.x.y', 'dora')).to.throw('route is changing')
    expect(harness.router.metrics().guardedPrefixes).to.equal(1)
    harness.disconnect('dora')
    await harness.advance(0)
    expect(harness.router.metrics().guardedPrefixes).to.equal(0)
  })

  it('lets those pass that take a longer prefix, which did not change', async () => {
    const harness = Harness.started({ anna: 'peer', bert: { relation: 'child', receiveRoutes: true }, carl: 'peer' })
    harness.announce('anna', 'test.x')
    harness.announce('bert', 'test.x.y')
    harness.ask('carl')
    await harness.advance(1000)
    harness.withdraw('anna', 'test.x')
    expect(harness.nextHop('test.x.y.z', 'carl')).to.equal('bert')
  })

  it('lets them pass where the route became shorter', async () => {
    const harness = Harness.started({ anna: 'peer', bert: 'peer', carl: 'peer' })
    harness.announce('anna', 'test.x', ['test.anna', 'test.y'])
    harness.ask('carl')
    await harness.advance(1000)
    harness.announce('bert', 'test.x')
    expect(harness.nextHop('test.x.y', 'carl')).to.equal('bert')
  })
})
