/**
 * What went wrong in the reference connector's routing must not go wrong here: one test per known defect. What each was:
 *
 * R1   routeBroadcastEnabled=false left the routing table empty.
 * R2   The routes of a removed account stayed: its child address, the default route, what it had announced.
 * R3   An account that was added again never exchanged routes again.
 * R4   Routes never expired: those of a peer that was connected but silent lived forever.
 * R5   A new routing table id of a peer did not drop the routes of its old table.
 * R6   Updates with a gap before them were confirmed, and the gap was never repaired.
 * R7   One failed update, or a next hop whose account had gone, ended all updates to that peer.
 * R8   A peer's reject of an update counted as success.
 * R9   A new path or auth with the same next hop was neither stored nor told.
 * R10  Prefixes that a shorter one had made superfluous were not told when the shorter one went.
 * R11  When they were, their path was lengthened and their auth hashed twice.
 * R12  Withdrawn prefixes stayed in the table, and the log of epochs only grew.
 * R13  Prefixes were compared as text, without the dot: a network `test` took in `testx`.
 * R14  A peer could announce prefixes below our own address, and as many and as long ones as it liked.
 * R15  Peers heard of a removed peer, or a new local route, only at the next broadcast.
 * R16  Every peer was offered transit to every other, and that could not be switched off.
 * R17  Requests for routes were never cancelled and multiplied with each reconnect, or were not made at all.
 * R18  The table grew slow with its size, and prefixes named like properties of Object broke it.
 * R19  Colliding or impossible addresses of children, and routes to missing accounts, were taken as they came.
 */
import { expect } from 'chai'
import type { CcpRoute } from 'ilp-protocol-ccp'
import { encodeReject } from '../../src/packet/reply.js'
import { AUTH, Harness, TABLE } from '../support/routing/harness.js'

const OTHER_TABLE = 'c951b674-c6f5-42ca-83a3-39a8d4e293b3'
const ROUTES = Number(process.env.ROUTES ?? 100_000)
const newRoute = (prefix: string, path: string[]): CcpRoute => ({ prefix, path, auth: AUTH, props: [] })

