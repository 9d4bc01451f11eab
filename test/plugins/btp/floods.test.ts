/** Whatever a frame carries, it counts against the limit of its account before work is spent on it, and has its turn like all others. */
import type { Socket } from 'node:net'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import type { WebSocket } from 'ws'
import PluginBtp from '../../../plugins/btp/index.js'
import { MAX_THROTTLED, THROTTLE_WINDOW_MS } from '../../../plugins/btp/wire/backpressure.js'
import { MAX_WAITING, PACKETS_PER_TURN } from '../../../plugins/btp/wire/fair-queue.js'
import { FrameType, encodeFrame } from '../../../plugins/btp/wire/frame.js'
import { SECRET, TestLog, afterTest, authenticated, closeAll, dial, drive, fakeTimers, portOf, type HandPeer, type Packet } from '../../support/btp.js'
import { ERROR, MESSAGE, RESPONSE, toonAuth, toonError, toonFrame, toonPrepare } from '../../support/toon-peer.js'
import { nextTurn, turnsUntil } from '../../support/waiting.js'

const store = { get: () => Promise.resolve(undefined), put: () => Promise.resolve(), del: () => Promise.resolve() }
const entry = (protocolName: string, data = 'x'): BtpPacket.ProtocolData => ({ protocolName, contentType: 0, data: Buffer.from(data) })
const many = Array.from({ length: 64 }, () => entry('unknown'))

/** Requests by what they carry. */
const REQUESTS: Record<string, (id: number) => Buffer> = {
  'a packet': id => BtpPacket.serializeMessage(id, [entry('ilp')]),
  'a packet and a claim': id => BtpPacket.serializeMessage(id, [entry('ilp'), entry('claim')]),
  'a claim and a packet': id => BtpPacket.serializeMessage(id, [entry('claim'), entry('ilp')]),
  'an unknown entry and a packet': id => BtpPacket.serializeMessage(id, [entry('unknown'), entry('ilp')]),
  'a claim': id => BtpPacket.serializeMessage(id, [entry('claim')]),
  'an unknown entry': id => BtpPacket.serializeMessage(id, [entry('unknown')]),
  'many unknown entries': id => BtpPacket.serializeMessage(id, many),
  nothing: id => BtpPacket.serializeMessage(id, []),
  'money and a claim': id => BtpPacket.serializeTransfer({ amount: '1' }, id, [entry('claim')]),
  'money and an unknown entry': id => BtpPacket.serializeTransfer({ amount: '1' }, id, [entry('unknown')])
}

/** Frames that get no answer. */
const NOISE: Record<string, (id: number) => Buffer | string> = {
  'answers that nobody waits for': id => BtpPacket.serializeResponse(id, [entry('ilp')]),
  'errors that nobody waits for': requestId => encodeFrame({
    type: FrameType.ERROR, requestId, error: { code: 'F00', name: 'NotAcceptedError', triggeredAt: '20260131235959.123Z', data: '' }, protocolData: []
  }),
  'frames of an unknown type': () => Buffer.from([9, 0, 0, 0, 1, 0]),
  'frames that are cut off': () => Buffer.from([6, 0, 0]),
  'MESSAGEs that cannot be read': () => Buffer.from([6, 0, 0, 0, 1, 5, 1, 1, 90]),
  text: () => 'hello'
}

interface Limited {
  port: number
  plugin: PluginBtp
  worked: string[]
  /** How often the plugin has asked whether a request may go on. */
  asked: () => number
}

/** With a peer that has come in. */
async function limited (admitted: number): Promise<Limited & { peer: HandPeer }> {
  const listening = await listeningLimited(admitted)
  return { ...listening, peer: await authenticated(listening.port) }
}

/** A peer of the other dialect that has come in, and what it has heard. */
async function toonPeer (port: number): Promise<{ ws: WebSocket, received: Buffer[] }> {
  const { ws } = await dial(port)
  ws.removeAllListeners('message')
  const received: Buffer[] = []
  ws.on('message', (bytes: Buffer) => received.push(bytes))
  ws.send(toonAuth(1, '', SECRET))
  await turnsUntil(() => received.length === 1)
  return { ws, received }
}

