/** What a node counts of its traffic is what its peers did; and names of strangers do not add up. */
import { expect } from 'chai'
import type { ConnectorNode, PeerTraffic } from '../../src/index.js'
import PluginBtp from '../../plugins/btp/index.js'
import { AccountStats } from '../../src/metrics/stats.js'
import { MAX_PACKETS, PacketLog } from '../../src/node/packet-log.js'
import { Traffic } from '../../src/node/traffic.js'
import { encodePrepare, prepareOf } from '../../src/packet/prepare.js'
import { encodeFulfill, encodeReject } from '../../src/packet/reply.js'
import { accountRef } from '../support/admin-node.js'
import { World, packet, urlOf } from '../support/node.js'

const NOTHING = Buffer.alloc(0)
const M2M = { code: 'M2M', scale: 0 }
/** After a fee of 1 %. */
const KEPT = { numerator: 99n, denominator: 100n }

function trafficOf (stats: AccountStats, isKnown: (accountId: string) => boolean, assetOf = (_: string) => M2M): Traffic {
  return new Traffic(stats, isKnown, assetOf, KEPT)
}

describe('the traffic of a node', () => {
  const world = new World()
  afterEach(() => world.end())

  /** agent -> hub -> shop, which takes at least 500. The hub keeps 1 %. */
  async function line (): Promise<[agent: ConnectorNode, hub: ConnectorNode, shop: ConnectorNode]> {
    const shop = await world.start('shop')
    shop.setPacketHandler(({ amount }) => ({ accept: BigInt(amount) >= 500n }))
    const hub = await world.start('hub', {
      peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }],
      routes: [{ prefix: 'g.shop', nextHop: 'shop' }],
      settlement: { connectorFeePercentage: 1 }
    })
    const agent = await world.start('agent', {
      peers: [{ id: 'hub', url: urlOf(hub), authToken: '' }], routes: [{ prefix: 'g', nextHop: 'hub' }], settlement: { connectorFeePercentage: 0 }
    })
    return [agent, hub, shop]
  }

  const peerOf = (node: ConnectorNode, id: string): PeerTraffic => node.dashboard.getTraffic().peers.find(({ peerId }) => peerId === id)!

  it('is counted at the next hop, where it is delivered at its sender, and in the sum', async () => {
    const [agent, hub, shop] = await line()
    for (const amount of [1000n, 10_000n, 10n]) await agent.sendPacket(packet('g.shop', { amount }))
    await agent.sendPacket(packet('g.nowhere.else'))
    const [ofHub, ofShop] = [peerOf(hub, 'shop'), peerOf(shop, 'hub')]
    expect(ofHub).to.include({ connected: true, packetsForwarded: 2, packetsRejected: 1, packetsLocallyDelivered: 0 })
    expect(ofHub.bytesSent).to.equal(3 * 67) // fields of fixed size, and the address
    expect(ofHub.lastPacketAt).to.be.closeTo(Date.now(), 60_000)
    expect(peerOf(hub, 'agent')).to.include({ packetsForwarded: 0, packetsRejected: 0, bytesSent: 0, packetsLocallyDelivered: 0 })
    expect(hub.dashboard.getTraffic().aggregate).to.deep.equal({
      packetsForwarded: 2, packetsRejected: 2, bytesSent: ofHub.bytesSent, packetsLocallyDelivered: 0
    })
    expect(ofShop).to.include({ packetsForwarded: 0, packetsRejected: 0, bytesSent: 0, packetsLocallyDelivered: 2 })
    expect(shop.dashboard.getTraffic().aggregate).to.deep.equal({
      packetsForwarded: 0, packetsRejected: 1, bytesSent: 0, packetsLocallyDelivered: 2
    })
    expect(peerOf(agent, 'hub')).to.include({ packetsForwarded: 2, packetsRejected: 2 })
  })

  it('goes on where it was when a peer gets another account, and stays in the sum when it is removed', async () => {
    const [, hub, shop] = await line()
    const send = async (): Promise<unknown> => hub.sendPacket(packet('g.shop'))
    await send()
    await hub.registerPeer({ id: 'shop', url: urlOf(shop).replace('127.0.0.1', 'localhost'), authToken: '' })
    await send()
    expect(peerOf(hub, 'shop').packetsForwarded).to.equal(2)
    await hub.removePeer('shop')
    await hub.registerPeer({ id: 'other', url: urlOf(shop), authToken: '' })
    expect(peerOf(hub, 'other')).to.include({ packetsForwarded: 0, lastPacketAt: undefined })
    expect(hub.dashboard.getTraffic().aggregate.packetsForwarded).to.equal(2)
  })

  it('goes on where it was for each of several peers that get other accounts beside new ones, and begins at zero for one that was removed', async () => {
    const [, hub, shop] = await line()
    const mirror = await world.start('mirror')
    mirror.setPacketHandler(() => ({ accept: true }))
    await hub.registerPeer({ id: 'mirror', url: urlOf(mirror), authToken: '', routes: [{ prefix: 'g.mirror' }] })
    for (const destination of ['g.shop', 'g.mirror']) await hub.sendPacket(packet(destination))
    const url = urlOf(shop).replace('127.0.0.1', 'localhost')
    const peers = [{ id: 'hub', url: urlOf(hub), authToken: '' }]
    const guests = await Promise.all(['guest-1', 'guest-2'].map(id => world.make(id, { peers })))
    const registered = ['shop', 'new', 'mirror', 'newer'].map(id => hub.registerPeer({ id, url, authToken: '' }))
    await Promise.all([...registered, ...guests.map(guest => guest.start())])
    const counts = (): number[] => ['shop', 'mirror', 'new', 'newer'].map(id => peerOf(hub, id).packetsForwarded)
    expect(counts()).to.deep.equal([1, 1, 0, 0])
    await hub.removePeer('shop')
    await hub.registerPeer({ id: 'shop', url, authToken: '' })
    expect(counts()).to.deep.equal([0, 1, 0, 0])
    expect(hub.dashboard.getTraffic().aggregate.packetsForwarded).to.equal(2)
  })

  it('counts a packet that fails on its way to a peer, whoever fails it', async () => {
    const hub = await world.start('hub', {
      peers: [{ id: 'absent', url: 'ws://127.0.0.1:1', authToken: '' }], routes: [{ prefix: 'g.absent', nextHop: 'absent' }]
    })
    const failed = (): number[] => [peerOf(hub, 'absent').packetsRejected, hub.dashboard.getTraffic().aggregate.packetsRejected]
    expect(await hub.sendPacket(packet('g.absent'))).to.include({ type: 14, code: 'T01' })
    expect(failed(), 'it is not there').to.deep.equal([1, 1])
    expect(await hub.sendPacket(packet('g.absent', { expiresAt: new Date(Date.now() + 100) }))).to.include({ type: 14 })
    expect(failed(), 'it has no time left').to.deep.equal([2, 2])
    const direct = { type: 12 as const, ...packet('g.absent'), data: NOTHING, executionCondition: Buffer.alloc(32, 1) }
    expect(await hub.btpClientManager.sendToPeer('absent', direct).catch(String)).to.be.a('string')
    expect(failed(), 'past the routing table').to.deep.equal([3, 3])
    await hub.sendPacket(packet('g.nowhere'))
    expect(failed(), 'without a next hop').to.deep.equal([3, 4])
  })

  it('counts a packet as its sender sees it end: a wrong fulfilment is none', async () => {
    const hub = await world.start('hub')
    const liar = new PluginBtp({ server: urlOf(hub).replace('ws://', 'btp+ws://liar:@') })
    liar.registerDataHandler(() => Promise.resolve(encodeFulfill(Buffer.alloc(32), NOTHING)))
    world.after(() => liar.disconnect())
    await liar.connect()
    hub.addRoute('g.liar', 'liar')
    await hub.sendPacket(packet('g.liar'))
    expect(peerOf(hub, 'liar')).to.include({ packetsForwarded: 0, packetsRejected: 1 })
  })

  it('is shown as packets, from the address of a peer where a route leads to it', async () => {
    const [agent, hub] = await line()
    await agent.sendPacket(packet('g.shop', { amount: 1000n }))
    await hub.sendPacket(packet('g.shop', { amount: 10n }))
    const shown = (): object[] => hub.dashboard.getPackets().map(({ at: _, ...rest }) => rest)
    const [own, passing] = [{ from: 'g.hub', to: 'g.shop', amount: 10n, result: 'reject' }, { to: 'g.shop', amount: 1000n, result: 'fulfill' }]
    expect(shown()).to.deep.equal([own, { from: 'agent', ...passing }])
    hub.addRoute('g.agent', 'agent')
    expect(shown()).to.deep.equal([own, { from: 'g.agent', ...passing }])
  })

  it('needs a running node', async () => {
    const node = await world.make('agent')
    expect(() => node.dashboard.getTraffic()).to.throw('not started')
    expect(() => node.dashboard.getPackets({})).to.throw('not started')
  })
})

