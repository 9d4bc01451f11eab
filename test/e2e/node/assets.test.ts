/**
 * Three nodes around one, each in an asset of its own: what leaves is the floor of what came in at the rate less the fee, both ends of
 * every connection have the same book, and a packet that is refused changes none.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { fetch } from 'ilp-protocol-ildcp'
import type { ConnectorNode } from '../../../src/index.js'
import { encodeReplyPacket, preparePacketOf } from '../../../src/node/packets.js'
import { outcome, owed, packet, urlOf, World } from '../../support/node.js'
import { eventually } from '../../support/waiting.js'

const USD = { code: 'USD', scale: 6 }
const EUR = { code: 'EUR', scale: 2 }
const XRP = { code: 'XRP', scale: 9 }
const ASSETS = { alice: USD, bob: EUR, carol: XRP }
const BOB_MAY_OWE = 100_000n
type Name = keyof typeof ASSETS
const NAMES = Object.keys(ASSETS) as Name[]
const FIXED = { 'EUR/USD': '1.1', 'XRP/USD': '0.523' }
/** Of one unit, in thousandths of a US dollar. */
const WORTH = { alice: 1000n, bob: 1100n, carol: 523n }

/** floor(amount x rate x 99.9 %) */
function arriving (amount: bigint, from: Name, to: Name): bigint {
  return amount * WORTH[from] * 999n * 10n ** BigInt(ASSETS[to].scale) / (WORTH[to] * 1000n * 10n ** BigInt(ASSETS[from].scale))
}