/** A listening plugin whose connector admits only so many requests. */
async function listeningLimited (admitted: number): Promise<Limited> {
  const plugin = new PluginBtp({ listener: { port: 0, secret: SECRET } }, { store, log: new TestLog(), getOwnAddress: () => 'test.us' })
  afterTest(() => plugin.disconnect())
  const worked: string[] = []
  let asked = 0
  plugin.registerDataHandler((data, request) => {
    expect(request).to.deep.equal({ isCounted: true })
    worked.push('packet')
    return Promise.resolve(data)
  }, { isBusy: () => false, admits: () => asked++ < admitted })
  plugin.registerProtocolHandler('claim', () => {
    worked.push('claim')
    return Promise.resolve([])
  })
  const connecting = plugin.connect()
  connecting.catch(() => undefined)
  return { port: await portOf(plugin, connecting), plugin, worked, asked: () => asked }
}

/** `T05`, the code of an Error frame, or `done`. */
function outcomeOf ({ type, data }: Packet): string {
  if (type === BtpPacket.TYPE_ERROR) return (data as unknown as { code: string }).code
  const packet = data.protocolData.find(({ protocolName }) => protocolName === 'ilp')?.data
  return packet?.[0] === 14 ? deserializeIlpReject(packet).code : 'done'
}

/** Sends all of it at a time. */
function sendAtOnce (peer: HandPeer, frames: Array<Buffer | string>): void {
  const raw = (peer.ws as unknown as { _socket: Socket })._socket
  raw.cork()
  for (const frame of frames) peer.ws.send(frame)
  raw.uncork()
}

describe('a flood of BTP requests that carry', () => {
  afterEach(closeAll)

  for (const [what, request] of Object.entries(REQUESTS)) {
    it(`${what}: is refused where the limit of the account ends, before anything is done`, async () => {
      const { peer, worked } = await limited(3)
      const refusal = what.startsWith('a packet') ? 'T05' : 'T00' // what comes first can be seen without a look at the rest
      sendAtOnce(peer, Array.from({ length: 6 }, (_, id) => request(id)))
      const outcomes: string[] = []
      for (let i = 0; i < 6; i++) outcomes.push(outcomeOf(await peer.next()))
      const expected = what === 'money and an unknown entry' ? 'F00' : 'done'
      expect(outcomes.sort()).to.deep.equal([expected, expected, expected, refusal, refusal, refusal].sort())
      const perRequest = (what.includes('packet') ? 1 : 0) + (what.includes('claim') ? 1 : 0)
      expect(worked).to.have.length(3 * perRequest)
    })

    it(`${what}: rests the socket beyond that`, async () => {
      const { peer, asked } = await limited(0)
      fakeTimers('Date')
      const flood = 10 * MAX_THROTTLED
      for (let id = 0; id < flood; id++) {
        peer.ws.send(request(id)) // a segment each: what came in one read is looked at to the end
        await nextTurn()
      }
      for (let turns = 0; turns < 100; turns++) await nextTurn()
      expect(asked()).to.be.within(MAX_THROTTLED, 2 * MAX_THROTTLED)
    })

    it(`${what}: has no more worked on at a time than packets have, and an answer for each`, async () => {
      const { peer, worked } = await limited(Infinity)
      const flood = 3 * (PACKETS_PER_TURN + MAX_WAITING)
      let most = 0
      sendAtOnce(peer, Array.from({ length: flood }, (_, id) => request(id)))
      while (peer.received.length <= flood) {
        const before = worked.length
        await nextTurn()
        most = Math.max(most, worked.length - before)
      }
      expect(new Set(peer.received.slice(1).map(({ requestId }) => requestId)).size).to.equal(flood)
      const perRequest = (what.includes('packet') ? 1 : 0) + (what.includes('claim') ? 1 : 0)
      expect(most).to.be.at.most(2 * PACKETS_PER_TURN * perRequest) // one may end and the next begin between two looks
    })
  }
})

