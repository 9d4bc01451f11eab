/**
 * Makers of swaps: a node that is the child of another, made in code. A maker is paid for one leg of a swap, and pays the other leg back to
 * whoever sent, over the connection on which the request came: it routes the sender's address to that connection, and calls it a child.
 */
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import {
  BTPClient, ConnectorNode, computeConditionFromData, computeFulfillmentFromData, createLogger, createPaymentHandlerAdapter,
  type ConnectorConfig, type ILPPreparePacket, type LocalDeliveryHandler
} from '../../../src/index.js'
import { TestLogger, World, outcome, owed, packet, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

const MAKER = 'g.toon.maker'
const CLIENT = 'g.toon.client'

describe('makers of swaps', () => {
  const world = new World()
  afterEach(() => world.end())

  /** As a maker makes its node: a parent for everything that is not its own, no HTTP, and no fee. */
  async function makerConfig (parentUrl: string): Promise<ConnectorConfig> {
    return {
      nodeId: 'maker',
      btpServerPort: await freePort(),
      healthCheckPort: await freePort(),
      environment: 'development',
      deploymentMode: 'embedded',
      peers: [{ id: 'apex', url: parentUrl, authToken: '', relation: 'parent', evmAddress: `0x${'12'.repeat(20)}` }],
      routes: [{ prefix: MAKER, nextHop: 'maker', priority: 100 }, { prefix: 'g', nextHop: 'apex', priority: 0 }],
      localDelivery: { enabled: false },
      adminApi: { enabled: false },
      settlement: { connectorFeePercentage: 0 },
      dataPath: await world.directory()
    }
  }

  async function startMaker (parentUrl: string): Promise<ConnectorNode> {
    const node = new ConnectorNode(await makerConfig(parentUrl), createLogger('maker', 'error'))
    world.after(() => node.stop())
    await node.start()
    return node
  }

  /** Says from whom each request has come. The payment handler behind it does not see that in every version. */
  function takeRequests (maker: ConnectorNode): string[] {
    const sources: string[] = []
    const adapted: LocalDeliveryHandler = createPaymentHandlerAdapter(() => ({ accept: true }), new TestLogger())
    maker.setLocalDeliveryHandler(async (request, sourcePeerId) => {
      sources.push(sourcePeerId)
      return await adapted(request, sourcePeerId)
    })
    return sources
  }

  /** What a maker does before the second leg; it never shadows its own address or a route of somebody else. */
  function bind (maker: ConnectorNode, sender: string): void {
    expect(maker.listRoutes().filter(({ prefix }) => prefix === sender && prefix !== MAKER)).to.deep.equal([])
    maker.addRoute({ prefix: sender, nextHop: sender, priority: 50 })
    maker.setPeerRelation(sender, 'child')
  }

  function prepare (destination: string, amount: bigint): ILPPreparePacket {
    const data = Buffer.from('a swap')
    const { condition: executionCondition } = computeConditionFromData(data)
    return { type: 12, destination, amount, executionCondition, expiresAt: new Date(Date.now() + 20_000), data }
  }

  for (const dialect of ['rfc', 'toon'] as const) {
    it(`pay a client the second leg over the connection of the first, to the last unit, in the dialect ${dialect}`, async () => {
      const maker = await startMaker(`ws://127.0.0.1:${await freePort()}`)
      const sources = takeRequests(maker)
      const received: bigint[] = []
      const client = new BTPClient({ id: 'maker', url: urlOf(maker), authToken: '', dialect }, CLIENT, {
        logger: new TestLogger(),
        handler: {
          handlePreparePacket: ({ amount, data }) => {
            received.push(amount)
            return Promise.resolve({ type: 13, fulfillment: computeFulfillmentFromData(data), data: Buffer.alloc(0) })
          }
        }
      })
      world.after(() => client.disconnect())
      await client.connect()
      expect(outcome(await client.sendPacket(prepare(MAKER, 5000n)))).to.equal('fulfill')
      expect(sources).to.deep.equal([CLIENT])

      bind(maker, CLIENT)
      expect(outcome(await maker.sendPacket(packet(CLIENT, { amount: 3000n, data: Buffer.from('a claim') })))).to.equal('fulfill')
      expect(received).to.deep.equal([3000n])
      expect(maker.listPeers().find(({ id }) => id === CLIENT)).to.include({ relation: 'child', connected: true, routeCount: 1 })
      expect(await owed(maker, CLIENT)).to.equal(2000n)

      maker.removeRoute(CLIENT)
      expect(maker.listRoutes().some(({ nextHop }) => nextHop === CLIENT)).to.equal(false)
    })
  }

  it('take what their parent forwards, and know it, and their own packets', async () => {
    const apex = await world.start('apex')
    const maker = await startMaker(`btp+${urlOf(apex)}`)
    const sources = takeRequests(maker)
    await until(() => apex.hasPeer('maker'))
    apex.addRoute({ prefix: MAKER, nextHop: 'maker', priority: 0 })
    expect(outcome(await apex.sendPacket(packet(`${MAKER}.rfq`)))).to.equal('fulfill')
    expect(outcome(await maker.sendPacket(packet(MAKER)))).to.equal('fulfill')
    expect(sources).to.deep.equal(['apex', 'local'])
    expect(maker.getPeerRelation('apex')).to.equal('parent')
    apex.setPacketHandler(() => ({ accept: true }))
    expect(outcome(await maker.sendPacket(packet('g.apex.upwards')))).to.equal('fulfill')
  })

  it('start while their parent is away, and stop', async () => {
    const maker = await startMaker('ws://127.0.0.1:9')
    expect(maker.getHealthStatus()).to.include({ peersConnected: 0, totalPeers: 1 })
    expect(outcome(await maker.sendPacket(packet('g.apex.upwards')))).to.equal('T01')
    await maker.stop()
    expect(maker.getHealthStatus().status).to.equal('stopped')
  })
})
