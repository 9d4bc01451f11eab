/** Differences in the exchange of routes with neighbours (CCP). */
import { expect } from 'chai'
import { Mode, deserializeCcpRouteUpdateRequest, serializeCcpRouteControlRequest, serializeCcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { describeReply, fulfil, fulfillWith, PEER_FULFILLMENT, preparePacket, preimage, rejectPacket, type Prepare } from '../packets.js'
import { between, type Arena, type Duel } from '../harness.js'
import { askBoth, type Differences } from './difference.js'
import { quiet } from '../../waiting.js'

const TABLE = '21e55f8e-eabd-4bf8-9e2a-2f6b6a4d3e2a'
const OTHER_TABLE = '5c2a6a1e-38d1-4a53-9f3c-6a2b1c0d9e8f'

interface Update {
  table?: string
  from?: number
  holdDownTime?: number
  /** Path by prefix. */
  routes?: Record<string, string[]>
  withdrawn?: string[]
}

function answerAll (packet: Prepare): Buffer {
  return packet.destination.startsWith('peer.') ? fulfillWith(PEER_FULFILLMENT) : fulfil(packet)
}

/** alice, bob and carl are peers that exchange routes with us. */
async function neighbours (arena: Arena, respond: (packet: Prepare, accountId: string) => unknown = answerAll): Promise<Duel> {
  const peer = { sendRoutes: true, receiveRoutes: true }
  const duel = await arena.start({ accounts: { alice: peer, bob: peer, carl: peer } }, respond)
  await arena.tick(10)
  return duel
}

/** The neighbour tells us of a change of its routes. */
async function tell (duel: Duel, accountId: string, update: Update): ReturnType<typeof askBoth> {
  const { table = TABLE, from = 0, holdDownTime = 45_000, routes = {}, withdrawn = [] } = update
  return await askBoth(duel, accountId, serializeCcpRouteUpdateRequest({
    routingTableId: table,
    currentEpochIndex: from + 1,
    fromEpochIndex: from,
    toEpochIndex: from + 1,
    holdDownTime,
    speaker: `test.${accountId}`,
    newRoutes: Object.entries(routes).map(([prefix, path]) => ({ prefix, path, auth: Buffer.alloc(32), props: [] })),
    withdrawnRoutes: withdrawn
  }))
}

/** The neighbour asks to be told our routes from now on. */
async function subscribe (duel: Duel, from: string): Promise<void> {
  await duel.same(async side => describeReply(await side.plugin(from).receive(serializeCcpRouteControlRequest({
    mode: Mode.MODE_SYNC, lastKnownRoutingTableId: '00000000-0000-0000-0000-000000000000', lastKnownEpoch: 0, features: []
  }))))
}

/** What the neighbour was told, update by update: prefix and length of the path, or 'gone'. */
function told (packets: Buffer[]): Record<string, number | string>[] {
  return packets.filter(packet => packet.includes('peer.route.update')).map(packet => {
    const { newRoutes, withdrawnRoutes } = deserializeCcpRouteUpdateRequest(packet)
    const entries: [string, number | string][] = newRoutes.map(({ prefix, path }) => [prefix, path.length])
    return Object.fromEntries([...entries, ...withdrawnRoutes.map((prefix): [string, string] => [prefix, 'gone'])])
  })
}

async function knows (duel: Duel, prefix: string): Promise<unknown> {
  return await duel.each(side => side.routes()[prefix] ?? 'nothing')
}

export const routeExchange: Differences = {
  'Routes of a neighbour that has gone silent expire': async arena => {
    const duel = await neighbours(arena)
    await tell(duel, 'bob', { routes: { 'test.far': ['test.bob'] }, holdDownTime: 2000 })
    for (let second = 0; second < 10; second++) await arena.tick(1000)
    expect(await knows(duel, 'test.far')).to.deep.equal({ reference: 'bob', sluice: 'nothing' })
  },

  'A neighbour that starts over takes its old routes back': async arena => {
    const duel = await neighbours(arena)
    await tell(duel, 'bob', { routes: { 'test.far': ['test.bob'] } })
    await tell(duel, 'bob', { table: OTHER_TABLE, routes: { 'test.near': ['test.bob'] } })
    expect(await knows(duel, 'test.far')).to.deep.equal({ reference: 'bob', sluice: 'nothing' })
    expect(await knows(duel, 'test.near')).to.deep.equal({ reference: 'bob', sluice: 'bob' })
  },

  'A gap in route updates is not confirmed': async arena => {
    const duel = await neighbours(arena)
    const answers = await tell(duel, 'bob', { from: 7, routes: { 'test.far': ['test.bob'] } })
    expect(answers.reference).to.have.property('fulfill')
    expect(answers.sluice).to.have.property('reject')
  },

  'Only what lies inside the network is learnt': async arena => {
    const duel = await neighbours(arena)
    await tell(duel, 'bob', { routes: { testing: ['test.bob'] } })
    expect(await knows(duel, 'testing')).to.deep.equal({ reference: 'bob', sluice: 'nothing' })
  },

  'Nobody else can announce routes below our own address': async arena => {
    const duel = await neighbours(arena)
    await tell(duel, 'bob', { routes: { 'test.connie.shop': ['test.bob'] } })
    expect(await knows(duel, 'test.connie.shop')).to.deep.equal({ reference: 'bob', sluice: 'nothing' })
  },

  'A longer path over the same neighbour is passed on': async arena => {
    const duel = await neighbours(arena)
    await subscribe(duel, 'alice')
    await tell(duel, 'bob', { routes: { 'test.far': ['test.bob'] } })
    await arena.tick(1000)
    await tell(duel, 'bob', { from: 1, routes: { 'test.far': ['test.bob', 'test.x', 'test.y'] } })
    await arena.tick(1000)
    const [theirs, ours] = [duel.reference, duel.sluice].map(side => told(side.plugin('alice').packets).map(routes => routes['test.far']).filter(Boolean))
    expect(theirs).to.deep.equal([2])
    expect(ours).to.deep.equal([2, 4])
  },

  'A refused update is sent again': async arena => {
    const duel = await neighbours(arena, (packet, accountId) =>
      accountId === 'alice' && packet.destination === 'peer.route.update' ? rejectPacket({ triggeredBy: 'test.alice' }) : answerAll(packet))
    await subscribe(duel, 'alice')
    await tell(duel, 'bob', { routes: { 'test.far': ['test.bob'] } })
    for (let second = 0; second < 10; second++) await arena.tick(1000)
    const [theirs, ours] = [duel.reference, duel.sluice].map(side => told(side.plugin('alice').packets).filter(routes => 'test.far' in routes))
    expect(theirs).to.have.length(1)
    expect(ours).to.have.length.above(2)
  },

  'Packets do not loop while routes change': async arena => {
    const duel = await neighbours(arena)
    await subscribe(duel, 'alice')
    await tell(duel, 'bob', { routes: { 'test.far': ['test.bob'] } })
    await tell(duel, 'carl', { routes: { 'test.far': ['test.carl', 'test.alice', 'test.x'] } })
    await arena.tick(1000)
    await tell(duel, 'bob', { from: 1, withdrawn: ['test.far'] })
    const during = await askBoth(duel, 'alice', preparePacket({ destination: 'test.far', fulfillment: preimage('during') }))
    expect(during.reference).to.have.property('fulfill')
    expect(during.sluice).to.include({ reject: 'T01', message: 'route is changing, try again.' })
    await arena.tick(1000)
    expect((await askBoth(duel, 'alice', preparePacket({ destination: 'test.far', fulfillment: preimage('after') }))).sluice).to.have.property('fulfill')
  },

  'A packet that would arrive as nothing is rejected': async arena => {
    const duel = await arena.start(between({ assetScale: 9 }, { assetScale: 6 }))
    const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', amount: '999' }))
    expect(answers.reference).to.have.property('fulfill')
    expect(answers.sluice).to.include({ reject: 'R01', message: 'the exchange rate leaves nothing of the amount. amount=999' })
    expect(duel.sluice.plugin('bob').packets).to.deep.equal([])
    await duel.sendSame('alice', preparePacket({ destination: 'test.bob', amount: '0', fulfillment: preimage('free') }))
  },

  'A packet that loops is rejected at once': async arena => {
    const duel = await arena.start(between())
    await duel.each(side => {
      const bob = side.plugin('bob')
      bob.respond = () => bob.receive(bob.packets.at(-1)!)
    })
    const packet = preparePacket({ destination: 'test.bob' })
    expect(await duel.answerOf(duel.sluice, 'alice', packet)).to.include({
      reject: 'T01', message: 'packet is in a routing loop, try again when the routes have settled.'
    })
    const theirs = duel.answerOf(duel.reference, 'alice', packet)
    await quiet()
    await arena.tick(10_000)
    expect(await theirs).to.include({ reject: 'R00' })
    await duel.each(side => { expect(side.plugin('bob').packets).to.have.length(1) })
  }
}