describe('a flood of frames of the toon dialect', () => {
  afterEach(closeAll)

  const beside = { name: 'unknown', contentType: 0, data: Buffer.from('x') }
  const prepared = toonPrepare({
    amount: 1n, expiresAt: '20990102030405.678Z', condition: Buffer.alloc(32), destination: 'test.bob', data: Buffer.alloc(0)
  })
  const TOON_REQUESTS: Record<string, Buffer> = {
    'a packet': toonFrame(MESSAGE, 5, [], prepared),
    'a packet and an entry': toonFrame(MESSAGE, 5, [beside], prepared),
    'an entry': toonFrame(MESSAGE, 5, [beside]),
    complaints: toonError(0),
    'what cannot be read': Buffer.from([6, 0, 0, 0, 1, 200])
  }

  for (const [what, frame] of Object.entries(TOON_REQUESTS)) {
    it(`${what}: counts against the limit of the account, and rests the socket beyond that`, async () => {
      const { port, asked } = await listeningLimited(0)
      const { ws, received } = await toonPeer(port)
      fakeTimers('Date')
      for (let id = 0; id < 10 * MAX_THROTTLED; id++) {
        frame.writeUInt32BE(what === 'complaints' ? 0 : id + 5, 1)
        ws.send(frame)
        await nextTurn()
      }
      for (let turns = 0; turns < 100; turns++) await nextTurn()
      expect(asked()).to.equal(MAX_THROTTLED)
      const answers = what === 'complaints' ? 0 : MAX_THROTTLED
      expect(received.slice(1).map(bytes => bytes[0])).to.deep.equal(Array(answers).fill(what.startsWith('a packet') ? RESPONSE : ERROR))
    })
  }
})

describe('a flood of what asks nothing over BTP, or cannot be read', () => {
  afterEach(closeAll)

  it('keeps what came in one read while the socket rests, and reads on later', async () => {
    const { peer, asked } = await limited(0)
    const clock = fakeTimers('Date')
    const flood = 5 * MAX_THROTTLED
    sendAtOnce(peer, Array.from({ length: flood }, (_, id) => BtpPacket.serializeMessage(id, [entry('ilp')])))
    for (let turns = 0; turns < 100; turns++) await nextTurn()
    expect(asked()).to.equal(MAX_THROTTLED)
    await drive(clock, () => peer.received.length > flood, THROTTLE_WINDOW_MS)
    expect(peer.received.slice(1).map(({ requestId }) => requestId)).to.deep.equal(Array.from({ length: flood }, (_, id) => id))
  })

  for (const [what, frame] of Object.entries(NOISE)) {
    it(`${what}: counts against the limit of the account, and rests the socket beyond that`, async () => {
      const { peer, plugin, asked } = await limited(3)
      fakeTimers('Date')
      const flood = 10 * MAX_THROTTLED
      for (let id = 0; id < flood; id++) {
        peer.ws.send(frame(id))
        await nextTurn()
      }
      for (let turns = 0; turns < 100; turns++) await nextTurn()
      expect(asked()).to.be.within(MAX_THROTTLED, 2 * MAX_THROTTLED)
      if (!what.startsWith('MESSAGE')) expect(peer.received, 'answers to what asks nothing').to.have.length(1)
      const { unreadableFrames } = await plugin.getAdminInfo()
      expect(unreadableFrames).to.be.at.most(3)
    })
  }

  it('counts nothing for answers that we wait for, but for those that cannot be read', async () => {
    const { peer, plugin, asked } = await limited(Infinity)
    const answer = plugin.sendData(Buffer.from('a packet'))
    const { requestId } = await peer.next()
    const unreadable = Buffer.from([1, 0, 0, 0, 0, 5, 1, 1, 90])
    unreadable.writeUInt32BE(requestId, 1)
    for (let i = 0; i < 3; i++) peer.ws.send(unreadable)
    await turnsUntil(() => asked() === 3)
    peer.respond(requestId, Buffer.from('its answer'))
    expect(String(await answer)).to.equal('its answer')
    expect(asked()).to.equal(3)
  })

  it('gets an answer to a TRANSFER that nobody takes, without a look at what it carries', async () => {
    const { peer, plugin } = await limited(Infinity)
    plugin.deregisterProtocolHandler('claim')
    const unreadable = Buffer.from([7, 0, 0, 0, 5, 5, 1, 1, 90])
    peer.ws.send(unreadable)
    const { requestId, type, data } = await peer.next()
    expect({ requestId, type }).to.deep.equal({ requestId: 5, type: BtpPacket.TYPE_ERROR })
    expect(data).to.include({ code: 'F00' })
  })
})