describe('the counters of accounts', () => {
  const nobody = (): boolean => false

  it('do not add up with the names of strangers', () => {
    const stats = new AccountStats()
    const traffic = trafficOf(stats, nobody)
    for (let index = 0; index < 10_000; index++) {
      const guest = `guest-${index}`
      traffic.account(guest)
      traffic.answered(guest, true)
      traffic.removed(guest)
      stats.removeAccount(guest)
      expect(traffic.of(guest)).to.equal(undefined)
    }
    expect(traffic.aggregate().packetsForwarded).to.equal(10_000)
  })

  it('do not stay for peers that could not be added', () => {
    const names = new Set<string>()
    const traffic = trafficOf(new AccountStats(), id => names.has(id))
    for (const id of ['one', 'two']) {
      names.add(id)
      traffic.account(id)
      traffic.removed(id)
      names.delete(id)
    }
    expect(['one', 'two'].map(id => traffic.of(id) === undefined)).to.deep.equal([true, false])
  })

  it('start no new name for a late packet of somebody who is gone', () => {
    const traffic = trafficOf(new AccountStats(), nobody)
    traffic.delivered('gone')
    traffic.sent('gone', 5)
    expect(traffic.of('gone')).to.equal(undefined)
    expect(traffic.aggregate()).to.include({ packetsLocallyDelivered: 1, bytesSent: 0 })
  })

  it('make a fee of what comes in with fulfilled packets and does not go out with them, but of nothing that the node pays by itself', () => {
    const stats = new AccountStats()
    const traffic = trafficOf(stats, nobody)
    const [sender, nextHop] = ['sender', 'next-hop'].map(accountRef)
    for (const { accountId } of [sender!, nextHop!]) traffic.account(accountId)
    stats.incomingDataPacketValue.increment(sender!, { result: 'fulfilled' }, 2n ** 60n + 10n)
    stats.incomingDataPacketValue.increment(sender!, { result: 'rejected' }, 100n)
    stats.outgoingDataPacketValue.increment(nextHop!, { result: 'fulfilled' }, 2n ** 60n + 5n)
    traffic.answeredDirectly('next-hop', true, 5n)
    expect(traffic.fees()).to.deep.equal([{ asset: M2M, total: 10n }])
    traffic.removed('sender')
    stats.removeAccount('sender')
    expect(traffic.fees(), 'also when it is gone').to.deep.equal([{ asset: M2M, total: 10n }])
  })

  it('make no fee of an exchange but what is kept of what goes out, in its asset, and keep assets apart', () => {
    const stats = new AccountStats()
    const assets: Record<string, typeof M2M> = { alice: { code: 'USD', scale: 2 }, bob: { code: 'EUR', scale: 2 }, carol: { code: 'USD', scale: 4 }, local: M2M }
    const traffic = trafficOf(stats, nobody, id => assets[id] ?? M2M)
    const pay = (from: string, to: string, amount: bigint, outgoing: bigint): void => {
      stats.incomingDataPacketValue.increment(accountRef(from), { result: 'fulfilled' }, amount)
      stats.outgoingDataPacketValue.increment(accountRef(to), { result: 'fulfilled' }, outgoing)
      traffic.exchanged(from, to, amount, outgoing)
    }
    const fees = (): string[] => traffic.fees().filter(({ total }) => total !== 0n).map(({ asset, total }) => `${total} ${asset.code}/${asset.scale}`).sort()
    for (const id of Object.keys(assets)) traffic.account(id)
    pay('alice', 'bob', 1000n, 891n) // worth 900, less 9
    expect(fees()).to.deep.equal(['9 EUR/2'])
    pay('alice', 'carol', 100n, 9900n)
    expect(fees()).to.deep.equal(['100 USD/4', '9 EUR/2'])
    pay('bob', 'alice', 1n, 98n) // at most 98 of 99 is certain
    expect(fees()).to.deep.equal(['100 USD/4', '9 EUR/2'])
    pay('carol', 'local', 500n, 7n)
    expect(fees(), 'the application pays no fee').to.deep.equal(['100 USD/4', '9 EUR/2'])
    for (const id of ['alice', 'carol']) {
      traffic.removed(id)
      stats.removeAccount(id)
    }
    expect(fees(), 'also of those that are gone').to.deep.equal(['100 USD/4', '9 EUR/2'])
    assets.bob = { code: 'GBP', scale: 2 }
    traffic.removed('bob')
    stats.removeAccount('bob')
    traffic.account('bob')
    expect(fees(), 'also of one that counts in something else now').to.deep.equal(['100 USD/4', '9 EUR/2'])
  })

  it('remember what strangers do for nothing only beside what others do, and what strangers pay for', () => {
    const traffic = trafficOf(new AccountStats(), id => id === 'peer')
    const [fulfill, reject] = [encodeFulfill(Buffer.alloc(32), NOTHING), encodeReject({ code: 'F02', triggeredBy: 'g', message: '', data: NOTHING })]
    const answered = (accountId: string, amount: bigint, reply: Buffer, times = 1): void => {
      const fields = { amount, expiresAt: Date.now(), executionCondition: Buffer.alloc(32), destination: 'g.x', data: NOTHING }
      const packet = prepareOf(encodePrepare(fields))
      for (let count = 0; count < times; count++) traffic.account(accountId).ended(packet, reply)
    }
    const shown = (): Record<string, number> => {
      const counts: Record<string, number> = {}
      for (const { accountId, amount } of traffic.log.newest()) counts[`${accountId} ${amount}`] = (counts[`${accountId} ${amount}`] ?? 0) + 1
      return counts
    }
    answered('peer', 1n, reject, MAX_PACKETS)
    answered('guest', 2n, fulfill)
    expect(shown(), 'nobody has to keep places free').to.deep.equal({ 'peer 1': MAX_PACKETS - 1, 'guest 2': 1 })
    answered('guest', 3n, reject, 2 * MAX_PACKETS)
    answered('guest', 0n, fulfill, 2 * MAX_PACKETS)
    expect(shown()).to.deep.equal({ 'peer 1': MAX_PACKETS / 2 - 1, 'guest 2': 1, 'guest 0': MAX_PACKETS / 2 })
    answered('guest', 4n, reject)
    answered('peer', 5n, reject)
    expect([...traffic.log.newest()].slice(0, 3).map(({ amount }) => amount), 'the newest first').to.deep.equal([5n, 4n, 0n])
    answered('guest', 6n, fulfill, 2 * MAX_PACKETS)
    expect(shown()).to.deep.equal({ 'guest 0': MAX_PACKETS / 2 - 1, 'guest 4': 1, 'guest 6': MAX_PACKETS / 2 })
  })

  it('remember the last packets only', () => {
    const log = new PacketLog()
    expect([...log.newest()]).to.deep.equal([])
    for (let index = 0; index < 2 * MAX_PACKETS + 1; index++) log.add(index, 'peer', 'g.x', BigInt(index), 'fulfill', true)
    const amounts = [...log.newest()].map(({ amount }) => Number(amount))
    expect(amounts).to.have.length(MAX_PACKETS)
    expect([amounts[0], amounts.at(-1)]).to.deep.equal([2 * MAX_PACKETS, MAX_PACKETS + 1])
  })
})
