/** Peers of the other dialect, in both roles, on the ports and with the plugin that peers of RFC 0023 use. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { expect } from 'chai'
import * as IlpPacket from 'ilp-packet'
import PluginBtp from '../../../../plugins/btp/index.js'
import {
  SECRET, TestLog, afterTest, authenticated, closeAll, freePort, listening, makePlugin, serverUrl
} from '../../../support/btp.js'
import {
  ERROR, MESSAGE, RESPONSE,
  readToonPrepare, toonAuth, toonDial, toonError, toonFrame, toonFulfill, toonListen, toonPrepare, toonReject, toonTime
} from '../../../support/toon-peer.js'
import type { ToonListener } from '../../../support/toon-peer.js'
import { nextTurn } from '../../../support/waiting.js'

const FULFILLMENT = createHash('sha256').update('hello').digest()
const CONDITION = createHash('sha256').update(FULFILLMENT).digest()
const EXPIRES_AT = '20991231235959.123Z'

const toonPacket = (data: Buffer = Buffer.from('hello'), amount = 1000n): Buffer =>
  toonPrepare({ amount, expiresAt: EXPIRES_AT, condition: CONDITION, destination: 'g.shop.alice', data })
const rfcPacket = (data: Buffer = Buffer.from('hello'), amount = '1000'): Buffer => IlpPacket.serializeIlpPrepare({
  amount, expiresAt: new Date('2099-12-31T23:59:59.123Z'), executionCondition: CONDITION, destination: 'g.shop.alice', data
})
const fulfilling = (packet: Buffer): Promise<Buffer> => {
  const { data } = IlpPacket.deserializeIlpPrepare(packet)
  return Promise.resolve(IlpPacket.serializeIlpFulfill({ fulfillment: FULFILLMENT, data }))
}

/** A plugin that dials a listener of the dialect. */
async function dialling (listener: ToonListener, options: Record<string, unknown> = {}): Promise<{ plugin: PluginBtp, log: TestLog }> {
  const log = new TestLog()
  const plugin = makePlugin({ server: serverUrl(listener.port, SECRET, 'shop'), ...options }, log)
  await plugin.connect()
  return { plugin, log }
}

