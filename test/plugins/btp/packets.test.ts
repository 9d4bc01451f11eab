/** What the connector may rely on when it sends and receives packets through the BTP plugin. */
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { authenticated, btpErrorOf, closeAll, connectedPair, listening, makePlugin, serverUrl } from '../../support/btp.js'
import { packetEntry, packetOf } from '../../../src/contracts/transport.js'
import { encodeReject, rejectOf } from '../../../src/packet/reply.js'
import { nextTurn } from '../../support/waiting.js'
import { rejectionError } from '../../support/failures.js'

const packet = Buffer.from('a packet')
const answer = Buffer.from('its answer')

function range (from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

describe('packets over BTP', () => {
  afterEach(closeAll)

  describe('sendData', () => {
    it('carries the largest ILP packet there is', async () => {
      const { server, client } = await connectedPair()
      const large = Buffer.alloc(34_000, 7)
      server.registerDataHandler(data => Promise.resolve(data))
      client.registerDataHandler(data => Promise.resolve(data))
      expect((await client.sendData(large)).equals(large)).to.equal(true)
      expect((await server.sendData(large)).equals(large)).to.equal(true)
    })

    it('refuses a frame that the peer would close the connection for, and keeps the connection', async () => {
      const { server, client } = await connectedPair()
      for (const plugin of [server, client]) {
        expect((await rejectionError(plugin.sendData(Buffer.alloc(200_000)))).message).to.match(/too large. bytes=\d+ maxPayload=98304/)
        expect(await plugin.getAdminInfo()).to.include({ connected: true, pendingRequests: 0 })
      }
    })

    it('carries frames of every header size', async () => {
      const { server, client } = await connectedPair({ maxPayload: 200_000 }, { maxPayload: 200_000 })
      client.registerDataHandler(data => Promise.resolve(data))
      const sizes = [0, 1, ...range(100, 130), ...range(65_505, 65_540), 150_000]
      for (const size of sizes) {
        const data = Buffer.alloc(size, size)
        expect((await server.sendData(data)).equals(data), `${size} bytes`).to.equal(true)
      }
    })

    it('resolves to nothing when the Response holds no packet', async () => {
      const { plugin, port } = await listening()
      const peer = await authenticated(port)
      const sent = plugin.sendData(packet)
      peer.ws.send(BtpPacket.serializeResponse((await peer.next()).requestId, []))
      expect(await sent).to.have.length(0)
    })

    it('rejects with T01 when there is no connection', async () => {
      const plugin = makePlugin({ server: serverUrl(1) })
      expect(await rejectionError(plugin.sendData(packet))).to.include({ ilpErrorCode: 'T01', message: 'no BTP connection to the peer' })
    })

    it('rejects with R00, and never with T01, when the connection is lost and no answer comes on another', async () => {
      const { plugin, port } = await listening({}, { responseTimeout: 50 })
      const peer = await authenticated(port)
      const sent = rejectionError(plugin.sendData(packet))
      await peer.next()
      peer.ws.terminate()
      expect(await sent).to.include({ ilpErrorCode: 'R00' })
      expect(await plugin.getAdminInfo()).to.include({ connected: false, pendingRequests: 0, unknownOutcomes: 1 })
    })

    it('rejects with R00 when the peer does not answer in time, and ignores the answer that comes then', async () => {
      const { plugin, port } = await listening({}, { responseTimeout: 20 })
      const peer = await authenticated(port)
      const late = rejectionError(plugin.sendData(packet))
      const { requestId } = await peer.next()
      expect(await late).to.include({ ilpErrorCode: 'R00', message: `${requestId} timed out` })
      peer.respond(requestId, answer)
      const next = plugin.sendData(packet)
      peer.respond((await peer.next()).requestId, Buffer.from('another'))
      expect(String(await next)).to.equal('another')
      expect(await plugin.getAdminInfo()).to.include({ pendingRequests: 0 })
    })

    it('rejects with what the Error frame of the peer says', async () => {
      const { plugin, port } = await listening()
      const peer = await authenticated(port)
      for (const [code, ilpErrorCode] of [['F00', undefined], ['T00', 'T00']] as const) {
        const sent = rejectionError(plugin.sendData(packet))
        const { requestId } = await peer.next()
        peer.ws.send(BtpPacket.serializeError({ code, name: 'SomeError', triggeredAt: new Date().toISOString(), data: 'why' }, requestId, []))
        const err = await sent
        expect(err.ilpErrorCode).to.equal(ilpErrorCode)
        expect(btpErrorOf(err)).to.include({ code, name: 'SomeError', data: 'why' })
      }
    })

    it('takes the first of two answers, and nothing from answers that nobody asked for', async () => {
      const { plugin, port } = await listening()
      const peer = await authenticated(port)
      peer.respond(12345, answer)
      const sent = plugin.sendData(packet)
      const { requestId } = await peer.next()
      peer.respond(requestId, answer)
      peer.respond(requestId, Buffer.from('second'))
      expect(String(await sent)).to.equal('its answer')
      const next = plugin.sendData(packet)
      peer.respond((await peer.next()).requestId, answer)
      expect(String(await next)).to.equal('its answer')
      expect(peer.received, 'no frame was sent because of the stray answers').to.have.length(3)
    })

    it('is answered by a handler that gives no promise', async () => {
      const { server, client } = await connectedPair()
      server.registerDataHandler((() => Buffer.from('at once')) as unknown as (data: Buffer) => Promise<Buffer>)
      expect(String(await client.sendData(packet))).to.equal('at once')
    })

    it('does not take what is no Buffer', async () => {
      const { client } = await connectedPair()
      expect((await rejectionError(client.sendData('text' as unknown as Buffer))).message).to.include('must be a Buffer')
    })
  })

  describe('request ids', () => {
    it('differ between two connections', async () => {
      const { plugin, port } = await listening()
      const ids: number[] = []
      for (let i = 0; i < 3; i++) {
        const peer = await authenticated(port)
        plugin.sendData(packet).catch(() => undefined)
        ids.push((await peer.next()).requestId)
      }
      expect(new Set(ids).size).to.equal(3)
    })
  })

  describe('data handler', () => {
    it('that fails is answered with an Error frame that says why, if that was made to be told', async () => {
      const { server, client } = await connectedPair()
      const HIDDEN = 'the packet could not be handled'
      const failures: Array<[unknown, string, string, string]> = [
        [new TypeError('broken'), 'F00', 'TypeError', HIDDEN],
        [Object.assign(new Error('busy'), { ilpErrorCode: 'T03' }), 'F00', 'Error', 'busy'],
        [Object.assign(new Error('busy. host=10.0.0.7'), { ilpErrorCode: 'T03', publicMessage: 'busy.' }), 'F00', 'Error', 'busy.'],
        [Object.assign(new Error('later'), { name: 'UnreachableError' }), 'T00', 'UnreachableError', 'later'],
        [Object.assign(new Error('odd'), { name: 'Ünreadable' }), 'F00', 'NotAcceptedError', HIDDEN],
        ['text', 'F00', 'NotAcceptedError', HIDDEN],
        [undefined, 'F00', 'NotAcceptedError', HIDDEN],
        [Object.create(null), 'F00', 'NotAcceptedError', HIDDEN]
      ]
      for (const [thrown, code, name, message] of failures) {
        server.registerDataHandler(() => { throw thrown })
        const error = btpErrorOf(await rejectionError(client.sendData(packet)))
        expect(error).to.include({ code, name })
        expect(JSON.parse(error.data)).to.deep.equal({ message })
        server.deregisterDataHandler()
      }
    })

    it('that answers with something else than a Buffer is a handler that failed', async () => {
      const { server, client } = await connectedPair()
      server.registerDataHandler(() => Promise.resolve(undefined as unknown as Buffer))
      expect(btpErrorOf(await rejectionError(client.sendData(packet)))).to.include({ code: 'F00', name: 'TypeError' })
    })

    it('that answers with a Reject which is too long for a frame is told shortly, with and without entries beside it', async () => {
      const { server, client } = await connectedPair({ maxPayload: 2000 })
      const data = Buffer.alloc(100, 7)
      for (const [message, kept] of [['x'.repeat(5000), data], ['é'.repeat(900), data]] as const) {
        server.registerDataHandler(() => Promise.resolve(encodeReject({ code: 'F99', triggeredBy: 'test.shop', message, data: kept })))
        server.registerProtocolHandler('note', note => Promise.resolve([note]))
        const note = { protocolName: 'note', contentType: 2, data: Buffer.from('{}') }
        const answers = [await client.sendData(packet), packetOf(await client.sendMessage([packetEntry(packet), note]))!]
        for (const answer of answers) {
          const reject = rejectOf(answer)
          expect(message.startsWith(reject.message)).to.equal(true)
          expect(reject.message.length).to.be.greaterThan(800)
          expect(reject).to.deep.include({ code: 'F99', triggeredBy: 'test.shop', data })
        }
        server.deregisterDataHandler()
        server.deregisterProtocolHandler('note')
      }
    })

    it('that answers with more than a frame holds is a handler that failed', async () => {
      const { server, client } = await connectedPair()
      server.registerDataHandler(() => Promise.resolve(Buffer.alloc(200_000)))
      expect(btpErrorOf(await rejectionError(client.sendData(packet))).data).to.include('too large')
    })

    it('that is missing is answered with an Error frame', async () => {
      const { client } = await connectedPair()
      expect(btpErrorOf(await rejectionError(client.sendData(packet))).data).to.include('no request handler registered')
    })

    it('has its late answer go out on the connection that replaced the one that asked', async () => {
      const { plugin, port } = await listening()
      let release = (): void => undefined
      plugin.registerDataHandler(data => new Promise(resolve => { release = () => resolve(data) }))
      const older = await authenticated(port)
      older.message(7, packet)
      const held = release
      while (release === held) await nextTurn()
      const newer = await authenticated(port)
      await older.closed
      release()
      expect((await newer.next()).requestId).to.equal(7)
      expect(older.received).to.have.length(1)
    })
  })

  describe('sendMoney', () => {
    it('moves nothing', async () => {
      const { client, server } = await connectedPair()
      server.registerMoneyHandler(() => Promise.reject(new Error('must not be called')))
      await client.sendMoney('100')
    })
  })
})
