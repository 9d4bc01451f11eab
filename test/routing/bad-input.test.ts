/** Whatever a peer sends, it gets an answer with the right code, the session goes on, and nothing grows beyond its limit. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Mode } from 'ilp-protocol-ccp'
import { BadRequestError } from '../../src/packet/errors.js'
import { AUTH, Harness, TABLE } from '../support/routing/harness.js'

const refusal = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    expect(error).to.be.instanceOf(BadRequestError).with.property('ilpErrorCode', 'F00')
    return error instanceof Error ? error.message : ''
  }
  return 'accepted'
}

describe('bad input to routing', () => {
  it('is refused from accounts with which no routes are exchanged', () => {
    const harness = Harness.started({
      kid: 'child', deaf: { receiveRoutes: false }, mute: { sendRoutes: false }
    })
    for (const accountId of ['kid', 'nobody']) {
      expect(refusal(() => harness.ask(accountId))).to.equal('cannot process route control messages from non-peers.')
      expect(refusal(() => harness.tell(accountId, {}))).to.equal('cannot process route update messages from non-peers.')
    }
    expect(refusal(() => harness.ask('mute'))).to.equal('rejecting route control message, we are configured not to send routes to you.')
    expect(refusal(() => harness.tell('deaf', {}))).to.equal('rejecting route update, we are configured not to receive routes from you.')
    expect(refusal(() => harness.ask('deaf'))).to.equal('accepted')
    expect(refusal(() => harness.tell('mute', {}))).to.equal('accepted')
  })

  it('is refused as a whole where it cannot be read, and counted', () => {
    const harness = Harness.started({ anna: 'peer' })
    expect(refusal(() => harness.handle('anna', 'peer.route.update', Buffer.alloc(3)))).to.contain('malformed')
    expect(refusal(() => harness.handle('anna', 'peer.route.control', Buffer.alloc(3)))).to.contain('malformed')
    expect(refusal(() => harness.tell('anna', { fromEpochIndex: 3, toEpochIndex: 2 }))).to.contain('backwards')
    expect(() => harness.handle('anna', 'peer.route.x', Buffer.alloc(0))).to.throw('unrecognized ccp message. destination=peer.route.x')
    expect(harness.router.metrics().accounts['anna']?.updatesRefused).to.equal(4)
    harness.announce('anna', 'test.a')
    expect(harness.nextHop('test.a')).to.equal('anna')
  })

  it('is refused in part where only some routes are unacceptable', () => {
    const harness = Harness.started({ anna: 'peer' })
    const routes = [['test.a', 'test.anna'], ['g.b', 'test.anna'], ['test.c', 'test.connie'], ['test.connie.d', 'test.anna']]
    const newRoutes = routes.map(([prefix = '', hop = '']) => ({ prefix, path: [hop], auth: AUTH, props: [] }))
    expect(refusal(() => harness.tell('anna', { newRoutes }))).to.equal('accepted')
    expect(harness.router.localTable()).to.have.keys('test.connie', 'test.a')
    expect(harness.router.metrics().accounts['anna']?.routesRefused).to.equal(3)
  })

  it('a mode that nobody knows means silence', async () => {
    const harness = Harness.started({ anna: 'peer' })
    harness.ask('anna')
    harness.handle('anna', 'peer.route.control', Buffer.concat([Buffer.from([7]), Buffer.alloc(20), Buffer.from([1, 0])]))
    await harness.advance(100_000)
    expect(harness.updates).to.deep.equal([])
    expect(harness.router.status().peers['anna']?.send).to.deep.equal({ epoch: 0, mode: undefined })
  })

  it('of any kind and in any order leaves the session usable and the table within the network', async () => {
    const epoch = fc.oneof(fc.nat(5), fc.constant(2 ** 32 - 1))
    const prefix = fc.oneof(fc.constantFrom('test.a', 'test.connie', 'test.connie.x', 'test', 'g.a', '', 'test.__proto__'), fc.string({ maxLength: 20 }))
    const update = fc.record({
      type: fc.constant('update' as const),
      fields: fc.record({
        routingTableId: fc.constantFrom(TABLE, 'c951b674-c6f5-42ca-83a3-39a8d4e293b3'),
        currentEpochIndex: epoch, fromEpochIndex: epoch, toEpochIndex: epoch,
        holdDownTime: fc.constantFrom(0, 45_000, 2 ** 32 - 1),
        newRoutes: fc.array(fc.record({ prefix, path: fc.array(prefix, { maxLength: 3 }), auth: fc.constant(AUTH) }), { maxLength: 3 }),
        withdrawnRoutes: fc.array(prefix, { maxLength: 3 })
      })
    })
    const control = fc.record({
      type: fc.constant('control' as const),
      fields: fc.record({
        mode: fc.constantFrom(Mode.MODE_IDLE, Mode.MODE_SYNC),
        lastKnownRoutingTableId: fc.constantFrom(TABLE, '00000000-0000-0000-0000-000000000000'),
        lastKnownEpoch: epoch,
        features: fc.array(fc.string(), { maxLength: 2 })
      })
    })
    const bytes = fc.record({ type: fc.constant('bytes' as const), data: fc.uint8Array({ maxLength: 60 }) })
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(update, control, bytes), { maxLength: 20 }), async messages => {
      const harness = Harness.started({ anna: 'peer', bert: 'peer' })
      harness.ask('bert')
      for (const message of messages) {
        switch (message.type) {
        case 'update':
          refusal(() => harness.tell('anna', {
            ...message.fields,
            newRoutes: message.fields.newRoutes.map(route => ({ ...route, props: [] }))
          }))
          break
        case 'control':
          refusal(() => harness.ask('anna', message.fields))
          break
        case 'bytes':
          refusal(() => harness.handle('anna', 'peer.route.update', Buffer.from(message.data)))
        }
        await harness.advance(100)
      }
      for (const [known, { nextHop }] of Object.entries(harness.router.localTable())) {
        expect(known).to.match(/^test(\.[A-Za-z0-9_~-]+)+$/)
        if (known === 'test.connie' || known.startsWith('test.connie.')) expect(nextHop).to.equal('')
      }
      harness.disconnect('anna')
      harness.connect('anna')
      harness.announce('anna', 'test.good')
      harness.ask('anna')
      await harness.advance(1000)
      expect(harness.nextHop('test.good')).to.equal('anna')
      expect(harness.told('bert')['test.good']).to.equal('test.connie test.anna')
    }), { numRuns: 200 })
  })

  it('a peer cannot make us keep more than its limit, nor by withdrawing what it never announced', function () {
    this.timeout(60_000)
    const harness = Harness.started({ anna: { maximumPrefixes: 1000 } })
    let epoch = 0
    for (let i = 0; i < 50_000; i += 100) {
      const prefixes = Array.from({ length: 100 }, (_, j) => `test.c${i + j}`)
      const newRoutes = prefixes.map(prefix => ({ prefix, path: ['test.anna'], auth: AUTH, props: [] }))
      harness.tell('anna', { fromEpochIndex: epoch, toEpochIndex: ++epoch, currentEpochIndex: epoch, newRoutes })
      const withdrawnRoutes = prefixes.map(prefix => `${prefix}.never`)
      harness.tell('anna', { fromEpochIndex: epoch, toEpochIndex: ++epoch, currentEpochIndex: epoch, withdrawnRoutes })
    }
    expect(Object.keys(harness.router.candidates())).to.have.length(1001)
    expect(harness.router.metrics().logLength).to.be.at.most(2002)
  })
})
