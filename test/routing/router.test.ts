/** Routing as the connector sees it: which account a packet goes to, and what peers are told. */
import { expect } from 'chai'
import { AUTH, Harness, NO_TABLE, TABLE } from '../support/routing/harness.js'

const auth = (base64: string): Buffer => Buffer.from(base64, 'base64')

describe('the router', () => {
  describe('choosing a route', () => {
    it('prefers configured to local to learnt, then child to peer to parent, then the shorter path, then the smaller id', () => {
      const harness = Harness.started({
        mum: 'parent', anna: 'peer', bert: 'peer', kid: { relation: 'child', sendRoutes: true, receiveRoutes: true }, other: 'peer'
      })
      const best = (): [string | undefined, string | undefined] => [harness.nextHop('test.x.y'), harness.router.candidates()['test.x']?.reason]
      harness.announce('mum', 'test.x', ['test.mum'])
      expect(best()).to.deep.equal(['mum', 'the only candidate'])
      harness.announce('bert', 'test.x', ['test.bert', 'test.z'])
      expect(best()).to.deep.equal(['bert', 'child before peer before parent'])
      harness.announce('anna', 'test.x', ['test.anna', 'test.z'])
      expect(best()).to.deep.equal(['anna', 'smaller account id'])
      harness.announce('bert', 'test.x', ['test.bert'])
      expect(best()).to.deep.equal(['bert', 'shorter path'])
      harness.announce('kid', 'test.x', ['test.kid', 'test.y', 'test.z'])
      expect(best()).to.deep.equal(['kid', 'child before peer before parent'])
      harness.router.addRoute({ targetPrefix: 'test.x', peerId: 'other' })
      expect(best()).to.deep.equal(['other', 'configured before local before learnt'])
      harness.router.addRoute({ targetPrefix: 'test.connie', peerId: 'other' })
      expect(harness.nextHop('test.connie')).to.equal('other')
    })

    it('keeps all candidates, and falls back to the next best', () => {
      const harness = Harness.started({ anna: 'peer', bert: 'peer' })
      harness.announce('anna', 'test.x')
      harness.announce('bert', 'test.x', ['test.bert', 'test.z'])
      expect(harness.router.candidates()['test.x']?.candidates).to.deep.equal([
        { nextHop: 'anna', path: 'test.anna', source: 'learnt' },
        { nextHop: 'bert', path: 'test.bert test.z', source: 'learnt' }
      ])
      harness.disconnect('anna')
      expect(harness.nextHop('test.x.y')).to.equal('bert')
    })

    it('takes the configured route with the highest priority whose account is connected', () => {
      const harness = Harness.started({ anna: 'peer', bert: 'peer', carl: 'peer' }, {
        routes: [
          { targetPrefix: 'test.x', peerId: 'anna' },
          { targetPrefix: 'test.x', peerId: 'bert', priority: 10 },
          { targetPrefix: 'test.x', peerId: 'carl', priority: 5 }
        ]
      })
      expect(harness.nextHop('test.x.y')).to.equal('bert')
      harness.disconnect('bert')
      expect(harness.nextHop('test.x.y')).to.equal('carl')
      harness.disconnect('carl')
      expect(harness.nextHop('test.x.y')).to.equal('anna')
      harness.connect('bert')
      expect(harness.nextHop('test.x.y')).to.equal('bert')
      for (const accountId of ['anna', 'bert', 'carl']) harness.disconnect(accountId)
      expect(harness.nextHop('test.x.y'), 'the first choice, when none is connected').to.equal('bert')
    })

    it('sends what nobody announces to the default account, but only within the network', () => {
      const harness = Harness.started({ anna: 'peer', mum: 'parent', dad: 'parent' })
      expect(harness.nextHop('test.unknown')).to.equal('mum')
      expect(harness.nextHop('private.unknown')).to.equal(undefined)
      expect(Harness.started({ mum: 'parent', anna: 'peer' }, { defaultRoute: 'anna' }).nextHop('test.unknown')).to.equal('anna')
      expect(Harness.started({ mum: 'parent' }, { defaultRoute: '' }).nextHop('test.unknown')).to.equal(undefined)
    })

    it('routes its own address and its children outside the network, too, and keeps them to itself', async () => {
      const harness = new Harness({ kid: 'child', anna: 'peer' })
      harness.address = 'private.moneyd'
      harness.router.start()
      expect(harness.nextHop('private.moneyd')).to.equal('')
      expect(harness.nextHop('private.moneyd.kid.x')).to.equal('kid')
      harness.ask('anna')
      await harness.advance(1000)
      expect(harness.told('anna')).to.deep.equal({})
    })
  })

  describe('configured routes', () => {
    it('come and go while it runs', () => {
      const harness = Harness.started({ anna: 'peer', bert: 'peer' }, { routes: [{ targetPrefix: 'test.x', peerId: 'anna' }] })
      harness.router.addRoute({ targetPrefix: 'test.y', peerId: 'bert', priority: 3 })
      harness.router.addRoute({ targetPrefix: 'test.x', peerId: 'bert', priority: 1 })
      expect(harness.nextHop('test.x')).to.equal('bert')
      expect(harness.router.configuredRoutes()).to.deep.equal([
        { targetPrefix: 'test.x', peerId: 'anna' },
        { targetPrefix: 'test.x', peerId: 'bert', priority: 1 },
        { targetPrefix: 'test.y', peerId: 'bert', priority: 3 }
      ])
      expect(harness.router.removeRoute({ targetPrefix: 'test.x', peerId: 'bert' })).to.have.length(1)
      expect(harness.nextHop('test.x')).to.equal('anna')
      expect(harness.router.removeRoute({ targetPrefix: 'test.x' })).to.have.length(1)
      expect(harness.router.removeRoute({ targetPrefix: 'test.x' })).to.have.length(0)
      expect(harness.nextHop('test.x')).to.equal(undefined)
      harness.router.reload()
      expect(harness.nextHop('test.x'), 'stays removed').to.equal(undefined)
      expect(harness.nextHop('test.y'), 'stays added').to.equal('bert')
    })

    it('come with a warning when our address is of another network than they are for', () => {
      const harness = new Harness({ up: 'parent' })
      harness.address = 'g.connie'
      harness.router.start()
      harness.router.reload()
      expect(harness.warnings).to.have.length(1)
      expect(harness.warnings[0]).to.include('the address is not of the network that env says').and.include('CONNECTOR_ENV').and.match(/ g\.connie test$/)
      harness.address = 'test.connie'
      harness.router.reload()
      expect(harness.warnings).to.have.length(1)
      harness.address = 'unknown'
      harness.router.reload()
      expect(harness.warnings).to.have.length(1)
    })

    it('take effect when the configuration has changed and is loaded again', () => {
      const harness = Harness.started({ anna: 'peer' })
      harness.options.routes = [{ targetPrefix: 'test.x', peerId: 'anna' }]
      harness.router.reload()
      expect(harness.nextHop('test.x')).to.equal('anna')
      harness.options.routes = []
      harness.router.reload()
      expect(harness.nextHop('test.x')).to.equal(undefined)
    })

    it('are refused when they make no sense, and wait for an account that does not exist yet', () => {
      const harness = Harness.started({ anna: 'peer' })
      expect(() => harness.router.addRoute({ targetPrefix: 'test x', peerId: 'anna' })).to.throw('targetPrefix="test x"')
      expect(() => harness.router.addRoute({ targetPrefix: 'test.x', peerId: '' })).to.throw('needs the id of an account')
      expect(() => harness.router.addRoute({ targetPrefix: 'test.x', peerId: 'anna', priority: NaN })).to.throw('priority')
      harness.router.addRoute({ targetPrefix: 'test.x', peerId: 'late' })
      expect(harness.warnings.join()).to.contain('ignoring configured route, account does not exist.')
      expect(harness.nextHop('test.x')).to.equal(undefined)
      harness.add('late', 'peer')
      harness.router.accountAdded('late')
      expect(harness.nextHop('test.x')).to.equal('late')
    })
  })

  describe('telling peers', () => {
    /** The setting of the reference connector's own broadcast test. */
    async function broadcast (): Promise<Harness> {
      const accounts = ['test.cad-ledger', 'test.usd-ledger', 'test.eur-ledger']
      const harness = Harness.started(Object.fromEntries(accounts.map(accountId => [accountId, 'peer' as const])), {
        routes: [{ targetPrefix: 'test.prefix', peerId: 'test.cad-ledger' }, { targetPrefix: 'test.eur-ledger', peerId: 'test.eur-ledger' }]
      })
      for (const accountId of accounts) harness.announce(accountId, accountId, [accountId])
      for (const accountId of accounts) harness.ask(accountId)
      await harness.advance(150)
      return harness
    }

    it('sends what the reference connector sends, to the byte of the auth values', async () => {
      const harness = await broadcast()
      const { routingTableId } = harness.router.status()
      const toCad = harness.updates.filter(({ accountId }) => accountId === 'test.cad-ledger')
      expect(toCad.map(({ request }) => request)).to.deep.equal([{
        speaker: 'test.connie',
        routingTableId,
        currentEpochIndex: 5,
        fromEpochIndex: 0,
        toEpochIndex: 5,
        holdDownTime: 45000,
        withdrawnRoutes: ['test.prefix', 'test.cad-ledger'],
        newRoutes: [
          { prefix: 'test.connie', path: ['test.connie'], auth: auth('muk4Yc9MJfF9JOiCVhwdG/+Iffhw+g7fUPjRJTef24o='), props: [] },
          { prefix: 'test.eur-ledger', path: ['test.connie'], auth: auth('pzvpeQd5hc2o53xnDqXfNKH3ghg9lb3b1bZb8N3Wzqk='), props: [] },
          {
            prefix: 'test.usd-ledger', path: ['test.connie', 'test.usd-ledger'],
            auth: auth('VpLK9Fmhx11TynRzmQTvnynGYc+tOwoShsJ5QW61/O8='), props: []
          }
        ]
      }])
      const toUsd = harness.updates.find(({ accountId }) => accountId === 'test.usd-ledger')?.request
      expect(toUsd?.newRoutes.find(({ prefix }) => prefix === 'test.prefix')?.auth)
        .to.deep.equal(auth('2mgQJ9MAIe91vuQ+PddM6j8DGfqOAu0PH8ni5n+8lTM='))
    })

    it('asks a peer the moment it connects, and tells it nothing before it asks', async () => {
      const harness = Harness.started({ anna: { connected: false } })
      await harness.advance(100_000)
      expect(harness.controls).to.deep.equal([])
      harness.connect('anna')
      expect(harness.controls.map(({ request }) => request))
        .to.deep.equal([{ mode: 1, lastKnownRoutingTableId: NO_TABLE, lastKnownEpoch: 0, features: [] }])
      await harness.advance(30_000)
      expect(harness.updates).to.deep.equal([])
    })

    it('keeps a request that is faster than our own plugin\'s connect event', async () => {
      const harness = Harness.started({ anna: { connected: false } })
      harness.ask('anna')
      harness.connect('anna')
      await harness.advance(150)
      expect(harness.told('anna')).to.have.keys('test.connie')
    })

    it('asks a peer again that has lost its memory unnoticed, since it has forgotten that we want to know, too', async () => {
      const harness = Harness.started({ anna: 'peer' })
      harness.ask('anna')
      await harness.advance(1500)
      expect(harness.controls).to.have.length(1)
      harness.ask('anna')
      await harness.advance(1500)
      expect(harness.controls).to.have.length(2)
      harness.ask('anna', { lastKnownRoutingTableId: harness.router.status().routingTableId, lastKnownEpoch: 1 })
      await harness.advance(1500)
      expect(harness.controls).to.have.length(2)
    })

    it('keeps children, the default route and other networks to itself', async () => {
      const harness = Harness.started({ kid: 'child', mum: 'parent', anna: 'peer' }, {
        routes: [{ targetPrefix: 'private.x', peerId: 'kid' }, { targetPrefix: 'testing.x', peerId: 'kid' }]
      })
      harness.ask('anna')
      await harness.advance(1000)
      expect(harness.told('anna')).to.deep.equal({ 'test.connie': 'test.connie' })
      expect(harness.nextHop('testing.x')).to.equal('kid')
    })

    it('tells a parent what is ours and our children\'s, peers everything, and nobody what came from them', async () => {
      const harness = Harness.started({ mum: 'parent', anna: 'peer', bert: 'peer', kid: { relation: 'child', receiveRoutes: true } })
      harness.announce('anna', 'test.a')
      harness.announce('kid', 'test.k')
      for (const accountId of ['mum', 'anna', 'bert']) harness.ask(accountId)
      await harness.advance(1000)
      const [own, a, k] = ['test.connie', 'test.connie test.anna', 'test.connie test.kid']
      expect(harness.told('mum')).to.deep.equal({ 'test.connie': own, 'test.a': null, 'test.k': k })
      expect(harness.told('anna')).to.deep.equal({ 'test.connie': own, 'test.a': null, 'test.k': k })
      expect(harness.told('bert')).to.deep.equal({ 'test.connie': own, 'test.a': a, 'test.k': k })
      expect(() => harness.ask('kid')).to.throw('configured not to send routes to you')
    })

    it('starts over with a peer whose filters have changed', async () => {
      const harness = Harness.started({ anna: 'peer', bert: 'peer' })
      harness.announce('anna', 'test.a')
      harness.announce('anna', 'test.b')
      harness.ask('bert')
      await harness.advance(1000)
      harness.add('bert', { exportPrefixes: ['test.a'] })
      harness.router.reload()
      await harness.advance(1000)
      expect(harness.told('bert')).to.deep.equal({ 'test.a': 'test.connie test.anna', 'test.b': null, 'test.connie': null })
      expect(harness.updates.at(-1)?.request).to.include({ fromEpochIndex: 0 })
        .and.not.include({ routingTableId: harness.updates[0]?.request.routingTableId })

      harness.add('anna', { importPrefixes: ['test.b'] })
      harness.router.reload()
      expect(harness.router.localTable()).to.have.keys('test.connie')
      expect(harness.controls.at(-1)).to.deep.include({ accountId: 'anna' })
      const newRoutes = ['test.a', 'test.b'].map(prefix => ({ prefix, path: ['test.anna'], auth: AUTH, props: [] }))
      harness.tell('anna', { fromEpochIndex: 0, toEpochIndex: 2, newRoutes })
      expect(harness.router.localTable()).to.have.keys('test.connie', 'test.b')
    })

    it('follows a change of its own address', async () => {
      const harness = Harness.started({ anna: 'peer', bert: 'peer' })
      harness.announce('anna', 'test.a')
      harness.announce('anna', 'test.new.sub')
      harness.ask('bert')
      await harness.advance(1000)
      harness.address = 'test.new'
      harness.router.reload()
      await harness.advance(1000)
      expect(harness.router.localTable()).to.have.keys('test.new', 'test.a')
      expect(harness.told('bert')).to.deep.equal({
        'test.connie': null, 'test.new': 'test.new', 'test.a': 'test.new test.anna', 'test.new.sub': null
      })
    })

    it('asks again when the plugin connects again without having said that it was disconnected', async () => {
      const harness = Harness.started({ anna: 'peer' })
      harness.announce('anna', 'test.a')
      await harness.advance(2000)
      harness.connect('anna')
      expect(harness.controls.map(({ request }) => request.lastKnownEpoch)).to.deep.equal([0, 1])
      expect(harness.nextHop('test.a')).to.equal('anna')
    })

    it('stops when it is stopped, whatever is still under way', async () => {
      const harness = Harness.started({ anna: 'peer', bert: 'peer' })
      const answers: Array<() => void> = []
      harness.answer = () => new Promise((_resolve, reject) => { answers.push(() => reject(new Error('late'))) })
      harness.ask('bert')
      await harness.advance(1000)
      expect(harness.updates).to.have.length(1)
      harness.disconnect('bert')
      harness.updates.length = 0
      harness.ask('anna')
      harness.router.stop()
      for (const answer of answers) answer()
      await harness.advance(200_000)
      expect(harness.updates).to.deep.equal([])
      expect(harness.controls).to.have.length(2)
      expect(() => harness.ask('anna')).to.throw('non-peers')
    })
  })

  it('shows itself as the reference connector does', async () => {
    const accounts = ['test.cad-ledger', 'test.usd-ledger']
    const harness = Harness.started({ 'test.cad-ledger': 'peer', 'test.usd-ledger': { sendRoutes: false } })
    for (const accountId of accounts) harness.announce(accountId, accountId, [accountId])
    harness.ask('test.cad-ledger')
    await harness.advance(1000)
    const { routingTableId } = harness.router.status()
    const local = {
      'test.connie': { nextHop: '', path: '', auth: undefined },
      'test.cad-ledger': { nextHop: 'test.cad-ledger', path: 'test.cad-ledger', auth: undefined },
      'test.usd-ledger': { nextHop: 'test.usd-ledger', path: 'test.usd-ledger', auth: undefined }
    }
    const forwarding = {
      'test.connie': { nextHop: '', path: 'test.connie', auth: undefined },
      'test.cad-ledger': { nextHop: 'test.cad-ledger', path: 'test.connie test.cad-ledger', auth: undefined },
      'test.usd-ledger': { nextHop: 'test.usd-ledger', path: 'test.connie test.usd-ledger', auth: undefined }
    }
    expect(harness.router.localTable()).to.deep.equal(local)
    expect(harness.router.status()).to.deep.equal({
      routingTableId,
      currentEpoch: 3,
      localRoutingTable: local,
      forwardingRoutingTable: forwarding,
      routingLog: Object.entries(forwarding).map(([prefix, route], epoch) => ({ prefix, route, epoch })),
      peers: {
        'test.cad-ledger': { send: { epoch: 3, mode: 'SYNC' }, receive: { routingTableId: TABLE, epoch: 1 } },
        'test.usd-ledger': { send: undefined, receive: { routingTableId: TABLE, epoch: 1 } }
      }
    })
  })

  it('counts what happens', async () => {
    const harness = Harness.started({ anna: { importPrefixes: ['test.a'] }, bert: 'peer' })
    harness.ask('bert')
    harness.announce('anna', 'test.a')
    harness.announce('anna', 'test.b')
    expect(() => harness.tell('anna', { fromEpochIndex: 50, toEpochIndex: 51 })).to.throw()
    await harness.advance(1000)
    const metrics = harness.router.metrics()
    expect(metrics.accounts).to.deep.equal({
      anna: { updatesSent: 0, updatesFailed: 0, updatesReceived: 3, updatesRefused: 1, routesRefused: 1, routes: 1 },
      bert: { updatesSent: 1, updatesFailed: 0, updatesReceived: 0, updatesRefused: 0, routesRefused: 0, routes: 0 }
    })
    expect(metrics).to.include({ prefixes: 2, logLength: 2, guardedPrefixes: 0, convergenceMs: 150 })
    harness.remove('anna')
    expect(harness.router.metrics().accounts).to.have.keys('bert')
  })
})
