/** The classes beside ConnectorNode: everything that was promised by name is there, and does with a real node what its name says. */
import { expect } from 'chai'
import * as sluice from '../../../src/index.js'
import {
  AccountManager, AdminServer, BTPClient, BTPClientManager, BTPConnectionError, BTPServer, ConnectorNotStartedError, PacketHandler,
  RoutingTable, SettlementMonitor, UnifiedSettlementExecutor, computeConditionFromData, computeFulfillmentFromData
} from '../../../src/index.js'
import type {
  AdminSettlementConfig, ChannelMetadata, ChannelOpenOptions, ConnectorConfig, ILPFulfillPacket, ILPPreparePacket, ILPRejectPacket,
  IlpSendRequest, IlpSendResponse, IsReadyFn, LocalDeliveryConfig, LocalDeliveryHandler, LocalDeliveryRequest, LocalDeliveryResponse,
  PacketSenderFn, PaymentHandler, PaymentRequest, PaymentResponse, PeerAccountBalance, PeerConfig, PeerInfo, PeerRegistrationRequest,
  PrepareHandler, RemovePeerResult, RouteConfig, RouteInfo, SendPacketParams, SettlementConfig, SettlementInfraConfig, SettlementRequired
} from '../../../src/index.js'
import { TestLogger, World, outcome, owed, packet, until, urlOf } from '../../support/node.js'

/** Compiles as long as every promised type is exported. */
export type Promised = [
  ConnectorConfig, PeerConfig, RouteConfig, SettlementConfig, SettlementInfraConfig, LocalDeliveryConfig, LocalDeliveryHandler,
  LocalDeliveryRequest, LocalDeliveryResponse, SendPacketParams, PeerRegistrationRequest, PeerInfo, PeerAccountBalance, RouteInfo,
  RemovePeerResult, IlpSendRequest, IlpSendResponse, AdminSettlementConfig, ChannelOpenOptions, ChannelMetadata, PaymentRequest,
  PaymentResponse, PaymentHandler, PacketSenderFn, IsReadyFn, ILPPreparePacket, ILPFulfillPacket, ILPRejectPacket
]

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error)

function prepare (destination: string, text = ''): ILPPreparePacket {
  const data = Buffer.from(text)
  const { condition: executionCondition } = computeConditionFromData(data)
  return { type: 12, destination, amount: 1000n, executionCondition, expiresAt: new Date(Date.now() + 20_000), data }
}

/** Fulfils everything, and remembers it. */
class Acceptor implements PrepareHandler {
  readonly received: Array<[ILPPreparePacket, string]> = []

  handlePreparePacket (packet: ILPPreparePacket, peerId: string): Promise<ILPFulfillPacket> {
    this.received.push([packet, peerId])
    return Promise.resolve({ type: 13, fulfillment: computeFulfillmentFromData(packet.data), data: Buffer.from('thanks') })
  }
}

