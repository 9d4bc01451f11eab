/** A stranger who floods a node over BTP gets what one stranger gets, whatever it sends and however often it comes. Others are served. */
import type { Socket } from 'node:net'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import sinon from 'sinon'
import type { ConnectorNode } from '../../../src/index.js'
import { authenticated, closeAll, type HandPeer, type Packet } from '../../support/btp.js'
import { World, outcome, packet } from '../../support/node.js'
import { outcomeOf, prepare } from '../../support/packets.js'
import { until } from '../../support/waiting.js'

/** What a node grants a stranger at once. */
const CAPACITY = 2000
/** So many refusals, and the socket rests. */
const REFUSED = 100

const entry = (protocolName: string, data: Buffer = Buffer.from('x')): BtpPacket.ProtocolData => ({ protocolName, contentType: 0, data })
const ilp = (): BtpPacket.ProtocolData => entry('ilp', prepare({ destination: 'g.nobody' }))

const FLOODS: Record<string, (id: number) => Buffer> = {
  packets: id => BtpPacket.serializeMessage(id, [ilp()]),
  'packets behind something else': id => BtpPacket.serializeMessage(id, [entry('unknown'), ilp()]),
  'messages without a packet': id => BtpPacket.serializeMessage(id, [entry('unknown')]),
  claims: id => BtpPacket.serializeMessage(id, [entry('payment-channel-claim', Buffer.from('{}'))]),
  TRANSFERs: id => BtpPacket.serializeTransfer({ amount: '1' }, id, [entry('unknown')])
}

/** Whether the request has been refused because its sender asks too often. */
function isThrottled ({ type, data }: Packet): boolean {
  if (type === BtpPacket.TYPE_ERROR) return JSON.stringify(data).includes('throttling')
  const answer = data.protocolData.find(({ protocolName }) => protocolName === 'ilp')
  return answer !== undefined && outcomeOf(answer.data) === 'T05'
}

describe('a stranger who floods a node over BTP', () => {
  const world = new World()
  let clock: sinon.SinonFakeTimers | undefined
  afterEach(async () => {
    clock?.restore()
    await closeAll()
    await world.end()
  })

  /** With a peer that has a secret, and time that stands still: no limit grows. */
  async function start (): Promise<{ shop: ConnectorNode, customer: ConnectorNode }> {
    const shop = await world.start('shop')
    shop.setPacketHandler(() => ({ accept: true }))
    const customer = await world.start('customer', {
      peers: [{ id: 'shop', url: `ws://127.0.0.1:${shop.config.btpServerPort}`, authToken: 'secret' }],
      routes: [{ prefix: 'g.shop', nextHop: 'shop' }]
    })
    await shop.registerPeer({ id: 'customer', url: 'ws://127.0.0.1:9', authToken: 'secret' })
    await until(() => customer.isPeerConnected('shop'))
    clock = sinon.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    return { shop, customer }
  }

  const come = (shop: ConnectorNode, name: string): Promise<HandPeer> => authenticated(shop.config.btpServerPort, '', name)

  /** Sends so many at a time, and waits for so many answers. Resolves to how many got through. */
  async function flood (peer: HandPeer, request: (id: number) => Buffer, count: number, answers = count): Promise<number> {
    const before = peer.received.length
    const raw = (peer.ws as unknown as { _socket: Socket })._socket
    raw.cork()
    for (let id = 0; id < count; id++) peer.ws.send(request(1000 + before + id))
    raw.uncork()
    await until(() => peer.received.length >= before + answers)
    return peer.received.slice(before).filter(answer => !isThrottled(answer)).length
  }

  for (const [what, request] of Object.entries(FLOODS)) {
    it(`with ${what} gets through with as many as one stranger may, from however many sockets, and others notice nothing`, async () => {
      const { shop, customer } = await start()
      const [one, other] = [await come(shop, 'one'), await come(shop, 'other')]
      expect(await flood(one, request, CAPACITY + 5 * REFUSED, CAPACITY + REFUSED)).to.equal(CAPACITY)
      expect(await flood(other, request, REFUSED)).to.equal(0)
      for (let i = 0; i < 5; i++) expect(outcome(await customer.sendPacket(packet('g.shop')))).to.equal('fulfill')
      expect((await fetch(`http://127.0.0.1:${shop.config.healthCheckPort}/health/live`)).status).to.equal(200)
    })
  }

  it('gets no more by coming again, under the same name or another', async () => {
    const { shop, customer } = await start()
    const request = FLOODS.packets!
    let through = 0
    for (const [name, count] of [['one', 500], ['one', 500], ['two', 500], ['two', 500], ['three', REFUSED]] as const) {
      const peer = await come(shop, name)
      through += await flood(peer, request, count)
      peer.ws.terminate()
      await until(() => !shop.isPeerConnected(name) && !shop.hasPeer(name))
    }
    expect(through).to.equal(CAPACITY)
    expect(outcome(await customer.sendPacket(packet('g.shop')))).to.equal('fulfill')
    clock!.tick(1000)
    expect(await flood(await come(shop, 'four'), request, REFUSED), 'later').to.equal(REFUSED)
  })
})