describe('routing defects of the reference connector', () => {
  it('R1: own, children\'s, configured and default routes work without broadcasting, and peers are refused', () => {
    const harness = Harness.started({ mum: 'parent', kid: 'child', anna: 'peer' },
      { routeBroadcastEnabled: false, routes: [{ targetPrefix: 'test.a', peerId: 'anna' }] })
    expect(['test.connie', 'test.connie.kid.x', 'test.a.x', 'test.other'].map(address => harness.nextHop(address)))
      .to.deep.equal(['', 'kid', 'anna', 'mum'])
    expect(() => harness.ask('anna')).to.throw('cannot process route control messages from non-peers.').with.property('ilpErrorCode', 'F00')
    expect(() => harness.announce('anna', 'test.x')).to.throw('cannot process route update messages from non-peers.')
    expect(harness.controls).to.deep.equal([])
  })

  it('R2: routes of a removed account vanish: its own, the default route and what it announced', () => {
    const harness = Harness.started({ mum: 'parent', kid: 'child', anna: 'peer' }, { routes: [{ targetPrefix: 'test.c', peerId: 'anna' }] })
    harness.announce('anna', 'test.a')
    for (const accountId of ['mum', 'kid', 'anna']) harness.remove(accountId)
    expect(harness.router.localTable()).to.have.keys('test.connie')
  })

  it('R3: an account that is removed and added again exchanges routes again', async () => {
    const harness = Harness.started({ anna: 'peer' })
    harness.announce('anna', 'test.a')
    harness.remove('anna')
    harness.add('anna', 'peer')
    harness.router.accountAdded('anna')
    harness.announce('anna', 'test.a')
    harness.ask('anna')
    await harness.advance(1000)
    expect(harness.nextHop('test.a.x')).to.equal('anna')
    expect(harness.controls).to.have.length(2)
    expect(harness.told('anna')).to.have.keys('test.connie', 'test.a')
  })

  it('R4: routes of a peer that is connected but silent expire', async () => {
    const harness = Harness.started({ anna: 'peer' })
    harness.tell('anna', { holdDownTime: 20_000, newRoutes: [newRoute('test.a', ['test.anna'])] })
    await harness.advance(15_000)
    harness.tell('anna', { holdDownTime: 20_000 })
    await harness.advance(19_000)
    expect(harness.nextHop('test.a.x')).to.equal('anna')
    await harness.advance(2_000)
    expect(harness.nextHop('test.a.x')).to.equal(undefined)
    expect(harness.controls.at(-1)?.request).to.deep.include({ lastKnownRoutingTableId: TABLE, lastKnownEpoch: 0 })
  })

  it('R5: a new table id drops the routes of the old table', () => {
    const harness = Harness.started({ anna: 'peer' })
    harness.announce('anna', 'test.a')
    harness.tell('anna', { routingTableId: OTHER_TABLE, fromEpochIndex: 0, toEpochIndex: 1, newRoutes: [newRoute('test.b', ['test.anna'])] })
    expect(harness.router.localTable()).to.have.keys('test.connie', 'test.b')
  })

  it('R6: an update that leaves a gap is not confirmed, and the missing part is asked for', async () => {
    const harness = Harness.started({ anna: 'peer' })
    harness.announce('anna', 'test.a')
    await harness.advance(2000)
    expect(() => harness.tell('anna', { fromEpochIndex: 5, toEpochIndex: 6 })).to.throw('out of sequence. reason=gap').with.property('ilpErrorCode', 'F00')
    expect(harness.controls.at(-1)?.request).to.deep.include({ mode: 1, lastKnownRoutingTableId: TABLE, lastKnownEpoch: 1 })
    harness.tell('anna', { fromEpochIndex: 1, toEpochIndex: 6, newRoutes: [newRoute('test.b', ['test.anna'])] })
    expect(harness.nextHop('test.b')).to.equal('anna')
  })

  for (const [failure, answer] of [
    ['R7: an update that fails', () => Promise.reject(new Error('lost'))],
    ['R7: an update that is never answered', () => new Promise<Buffer>(() => {})],
    ['R7: a plugin that throws', () => { throw new Error('broken') }],
    ['R8: an update that is rejected', () => Promise.resolve(encodeReject({ code: 'T00', triggeredBy: '', message: '', data: Buffer.alloc(0) }))]
  ] as Array<[string, () => Promise<Buffer>]>) {
    it(`${failure} is sent again, and the next ones follow`, async () => {
      const harness = Harness.started({ anna: 'peer', bert: 'peer' })
      harness.ask('bert')
      await harness.advance(1000)
      const { answer: works } = harness
      harness.answer = answer
      harness.announce('anna', 'test.a')
      await harness.advance(1000)
      expect(harness.router.status().peers['bert']?.send?.epoch).to.equal(1)
      harness.answer = works
      await harness.advance(31_000)
      expect(harness.router.status().peers['bert']?.send?.epoch).to.equal(2)
      harness.announce('anna', 'test.b')
      await harness.advance(1000)
      expect(harness.router.status().peers['bert']?.send?.epoch).to.equal(3)
      expect(harness.told('bert')).to.have.keys('test.connie', 'test.a', 'test.b')
    })
  }

  it('R7: updates go on when the account of a next hop has vanished', async () => {
    const harness = Harness.started({ anna: 'peer', bert: 'peer', mum: 'parent' })
    harness.announce('anna', 'test.a')
    harness.announce('anna', 'test.a.b')
    for (const accountId of ['bert', 'mum']) harness.ask(accountId)
    harness.remove('anna')
    await harness.advance(1000)
    expect(harness.told('bert')).to.deep.equal({ 'test.connie': 'test.connie' })
  })

  it('R9: a changed path or auth is taken over and told, though the next hop stays', async () => {
    const harness = Harness.started({ anna: 'peer', bert: 'peer' })
    harness.announce('anna', 'test.a', ['test.anna', 'test.z'])
    harness.ask('bert')
    await harness.advance(1000)
    harness.announce('anna', 'test.a', ['test.anna'])
    await harness.advance(1000)
    expect(harness.router.localTable()['test.a']?.path).to.equal('test.anna')
    expect(harness.told('bert')['test.a']).to.equal('test.connie test.anna')
    harness.tell('anna', { newRoutes: [{ ...newRoute('test.a', ['test.anna']), auth: Buffer.alloc(32, 1) }] })
    await harness.advance(1000)
    expect(harness.updates).to.have.length(3)
    expect(harness.updates[2]?.request.newRoutes[0]?.auth).to.not.deep.equal(harness.updates[1]?.request.newRoutes[0]?.auth)
  })

  it('R9: a route whose new path leads through us is dropped, not kept as it was', () => {
    const harness = Harness.started({ anna: 'peer' })
    harness.announce('anna', 'test.a', ['test.anna', 'test.z'])
    harness.announce('anna', 'test.a', ['test.anna', 'test.connie', 'test.z'])
    expect(harness.nextHop('test.a')).to.equal(undefined)
  })

  it('R10, R11: what a shorter prefix suppressed is told when that one goes, with its proper path and auth', async () => {
    const harness = Harness.started({ anna: 'peer', bert: 'peer', carl: 'peer' })
    harness.announce('bert', 'test.a.b', ['test.bert', 'test.z'])
    harness.ask('carl')
    await harness.advance(1000)
    const [direct] = harness.updates.flatMap(({ request }) => request.newRoutes.filter(({ prefix }) => prefix === 'test.a.b'))
    harness.announce('anna', 'test.a')
    await harness.advance(1000)
    expect(harness.told('carl')).to.include({ 'test.a': 'test.connie test.anna', 'test.a.b': null })
    expect(harness.nextHop('test.a.b.c'), 'we still use it').to.equal('bert')
    harness.withdraw('anna', 'test.a')
    await harness.advance(1000)
    expect(harness.told('carl')).to.include({ 'test.a': null, 'test.a.b': 'test.connie test.bert test.z' })
    expect(harness.updates.at(-1)?.request.newRoutes).to.deep.equal([direct])
  })

  it('R10: what a shorter prefix of a worse relation covers is told; our own prefix suppresses nothing', async () => {
    const harness = Harness.started({ mum: 'parent', bert: 'peer', carl: 'peer', kid: { relation: 'child', receiveRoutes: true } })
    harness.announce('mum', 'test.a')
    harness.announce('bert', 'test.a.b')
    harness.announce('kid', 'test.connie.kid.x')
    harness.ask('carl')
    await harness.advance(1000)
    expect(harness.told('carl')).to.include({ 'test.a.b': 'test.connie test.bert', 'test.connie.kid.x': 'test.connie test.kid' })
  })

  it('R12: withdrawn prefixes leave the table, and the log does not grow with history', async () => {
    const harness = Harness.started({ anna: 'peer', bert: 'peer' })
    harness.ask('bert')
    for (let i = 0; i < 300; i++) {
      harness.announce('anna', `test.a${i}`)
      harness.withdraw('anna', `test.a${i}`)
      if (i % 100 === 0) await harness.advance(1000)
    }
    await harness.advance(10_000)
    expect(harness.router.status().forwardingRoutingTable).to.have.keys('test.connie')
    expect(harness.router.metrics().logLength).to.be.lessThan(100)
    harness.connect('anna')
    harness.ask('anna')
    await harness.advance(150)
    expect(harness.updates.at(-1)?.request)
      .to.deep.include({ fromEpochIndex: 0, toEpochIndex: 601, currentEpochIndex: 601, withdrawnRoutes: [] })
  })

  it('R13: prefixes outside the network are not taken: testx, test, g, peer, private', () => {
    const harness = Harness.started({ anna: 'peer' })
    for (const prefix of ['testx', 'testx.a', 'test', 'g.a', 'peer.a', 'private.a', 'test.', 'test..a', 'test.a b', '']) {
      harness.announce('anna', prefix)
    }
    expect(harness.router.localTable()).to.have.keys('test.connie')
    expect(harness.router.metrics().accounts['anna']?.routesRefused).to.equal(10)
  })

  it('R14: nobody attracts what is ours or our children\'s; a child may announce what is its own', () => {
    const child = { relation: 'child', receiveRoutes: true } as const
    const harness = Harness.started({ anna: 'peer', mum: 'parent', kid: child, sis: child })
    for (const accountId of ['anna', 'mum', 'sis']) {
      for (const prefix of ['test.connie', 'test.connie.kid', 'test.connie.kid.x', 'test.connie.other']) harness.announce(accountId, prefix)
    }
    harness.announce('kid', 'test.connie.kid.x')
    harness.announce('kid', 'test.connie.kid')
    expect(harness.router.localTable()).to.have.keys('test.connie', 'test', 'test.connie.kid', 'test.connie.sis', 'test.connie.kid.x')
    expect(harness.nextHop('test.connie.kid.x')).to.equal('kid')
    expect(harness.nextHop('test.connie.other')).to.equal('')
  })

  it('R14: long prefixes, long paths and empty hops are not taken', () => {
    const harness = Harness.started({ anna: 'peer' })
    harness.announce('anna', `test.${'a'.repeat(1019)}`)
    harness.announce('anna', 'test.b', Array.from({ length: 65 }, (_, i) => `test.h${i}`))
    harness.announce('anna', 'test.c', ['test.anna', ''])
    expect(harness.router.localTable()).to.have.keys('test.connie')
    harness.announce('anna', `test.${'a'.repeat(1018)}`)
    harness.announce('anna', 'test.b', Array.from({ length: 64 }, (_, i) => `test.h${i}`))
    expect(Object.keys(harness.router.localTable())).to.have.length(3)
  })

  it('R15: a disconnected or removed peer, and a new local route, are told at once', async () => {
    const harness = Harness.started({ anna: 'peer', bert: 'peer', carl: 'peer' })
    for (const accountId of ['anna', 'bert']) harness.announce(accountId, `test.${accountId}`)
    harness.ask('carl')
    await harness.advance(1000)
    harness.disconnect('anna')
    await harness.advance(150)
    expect(harness.told('carl')['test.anna']).to.equal(null)
    harness.remove('bert')
    await harness.advance(150)
    expect(harness.told('carl')['test.bert']).to.equal(null)
    harness.router.addRoute({ targetPrefix: 'test.new', peerId: 'anna' })
    await harness.advance(150)
    expect(harness.told('carl')['test.new']).to.equal('test.connie')
  })

  it('R16: transit between peers can be switched off', async () => {
    const harness = Harness.started({ anna: { transit: false }, bert: { transit: false } })
    harness.announce('anna', 'test.a')
    harness.ask('bert')
    await harness.advance(1000)
    expect(harness.told('bert')).to.deep.equal({ 'test.connie': 'test.connie', 'test.a': null })
  })

  it('R17: asking is repeated until it works, ends with the connection, and does not multiply', async () => {
    const harness = Harness.started({ anna: 'peer' })
    harness.answer = () => Promise.reject(new Error('lost'))
    for (let i = 0; i < 5; i++) {
      harness.disconnect('anna')
      harness.connect('anna')
      await harness.advance(100)
    }
    const before = harness.controls.length
    await harness.advance(60_000)
    expect(harness.controls.length - before).to.be.within(4, 7)
    harness.disconnect('anna')
    const whenGone = harness.controls.length
    await harness.advance(60_000)
    expect(harness.controls.length).to.equal(whenGone)
  })

  it('R17: a plugin that says it is connected only later is asked then', async () => {
    const harness = Harness.started({ anna: 'peer' })
    const account = harness.accounts.get('anna')
    if (account !== undefined) account.connected = false
    harness.router.accountConnected('anna')
    if (account !== undefined) account.connected = true
    await harness.advance(5000)
    expect(harness.controls.length).to.be.greaterThan(0)
  })

  it(`R18: ${ROUTES} routes are taken in and told on within seconds, whatever they are called`, async function () {
    this.timeout(60_000)
    const harness = Harness.started({ anna: 'peer', bert: 'peer' })
    harness.ask('bert')
    await harness.advance(1000)
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty']
    for (let i = 0; i < ROUTES; i += 100) {
      const newRoutes = Array.from({ length: 100 }, (_, j) => newRoute(`test.${names[i + j] ?? `c${i + j}`}`, ['test.anna']))
      const epochs = { fromEpochIndex: i, toEpochIndex: i + 100, currentEpochIndex: i + 100 }
      harness.tell('anna', { ...epochs, newRoutes, holdDownTime: 600_000 })
    }
    expect(harness.nextHop('test.constructor.x')).to.equal('anna')
    expect(harness.nextHop('constructor')).to.equal(undefined)
    expect(Object.keys(harness.router.localTable())).to.have.length(ROUTES + 1).and.include('test.__proto__')
    await harness.advance(60_000)
    expect(harness.router.status().peers['bert']?.send?.epoch).to.equal(ROUTES + 1)
  })

  it('R19: colliding or impossible addresses of children, and routes to missing accounts, are left out with a warning', () => {
    const harness = new Harness({ 'a b': 'child', kid: 'child' },
      { defaultRoute: 'nobody', routes: [{ targetPrefix: 'test.x', peerId: 'nobody' }] })
    harness.router.start()
    expect(harness.router.localTable()).to.have.keys('test.connie', 'test.connie.kid')
    expect(harness.warnings.filter(line => line.includes('%s')).map(line => line.split(/[.,]/)[0])).to.include.members([
      'no route to child', 'ignoring default route', 'ignoring configured route'
    ])
  })
})
