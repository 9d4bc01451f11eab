/** What a peer, or a stranger, can do to us: not much, and nothing to others. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import fc from 'fast-check'
import { WebSocket, WebSocketServer } from 'ws'
import PluginBtp from '../../../plugins/btp/index.js'
import { MAX_UNSENT_BYTES } from '../../../plugins/btp/wire/backpressure.js'
import { AUTH_DEADLINE_MS, MAX_STRANGERS } from '../../../plugins/btp/listener.js'
import { MAX_BYTES_IN_FLIGHT, MAX_IN_FLIGHT } from '../../../plugins/btp/wire/exchange.js'
import { HandPeer, TestLog, afterTest, authMessage, authenticated, closeAll, dial, drive, fakeTimers, heardBy, listening, makePlugin, portOf, SECRET, serverUrl } from '../../support/btp.js'
import { nextTurn, quiet, turnsUntil } from '../../support/waiting.js'
import { rejectionError } from '../../support/failures.js'

const numRuns = Number(process.env.FUZZ_RUNS ?? 1000)
const packet = Buffer.from('a packet')

/** A TCP connection that says nothing of its own accord. */
async function tcp (port: number): Promise<{ socket: Socket, closed: () => boolean }> {
  const socket = connect(port, '127.0.0.1')
  let closed = false
  socket.on('close', () => { closed = true }).on('error', () => undefined).resume()
  afterTest(() => socket.destroy())
  await once(socket, 'connect')
  return { socket, closed: () => closed }
}

const validFrames = [
  BtpPacket.serializeMessage(1, [{ protocolName: 'ilp', contentType: 0, data: packet }]),
  BtpPacket.serializeMessage(2, [{ protocolName: 'claim', contentType: 2, data: packet }, { protocolName: 'ilp', contentType: 0, data: packet }]),
  BtpPacket.serializeResponse(3, [{ protocolName: 'ilp', contentType: 0, data: packet }]),
  BtpPacket.serializeTransfer({ amount: '100' }, 4, [{ protocolName: 'claim', contentType: 1, data: packet }]),
  BtpPacket.serializeError({ code: 'F00', name: 'NotAcceptedError', triggeredAt: new Date().toISOString(), data: 'x' }, 5, []),
  authMessage('again')
]

/** Random bytes, and valid frames with a few bytes changed, cut off or added. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
  fc.tuple(fc.constantFrom(...validFrames), fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 3 }), fc.nat(80), fc.nat(10))
    .map(([frame, changes, cut, more]) => {
      const bytes = Buffer.from(frame)
      for (const [at, to] of changes) bytes[at % bytes.length] = to
      return Buffer.concat([bytes.subarray(0, bytes.length - Math.max(0, cut - 40)), Buffer.alloc(more, 1)])
    })
)

/** Resolves when everything that was sent before on this connection has been worked on. */
async function settled (peer: HandPeer): Promise<void> {
  const ponged = once(peer.ws, 'pong')
  peer.ws.ping()
  await ponged
}

