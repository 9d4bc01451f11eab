/** Every class that applications of earlier versions import is exported, and those of a node show what the node does. */
import { expect } from 'chai'
import * as sluice from '../../../src/index.js'
import {
  AccountManager, AdminServer, BTPClientManager, ConnectorNotStartedError, PacketHandler,
  RoutingTable, computeConditionFromData } from '../../../src/index.js'
import type {
  AdminSettlementConfig, ChannelMetadata, ChannelOpenOptions, ConnectorConfig, ILPFulfillPacket, ILPPreparePacket, ILPRejectPacket,
  IlpSendRequest, IlpSendResponse, IsReadyFn, LocalDeliveryConfig, LocalDeliveryHandler, LocalDeliveryRequest, LocalDeliveryResponse,
  PacketSenderFn, PaymentHandler, PaymentRequest, PaymentResponse, PeerAccountBalance, PeerConfig, PeerInfo, PeerRegistrationRequest,
  RemovePeerResult, RouteConfig, RouteInfo, SendPacketParams, SettlementConfig, SettlementInfraConfig } from '../../../src/index.js'
import { World, outcome, owed, urlOf } from '../../support/node.js'

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
      expect(await accounts.getAccountBalance('shop')).to.deep.equal({ tokenId: 'M2M', debitBalance: 0n, creditBalance: 1000n, netBalance: 1000n })
      expect(await accounts.getAccountBalance('shop', 'USDC')).to.include({ tokenId: 'USDC', creditBalance: 0n })
      expect([...await accounts.getAllBalances()].map(([id]) => id)).to.deep.equal(['shop'])
      expect(await accounts.checkCreditLimit('shop', 10n ** 18n)).to.equal(null)
      expect(await shop.accountManager.checkCreditLimit('agent', 500n)).to.equal(null)
      expect(await shop.accountManager.checkCreditLimit('agent', 501n)).to.deep.equal({
        peerId: 'agent', tokenId: 'M2M', currentBalance: 1000n, requestedAmount: 501n, creditLimit: 1500n, wouldExceedBy: 1n
      })

      // Past the routes, and without a fee.
      expect(outcome(await manager.sendToPeer('shop', { ...prepare('g.shop.tea'), amount: 10n }))).to.equal('fulfill')
      expect(await owed(agent, 'shop')).to.equal(-1010n)
      expect(await owed(shop, 'agent')).to.equal(1010n)
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
})