describe('a peer that speaks the toon dialect', () => {
  afterEach(closeAll)

  describe('and dials us', () => {
    it('is let in with its secret, pays, and is paid', async () => {
      const { plugin, port } = await listening({ username: 'shop' })
      let seen: Buffer | undefined
      plugin.registerDataHandler(packet => {
        seen = packet
        return fulfilling(packet)
      })
      const peer = await toonDial(port)
      expect(await peer.authenticate('shop', SECRET)).to.deep.include({ type: RESPONSE, requestId: 1, entries: [] })
      expect((await peer.send(2, toonPacket())).toString('hex')).to.equal(toonFulfill(FULFILLMENT, Buffer.from('hello')).toString('hex'))
      expect(seen?.toString('hex')).to.equal(rfcPacket().toString('hex'))

      peer.answering = packet => toonFulfill(FULFILLMENT, readToonPrepare(packet).data)
      const answer = IlpPacket.deserializeIlpFulfill(await plugin.sendData(rfcPacket()))
      expect(String(answer.data)).to.equal('hello')
      expect(readToonPrepare(peer.received.at(-1)?.packet ?? Buffer.alloc(0))).to.deep.equal({
        amount: 1000n, expiresAt: EXPIRES_AT, condition: CONDITION, destination: 'g.shop.alice', data: Buffer.from('hello')
      })
    })

    it('is let in without a secret where none is asked for', async () => {
      const { port } = await listening({ username: 'shop', secret: undefined, noAuth: true })
      expect((await (await toonDial(port)).authenticate('shop', '')).type).to.equal(RESPONSE)
    })

    it('is refused in its own words with a wrong secret, a wrong name, or a message that says neither', async () => {
      const { port } = await listening({ username: 'shop' })
      for (const [name, secret] of [['shop', 'wrong'], ['other', SECRET], ['', '']] as const) {
        const peer = await toonDial(port)
        expect(await peer.authenticate(name, secret)).to.deep.include({ type: ERROR, requestId: 1, code: 'F00' })
        expect(await peer.closed).to.equal(1008)
      }
      const peer = await toonDial(port)
      peer.ws.send(toonFrame(MESSAGE, 5, [{ name: 'auth', contentType: 0, data: Buffer.from('{}') }]))
      expect((await peer.answer(5)).type).to.equal(ERROR)
    })

    it('sits on one port with peers of RFC 0023, whose bytes stay as they are', async () => {
      const { plugin: shop, port } = await listening({ username: 'shop' })
      const bank = makePlugin({ listener: { port, secret: 'of the bank', username: 'bank' } })
      bank.connect().catch(() => undefined)
      for (const plugin of [shop, bank]) plugin.registerDataHandler(fulfilling)
      const toon = await toonDial(port)
      expect((await toon.authenticate('shop', SECRET)).type).to.equal(RESPONSE)
      const rfc = await authenticated(port, 'of the bank', 'bank')
      rfc.message(7, rfcPacket())
      expect((await rfc.next()).data.protocolData[0]?.data.toString('hex')).to.equal((await fulfilling(rfcPacket())).toString('hex'))
      expect((await toon.send(7, toonPacket()))[0]).to.equal(13)
    })

    it('may have 300 packets under way, of up to 32 KB, each way', async () => {
      const { plugin, port } = await listening({ username: 'shop' })
      plugin.registerDataHandler(fulfilling)
      const peer = await toonDial(port)
      await peer.authenticate('shop', SECRET)
      peer.answering = packet => toonFulfill(FULFILLMENT, readToonPrepare(packet).data)
      const large = randomBytes(32_768)
      const theirs = Array.from({ length: 300 }, (_, i) => peer.send(100 + i, toonPacket(i % 10 === 0 ? large : Buffer.from(String(i)))))
      const ours = Array.from({ length: 300 }, (_, i) => plugin.sendData(rfcPacket(i % 10 === 0 ? large : Buffer.from(String(i)))))
      for (const [i, answer] of (await Promise.all(theirs)).entries()) {
        expect(answer.equals(toonFulfill(FULFILLMENT, i % 10 === 0 ? large : Buffer.from(String(i)))), `packet ${i}`).to.equal(true)
      }
      for (const [i, answer] of (await Promise.all(ours)).entries()) {
        expect(IlpPacket.deserializeIlpFulfill(answer).data.equals(i % 10 === 0 ? large : Buffer.from(String(i))), `packet ${i}`).to.equal(true)
      }
    })

    it('has its claims handed over with the packet, and gets ours', async () => {
      const { plugin, port } = await listening({ username: 'shop' })
      plugin.registerDataHandler(fulfilling)
      const claims: unknown[] = []
      plugin.registerProtocolHandler('payment-channel-claim', ({ contentType, data }) => {
        claims.push({ contentType, data: String(data) })
        return Promise.resolve([])
      })
      const peer = await toonDial(port)
      await peer.authenticate('shop', SECRET)
      const claim = { name: 'payment-channel-claim', contentType: 1, data: Buffer.from('{"version":"1.0"}') }
      expect((await peer.send(2, toonPacket(), [claim]))[0]).to.equal(13)
      expect((await peer.send(3, Buffer.alloc(0), [claim])).length).to.equal(0)
      expect(claims).to.deep.equal([{ contentType: 1, data: '{"version":"1.0"}' }, { contentType: 1, data: '{"version":"1.0"}' }])

      peer.answering = () => toonFulfill(FULFILLMENT)
      await plugin.sendMessage([
        { protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from('{}') }, { protocolName: 'ilp', contentType: 0, data: rfcPacket() }
      ])
      expect(peer.received.at(-1)).to.deep.include({ entries: [{ name: 'payment-channel-claim', contentType: 1, data: Buffer.from('{}') }] })
      expect(peer.received.at(-1)?.packet.equals(toonPacket())).to.equal(true)
    })

    it('is still served after frames that nobody could read', async () => {
      const { plugin, port } = await listening({ username: 'shop' })
      plugin.registerDataHandler(fulfilling)
      const peer = await toonDial(port)
      await peer.authenticate('shop', SECRET)
      peer.ws.send(toonFrame(MESSAGE, 9, []).subarray(0, 7))
      peer.ws.send(Buffer.alloc(0))
      peer.ws.send('text')
      expect((await peer.send(10, toonPacket()))[0]).to.equal(13)
      expect(await plugin.getAdminInfo()).to.deep.include({ unreadableFrames: 3 })
    })

    it('comes back, and finds the answer that was lost with its connection', async () => {
      const { plugin, port } = await listening({ username: 'shop' })
      let answer: ((packet: Buffer) => void) | undefined
      plugin.registerDataHandler(() => new Promise(resolve => { answer = resolve }))
      const first = await toonDial(port)
      await first.authenticate('shop', SECRET)
      void first.send(77, toonPacket())
      while (answer === undefined) await nextTurn()
      first.ws.terminate()
      await once(plugin, 'disconnect')
      answer(await fulfilling(rfcPacket()))
      const second = await toonDial(port)
      await second.authenticate('shop', SECRET)
      expect((await second.answer(77)).packet[0]).to.equal(13)
    })
  })

  describe('and is dialled', () => {
    it('is found out by its complaint, pays, and is paid', async () => {
      const listener = await toonListen(SECRET, 0, packet => toonFulfill(FULFILLMENT, readToonPrepare(packet).data))
      const { plugin, log } = await dialling(listener)
      plugin.registerDataHandler(fulfilling)
      const peer = await listener.next()
      expect(listener.auths).to.deep.equal([{ peerId: 'shop', secret: SECRET }])
      expect(listener.dialled()).to.equal(2)
      expect(log.lines.join('\n')).to.include('dialect=toon')
      expect(String(IlpPacket.deserializeIlpFulfill(await plugin.sendData(rfcPacket())).data)).to.equal('hello')
      expect((await peer.send(5, toonPacket()))[0]).to.equal(13)
    })

    it('is dialled in its dialect at once where that is set', async () => {
      const listener = await toonListen(SECRET)
      await dialling(listener, { dialect: 'toon' })
      expect(listener.dialled()).to.equal(1)
    })

    it('is known the next time, also when it was away', async () => {
      const listener = await toonListen(SECRET)
      const { plugin } = await dialling(listener, { reconnectIntervals: [1] })
      const disconnected = once(plugin, 'disconnect')
      listener.close()
      await disconnected
      const connected = once(plugin, 'connect')
      const again = await toonListen(SECRET, listener.port)
      await connected
      expect(again.dialled()).to.equal(1)
    })

    it('may become a peer of RFC 0023, and the other way round', async () => {
      const port = await freePort()
      const toon = await toonListen(SECRET, port)
      const { plugin } = await dialling(toon, { reconnectIntervals: [1] })
      const disconnected = once(plugin, 'disconnect')
      toon.close()
      await disconnected
      const connected = once(plugin, 'connect')
      const rfc = new PluginBtp({ listener: { port, secret: SECRET } })
      afterTest(() => rfc.disconnect())
      rfc.registerDataHandler(fulfilling)
      rfc.connect().catch(() => undefined)
      await connected
      expect(String(IlpPacket.deserializeIlpFulfill(await plugin.sendData(rfcPacket())).data)).to.equal('hello')
    })

    it('is said to speak it where the dialect is set to the other one', async () => {
      const listener = await toonListen(SECRET)
      const log = new TestLog()
      const plugin = makePlugin({ server: serverUrl(listener.port), dialect: 'rfc', reconnectIntervals: [1, 100_000] }, log)
      plugin.connect().catch(() => undefined)
      while (!log.lines.some(line => line.includes('did not let us in'))) await nextTurn()
      expect(log.lines.join('\n')).to.include('set "dialect" to "auto" or "toon"')
      expect(listener.auths).to.deep.equal([])
    })

    it('says no to a wrong secret', async () => {
      const listener = await toonListen('another secret')
      const log = new TestLog()
      const plugin = makePlugin({ server: serverUrl(listener.port), reconnectIntervals: [1, 100_000] }, log)
      plugin.connect().catch(() => undefined)
      while (!log.lines.some(line => line.includes('did not let us in'))) await nextTurn()
      expect(log.lines.join('\n')).to.include('BTPError').and.not.include(SECRET)
      expect(listener.auths).to.have.length(1)
    })

    it('keeps the code and the message of its Rejects, whoever signed them', async () => {
      const listener = await toonListen(SECRET, 0, () => toonReject('T00', 'y', 'no claim service'))
      const { plugin } = await dialling(listener)
      const reject = await plugin.sendData(rfcPacket())
      expect(reject[0]).to.equal(14)
      expect(reject.toString('latin1')).to.include('T00').and.include('no claim service')
    })

    it('fails a request with an Error of its own id, and leaves a complaint in the log that has none', async () => {
      const listener = await toonListen(SECRET)
      const { plugin, log } = await dialling(listener)
      const peer = await listener.next()
      const [one, other] = [plugin.sendData(rfcPacket()), plugin.sendData(rfcPacket(Buffer.from('other')))]
      while (peer.received.length < 3) await nextTurn()
      const [, first, second] = peer.received
      peer.ws.send(toonError(0))
      peer.ws.send(toonError(first?.requestId ?? 0))
      peer.ws.send(toonFrame(RESPONSE, second?.requestId ?? 0, [], toonFulfill(FULFILLMENT)))
      const failure: unknown = await one.catch((err: unknown) => err)
      expect(String(failure)).to.include('BTPError')
      expect((await other)[0]).to.equal(13)
      expect(log.lines.filter(line => line.includes('could not work on a frame of ours'))).to.have.length(1)
    })
  })

  it('is told by its first bytes, and everything else that comes first is named in the log', async () => {
    const log = new TestLog()
    const { port } = await listening({}, {}, log)
    for (const first of [Buffer.from('GET / HTTP/1.1'), 'hello', toonAuth(1, 'a', 'b').subarray(0, 14)]) {
      const peer = await toonDial(port)
      peer.ws.send(first)
      await peer.closed
    }
    expect(log.lines.filter(line => line.includes('refused a BTP connection'))).to.have.length(1)
    expect(log.lines.join('\n')).to.include('found=14 bytes that begin with 474554202f')
  })

  it('agrees on the time with us', () => {
    expect(toonTime(new Date('2026-01-02T03:04:05.678Z'))).to.equal('20260102030405.678Z')
  })
})