describe('hostile BTP peers', () => {
  afterEach(closeAll)

  for (const [who, isAdded] of [['in the configuration', false], ['that are added while they wait', true]] as const) {
    it(`${who}, are answered what they send in one piece with their first frame`, async () => {
      const guests = await PluginBtp.listen({
        host: '127.0.0.1', port: 0, admit: username => username === 'bob' && isAdded ? add() : undefined
      }, new TestLog())
      afterTest(() => guests.release())
      const add = async (): Promise<void> => {
        await nextTurn()
        const plugin = makePlugin({ listener: { port: guests.port, secret: SECRET, username: 'bob' } })
        plugin.registerDataHandler(async data => await Promise.resolve(Buffer.concat([data, data])))
        plugin.connect().catch(() => undefined)
        await portOf(plugin, new Promise(() => undefined))
      }
      if (!isAdded) await add()
      const peer = await dial(guests.port)
      const { _socket: socket } = peer.ws as unknown as { _socket: Socket }
      socket.cork()
      peer.authenticate(SECRET, 'bob')
      for (const id of [2, 3]) peer.message(id, packet)
      socket.uncork()
      const answers = [await peer.next(), await peer.next(), await peer.next()]
      expect(answers.map(({ type, requestId }) => [type, requestId])).to.deep.equal([1, 2, 3].map(id => [BtpPacket.TYPE_RESPONSE, id]))
    })
  }

  describe('that send anything at all', () => {
    it('to a listener, are still served when they send something sensible', async () => {
      const { plugin, port } = await listening()
      plugin.registerDataHandler(data => Promise.resolve(data))
      plugin.registerProtocolHandler('claim', () => Promise.resolve([]))
      const peer = await authenticated(port)
      const sent = plugin.sendData(packet)
      const { requestId } = await peer.next()
      for (const bytes of fc.sample(anyBytes, numRuns)) {
        // The id of the pending request would be guessed once in 2^32 frames.
        if (bytes.length < 5 || bytes.readUInt32BE(1) !== requestId) peer.ws.send(bytes)
      }
      peer.ws.send('text')
      await settled(peer)
      peer.respond(requestId, packet)
      expect((await sent).equals(packet)).to.equal(true)
      expect(await plugin.getAdminInfo()).to.have.property('unreadableFrames').that.is.greaterThan(numRuns / 10)
    })

    it('to a client, are still served when they send something sensible', async () => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      afterTest(() => server.close())
      await once(server, 'listening')
      const accepted = once(server, 'connection')
      const client = makePlugin({ server: serverUrl((server.address() as AddressInfo).port) })
      const connected = client.connect()
      const [ws] = await accepted as [WebSocket]
      const peer = new HandPeer(ws)
      peer.ws.send(BtpPacket.serializeResponse((await peer.next()).requestId, []))
      await connected
      client.registerDataHandler(data => Promise.resolve(data))
      const sent = client.sendData(packet)
      const { requestId } = await peer.next()
      for (const bytes of fc.sample(anyBytes, numRuns)) {
        if (bytes.length < 5 || bytes.readUInt32BE(1) !== requestId) peer.ws.send(bytes)
      }
      await settled(peer)
      peer.respond(requestId, packet)
      expect((await sent).equals(packet)).to.equal(true)
    })

    it('as their first frame, are not let in, and the others do not notice', async () => {
      const { plugin, port } = await listening()
      plugin.registerDataHandler(data => Promise.resolve(data))
      const good = await authenticated(port)
      await Promise.all(fc.sample(anyBytes, 50).map(async bytes => {
        const peer = await dial(port)
        peer.ws.send(bytes)
        await peer.closed
      }))
      good.message(77, packet)
      expect((await good.next()).requestId).to.equal(77)
    })

    it('are heard when what they send comes in pieces of one byte', async () => {
      const { plugin, port } = await listening()
      plugin.registerDataHandler(data => Promise.resolve(data))
      const peer = await authenticated(port)
      const frame = BtpPacket.serializeMessage(5, [{ protocolName: 'ilp', contentType: 0, data: Buffer.alloc(20) }])
      for (let i = 0; i < frame.length; i++) peer.ws.send(frame.subarray(i, i + 1), { binary: true, fin: i === frame.length - 1 })
      expect((await peer.next()).requestId).to.equal(5)
      for (let i = 0; i < 1000; i++) peer.ws.send(Buffer.alloc(1), { binary: true, fin: false })
      expect(await peer.closed, 'but not in thousands of pieces').to.equal(1008)
    })
  })

  describe('that send too much', () => {
    it('in one frame, are closed before it has been taken in', async () => {
      const { port } = await listening()
      for (const open of [dial, authenticated]) {
        const { socket, closed } = await tcp(port)
        const peer = await open(port)
        // Only the header of a masked binary message of 98,305 bytes, and of one of 2 GiB.
        const header = Buffer.from(open === dial ? '82ff0000000000018001' : '82ff0000000080000000', 'hex')
        const { _socket: raw } = peer.ws as unknown as { _socket: Socket }
        raw.write(header)
        expect(await peer.closed).to.equal(1009)
        expect(closed(), 'others stay').to.equal(false)
        socket.destroy()
      }
    })
  })

  describe('that do not answer', () => {
    it('have only so many requests waiting; more are refused with T03 at once', async () => {
      const { plugin, port } = await listening()
      await authenticated(port)
      const waiting = Array.from({ length: MAX_IN_FLIGHT }, () => plugin.sendData(packet))
      expect(await rejectionError(plugin.sendData(packet))).to.include({ ilpErrorCode: 'T03' })
      expect(await plugin.getAdminInfo()).to.include({ pendingRequests: MAX_IN_FLIGHT })
      const outcomes = Promise.allSettled(waiting)
      await plugin.disconnect()
      expect((await outcomes).every(({ status }) => status === 'rejected')).to.equal(true)
    })
  })

  describe('that do not answer large requests', () => {
    it('have only so many bytes of them waiting; more is refused with T03 at once, and there is room again with each answer', async () => {
      const { plugin, port } = await listening()
      const peer = await authenticated(port)
      const large = Buffer.alloc(32_000)
      const outcomes: Array<Promise<unknown>> = []
      let refused = 0
      for (let bytes = 0; bytes < 2 * MAX_BYTES_IN_FLIGHT; bytes += large.length) {
        outcomes.push(plugin.sendData(large).catch((err: unknown) => { if ((err as { ilpErrorCode?: string }).ilpErrorCode === 'T03') refused++ }))
        await turnsUntil(() => peer.received.length - 1 + refused === outcomes.length)
      }
      const carried = outcomes.length - refused
      expect(carried * large.length).to.be.within(0.99 * MAX_BYTES_IN_FLIGHT, MAX_BYTES_IN_FLIGHT)
      const [, first] = peer.received
      peer.respond(first!.requestId, packet)
      await outcomes[0]
      const next = plugin.sendData(large)
      expect(await rejectionError(plugin.sendData(large))).to.include({ ilpErrorCode: 'T03' })
      await turnsUntil(() => peer.received.length === carried + 2)
      for (const { requestId } of peer.received.slice(2)) peer.respond(requestId, packet)
      await Promise.all([...outcomes, next])
    })
  })

  describe('that do not read', () => {
    it('have only so much kept for them; more is refused with T03 at once', async () => {
      const { plugin, port } = await listening()
      const peer = await authenticated(port)
      peer.ws.pause()
      const large = Buffer.alloc(32_000)
      const outcomes: Array<Promise<unknown>> = []
      let refused = 0
      const most = 3 * MAX_UNSENT_BYTES / large.length
      while (refused === 0 && outcomes.length < most) {
        outcomes.push(plugin.sendData(large).catch((err: unknown) => { if ((err as { ilpErrorCode?: string }).ilpErrorCode === 'T03') refused++ }))
        await nextTurn()
      }
      expect(refused).to.equal(1)
      peer.ws.resume()
      while (peer.received.length < outcomes.length) await nextTurn()
      for (const { requestId } of peer.received.slice(1)) peer.respond(requestId, packet)
      await Promise.all(outcomes)
      const again = plugin.sendData(packet)
      while (peer.received.length < outcomes.length + 1) await nextTurn()
      peer.respond(peer.received.at(-1)!.requestId, packet)
      expect((await again).equals(packet), 'and are served again when they read').to.equal(true)
    })

    it('but ask on and on, are closed before the answers fill the memory', async () => {
      const log = new TestLog()
      const { plugin, port } = await listening({}, {}, log)
      const size = 32_000
      const held: Array<() => void> = []
      plugin.registerDataHandler(() => new Promise(resolve => held.push(() => resolve(Buffer.alloc(size)))))
      const disconnected = once(plugin, 'disconnect')
      const peer = await authenticated(port)
      peer.ws.pause()
      const count = 4 * MAX_UNSENT_BYTES / size
      for (let id = 0; id < count; id++) peer.message(id, packet)
      while (held.length < count) await nextTurn()
      for (const answer of held) answer()
      await disconnected
      const unsent = log.lines.map(line => /does not read.*unsentBytes=(\d+)/.exec(line)?.[1]).filter(bytes => bytes !== undefined).map(Number)
      expect(unsent).to.have.length(1)
      expect(unsent[0]).to.be.within(2 * MAX_UNSENT_BYTES, 2 * MAX_UNSENT_BYTES + 2 * size)
    })
  })

  describe('that do not say who they are', () => {
    it('are gone after the authentication deadline, whatever they do with the time', async () => {
      const clock = fakeTimers()
      const { plugin, port } = await listening()
      const good = await authenticated(port)
      const silent = await tcp(port)
      const dribbling = await tcp(port)
      const upgraded = await dial(port)
      const pinging = await dial(port)
      const request = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nX-Padding: '.padEnd(2000, 'x'))
      let sent = 0
      let open = 2
      for (const peer of [upgraded, pinging]) void peer.closed.then(() => { open-- })
      const started = clock.now
      while (!silent.closed() || !dribbling.closed() || open > 0) {
        if (sent < request.length) dribbling.socket.write(request.subarray(sent, ++sent))
        if (pinging.ws.readyState === WebSocket.OPEN) pinging.ws.ping()
        clock.tick(100)
        await nextTurn()
      }
      expect(clock.now - started).to.be.at.least(AUTH_DEADLINE_MS)
      expect(good.ws.readyState).to.equal(WebSocket.OPEN)
      expect(plugin.isConnected()).to.equal(true)
    })

    it('are never too many: the oldest has to go, and an honest peer gets through', async () => {
      const clock = fakeTimers()
      const { port } = await listening()
      const first = await tcp(port)
      const strangers = await Promise.all(Array.from({ length: MAX_STRANGERS - 1 }, () => tcp(port)))
      await authenticated(port)
      await tcp(port)
      await drive(clock, first.closed, 0)
      expect(strangers.filter(({ closed }) => closed()).length).to.be.lessThan(MAX_STRANGERS / 2)
      await authenticated(port)
    })

    it('may be as many as there are accounts: all peers may come at once', async () => {
      const clock = fakeTimers()
      const { port } = await listening({ username: 'customer-0' })
      const more = 100
      for (let i = 1; i < MAX_STRANGERS + more; i++) await listening({ username: `customer-${i}`, port })
      const strangers: Array<Awaited<ReturnType<typeof tcp>>> = []
      while (strangers.length < MAX_STRANGERS + more - 100) { // no more at a time than can wait to be accepted
        strangers.push(...await Promise.all(Array.from({ length: 100 }, () => tcp(port))))
      }
      strangers.push(...await Promise.all(Array.from({ length: 99 }, () => tcp(port))))
      await authenticated(port, undefined, 'customer-0') // the last place, for a moment
      await quiet()
      expect(strangers.filter(({ closed }) => closed())).to.have.lengthOf(0)
      await tcp(port)
      await tcp(port)
      await drive(clock, () => strangers.some(({ closed }) => closed()), 0)
    }).timeout(60_000)

    it('are still strangers when their name is taken, and do not add up', async () => {
      const { port } = await listening({ noAuth: true, secret: undefined, keepFirst: true, username: 'bob' })
      const bob = await authenticated(port, '', 'bob')
      fakeTimers() // nobody hears the refusal
      const more = 10
      const others: HandPeer[] = []
      let gone = 0
      for (let i = 0; i < MAX_STRANGERS + more; i++) {
        const other = await dial(port)
        void other.closed.then(() => { gone++ })
        other.authenticate('', 'bob')
        others.push(other)
      }
      await turnsUntil(() => gone === more)
      await heardBy(others.at(-1)!)
      expect(gone, 'no more than the oldest').to.equal(more)
      expect(await heardBy(bob)).to.have.length(0)
    })

    it('and replace each other without an answer to our close, are gone when there is a newer one', async () => {
      const { plugin, port } = await listening({ noAuth: true, secret: undefined })
      fakeTimers() // no deadline of a close ends
      const peers: HandPeer[] = []
      for (let i = 0; i < 5; i++) {
        const peer = await authenticated(port, '')
        peer.ws.close = () => undefined
        peers.push(peer)
      }
      await Promise.all(peers.slice(0, 3).map(({ closed }) => closed))
      expect(plugin.isConnected()).to.equal(true)
    })

    it('and do not speak WebSocket, are told so', async () => {
      const { port } = await listening()
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).to.equal(426)
    })
  })
})
