/** The figures of a node by the names that dashboards for nodes of this kind know, and what they say about packets, money and channels. */
import { expect } from 'chai'
import { Registry } from 'prom-client'
import ObserverMiddleware from '../../middlewares/observer.js'
import type { ChannelMetadata, ChannelStatus, ConnectorNode, Method, Pipelines } from '../../src/index.js'
import { NodeMetrics } from '../../src/node/metrics.js'
import { ONE } from '../../src/lib/fraction.js'
import { AccountStats } from '../../src/metrics/stats.js'
import { Traffic } from '../../src/node/traffic.js'
import { World, packet, urlOf } from '../support/node.js'

/** The value of a series, by its name with its labels as Prometheus writes them; undefined where there is none. */
function valueIn (text: string, series: string): number | undefined {
  const line = text.split('\n').find(each => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('the metrics of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  /** agent -> shop, which takes at least 500. */
  async function pair (): Promise<[ConnectorNode, ConnectorNode]> {
    const shop = await world.start('shop')
    shop.setPacketHandler(({ amount }) => ({ accept: BigInt(amount) >= 500n }))
    const agent = await world.start('agent', { peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }] })
    return [agent, shop]
  }

  it('count packets by what became of them, how long they took, and what they made of balances', async () => {
    const [agent, shop] = await pair()
    for (const amount of [1000n, 1000n, 10n]) await agent.sendPacket(packet('g.shop', { amount }))
    const [ofAgent, ofShop] = await Promise.all([agent.getMetrics(), shop.getMetrics()])
    for (const text of [ofAgent, ofShop]) {
      expect(valueIn(text, 'ilp_packets_processed_total{type="prepare",status="fulfilled"}')).to.equal(2)
      expect(valueIn(text, 'ilp_packets_processed_total{type="prepare",status="rejected"}')).to.equal(1)
      expect(valueIn(text, 'ilp_packet_latency_seconds_count')).to.equal(3)
      expect(valueIn(text, 'ilp_packets_in_flight')).to.equal(0)
      expect(valueIn(text, 'connector_errors_total')).to.equal(0)
      for (const figure of ['active', 'funded', 'closed', 'disputes']) expect(valueIn(text, `payment_channels_${figure}`)).to.equal(0)
    }
    expect(valueIn(ofAgent, 'account_balance_units{peer_id="shop",token_id="M2M"}')).to.equal(2000)
    expect(valueIn(ofAgent, 'account_credits_total{peer_id="shop",token_id="M2M"}')).to.equal(2000)
    expect(valueIn(ofAgent, 'account_debits_total{peer_id="shop",token_id="M2M"}')).to.equal(0)
    expect(valueIn(ofShop, 'account_balance_units{peer_id="agent",token_id="M2M"}')).to.equal(-2000)
    expect(valueIn(ofShop, 'account_debits_total{peer_id="agent",token_id="M2M"}')).to.equal(2000)
  })

  it('show packets that are not answered yet, and errors of our own', async () => {
    const [agent, shop] = await pair()
    let answer = (): void => undefined
    const asked = new Promise<void>(resolve => {
      shop.setPacketHandler(() => {
        resolve()
        return new Promise(accept => { answer = () => { accept({ accept: true }) } })
      })
    })
    const sending = agent.sendPacket(packet('g.shop'))
    await asked
    expect(valueIn(await shop.getMetrics(), 'ilp_packets_in_flight')).to.equal(1)
    answer()
    await sending
    shop.setPacketHandler(() => { throw new Error('broken') })
    const before = Date.now() / 1000
    await agent.sendPacket(packet('g.shop'))
    const [ofAgent, ofShop] = await Promise.all([agent.getMetrics(), shop.getMetrics()])
    expect([valueIn(ofAgent, 'connector_errors_total'), valueIn(ofShop, 'connector_errors_total')]).to.deep.equal([0, 1])
    expect(valueIn(ofShop, 'connector_last_error_timestamp')).to.be.at.least(before - 1)
  })

  it('count settlements, those that failed too, channels by their state, claims, and the health of a proxy', async () => {
    const registry = new Registry()
    const channels = (['opening', 'open', 'open', 'closing', 'closed', 'settled'] as ChannelStatus[]).map(status => ({ status }) as ChannelMetadata)
    const metrics = new NodeMetrics(registry, {
      balances: () => [],
      turnover: () => [],
      channels: () => Promise.resolve(channels),
      claims: () => [['shop', { sent: 4, received: 3, redeemed: 2, failed: 1 }]],
      audit: () => undefined,
      guard: () => ({ paused: () => [], findings: () => ({ velocity: 3 }) }),
      tokenOf: () => 'USDC',
      transport: () => ({ isHealthy: false, probeFailures: 6, restarts: 5 }),
      ownAddress: 'g.me'
    })
    let pay: Method<string, void> | undefined
    const nothing = (): void => undefined
    const pipelines = {
      teardown: { insertLast: nothing },
      incomingData: { insertFirst: nothing },
      outgoingMoney: { insertFirst: (entry: { method: typeof pay }) => { pay = entry.method } }
    }
    const traffic = new Traffic(new AccountStats(), () => false, () => ({ code: 'M2M', scale: 0 }), ONE)
    await new ObserverMiddleware({ observer: metrics, traffic }).applyToPipelines(pipelines as unknown as Pipelines, 'shop')
    await pay!('700', () => Promise.resolve())
    const error = await pay!('300', () => Promise.reject(new Error('the chain is down'))).catch((reason: unknown) => reason)
    expect(String(error)).to.equal('Error: the chain is down')
    const text = await registry.metrics()
    expect(valueIn(text, 'settlements_executed_total{peer_id="shop",status="success"}')).to.equal(1)
    expect(valueIn(text, 'settlements_executed_total{peer_id="shop",status="failure"}')).to.equal(1)
    expect(valueIn(text, 'settlement_amount_total{peer_id="shop",token_id="USDC"}')).to.equal(700)
    expect(valueIn(text, 'settlement_latency_seconds_count')).to.equal(2)
    const counted = ['active', 'funded', 'closed', 'disputes'].map(figure => valueIn(text, `payment_channels_${figure}`))
    expect(counted).to.deep.equal([3, 2, 3, 1])
    const claims = ['claims_sent', 'claims_received', 'claims_redeemed', 'claim_verification_failures'].map(name => valueIn(text, `${name}_total{peer_id="shop"}`))
    expect(claims).to.deep.equal([4, 3, 2, 1])
    const transport = ['healthy', 'probe_failures_total', 'restarts_total'].map(name => valueIn(text, `connector_transport_${name}`))
    expect(transport).to.deep.equal([0, 6, 5])
  })

  it('need somebody to tell', () => {
    for (const observer of [undefined, null, {}, () => undefined]) expect(() => new ObserverMiddleware({ observer })).to.throw('needs the option "observer"')
    const observer = { packetBegan: () => undefined, packetEnded: () => undefined, settled: () => undefined }
    for (const traffic of [undefined, null, {}]) expect(() => new ObserverMiddleware({ observer, traffic })).to.throw('needs the option "traffic"')
  })
})
