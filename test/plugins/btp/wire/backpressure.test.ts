/** What becomes of packets for which there is no time or no room: an answer at once, or no reading before there is room again. */
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { deserializeIlpReject, serializeIlpReject } from 'ilp-packet'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import PluginBtp from '../../../../plugins/btp/index.js'
import { MAX_THROTTLED, MAX_UNSENT_BYTES, THROTTLE_WINDOW_MS } from '../../../../plugins/btp/wire/backpressure.js'
import { MAX_BYTES_IN_FLIGHT, MAX_IN_FLIGHT } from '../../../../plugins/btp/wire/exchange.js'
import { MAX_WAITING, PACKETS_PER_TURN } from '../../../../plugins/btp/wire/fair-queue.js'
import { HandPeer, SECRET, TestLog, afterTest, authenticated, closeAll, fakeTimers, portOf, serverUrl, type Packet } from '../../../support/btp.js'
import { nextTurn, turnsUntil } from '../../../support/waiting.js'

const OWN_ADDRESS = 'test.us'
const packet = Buffer.from('a packet')
const store = { get: () => Promise.resolve(undefined), put: () => Promise.resolve(), del: () => Promise.resolve() }

function plugin (options: object): PluginBtp {
  const made = new PluginBtp({ ...options }, { store, log: new TestLog(), getOwnAddress: () => OWN_ADDRESS })
  afterTest(() => made.disconnect())
  return made
}

async function listening (): Promise<{ plugin: PluginBtp, port: number }> {
  const made = plugin({ listener: { port: 0, secret: SECRET } })
  const connecting = made.connect()
  connecting.catch(() => undefined)
  return { plugin: made, port: await portOf(made, connecting) }
}

/** The ILP code of the Reject in a Response. */
function codeOf ({ type, data }: Packet): string {
  expect(type).to.equal(BtpPacket.TYPE_RESPONSE)
  const [entry] = (data).protocolData
  const { code, triggeredBy } = deserializeIlpReject(entry!.data)
  expect(triggeredBy).to.equal(OWN_ADDRESS)
  return code
}

function throttling (triggeredBy: string): Buffer {
  return serializeIlpReject({ code: 'T05', triggeredBy, message: 'too many requests, throttling.', data: Buffer.alloc(0) })
}

describe('a BTP peer with more packets than can be served', () => {
  afterEach(closeAll)

  it('has only so many worked on; for more it gets T03 at once', async () => {
    const { plugin, port } = await listening()
    let working = 0
    plugin.registerDataHandler(() => {
      working++
      return new Promise(() => undefined)
    })
    const peer = await authenticated(port)
    for (let id = 0; id < MAX_IN_FLIGHT; id++) {
      peer.message(id, packet)
      if (id % PACKETS_PER_TURN === 0) while (working < id) await nextTurn()
    }
    while (working < MAX_IN_FLIGHT) await nextTurn()
    const more = 1000 // more than fit into one write
    for (let id = 0; id < more; id++) peer.message(MAX_IN_FLIGHT + id, packet)
    for (let id = 0; id < more; id++) {
      const answer = await peer.next()
      expect(answer.requestId).to.equal(MAX_IN_FLIGHT + id)
      expect(codeOf(answer)).to.equal('T03')
    }
    expect(working).to.equal(MAX_IN_FLIGHT)
    peer.ws.send(BtpPacket.serializeMessage(MAX_IN_FLIGHT + more, [{ protocolName: 'claim', contentType: 2, data: packet }]))
    expect((await peer.next()).data, 'what is no packet').to.include({ code: 'T00' })
  })

  it('has only so many bytes worked on, whatever stands beside its packets', async () => {
    const { plugin, port } = await listening()
    const held: Array<() => void> = []
    plugin.registerDataHandler(data => new Promise(resolve => held.push(() => resolve(data))))
    const peer = await authenticated(port)
    const entries = [{ protocolName: 'ilp', contentType: 0, data: packet }, { protocolName: 'beside', contentType: 0, data: Buffer.alloc(60_000) }]
    let sent = 0
    const send = (): void => { peer.ws.send(BtpPacket.serializeMessage(sent++, entries)) }
    while (peer.received.length === 1) {
      send()
      await turnsUntil(() => held.length + peer.received.length - 1 === sent)
    }
    expect(codeOf(peer.received[1]!)).to.equal('T03')
    expect(held.length * 60_000).to.be.within(0.99 * MAX_BYTES_IN_FLIGHT, MAX_BYTES_IN_FLIGHT)
    const before = held.length
    held[0]!()
    await turnsUntil(() => peer.received.length === 3)
    send()
    await turnsUntil(() => held.length === before + 1)
    expect(peer.received, 'there is room again').to.have.length(3)
  })

  it('gets T03 where too many wait, and an answer for each', async () => {
    const { plugin, port } = await listening()
    plugin.registerDataHandler(data => Promise.resolve(data))
    const peer = await authenticated(port)
    const flood = 4 * (PACKETS_PER_TURN + MAX_WAITING)
    const raw = (peer.ws as unknown as { _socket: Socket })._socket
    raw.cork() // so that all of it is there at a time
    for (let id = 0; id < flood; id++) peer.message(id, packet)
    raw.uncork()
    while (peer.received.length < 1 + flood) await nextTurn()
    expect(new Set(peer.received.slice(1).map(({ requestId }) => requestId)).size).to.equal(flood)
  })

  it('gets T03 while the connector is busy, and claims are taken all the same', async () => {
    const { plugin, port } = await listening()
    let isBusy = true
    plugin.registerDataHandler(data => Promise.resolve(data), { isBusy: () => isBusy })
    plugin.registerProtocolHandler('claim', () => Promise.resolve([]))
    const peer = await authenticated(port)
    peer.message(1, packet)
    expect(codeOf(await peer.next())).to.equal('T03')
    const claim = { protocolName: 'claim', contentType: 2, data: packet }
    peer.ws.send(BtpPacket.serializeMessage(2, [claim]))
    expect(await peer.next()).to.include({ type: BtpPacket.TYPE_RESPONSE, requestId: 2 })
    const ilp = { protocolName: 'ilp', contentType: 0, data: packet }
    peer.ws.send(BtpPacket.serializeMessage(4, [ilp, claim]))
    expect(codeOf(await peer.next()), 'a packet with its claim').to.equal('T03')
    isBusy = false
    peer.message(3, packet)
    const { requestId, data } = await peer.next()
    expect(requestId).to.equal(3)
    expect((data).protocolData[0]?.data.equals(packet)).to.equal(true)
  })

  it('has its packets and claims taken in their order, however many come at a time', async () => {
    const { plugin, port } = await listening()
    const order: number[] = []
    plugin.registerDataHandler(data => {
      order.push(data.readUInt32BE())
      return Promise.resolve(data)
    })
    plugin.registerProtocolHandler('claim', ({ data }) => {
      order.push(data.readUInt32BE())
      return Promise.resolve([])
    })
    const peer = await authenticated(port)
    const count = 6 * PACKETS_PER_TURN
    for (let id = 0; id < count; id++) {
      const data = Buffer.alloc(4)
      data.writeUInt32BE(id)
      const entry = { protocolName: id % 3 === 0 ? 'claim' : 'ilp', contentType: 0, data }
      peer.ws.send(BtpPacket.serializeMessage(id, [entry]))
    }
    for (let id = 0; id < count; id++) await peer.next()
    expect(order).to.deep.equal(Array.from({ length: count }, (_, i) => i))
  })

  it('gets T03 also where we have connected to it', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    afterTest(() => server.close())
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    const client = plugin({ server: serverUrl((server.address() as AddressInfo).port) })
    client.registerDataHandler(data => Promise.resolve(data), { isBusy: () => true })
    const connected = client.connect()
    const [ws] = await accepted as [WebSocket]
    const peer = new HandPeer(ws)
    peer.ws.send(BtpPacket.serializeResponse((await peer.next()).requestId, []))
    await connected
    peer.message(5, packet)
    expect(codeOf(await peer.next())).to.equal('T03')
  })
})

