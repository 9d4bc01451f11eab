/** The embedded node as a program uses it: its life, its peers and routes, and what it says of itself. */
import { expect } from 'chai'
import { stub } from 'sinon'
import { ConnectorNode, ConnectorNotStartedError, createLogger } from '../../src/index.js'
import type { ConnectorConfig } from '../../src/index.js'
import { LedgerService } from '../../src/ledger/service.js'
import { computeConditionFromData } from '../../src/delivery/payment.js'
import { TestLogger, World, outcome, owed, packet, urlOf } from '../support/node.js'
import { until } from '../support/waiting.js'

const NEVER = 'ws://127.0.0.1:9'

describe('ConnectorNode', () => {
  const world = new World()
  afterEach(() => world.end())

  const reasonOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error)

  describe('life', () => {
    it('refuses what needs a running node, before the start and after the stop', async () => {
      const node = await world.make('agent')
      const message = 'Connector is not started. Call start() before sendPacket().'
      expect(await reasonOf(node.sendPacket(packet('g.x')))).to.be.instanceOf(ConnectorNotStartedError).with.property('message', message)
      await node.start()
      await node.stop()
      expect(await reasonOf(node.sendPacket(packet('g.x')))).to.be.instanceOf(ConnectorNotStartedError)
      expect(await reasonOf(node.getBalance('x'))).to.be.instanceOf(ConnectorNotStartedError)
    })

    it('starts once and stops once, however often it is told', async () => {
      const node = await world.make('agent')
      await Promise.all([node.start(), node.start()])
      await node.start()
      await Promise.all([node.stop(), node.stop()])
      await node.stop()
      expect(node.getHealthStatus().status).to.equal('stopped')
    })

    it('stops when it is told so while it starts', async () => {
      const node = await world.make('agent')
      const starting = node.start()
      await node.stop()
      await starting
      expect(node.getHealthStatus().status).to.equal('stopped')
    })

    it('ends as it was last told, in whatever order', async () => {
      const node = await world.make('agent')
      const shop = await world.start('shop')
      void node.start()
      void node.stop()
      const registered = node.registerPeer({ id: 'shop', url: urlOf(shop), authToken: '' })
      await node.start()
      await registered
      expect(node.getHealthStatus()).to.include({ status: 'healthy', peersConnected: 1 })
      void node.stop()
      void node.start()
      const away = node.registerPeer({ id: 'away', url: NEVER, authToken: '' })
      await node.stop()
      await away
      expect(node.getHealthStatus()).to.include({ status: 'stopped', totalPeers: 2 })
      await until(() => shop.listPeers().length === 0)
    })

    it('lets a packet under way finish when it stops', async () => {
      const node = await world.start('agent')
      let answer = (): void => undefined
      const asked = new Promise<void>(told => {
        node.setPacketHandler(() => new Promise(resolve => {
          answer = () => { resolve({ accept: true }) }
          told()
        }))
      })
      const sent = node.sendPacket(packet('g.agent'))
      await asked
      const stopped = node.stop()
      answer()
      expect(outcome(await sent)).to.equal('fulfill')
      await stopped
    })

    it('logs the events that tools look for', async () => {
      const node = await world.start('agent')
      await node.stop()
      const messages = world.log.lines.map(({ message }) => message)
      for (const event of ['connector_initialized', 'connector_starting', 'btp_server_started', 'connector_ready', 'connector_stopped']) {
        expect(messages).to.include(event)
      }
    })

    it('starts without a peer that is away, and does not wait long for it', async () => {
      const peers = [{ id: 'parent', url: NEVER, authToken: '', relation: 'parent' as const }]
      const node = await world.start('agent', { logLevel: 'info', peers, routes: [{ prefix: 'g', nextHop: 'parent' }] })
      expect(node.listPeers()).to.have.deep.nested.property('[0].connected', false)
      expect(outcome(await node.sendPacket(packet('g.parent.x')))).to.equal('T01')
      expect(world.log.lines.flatMap(({ fields }) => 'waitingMsAtMost' in fields ? [fields.waitingMsAtMost] : []).at(-1)).to.equal(2000)
    })

    it('opens nothing in the constructor', async () => {
      const node = await world.make('agent')
      const twin = await world.make('agent', { btpServerPort: node.config.btpServerPort, healthCheckPort: node.config.healthCheckPort })
      await twin.start()
      expect(twin.getHealthStatus().status).to.equal('healthy')
    })
  })

  describe('sendPacket', () => {
    it('delivers to the node itself without a fee', async () => {
      const node = await world.start('agent')
      let amount = ''
      let sourcePeer: string | undefined
      node.setPacketHandler(request => {
        ({ amount, sourcePeer } = request)
        return { accept: true, data: 'AQID' }
      })
      expect(await node.sendPacket(packet('g.agent.me'))).to.deep.include({ type: 13, data: Buffer.from([1, 2, 3]) })
      expect(amount).to.equal('1000')
      expect(sourcePeer).to.equal('local')
      expect(await owed(node, 'local')).to.equal(0n)
    })

    const faults: Array<[what: string, params: object, code: string, message: string]> = [
      ['without a destination', { destination: undefined }, 'F01', 'Missing required packet fields'],
      ['to what is no text', { destination: { toString: 1 } }, 'F01', 'destination must be a string'],
      ['to a malformed address', { destination: 'g..x' }, 'F01', 'Invalid ILP address format: g..x'],
      ['with a short condition', { executionCondition: Buffer.alloc(31, 1) }, 'F01', 'executionCondition must be exactly 32 bytes'],
      ['with a negative amount', { amount: -1n }, 'F01', 'amount must be'],
      ['with an amount above 64 bits', { amount: 2n ** 64n }, 'F01', 'amount must be'],
      ['with an amount that is a number', { amount: 5 }, 'F01', 'amount must be'],
      ['with too much data', { data: Buffer.alloc(32_769) }, 'F01', 'data must be'],
      ['that has expired', { expiresAt: new Date(Date.now() - 1) }, 'R00', 'Packet has expired'],
      ['without a valid time', { expiresAt: new Date(NaN) }, 'F01', 'expiresAt must be'],
      ['to nowhere', { destination: 'g.nowhere' }, 'F02', 'No route to destination: g.nowhere']
    ]
    for (const [what, params, code, message] of faults) {
      it(`answers a packet ${what} with ${code}`, async () => {
        const node = await world.start('agent')
        const answer = await node.sendPacket({ ...packet('g.agent'), ...params })
        expect(answer).to.include({ type: 14, code, triggeredBy: 'g.agent' })
        expect(answer).to.have.property('message').that.includes(message)
      })
    }

    it('takes the largest packet there is', async () => {
      const node = await world.start('agent')
      node.setPacketHandler(({ data }) => ({ accept: true, data }))
      const data = Buffer.alloc(32_768, 7)
      expect(await node.sendPacket(packet('g.agent', { data }))).to.deep.include({ type: 13, data })
    })

    it('takes bytes of any kind, as the whole of their view', async () => {
      const node = await world.start('agent')
      node.setPacketHandler(({ data }) => ({ accept: true, data }))
      const bytes = new TextEncoder().encode('<hello>').subarray(1, 6)
      expect(await node.sendPacket(packet('g.agent', { data: bytes }))).to.deep.include({ type: 13, data: Buffer.from('hello') })
      const { condition } = computeConditionFromData(bytes)
      const answer = await node.sendPacket(packet('g.agent', { data: bytes, executionCondition: new Uint8Array(condition) }))
      expect(answer).to.deep.include({ type: 13, data: Buffer.from('hello') })
    })

    it('answers T01 for a peer that is away', async () => {
      const node = await world.start('agent')
      await node.registerPeer({ id: 'away', url: NEVER, authToken: '', routes: [{ prefix: 'g.away' }] })
      expect(outcome(await node.sendPacket(packet('g.away.x')))).to.equal('T01')
    })

    it('answers R00 by the time that the packet expires', async () => {
      const node = await world.start('agent')
      node.setPacketHandler(() => new Promise(() => undefined))
      const expiresAt = new Date(Date.now() + 1300)
      expect(outcome(await node.sendPacket(packet('g.agent', { expiresAt })))).to.equal('R00')
      expect(Date.now()).to.be.lessThan(expiresAt.getTime())
    })
  })

  describe('peers', () => {
    it('are added, listed, merged and removed with their routes', async () => {
      const shop = await world.start('shop')
      const node = await world.start('agent')
      const info = await node.registerPeer({
        id: 'shop', url: urlOf(shop), authToken: '', evmAddress: '0xConnectorBAddress...', routes: [{ prefix: 'g.shop' }], settlement: { preference: 'evm' }
      })
      const shown = { relation: 'peer', transport: 'direct', settlement: { preference: 'evm' } }
      expect(info).to.deep.equal({ id: 'shop', connected: true, ilpAddresses: ['g.shop'], routeCount: 1, ...shown })
      const again = await node.registerPeer({ id: 'shop', url: urlOf(shop), authToken: '', routes: [{ prefix: 'g.other', priority: 2 }] })
      expect(again).to.deep.include({ ilpAddresses: ['g.shop', 'g.other'], settlement: { preference: 'evm' } })
      expect(node.listPeers()).to.deep.equal([again])
      expect(await node.removePeer('shop')).to.deep.equal({ peerId: 'shop', removedRoutes: ['g.shop', 'g.other'] })
      expect(node.listPeers()).to.deep.equal([])
      expect(node.listRoutes()).to.deep.equal([])
      await until(() => shop.listPeers().length === 0)
    })

    it('keep their routes when told so', async () => {
      const node = await world.make('agent')
      await node.registerPeer({ id: 'shop', url: NEVER, authToken: '', routes: [{ prefix: 'g.shop' }] })
      expect(await node.removePeer('shop', false)).to.deep.equal({ peerId: 'shop', removedRoutes: [] })
      expect(node.listRoutes()).to.deep.equal([{ prefix: 'g.shop', nextHop: 'shop', priority: 0 }])
    })

    it('that are registered before the start are connected by it', async () => {
      const shop = await world.start('shop')
      const node = await world.make('agent')
      await node.registerPeer({ id: 'shop', url: urlOf(shop), authToken: '', routes: [{ prefix: 'g.shop' }] })
      expect(node.listPeers()[0]).to.deep.include({ id: 'shop', connected: false, ilpAddresses: ['g.shop'], routeCount: 1 })
      await node.start()
      expect(node.getHealthStatus()).to.include({ status: 'healthy', peersConnected: 1, totalPeers: 1 })
    })

    it('that are registered while the node starts are connected too', async () => {
      const shop = await world.start('shop')
      shop.setPacketHandler(() => ({ accept: true }))
      const node = await world.make('agent')
      const starting = node.start()
      await node.registerPeer({ id: 'shop', url: urlOf(shop), authToken: '', routes: [{ prefix: 'g.shop' }] })
      await starting
      expect(outcome(await node.sendPacket(packet('g.shop')))).to.equal('fulfill')
    })

    it('can move to another address', async () => {
      const [first, second] = [await world.start('shop'), await world.start('shop')]
      const node = await world.start('agent')
      second.setPacketHandler(() => ({ accept: true, data: 'Ag==' }))
      await node.registerPeer({ id: 'shop', url: urlOf(first), authToken: '', routes: [{ prefix: 'g.shop' }] })
      await node.registerPeer({ id: 'shop', url: urlOf(second), authToken: '' })
      expect(await node.sendPacket(packet('g.shop'))).to.deep.include({ type: 13, data: Buffer.from([2]) })
    })

    it('that cannot be used as they are changed go on as they were', async () => {
      const shop = await world.start('shop')
      shop.setPacketHandler(() => ({ accept: true }))
      const address = `0x${'ab'.repeat(20)}`
      const peer = { id: 'shop', url: urlOf(shop), authToken: '' }
      const node = await world.start('agent', {
        peers: [peer],
        routes: [{ prefix: 'g.shop', nextHop: 'shop' }],
        chainProviders: [{
          chainType: 'evm', chainId: 'evm:31337', rpcUrl: NEVER.replace('ws', 'http'), registryAddress: address, tokenAddress: address, keyId: `0x${'5e'.repeat(32)}`
        }]
      })
      const before = node.listPeers()
      const error = await reasonOf(node.registerPeer({ ...peer, evmAddress: '0xConnectorBAddress...', routes: [{ prefix: 'g.more' }] }))
      expect(error).to.have.property('message').that.includes('Peer shop cannot be used')
      expect(node.listPeers()).to.deep.equal(before)
      expect(before[0]).to.deep.include({ id: 'shop', connected: true, ilpAddresses: ['g.shop'], routeCount: 1 })
      expect(outcome(await node.sendPacket(packet('g.shop')))).to.equal('fulfill')
      await node.registerPeer({ ...peer, routes: [{ prefix: 'g.more' }] })
      expect(node.listRoutes()).to.have.lengthOf(2)
    })

    it('who dialled in become configured ones', async () => {
      const shop = await world.start('shop')
      const agent = await world.start('agent', { peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }] })
      await until(() => shop.listPeers().length === 1)
      await shop.registerPeer({ id: 'agent', url: urlOf(agent), authToken: '', routes: [{ prefix: 'g.agent' }] })
      expect(shop.listPeers().map(({ id }) => id)).to.deep.equal(['agent'])
      expect(shop.getHealthStatus().totalPeers).to.equal(1)
    })

    it('may leave the port to the protocol', async () => {
      const node = new ConnectorNode({ nodeId: 'agent', btpServerPort: 3000, peers: [], routes: [] })
      await node.registerPeer({ id: 'shop', url: 'wss://shop.example', authToken: '' })
      expect(node.listPeers().map(({ id }) => id)).to.deep.equal(['shop'])
    })

    const faults: Array<[what: string, request: object, message: string]> = [
      ['without an id', { id: '' }, 'Missing or invalid peer id'],
      ['with an id that is no text', { id: { toString: 1 } }, 'Missing or invalid peer id'],
      ['with the id of the node', { id: 'agent' }, 'means this node itself'],
      ['with the id local', { id: 'local' }, 'means this node itself'],
      ['without a url', { url: '' }, 'Missing or invalid peer url'],
      ['with another kind of url', { url: 'http://x:1' }, 'URL must start with ws:// or wss://'],
      ['with an IPv6 address that has no brackets', { url: 'ws://::1:3000' }, 'An IPv6 address needs brackets, before the port: ws://[::1]:3000.'],
      ['with a secret in the url', { url: 'ws://u:hunter2@x:1' }, 'Missing or invalid peer url'],
      ['without a token', { authToken: undefined }, 'authToken must be a string (can be empty for no auth)'],
      ['with a route without prefix', { routes: [{}] }, 'Invalid route: missing prefix'],
      ['with a malformed prefix', { routes: [{ prefix: 'g.ok' }, { prefix: 'g..x' }] }, 'Invalid ILP address prefix: g..x']
    ]
    for (const [what, request, message] of faults) {
      it(`are refused ${what}, and nothing is changed`, async () => {
        const node = await world.start('agent')
        const error = await reasonOf(node.registerPeer({ id: 'shop', url: NEVER, authToken: '', ...request }))
        expect(error).to.be.instanceOf(Error).with.property('message').that.includes(message).and.does.not.include('hunter2')
        expect(error).to.have.property('httpErrorCode', 400)
        expect(node.listPeers()).to.deep.equal([])
        expect(node.listRoutes()).to.deep.equal([])
      })
    }

    it('that are unknown cannot be removed or asked for a balance', async () => {
      const node = await world.start('agent')
      expect(await reasonOf(node.removePeer('x'))).to.have.property('message', 'Peer not found: x')
      expect(await reasonOf(node.getBalance('x'))).to.have.property('message', 'Peer not found: x')
    })
  })

  describe('routes', () => {
    it('are added in both forms, ordered by priority, and removed', async () => {
      const node = await world.make('agent')
      node.addRoute('g.a', 'one')
      node.addRoute({ prefix: 'g.a', nextHop: 'two', priority: 3 })
      node.addRoute('g.a', 'one', 1)
      expect(node.listRoutes()).to.deep.equal([{ prefix: 'g.a', nextHop: 'two', priority: 3 }, { prefix: 'g.a', nextHop: 'one', priority: 1 }])
      node.removeRoute('g.a')
      expect(node.listRoutes()).to.deep.equal([])
      expect(() => { node.removeRoute('g.a') }).to.throw('Route not found: g.a')
    })

    it('that make no sense are refused', async () => {
      const node = await world.start('agent')
      expect(() => { node.addRoute('g.a.', 'one') }).to.throw('Invalid ILP address prefix: g.a.')
      expect(() => { node.addRoute('', 'one') }).to.throw('Missing or invalid prefix')
      expect(() => { node.addRoute('g.a', '') }).to.throw('Missing or invalid nextHop')
      expect(() => { node.addRoute('g.a', 'one', 0.5) }).to.throw('priority must be a whole number')
    })

    it('work while running, to the node itself under both its names too', async () => {
      const node = await world.start('agent')
      node.setPacketHandler(() => ({ accept: true }))
      for (const nextHop of ['local', 'agent']) {
        node.addRoute('test.my-agent', nextHop)
        expect(outcome(await node.sendPacket(packet('test.my-agent.user-42')))).to.equal('fulfill')
        node.removeRoute('test.my-agent')
        expect(outcome(await node.sendPacket(packet('test.my-agent.user-42')))).to.equal('F02')
      }
    })
  })

  it('says which mode it is in', async () => {
    const url = 'http://127.0.0.1:1'
    const cases: Array<[Partial<ConnectorConfig>, 'embedded' | 'standalone']> = [
      [{}, 'embedded'],
      [{ deploymentMode: 'library' }, 'embedded'],
      [{ deploymentMode: 'standalone' }, 'standalone'],
      [{ localDelivery: { enabled: true, handlerUrl: url }, adminApi: { enabled: true } }, 'standalone'],
      [{ localDelivery: { enabled: true, handlerUrl: url } }, 'embedded'],
      [{ adminApi: { enabled: true } }, 'embedded']
    ]
    for (const [config, mode] of cases) {
      const node = await world.make('agent', config)
      expect([node.getDeploymentMode(), node.isEmbedded(), node.isStandalone()]).to.deep.equal([mode, mode === 'embedded', mode === 'standalone'])
    }
  })

  it('keeps its balances apart from those of other nodes in the cluster that it is told of', async () => {
    const node = await world.make('agent', {
      environment: 'production', settlement: { tigerBeetleClusterId: 7n, tigerBeetleReplicas: ['10.0.0.1:3001', '10.0.0.2:3001'] }
    })
    let options: object = {}
    const open = stub(LedgerService.prototype, 'open').callsFake(function (this: LedgerService) {
      options = Reflect.get(this, 'config') as object
      return Promise.reject(new Error('seen'))
    })
    world.after(() => { open.restore(); return Promise.resolve() })
    expect(String(await reasonOf(node.start()))).to.include('seen')
    expect(options).to.include({
      ledger: 'tigerbeetle', tigerbeetleClusterId: '7', tigerbeetleReplicas: '10.0.0.1:3001,10.0.0.2:3001', tigerbeetleNamespace: 'agent', ledgerFallback: false
    })
  })

  it('counts packets', async () => {
    const node = await world.start('agent')
    await node.sendPacket(packet('g.agent'))
    expect(await node.getMetrics()).to.match(/local/)
  })

  it('writes no secret to its log', async () => {
    const secret = 'hunter2-hunter2'
    const log = new TestLogger()
    const config: ConnectorConfig = {
      nodeId: 'agent',
      btpServerPort: (await world.make('x')).config.btpServerPort,
      healthCheckPort: (await world.make('x')).config.healthCheckPort,
      logLevel: 'error',
      dataPath: await world.directory(),
      peers: [{ id: 'shop', url: NEVER, authToken: secret }],
      adminApi: { enabled: false, apiKey: secret }
    }
    const node = new ConnectorNode(config, log)
    await node.registerPeer({ id: 'other', url: NEVER, authToken: secret })
    expect(JSON.stringify(log.lines)).to.not.include(secret)
    const lines: string[] = []
    const write = process.stdout.write.bind(process.stdout)
    process.stdout.write = (line: string) => lines.push(line) > 0
    createLogger('test', 'info').info({ config, nested: { apiKey: secret } }, 'config_loaded')
    process.stdout.write = write
    expect(lines.join('')).to.include('config_loaded').and.include('agent').and.not.include(secret)
  })
})
