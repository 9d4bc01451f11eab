/** Money and packets over several nodes on real sockets: every hop's books agree, whoever misbehaves. */
import { expect } from 'chai'
import type { ConnectorNode, PaymentRequest } from '../../../src/index.js'
import { World, outcome, owed, packet, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

describe('a network of nodes', () => {
  const world = new World()
  afterEach(() => world.end())

  /** a -> b -> c, each knowing the next, and with the default fee. */
  async function line (
    deliver: (request: PaymentRequest) => { accept: boolean } = () => ({ accept: true })
  ): Promise<[ConnectorNode, ConnectorNode, ConnectorNode]> {
    const settlement = {}
    const c = await world.start('connector-c', { settlement })
    c.setPacketHandler(deliver)
    const peerC = { id: 'connector-c', url: urlOf(c), authToken: '' }
    const b = await world.start('connector-b', { peers: [peerC], routes: [{ prefix: 'g.connector-c', nextHop: 'connector-c' }], settlement })
    const peerB = { id: 'connector-b', url: urlOf(b), authToken: '' }
    const a = await world.start('connector-a', { peers: [peerB], routes: [{ prefix: 'g', nextHop: 'connector-b' }], settlement })
    return [a, b, c]
  }

  it('pays 1000 in and 998 out over two paid hops, and every book says so', async () => {
    const received: PaymentRequest[] = []
    const [a, b, c] = await line(request => {
      received.push(request)
      return { accept: true }
    })
    expect(outcome(await a.sendPacket(packet('g.connector-c.alice', { data: Buffer.from('Hello') })))).to.equal('fulfill')
    expect(received).to.have.lengthOf(1)
    expect(received[0]).to.include({ amount: '998', destination: 'g.connector-c.alice', data: 'SGVsbG8=', sourcePeer: 'connector-b' })
    expect(received[0]).to.not.have.property('isTransit')
    expect(await owed(a, 'local')).to.equal(1000n)
    expect(await owed(a, 'connector-b')).to.equal(-999n)
    expect(await owed(b, 'connector-a')).to.equal(999n)
    expect(await owed(b, 'connector-c')).to.equal(-998n)
    expect(await owed(c, 'connector-b')).to.equal(998n)
    expect(await owed(c, 'local')).to.equal(-998n)
  })

  it('carries every packet while other peers come, change, go and cannot be used', async () => {
    const [a, b, c] = await line()
    const others = [await world.start('other'), await world.start('other')]
    let isOver = false
    const codes: string[] = []
    const payers = Array.from({ length: 10 }, async () => {
      while (!isOver) codes.push(outcome(await a.sendPacket(packet('g.connector-c.alice'))))
    })
    for (let round = 0; round < 20; round++) {
      const url = urlOf(others[round % 2]!)
      await b.registerPeer({ id: 'other', url, authToken: '', routes: [{ prefix: 'g.other' }] })
      expect(outcome(await a.sendPacket(packet('g.other')))).to.equal('fulfill')
      const isRefused = await b.registerPeer({ id: 'other', url: 'http://other', authToken: '' }).then(() => false, () => true)
      expect([isRefused, outcome(await a.sendPacket(packet('g.other')))]).to.deep.equal([true, 'fulfill'])
      if (round % 3 === 2) await b.removePeer('other')
    }
    isOver = true
    await Promise.all(payers)
    expect(new Set(codes)).to.deep.equal(new Set(['fulfill']))
    expect(await owed(c, 'connector-b')).to.equal(BigInt(codes.length) * 998n)
  }).timeout(30_000)

  it('delivers what is below its own address to its application, unless a route says otherwise', async () => {
    const [a, b, c] = await line()
    expect(outcome(await b.sendPacket(packet('g.connector-b.bob')))).to.equal('fulfill')
    b.addRoute('g.connector-b', 'connector-c')
    c.addRoute('g.connector-b', 'local')
    expect(outcome(await a.sendPacket(packet('g.connector-b.bob')))).to.equal('fulfill')
    expect(await owed(c, 'local')).to.equal(-998n)
  })

  it('counts a hundred equal payments a hundred times, sent at once', async () => {
    const [a, b, c] = await line()
    const expiresAt = new Date(Date.now() + 20_000)
    const answers = await Promise.all(Array.from({ length: 100 }, () =>
      a.sendPacket(packet('g.connector-c.alice', { amount: 1000n, data: Buffer.from('the same'), expiresAt }))))
    expect(answers.map(outcome)).to.deep.equal(Array.from({ length: 100 }, () => 'fulfill'))
    expect(await owed(a, 'local')).to.equal(100_000n)
    expect(await owed(b, 'connector-a')).to.equal(99_900n)
    expect(await owed(c, 'local')).to.equal(-99_800n)
  })

  const largest = 2n ** 64n - 1n
  for (const [amount, received] of [[0n, '0'], [3n, '1'], [1001n, '998'], [largest, '18409869032306206220']] as const) {
    it(`rounds the fee up at each hop: of ${amount}, ${received} arrive`, async () => {
      let arrived = ''
      const [a] = await line(request => {
        arrived = request.amount
        return { accept: true }
      })
      expect(outcome(await a.sendPacket(packet('g.connector-c', { amount })))).to.equal('fulfill')
      expect(arrived).to.equal(received)
    })
  }

  for (const amount of [1n, 2n]) {
    it(`refuses with R01 what the fee leaves nothing of: ${amount}`, async () => {
      const [a, b] = await line()
      expect(outcome(await a.sendPacket(packet('g.connector-c', { amount })))).to.equal('R01')
      expect([await owed(a, 'local'), await owed(b, 'connector-a')]).to.deep.equal([0n, 0n])
    })
  }

  it('changes no balance for a packet that is refused, wherever that happens', async () => {
    const [a, b, c] = await line(() => ({ accept: false }))
    expect(outcome(await a.sendPacket(packet('g.connector-c.alice')))).to.equal('F99')
    expect(outcome(await a.sendPacket(packet('g.nowhere')))).to.equal('F02')
    await c.stop()
    await until(() => !b.listPeers().some(({ id, connected }) => id === 'connector-c' && connected))
    expect(outcome(await a.sendPacket(packet('g.connector-c.alice')))).to.equal('T01')
    for (const [node, peer] of [[a, 'local'], [a, 'connector-b'], [b, 'connector-a'], [b, 'connector-c']] as const) {
      expect(await owed(node, peer)).to.equal(0n)
    }
  })

  it('keeps the books over a restart, also with a peer that only dials in', async () => {
    const [a, b, c] = await line()
    await a.sendPacket(packet('g.connector-c.alice'))
    await b.stop()
    await b.start()
    await until(() => a.getHealthStatus().peersConnected === 1 && b.listPeers().filter(({ connected }) => connected).length === 2)
    expect(await owed(b, 'connector-a')).to.equal(999n)
    expect(await owed(b, 'connector-c')).to.equal(-998n)
    expect(outcome(await a.sendPacket(packet('g.connector-c.alice')))).to.equal('fulfill')
    expect(await owed(b, 'connector-a')).to.equal(1998n)
    expect(await owed(c, 'connector-b')).to.equal(1996n)
  })

  it('delivers to a business logic server and to a handler in one network', async () => {
    const { url, requests } = await world.businessLogic(({ data }) => ({ accept: true, data }))
    const server = await world.start('shop', { localDelivery: { enabled: true, handlerUrl: `${url}/` } })
    const agent = await world.start('agent', {
      peers: [{ id: 'shop', url: urlOf(server), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
    })
    agent.setPacketHandler(() => ({ accept: true, data: Buffer.from('from the agent').toString('base64') }))
    server.addRoute('g.agent', 'agent')
    const there = await agent.sendPacket(packet('g.shop.book', { data: Buffer.from('one book') }))
    expect(there).to.deep.include({ type: 13, data: Buffer.from('one book') })
    const back = await server.sendPacket(packet('g.agent', { amount: 10n }))
    expect(back).to.deep.include({ type: 13, data: Buffer.from('from the agent') })
    expect(requests).to.have.lengthOf(1)
    expect(requests[0]).to.include({ destination: 'g.shop.book', amount: '1000', sourcePeer: 'agent' })
    expect(await owed(server, 'agent')).to.equal(1000n - 10n)
  })

  it('refuses a packet that would go back to the peer that it came from', async () => {
    const [a, b] = await line()
    b.addRoute('g.circle', 'connector-a')
    expect(outcome(await a.sendPacket(packet('g.circle.x')))).to.equal('F02')
    expect(await owed(b, 'connector-a')).to.equal(0n)
  })

  it('takes the next route while the first choice is away', async () => {
    const [a, , c] = await line()
    await a.registerPeer({ id: 'connector-c', url: urlOf(c), authToken: '', routes: [{ prefix: 'g.connector-c', priority: 5 }] })
    await a.sendPacket(packet('g.connector-c'))
    expect(await owed(a, 'connector-c')).to.equal(-999n)
    await a.removePeer('connector-c', false)
    await a.sendPacket(packet('g.connector-c'))
    expect(await owed(a, 'connector-b')).to.equal(-999n)
  })

  describe('with credit limits', () => {
    it('refuses with T04 what a peer may not owe any more', async () => {
      world.setEnv('BTP_PEER_AGENT_SECRET', 'hunter2')
      const creditLimits = { defaultLimit: '100000', perPeerLimits: { agent: 1500n }, globalCeiling: 2000 }
      const shop = await world.start('shop', { settlement: { creditLimits } })
      shop.setPacketHandler(() => ({ accept: true }))
      const agent = await world.start('agent', {
        peers: [{ id: 'shop', url: urlOf(shop), authToken: 'hunter2' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
      })
      expect(outcome(await agent.sendPacket(packet('g.shop')))).to.equal('fulfill')
      expect(outcome(await agent.sendPacket(packet('g.shop')))).to.equal('T04')
      expect(await owed(shop, 'agent')).to.equal(1000n)
      const rich = await world.start('rich', {
        peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
      })
      expect(outcome(await rich.sendPacket(packet('g.shop', { amount: 2000n })))).to.equal('fulfill')
      expect(outcome(await rich.sendPacket(packet('g.shop', { amount: 10n })))).to.equal('T04')
    })
  })

  it('takes the fee that is configured, exactly', async () => {
    const { url } = await world.businessLogic(() => ({ accept: true }))
    const shop = await world.start('shop', { localDelivery: { enabled: true, handlerUrl: url } })
    const routes = (nextHop: string): Array<{ prefix: string, nextHop: string }> => [{ prefix: 'g.shop', nextHop }]
    const hop = await world.start('hop', {
      peers: [{ id: 'shop', url: urlOf(shop), authToken: '' }], routes: routes('shop'), settlement: { connectorFeePercentage: 0.7 }
    })
    const agent = await world.start('agent', { peers: [{ id: 'hop', url: urlOf(hop), authToken: '' }], routes: routes('hop') })
    await agent.sendPacket(packet('g.shop', { amount: 100_000n }))
    expect(await owed(hop, 'shop')).to.equal(-99_300n)
  })
})
