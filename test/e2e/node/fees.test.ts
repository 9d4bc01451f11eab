/** What a node keeps of packets: of those that leave for a peer what its configuration says, and of those for its application nothing. */
import { expect } from 'chai'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { World, outcome, owed, packet, urlOf } from '../../support/node.js'

/** With nothing about a fee. */
const SETTLEMENT: Partial<ConnectorConfig> = { settlement: {} }

describe('the fee of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  /** From the payer to the payee, whose application says what it was paid; each node knows the next. */
  async function line (
    names: readonly string[], more: Partial<ConnectorConfig>
  ): Promise<{ payer: ConnectorNode, nodes: ConnectorNode[], paid: string[] }> {
    const paid: string[] = []
    const nodes: ConnectorNode[] = []
    for (const name of [...names].reverse()) {
      const [next] = nodes
      const peers = next === undefined ? {} : {
        peers: [{ id: next.config.nodeId, url: urlOf(next), authToken: '' }], routes: [{ prefix: 'g.payee', nextHop: next.config.nodeId }]
      }
      nodes.unshift(await world.start(name, { ...peers, ...more }))
    }
    nodes.at(-1)!.setPacketHandler(({ amount }) => {
      paid.push(amount)
      return { accept: true }
    })
    return { payer: nodes[0]!, nodes, paid }
  }

  it('is taken by each connector that a packet leaves for a peer: of 1000, each of two keeps 1, and 998 arrive', async () => {
    const { payer, nodes, paid } = await line(['payer', 'connector-1', 'payee'], SETTLEMENT)
    expect(outcome(await payer.sendPacket(packet('g.payee')))).to.equal('fulfill')
    expect(paid).to.deep.equal(['998'])
    const [, first, payee] = nodes
    expect([await owed(payer, 'local'), await owed(payer, 'connector-1')]).to.deep.equal([1000n, -999n])
    expect([await owed(first!, 'payer'), await owed(first!, 'payee')]).to.deep.equal([999n, -998n])
    expect([await owed(payee!, 'connector-1'), await owed(payee!, 'local')], 'its application gets all').to.deep.equal([998n, -998n])
  })

  it('is none without a section settlement, however long the way is', async () => {
    const { payer, paid } = await line(['payer', 'connector-1', 'connector-2', 'payee'], {})
    for (const amount of [1n, 3000n]) expect(outcome(await payer.sendPacket(packet('g.payee', { amount })))).to.equal('fulfill')
    expect(paid).to.deep.equal(['1', '3000'])
  })

  for (const [what, more] of [['without a section settlement', {}], ['with a fee of 0', { settlement: { connectorFeePercentage: 0 } }]] as const) {
    it(`lets an application pay exactly the price that a peer's asks, ${what}`, async () => {
      const { payer, nodes, paid } = await line(['payer', 'payee'], more)
      nodes[1]!.setPacketHandler(({ amount }) => {
        paid.push(amount)
        return amount === '4200' ? { accept: true } : { accept: false, rejectReason: { code: 'invalid_amount', message: 'The price is 4200' } }
      })
      expect(outcome(await payer.sendPacket(packet('g.payee', { amount: 4200n })))).to.equal('fulfill')
      expect(outcome(await payer.sendPacket(packet('g.payee', { amount: 4199n })))).to.equal('F03')
      expect(paid).to.deep.equal(['4200', '4199'])
    })
  }

  for (const [settlement, percentage, reason] of [
    [undefined, 0, 'there is no section settlement'],
    [{}, 0.1, 'this is the default with a section settlement'],
    [{ creditLimits: { defaultLimit: 5 } }, 0.1, 'this is the default with a section settlement'],
    [{ enableSettlement: false }, 0, 'settlement.enableSettlement is false'],
    [{ enableSettlement: false, connectorFeePercentage: 2 }, 2, 'settlement.connectorFeePercentage says so'],
    [{ connectorFeePercentage: 0 }, 0, 'settlement.connectorFeePercentage says so']
  ] as const) {
    it(`is said at the start, with the reason: ${JSON.stringify(settlement)}`, async () => {
      world.log.lines.length = 0
      await world.start('agent', settlement === undefined ? {} : { settlement })
      const lines = world.log.lines.filter(({ message }) => message === 'connector_fee')
      expect(lines).to.have.lengthOf(1)
      expect(lines[0]).to.have.property('level', 'info')
      expect(lines[0]!.fields).to.have.property('feePercentage', percentage)
      expect(lines[0]!.fields).to.have.property('reason').that.includes(reason)
    })
  }
})