describe('the exported parts', () => {
  const world = new World()
  afterEach(() => world.end())

  it('are all there', () => {
    for (const name of [
      'ConnectorNode', 'ConfigLoader', 'ConfigurationError', 'ConnectorNotStartedError', 'RoutingTable', 'PacketHandler', 'BTPServer', 'BTPClient',
      'BTPClientManager', 'AdminServer', 'AccountManager', 'SettlementMonitor', 'UnifiedSettlementExecutor', 'IlpSendHandler', 'createLogger',
      'createPaymentHandlerAdapter', 'computeFulfillmentFromData', 'computeConditionFromData', 'validateIlpSendRequest', 'generatePaymentId',
      'mapRejectCode', 'validateResponseData'
    ]) expect(sluice, name).to.have.property(name).that.is.a('function')
    expect(sluice).to.have.property('REJECT_CODE_MAP').that.is.an('object')
  })

  describe('of a node', () => {
    it('packetHandler, btpClientManager, accountManager and routingTable are about that node', async () => {
      const shop = await world.start('shop', { settlement: { creditLimits: { defaultLimit: 1500n } } })
      shop.setPacketHandler(() => ({ accept: true }))
      const agent = await world.start('agent', { peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }] })
      const { packetHandler, btpClientManager: manager, accountManager: accounts, routingTable } = agent
      expect([packetHandler, manager, accounts, routingTable].map(part => part.constructor))
        .to.deep.equal([PacketHandler, BTPClientManager, AccountManager, RoutingTable])

      expect(outcome(await packetHandler.handlePreparePacket(prepare('g.shop.book')))).to.equal('fulfill')
      expect(await owed(agent, 'local')).to.equal(1000n)
      expect(await accounts.getAccountBalance('shop')).to.deep.equal({ tokenId: 'M2M', debitBalance: 0n, creditBalance: 999n, netBalance: 999n })
      expect(await accounts.getAccountBalance('shop', 'USDC')).to.include({ tokenId: 'USDC', creditBalance: 0n })
      expect([...await accounts.getAllBalances()].map(([id]) => id)).to.deep.equal(['shop'])
      expect(await accounts.checkCreditLimit('shop', 10n ** 18n)).to.equal(null)
      expect(await shop.accountManager.checkCreditLimit('agent', 501n)).to.equal(null)
      expect(await shop.accountManager.checkCreditLimit('agent', 502n)).to.deep.equal({
        peerId: 'agent', tokenId: 'M2M', currentBalance: 999n, requestedAmount: 502n, creditLimit: 1500n, wouldExceedBy: 1n
      })

      // Past the routes, and without a fee.
      expect(outcome(await manager.sendToPeer('shop', { ...prepare('g.shop.tea'), amount: 10n }))).to.equal('fulfill')
      expect(await owed(agent, 'shop')).to.equal(-1009n)
      expect(await owed(shop, 'agent')).to.equal(1009n)
      expect(routingTable.getNextHop('g.shop.tea')).to.equal('shop')
      routingTable.removeRoute('g.shop')
      expect(agent.listRoutes(), 'a copy').to.have.lengthOf(1)
    })

    it('btpClientManager adds and removes peers, and says who is here', async () => {
      const shop = await world.start('shop')
      const agent = await world.start('agent')
      const manager = agent.btpClientManager
      expect(manager.getConnectionHealth()).to.equal(100)
      await manager.addPeer({ id: 'shop', url: urlOf(shop), authToken: '', routes: [{ prefix: 'g.shop' }] })
      await manager.addPeer({ id: 'away', url: 'ws://127.0.0.1:9', authToken: 'secret' })
      expect(manager.getPeerIds()).to.deep.equal(['shop', 'away'])
      expect([...manager.getPeerStatus()]).to.deep.equal([['shop', true], ['away', false]])
      expect([manager.isConnected('shop'), manager.isConnected('nobody')]).to.deep.equal([true, false])
      expect([manager.getConnectedPeerCount(), manager.getTotalPeerCount(), manager.getConnectionHealth()]).to.deep.equal([1, 2, 50])
      expect(await failureOf(manager.sendToPeer('nobody', prepare('g.x')))).to.be.instanceOf(Error)
      await manager.removePeer('away')
      expect(manager.getPeerIds()).to.deep.equal(['shop'])
      await agent.stop()
      expect(await failureOf(manager.sendToPeer('shop', prepare('g.x')))).to.be.instanceOf(ConnectorNotStartedError)
    })
  })

  describe('BTPClient and BTPServer', () => {
    it('speak to a node as a peer does, in both directions', async () => {
      const shop = await world.start('shop')
      shop.setPacketHandler(() => ({ accept: true, data: Buffer.from('a book').toString('base64') }))
      const own = new Acceptor()
      const client = new BTPClient({ id: 'shop', url: urlOf(shop), authToken: '' }, 'tool', { handler: own, logger: world.log })
      world.after(() => client.disconnect())
      const events: string[] = []
      for (const event of ['connected', 'disconnected']) client.on(event, () => events.push(event))
      await client.connect()
      expect(await client.sendPacket(prepare('g.shop.book'))).to.deep.include({ type: 13, data: Buffer.from('a book') })
      expect(await client.sendPacket(prepare('g.nowhere'))).to.include({ type: 14, code: 'F02' })
      expect(await owed(shop, 'tool')).to.equal(1000n)
      shop.addRoute('g.tool', 'tool')
      expect(outcome(await shop.sendPacket(packet('g.tool.me')))).to.equal('fulfill')
      expect(own.received.map(([{ amount, destination }, peerId]) => [amount, destination, peerId])).to.deep.equal([[999n, 'g.tool.me', 'shop']])
      await client.disconnect()
      expect([client.isConnected, ...events]).to.deep.equal([false, 'connected', 'disconnected'])
      await until(() => shop.listPeers().length === 0)
    })

    it('take a node as a peer, with its secret or not at all', async () => {
      const handler = new Acceptor()
      const server = new BTPServer({
        port: 0, host: '127.0.0.1', secretOf: peerId => peerId === 'agent' ? 'hunter2' : undefined, mayEnter: peerId => peerId !== 'thief', logger: world.log
      }, handler)
      world.after(() => server.stop())
      await server.start()
      const agent = await world.start('agent')
      await agent.registerPeer({ id: 'till', url: `ws://127.0.0.1:${server.port}`, authToken: 'hunter2', routes: [{ prefix: 'g.till' }] })
      expect(await agent.sendPacket(packet('g.till.a', { data: Buffer.from('hi') }))).to.deep.include({ type: 13, data: Buffer.from('thanks') })
      expect(handler.received[0]).to.deep.include.members(['agent'])
      expect(server.peerIds).to.deep.equal(['agent'])
      agent.setPacketHandler(() => ({ accept: true }))
      expect(outcome(await server.sendPacket('agent', prepare('g.agent')))).to.equal('fulfill')
      expect(await failureOf(server.sendPacket('nobody', prepare('g.agent')))).to.include({ message: 'No active BTP connection to peer nobody' })

      const url = `ws://127.0.0.1:${server.port}`
      const guest = new BTPClient({ id: 'till', url, authToken: '' }, 'guest', { logger: world.log })
      world.after(() => guest.disconnect())
      await guest.connect()
      expect(outcome(await guest.sendPacket(prepare('g.till')))).to.equal('fulfill')
      const thief = new BTPClient({ id: 'till', url, authToken: '' }, 'thief', { logger: world.log })
      world.after(() => thief.disconnect())
      expect(await failureOf(thief.connect())).to.be.instanceOf(BTPConnectionError)
      await server.stop()
      await until(() => !guest.isConnected && agent.getHealthStatus().peersConnected === 0)
      expect(server.port).to.equal(0)
    }).timeout(20_000)
  })

  it('AdminServer serves the admin API of a node whose configuration has none, behind a key', async () => {
    const node = await world.start('shop')
    const server = new AdminServer(node, { port: 0, apiKey: 'hunter2' })
    world.after(() => server.stop())
    await server.start()
    const url = `http://127.0.0.1:${server.port}/admin/peers`
    expect((await fetch(url)).status).to.equal(401)
    const answer = await fetch(url, { headers: { 'x-api-key': 'hunter2' } })
    expect(await answer.json()).to.include({ nodeId: 'shop', peerCount: 0 })
  })

  describe('SettlementMonitor and UnifiedSettlementExecutor', () => {
    async function indebted (): Promise<sluice.ConnectorNode> {
      const shop = await world.start('shop')
      shop.setPacketHandler(() => ({ accept: true }))
      const agent = await world.start('agent', {
        peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
      })
      await agent.sendPacket(packet('g.shop'))
      return agent
    }

    it('ask for a settlement once when a threshold is passed, and again when it failed', async () => {
      const agent = await indebted()
      const monitor = new SettlementMonitor(agent.accountManager, { defaultThreshold: 5n, perPeerThresholds: new Map([['shop', 998n]]) })
      const required: SettlementRequired[] = []
      monitor.on('SETTLEMENT_REQUIRED', event => required.push(event))
      await monitor.check()
      await monitor.check()
      expect(required).to.have.lengthOf(1)
      expect(required[0]).to.include({ peerId: 'shop', tokenId: 'M2M', currentBalance: 999n, threshold: 998n, exceedsBy: 1n })
      expect([...monitor.getAllSettlementStates()]).to.deep.equal([['shop:M2M', 'SETTLEMENT_PENDING']])
      monitor.markSettlementInProgress('shop', 'M2M')
      await monitor.check()
      expect([monitor.getSettlementState('shop', 'M2M'), required.length]).to.deep.equal(['SETTLEMENT_IN_PROGRESS', 1])
      monitor.markSettlementFailed('shop', 'M2M')
      monitor.markSettlementInProgress('shop', 'M2M')
      expect(monitor.getSettlementState('shop', 'M2M')).to.equal('IDLE')
      await monitor.check()
      expect(required).to.have.lengthOf(2)
      monitor.markSettlementCompleted('shop', 'M2M')
      expect(monitor.getAllSettlementStates().size).to.equal(0)
      const patient = new SettlementMonitor(agent.accountManager, { defaultThreshold: 999n })
      patient.on('SETTLEMENT_REQUIRED', () => { throw new Error('not passed') })
      await patient.check()
    })

    it('say that no settlement chain is configured, and change nothing', async () => {
      const agent = await indebted()
      const log = new TestLogger()
      const monitor = new SettlementMonitor(agent.accountManager, { defaultThreshold: 5n, pollingInterval: 3_600_000 }, log)
      const executor = new UnifiedSettlementExecutor({ defaultPreference: 'any' }, agent, monitor, log)
      executor.start()
      monitor.start()
      await until(() => log.has('settlement_deferred'))
      monitor.stop()
      await executor.stop()
      expect(JSON.stringify(log.lines)).to.include("no settlement chain is configured for peer 'shop'")
      expect(monitor.getAllSettlementStates().size).to.equal(0)
      expect(await owed(agent, 'shop')).to.equal(-999n)
      expect(await failureOf(agent.settle('shop', 999n))).to.include({ httpErrorCode: 503 })
      expect(await owed(agent, 'shop')).to.equal(-999n)
    })

    /** What is settled with a peer on `evm:8453` when the configuration is this. */
    async function settledWith (
      config: sluice.UnifiedSettlementConfig, fault?: Error
    ): Promise<{ paid: Array<[string, bigint]>, log: string }> {
      const agent = await indebted()
      const paid: Array<[string, bigint]> = []
      const node = {
        settlementChainOf: () => Promise.resolve('evm:8453'),
        settle: (peerId: string, amount: bigint) => {
          if (fault !== undefined) return Promise.reject(fault)
          paid.push([peerId, amount])
          return Promise.resolve()
        }
      }
      const log = new TestLogger()
      const monitor = new SettlementMonitor(agent.accountManager, { defaultThreshold: 5n }, log)
      const executor = new UnifiedSettlementExecutor(config, node, monitor, log)
      executor.start()
      executor.start()
      await monitor.check()
      await executor.stop()
      expect(monitor.getAllSettlementStates().size).to.equal(config.enabled === false ? 1 : 0)
      await monitor.check() // nobody listens any more
      return { paid, log: JSON.stringify(log.lines) }
    }

    it('settle what is owed where chain and token are right', async () => {
      for (const settlementPreference of ['evm', 'any', 'both'] as const) {
        const peers = new Map([['shop', { peerId: 'shop', settlementPreference, settlementTokens: ['M2M'] }]])
        expect((await settledWith({ peers, defaultPreference: 'solana' })).paid).to.deep.equal([['shop', 999n]])
      }
    })

    for (const [what, config, words] of [
      ['another chain is preferred', { defaultPreference: 'solana' }, 'should settle on solana, but its account is on evm:8453'],
      ['another token is meant', { peers: new Map([['shop', { peerId: 'shop', settlementTokens: ['USDC'] }]]) }, 'does not settle in M2M'],
      ['it is not enabled', { enabled: false }, '']
    ] as const) {
      it(`settle nothing where ${what}`, async () => {
        const { paid, log } = await settledWith(config)
        expect(paid).to.deep.equal([])
        expect(log).to.include(words)
      })
    }

    it('leave a settlement that fails to the next look', async () => {
      expect((await settledWith({}, new Error('the chain is down'))).log).to.include('the chain is down')
    })
  })
})
