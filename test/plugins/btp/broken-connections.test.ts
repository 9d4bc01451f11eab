/** An answer belongs to its request and not to the socket that carried it, and to nobody but the peer whose request it was. */
import { once } from 'node:events'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import { MAX_REMEMBERED_BYTES, MAX_REMEMBERED_REQUESTS } from '../../../plugins/btp/wire/received-requests.js'
import { MAX_IN_FLIGHT } from '../../../plugins/btp/wire/exchange.js'
import { BUSY_PING_INTERVAL_MS, PING_INTERVAL_MS } from '../../../plugins/btp/wire/socket.js'
import { PACKETS_PER_TURN } from '../../../plugins/btp/wire/fair-queue.js'
import type PluginBtp from '../../../plugins/btp/index.js'
import { HandPeer, SECRET, TestLog, afterTest, authenticated, closeAll, cut, dial, drive, fakeTimers, heardBy, holding, listening, makePlugin, portOf, serverUrl, textOf } from '../../support/btp.js'
import { nextTurn, turnsUntil } from '../../support/waiting.js'
import { rejectionError } from '../../support/failures.js'

const packet = Buffer.from('a packet')
const answer = Buffer.from('its answer')

describe('a BTP connection that breaks', () => {
  afterEach(closeAll)

  describe('with requests of ours under way', () => {
    it('has them answered on the next one', async () => {
      const { plugin, port } = await listening()
      const first = await authenticated(port)
      const sent = plugin.sendData(packet)
      const message = plugin.sendMessage([{ protocolName: 'claim', contentType: 0, data: packet }])
      const failing = rejectionError(plugin.sendTransfer(5n, []))
      const ids = [await first.next(), await first.next(), await first.next()].map(({ requestId }) => requestId)
      await cut(first, plugin)
      expect(await plugin.getAdminInfo()).to.include({ pendingRequests: 3 })
      const second = await authenticated(port)
      second.respond(ids[0]!, answer)
      second.ws.send(BtpPacket.serializeResponse(ids[1]!, [{ protocolName: 'claim', contentType: 0, data: answer }]))
      second.ws.send(BtpPacket.serializeError({ code: 'F01', name: 'SomeError', triggeredAt: new Date().toISOString(), data: 'why' }, ids[2]!, []))
      expect(String(await sent)).to.equal('its answer')
      expect((await message)[0]?.data.equals(answer)).to.equal(true)
      expect((await failing).message).to.include('why')
      expect(await plugin.getAdminInfo()).to.include({ pendingRequests: 0, unknownOutcomes: 0 })
    })

    it('sends none of them again', async () => {
      const { plugin, port } = await listening({}, { responseTimeout: 50 })
      const first = await authenticated(port)
      const sent = rejectionError(plugin.sendData(packet))
      await first.next()
      await cut(first, plugin)
      const second = await authenticated(port)
      expect(await sent).to.include({ ilpErrorCode: 'R00' })
      expect(await heardBy(second)).to.deep.equal([])
    })

    it('leaves as many of them open as before, and gives their memory back when their time is over', async () => {
      const clock = fakeTimers()
      const log = new TestLog()
      const { plugin, port } = await listening({}, { responseTimeout: 1000 }, log)
      const first = await authenticated(port)
      const waiting = Array.from({ length: MAX_IN_FLIGHT }, () => rejectionError(plugin.sendData(packet)))
      await cut(first, plugin)
      await authenticated(port)
      expect(await rejectionError(plugin.sendData(packet))).to.include({ ilpErrorCode: 'T03' })
      clock.tick(2000)
      expect(new Set((await Promise.all(waiting)).map(({ ilpErrorCode }) => ilpErrorCode))).to.deep.equal(new Set(['R00']))
      expect(await plugin.getAdminInfo()).to.include({ pendingRequests: 0, unknownOutcomes: MAX_IN_FLIGHT })
      clock.tick(2000)
      expect(log.lines.filter(line => line.includes('ended without an answer'))).to.deep.equal([
        'requests ended without an answer, the peer may have carried them out. If balances with the peer differ, these may be why. ' +
        `requests=${MAX_IN_FLIGHT} requestsSinceStart=${MAX_IN_FLIGHT}`
      ])
    })

    it('takes no answer to them from another account', async () => {
      const { plugin, port } = await listening({ username: 'alice' })
      const bob = makePlugin({ listener: { port, username: 'bob', secret: SECRET } })
      await portOf(bob, bob.connect())
      const alice = await authenticated(port, SECRET, 'alice')
      const mallory = await authenticated(port, SECRET, 'bob')
      const sent = plugin.sendData(packet)
      const { requestId } = await alice.next()
      await cut(alice, plugin)
      mallory.respond(requestId, Buffer.from('forged'))
      await heardBy(mallory)
      const again = await authenticated(port, SECRET, 'alice')
      again.respond(requestId, answer)
      expect(String(await sent)).to.equal('its answer')
    })

    it('gives requests ids of their own over all sockets of the account', async () => {
      const remote = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      afterTest(() => remote.close())
      await once(remote, 'listening')
      const accepted = once(remote, 'connection')
      const { plugin, port, connected } = await listening({}, {
        server: serverUrl((remote.address() as AddressInfo).port), reconnectInterval: 60_000
      })
      const [ws] = await accepted as [WebSocket]
      const outgoing = new HandPeer(ws)
      ws.send(BtpPacket.serializeResponse((await outgoing.next()).requestId, []))
      await connected
      const incoming = await authenticated(port)
      const ask = (): void => { for (let i = 0; i < 10; i++) plugin.sendData(packet).catch(() => undefined) }
      ask()
      await turnsUntil(() => outgoing.received.length === 11)
      await new Promise<void>(resolve => {
        outgoing.ws.once('close', resolve)
        outgoing.ws.terminate()
      })
      await turnsUntil(() => plugin.isConnected())
      await nextTurn()
      ask()
      await turnsUntil(() => incoming.received.length === 11)
      const ids = [...outgoing.received.slice(1), ...incoming.received.slice(1)].map(({ requestId }) => requestId)
      expect(new Set(ids).size).to.equal(20)
    })
  })

  describe('with requests of the peer under way', () => {
    it('has them answered on the next one: those answered meanwhile, and those answered then', async () => {
      const { plugin, port } = await listening()
      const held = holding(plugin)
      plugin.registerProtocolHandler('claim', async entry => {
        await plugin.getAdminInfo()
        while (held.count() < 3) await nextTurn()
        if (entry.data.equals(packet)) throw Object.assign(new Error('no'), { name: 'InvalidFieldsError' })
        return [entry]
      })
      const first = await authenticated(port)
      const claim = (data: Buffer) => [{ protocolName: 'claim', contentType: 0, data }]
      first.message(10, packet)
      first.ws.send(BtpPacket.serializeMessage(11, claim(packet)))
      first.ws.send(BtpPacket.serializeTransfer({ amount: '5' }, 12, claim(answer)))
      first.message(13, Buffer.from('another'))
      await turnsUntil(() => held.count() === 2)
      await cut(first, plugin)
      held.release(answer)
      const second = await authenticated(port)
      second.message(14, Buffer.from('a third'))
      await turnsUntil(() => held.count() === 3)
      const answers = [await second.next(), await second.next(), await second.next(), await second.next()]
      answers.sort((a, b) => a.requestId - b.requestId)
      expect(answers.map(({ requestId }) => requestId)).to.deep.equal([10, 11, 12, 13])
      expect(textOf(answers[0]!)).to.equal('its answer')
      expect(answers[1]!.data).to.include({ code: 'F01', name: 'InvalidFieldsError' })
      expect(textOf(answers[2]!)).to.equal('its answer')
    })

    it('sends an answer again that may have been lost, and not one that is known to have arrived', async () => {
      const clock = fakeTimers()
      const { plugin, port } = await listening()
      plugin.registerDataHandler(data => Promise.resolve(data))
      const first = await authenticated(port)
      first.message(1, Buffer.from('arrives'))
      await first.next()
      const pinged = once(first.ws, 'ping')
      clock.tick(BUSY_PING_INTERVAL_MS)
      await pinged
      await heardBy(first) // and with it our pong was
      first.message(2, Buffer.from('may be lost'))
      await first.next()
      await cut(first, plugin)
      const second = await authenticated(port)
      await cut(second, plugin) // may have been lost again
      const third = await authenticated(port)
      expect((await heardBy(third)).map(({ requestId }) => requestId)).to.deep.equal([2])
    })

    it('forgets answers that nobody waits for any more', async () => {
      const clock = fakeTimers()
      const { plugin, port } = await listening({}, { responseTimeout: 1000 })
      const held = holding(plugin)
      const first = await authenticated(port)
      first.message(1, packet)
      await turnsUntil(() => held.count() === 1)
      await cut(first, plugin)
      held.release(answer)
      await nextTurn()
      clock.tick(3000)
      expect(await heardBy(await authenticated(port))).to.deep.equal([])
    })

    it('keeps so many answers, and so many bytes of them, the newest', async function () {
      this.timeout(180_000)
      for (const [count, size] of [[2 * MAX_REMEMBERED_REQUESTS, 10], [Math.ceil(2 * MAX_REMEMBERED_BYTES / 32_000), 32_000]] as const) {
        const { plugin, port } = await listening()
        plugin.registerDataHandler(() => Promise.resolve(Buffer.alloc(size)))
        const first = await authenticated(port)
        for (let id = 0; id < count; id++) {
          first.message(id, packet)
          if (id % PACKETS_PER_TURN === 0 || size > 10) await turnsUntil(() => first.received.length > id - PACKETS_PER_TURN)
        }
        await turnsUntil(() => first.received.length === count + 1)
        await cut(first, plugin)
        const second = await authenticated(port)
        await turnsUntil(() => second.received.some(({ requestId }) => requestId === count - 1))
        const again = await heardBy(second)
        expect(again.length).to.be.at.most(Math.min(MAX_REMEMBERED_REQUESTS, MAX_REMEMBERED_BYTES / size))
        expect(again.length).to.be.at.least(Math.min(MAX_REMEMBERED_REQUESTS, MAX_REMEMBERED_BYTES / (size + 20)) / 2 - 1)
        await plugin.disconnect()
      }
    })

    it('refuses those that still wait for their turn: the peer hears that they were not carried out', async () => {
      const { plugin, port } = await listening()
      const carriedOut = new Set<number>()
      plugin.registerDataHandler(data => {
        carriedOut.add(data.readUInt32BE())
        return Promise.resolve(answer)
      })
      const first = await authenticated(port)
      const count = 3 * PACKETS_PER_TURN
      const raw = (first.ws as unknown as { _socket: { cork (): void, uncork (): void } })._socket
      raw.cork()
      for (let id = 0; id < count; id++) {
        const data = Buffer.alloc(4)
        data.writeUInt32BE(id)
        first.message(id, data)
      }
      raw.uncork()
      await turnsUntil(() => carriedOut.size > 0)
      await cut(first, plugin)
      const second = await authenticated(port)
      await turnsUntil(() => second.received.length === 1 + count)
      for (const { requestId, data } of second.received.slice(1)) {
        const isAnswer = data.protocolData[0]!.data.equals(answer)
        expect(isAnswer, `packet ${requestId}`).to.equal(carriedOut.has(requestId))
      }
    })

    it('tells nobody else: no stranger, no wrong token, no other account', async () => {
      const { plugin, port } = await listening({ username: 'alice' })
      const bob = makePlugin({ listener: { port, username: 'bob', secret: SECRET } })
      await portOf(bob, bob.connect())
      const held = holding(plugin)
      const first = await authenticated(port, SECRET, 'alice')
      first.message(7, packet)
      await turnsUntil(() => held.count() === 1)
      await cut(first, plugin)
      held.release(answer)
      const stranger = await dial(port)
      const guesser = await dial(port)
      guesser.authenticate('wrong', 'alice')
      const other = await authenticated(port, SECRET, 'bob')
      await guesser.closed
      expect(guesser.received.map(({ type }) => type)).to.deep.equal([BtpPacket.TYPE_ERROR])
      expect(await heardBy(other)).to.deep.equal([])
      expect(await heardBy(stranger)).to.deep.equal([])
      expect(stranger.received).to.deep.equal([])
      expect((await heardBy(await authenticated(port, SECRET, 'alice'))).map(({ requestId }) => requestId)).to.deep.equal([7])
    })

    it('ends with disconnect(): what is answered then goes nowhere, also when the plugin connects again', async () => {
      const { plugin, port } = await listening()
      const held = holding(plugin)
      const first = await authenticated(port)
      first.message(7, packet)
      await turnsUntil(() => held.count() === 1)
      await plugin.disconnect()
      const connected = plugin.connect()
      const newPort = await portOf(plugin, connected)
      held.release(answer)
      expect(await heardBy(await authenticated(newPort))).to.deep.equal([])
    })
  })

  describe('of a client', () => {
    async function server (): Promise<{ port: number, next: () => Promise<HandPeer> }> {
      const remote = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      const peers: HandPeer[] = []
      remote.on('connection', ws => { peers.push(new HandPeer(ws)) })
      afterTest(() => remote.close())
      await once(remote, 'listening')
      const next = async (): Promise<HandPeer> => {
        await turnsUntil(() => peers.length > 0)
        return peers.shift()!
      }
      return { port: (remote.address() as AddressInfo).port, next }
    }

    it('says and believes nothing before the peer has let it in again', async () => {
      const { port, next } = await server()
      const client = makePlugin({ server: serverUrl(port), reconnectIntervals: [1] })
      const held = holding(client)
      const connected = client.connect()
      const first = await next()
      first.ws.send(BtpPacket.serializeResponse((await first.next()).requestId, []))
      await connected
      const sent = client.sendData(packet)
      const { requestId } = await first.next()
      first.message(9, packet)
      await turnsUntil(() => held.count() === 1)
      await cut(first, client)
      held.release(answer)
      const second = await next()
      const auth = await second.next()
      second.respond(requestId, Buffer.from('forged'))
      expect(await heardBy(second)).to.deep.equal([])
      expect(await client.getAdminInfo()).to.include({ connected: false, pendingRequests: 1 })
      second.ws.send(BtpPacket.serializeResponse(auth.requestId, []))
      expect(await second.next()).to.include({ type: BtpPacket.TYPE_RESPONSE, requestId: 9 })
      second.respond(requestId, answer)
      expect(String(await sent)).to.equal('its answer')
    })
  })

  describe('that is only silent', () => {
    it('is found dead soon while an answer is missing or may be lost, and later when nothing is', async () => {
      const clock = fakeTimers('Date')
      const cases: Array<[string, number, (plugin: PluginBtp, peer: HandPeer) => Promise<void>]> = [
        ['idle', PING_INTERVAL_MS, () => Promise.resolve()],
        ['asked', BUSY_PING_INTERVAL_MS, async (plugin, peer) => {
          plugin.sendData(packet).catch(() => undefined)
          await peer.next()
        }],
        ['answered', BUSY_PING_INTERVAL_MS, async (_plugin, peer) => {
          peer.message(1, packet)
          await peer.next()
        }]
      ]
      for (const [name, intervalMs, use] of cases) {
        const { plugin, port } = await listening()
        plugin.registerDataHandler(data => Promise.resolve(data))
        const peer = await authenticated(port)
        await use(plugin, peer)
        await heardBy(peer)
        peer.ws.pause()
        const from = Date.now()
        await drive(clock, () => !plugin.isConnected(), 100)
        expect(Date.now() - from, name).to.be.within(intervalMs, 2 * intervalMs + 1000)
        await plugin.disconnect()
      }
    })
  })
})