describe('nodes in different assets', () => {
  const world = new World()
  const nodes = {} as Record<Name, ConnectorNode>
  const received: Record<Name, bigint> = { alice: 0n, bob: 0n, carol: 0n }
  let hub: ConnectorNode

  before(async () => {
    for (const name of NAMES) {
      nodes[name] = await world.make(name, { asset: ASSETS[name], routes: [{ prefix: 'g', nextHop: 'hub' }] })
    }
    hub = await world.start('hub', {
      asset: USD,
      rates: { fixed: FIXED },
      peers: NAMES.map(name => ({ id: name, url: urlOf(nodes[name]), authToken: 'secret', asset: ASSETS[name] })),
      routes: NAMES.map(name => ({ prefix: `g.${name}`, nextHop: name })),
      settlement: { connectorFeePercentage: 0.1, creditLimits: { perPeerLimits: { bob: String(BOB_MAY_OWE) } } }
    })
    for (const name of NAMES) {
      await nodes[name].start()
      await nodes[name].registerPeer({ id: 'hub', url: urlOf(hub), authToken: 'secret' })
      nodes[name].setPacketHandler(({ amount }) => {
        received[name] += BigInt(amount)
        return { accept: true }
      })
    }
    await eventually('everybody is connected', () => NAMES.every(name => nodes[name].isPeerConnected('hub') && hub.isPeerConnected(name)))
  })

  after(() => world.end())

  /** What the hub's side and theirs say of each account, and what applications got. */
  async function books (): Promise<Array<[name: Name, atHub: bigint, atTheirs: bigint, got: bigint]>> {
    return await Promise.all(NAMES.map(async (name): Promise<[Name, bigint, bigint, bigint]> =>
      [name, await owed(hub, name), await owed(nodes[name], 'hub'), received[name]]))
  }

  it('pay each other at the rates of the one between, to the last unit, and every book says so', () => fc.assert(fc.asyncProperty(
    fc.constantFrom(...NAMES),
    fc.constantFrom(...NAMES),
    fc.oneof(fc.bigInt(1n, 1000n), fc.bigInt(1n, 10n ** 10n), fc.bigInt(1n, 2n ** 64n - 1n)),
    async (from, to, amount) => {
      if (from === to) return
      const before = await books()
      const debt = await owed(hub, from)
      const arrives = arriving(amount, from, to)
      const expected = from === 'bob' && debt + amount > BOB_MAY_OWE ? 'T04' : arrives >= 2n ** 64n ? 'F08' : arrives === 0n ? 'R01' : 'fulfill'
      expect(outcome(await nodes[from].sendPacket(packet(`g.${to}`, { amount }))), `${from} ${to} ${amount}`).to.equal(expected)
      const isPaid = expected === 'fulfill'
      expect(await books()).to.deep.equal(before.map(([name, atHub, atTheirs, got]) => {
        const moved = !isPaid ? 0n : name === from ? amount : name === to ? -arrives : 0n
        return [name, atHub + moved, atTheirs - moved, name === to && isPaid ? got + arrives : got]
      }))
    }
  ), { numRuns: 60 }))

  it('gain nothing by sending to and fro through the one between', async () => {
    for (const [there, back, amount] of [['alice', 'carol', 1_000_003n], ['carol', 'alice', 1_000_003n], ['carol', 'bob', 10_000_000_007n]] as const) {
      const before = received[there]
      expect(outcome(await nodes[there].sendPacket(packet(`g.${back}`, { amount })))).to.equal('fulfill')
      const arrived = arriving(amount, there, back)
      const answer = outcome(await nodes[back].sendPacket(packet(`g.${there}`, { amount: arrived })))
      if (answer === 'fulfill') expect(received[there] - before <= amount).to.equal(true)
    }
  })

  it('are shown with what they count in: balances, peers, packets and fees', async () => {
    const balances = (await hub.getBalance('bob')).balances
    expect(balances).to.have.length(1)
    expect(balances[0]).to.include({ tokenId: 'EUR', assetCode: 'EUR', assetScale: 2 })
    expect((await hub.getBalance('bob', 'EUR')).balances).to.have.length(1)
    expect((await hub.getBalance('bob', 'USD')).balances).to.deep.equal([])
    expect(hub.listPeers().map(({ id, asset }) => [id, asset])).to.deep.equal(NAMES.map(name => [name, ASSETS[name]]))
    for (const { from, asset } of hub.dashboard.getPackets()) expect(asset, from).to.deep.equal(ASSETS[NAMES.find(name => from.endsWith(name)) ?? 'alice'])
    expect(await hub.accountManager.getAccountBalance('bob')).to.include({ tokenId: 'EUR', assetCode: 'EUR', assetScale: 2 })
    expect(await hub.getMetrics()).to.include('account_balance_units{peer_id="carol",token_id="XRP"}')
  })

  it('are told to a child that asks, with its address, and to nobody else', async () => {
    hub.addRoute('g.hub.bob', 'bob')
    hub.removeRoute('g.bob')
    const ask = async (name: Name): Promise<unknown> => fetch(async data => {
      const { amount, destination, executionCondition, expiresAt, data: content } = preparePacketOf(data)
      return encodeReplyPacket(await nodes[name].btpClientManager.sendToPeer('hub', {
        type: 12, amount, destination, executionCondition, expiresAt, data: content }))
    }).catch(() => 'refused')
    expect(await ask('bob')).to.equal('refused')
    hub.setPeerRelation('bob', 'child')
    expect(await ask('bob')).to.deep.equal({ clientAddress: 'g.hub.bob', assetCode: 'EUR', assetScale: 2 })
    expect(await ask('carol')).to.equal('refused')
  })

  it('are refused to a peer that comes in an asset without a rate, with what to write, and nothing changes', async () => {
    const before = hub.listPeers()
    const stranger = { id: 'dave', url: urlOf(nodes.alice), authToken: '', asset: { code: 'GBP', scale: 2 }, routes: [{ prefix: 'g.dave' }] }
    const error = await hub.registerPeer(stranger).then(() => undefined, (found: unknown) => found)
    expect(error).to.include({ code: 'SLUICE_NO_RATE', httpErrorCode: 400 })
    expect(String(error)).to.include('Peer dave counts in GBP and the node in USD').and.include('rates: { fixed: { GBP/USD: "<amount>" } }')
    expect([hub.listPeers(), hub.hasPeer('dave'), hub.listRoutes().some(({ prefix }) => prefix === 'g.dave')]).to.deep.equal([before, false, false])
  })
})