describe('a BTP peer beyond its rate limit', () => {
  afterEach(closeAll)

  /** How many packets are handed over in one window, of a flood that is all answered with T05. */
  async function handedOver (triggeredBy: string, flood: number): Promise<{ count: () => number, endWindow: () => void }> {
    const clock = fakeTimers('Date')
    const { plugin, port } = await listening()
    let count = 0
    plugin.registerDataHandler(() => {
      count++
      return Promise.resolve(throttling(triggeredBy))
    })
    const peer = await authenticated(port)
    // One frame in a segment each: what came in one read is worked on to the end.
    for (let id = 0; id < flood; id++) {
      peer.message(id, Buffer.alloc(1000))
      await nextTurn()
    }
    for (let turns = 0; turns < 200; turns++) await nextTurn()
    return { count: () => count, endWindow: () => { clock.tick(THROTTLE_WINDOW_MS) } }
  }

  it('is told so many times, and then has to wait', async () => {
    const flood = 5 * MAX_THROTTLED
    const { count, endWindow } = await handedOver(OWN_ADDRESS, flood)
    expect(count()).to.be.within(MAX_THROTTLED, 2 * MAX_THROTTLED)
    while (count() < flood) {
      endWindow()
      await nextTurn()
    }
  })

  it('of a connector further on does not have to wait', async () => {
    const flood = 5 * MAX_THROTTLED
    expect((await handedOver('test.us.child', flood)).count()).to.equal(flood)
  })
})

describe('a BTP peer that does not read its answers', () => {
  afterEach(closeAll)

  it('is not read from, and is served when it reads again', async () => {
    const { plugin, port } = await listening()
    const large = Buffer.alloc(32_000)
    let asked = 0
    plugin.registerDataHandler(() => {
      asked++
      return Promise.resolve(large)
    })
    const peer = await authenticated(port)
    peer.ws.pause()
    const count = Math.ceil(4 * MAX_UNSENT_BYTES / large.length)
    for (let id = 0; id < count; id++) {
      peer.message(id, large)
      await nextTurn()
    }
    for (let turns = 0; turns < 1000; turns++) await nextTurn()
    expect(asked).to.be.lessThan(count)
    expect(plugin.isConnected()).to.equal(true)
    peer.ws.resume()
    while (peer.received.length < count) await nextTurn()
    expect(asked).to.equal(count)
  })
})
