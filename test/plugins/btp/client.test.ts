/** A client never gives up before disconnect(), and does not hammer a peer that is down. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import sinon from 'sinon'
import { WebSocketServer } from 'ws'
import { ATTEMPT_TIMEOUT_MS } from '../../../plugins/btp/client.js'
import { PING_INTERVAL_MS } from '../../../plugins/btp/wire/socket.js'
import {
  HandPeer, afterTest, authenticated, closeAll, drive, fakeTimers, freePort, listening, makePlugin, serverUrl
} from '../../support/btp.js'

/** A TCP server that counts its visitors and does with them what the test says. */
async function tcpServer (visit: (socket: Socket) => void): Promise<{ port: number, visits: () => number }> {
  let visits = 0
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    visits++
    sockets.add(socket)
    socket.on('error', () => undefined)
    visit(socket)
  })
  afterTest(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, visits: () => visits }
}

/** A WebSocket server that does with its clients what the test says. */
async function websocketServer (visit: (peer: HandPeer) => Promise<void>): Promise<{ port: number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  afterTest(() => server.close())
  server.on('connection', ws => { void visit(new HandPeer(ws)) })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port }
}

describe('a BTP client', () => {
  afterEach(closeAll)

  it('comes back when the peer does, however often', async () => {
    const port = await freePort()
    const client = makePlugin({ server: serverUrl(port), reconnectIntervals: [1, 2] })
    client.connect().catch(() => undefined)
    for (let i = 0; i < 4; i++) {
      const connected = once(client, 'connect')
      const { plugin } = await listening({ port })
      plugin.registerDataHandler(data => Promise.resolve(data))
      await connected
      expect(String(await client.sendData(Buffer.from('hello')))).to.equal('hello')
      const disconnected = once(client, 'disconnect')
      await plugin.disconnect()
      await disconnected
    }
  })

  it('goes on trying a peer that refuses it, and is connected only when it is let in', async () => {
    let visits = 0
    const { port } = await websocketServer(async peer => {
      const { requestId } = await peer.next()
      const error = { code: 'F00', name: 'NotAcceptedError', data: 'not you', triggeredAt: new Date().toISOString() }
      peer.ws.send(++visits > 3 ? BtpPacket.serializeResponse(requestId, []) : BtpPacket.serializeError(error, requestId, []))
    })
    const client = makePlugin({ server: serverUrl(port), reconnectIntervals: [1] })
    const visitsAtConnect: number[] = []
    client.on('connect', () => visitsAtConnect.push(visits))
    await client.connect()
    expect(visitsAtConnect).to.deep.equal([4])
  })

  it('waits longer after every failure, as long as the intervals say, give or take a quarter', async () => {
    const clock = fakeTimers()
    const delays: number[] = []
    const { setTimeout: fakeSetTimeout } = globalThis
    sinon.stub(globalThis, 'setTimeout').callsFake(((callback: () => void, delay: number) => {
      if (delay !== ATTEMPT_TIMEOUT_MS && delay < 60_000) delays.push(delay)
      return fakeSetTimeout(callback, delay)
    }) as typeof setTimeout)
    afterTest(() => sinon.restore())
    const { port, visits } = await tcpServer(socket => socket.destroy())
    const client = makePlugin({ server: serverUrl(port), reconnectIntervals: [0, 100, 1000, 30_000] })
    client.connect().catch(() => undefined)
    await drive(clock, () => visits() >= 8, 1000)
    const expected = [0, 100, 1000, 30_000, 30_000, 30_000]
    for (const [i, interval] of expected.entries()) expect(delays[i]).to.be.within(interval * 0.75, interval * 1.25)
    expect(new Set(delays.slice(3)).size, 'varied').to.be.greaterThan(1)
  })

  it('starts over with the intervals only after a connection that lasted', async () => {
    const clock = fakeTimers('Date')
    const { plugin, port } = await listening()
    const client = makePlugin({ server: serverUrl(port), reconnectIntervals: [10, 1000], reconnectClearTryTimeout: 5000 })
    await client.connect()
    /** How long the client stays away, in ms, after a connection of `lastedMs`. */
    const absence = async (lastedMs: number): Promise<number> => {
      clock.tick(lastedMs)
      const connected = once(client, 'connect')
      const disconnected = once(client, 'disconnect')
      const peer = await authenticated(port)
      peer.ws.close()
      await disconnected
      let back = false
      void connected.then(() => { back = true })
      const left = Date.now()
      await drive(clock, () => back, 1)
      return Date.now() - left
    }
    expect(await absence(0)).to.be.lessThan(100)
    expect(await absence(0)).to.be.greaterThan(700)
    expect(await absence(6000)).to.be.lessThan(100)
    expect(plugin.isConnected()).to.equal(true)
  })

  it('does not wait for ever for a peer that accepts and says nothing', async () => {
    const clock = fakeTimers()
    const { port, visits } = await tcpServer(() => undefined)
    const client = makePlugin({ server: serverUrl(port), reconnectIntervals: [1] })
    client.connect().catch(() => undefined)
    await drive(clock, () => visits() >= 3, ATTEMPT_TIMEOUT_MS / 4)
  })

  it('and the listener drop each other when nothing comes between two pings', async () => {
    const clock = fakeTimers()
    const { plugin, port } = await listening()
    const silent = await authenticated(port)
    silent.ws.pause()

    const { port: theirPort } = await websocketServer(async peer => {
      peer.ws.send(BtpPacket.serializeResponse((await peer.next()).requestId, []))
      peer.ws.pause()
    })
    const client = makePlugin({ server: serverUrl(theirPort) })
    await client.connect()

    let gone = 0
    for (const side of [plugin, client]) side.on('disconnect', () => { gone++ })
    await drive(clock, () => gone === 2, PING_INTERVAL_MS / 4)
  })

  it('and the listener stay together as long as pings are answered', async () => {
    const clock = fakeTimers()
    const { plugin, port } = await listening()
    const peer = await authenticated(port)
    plugin.on('disconnect', () => expect.fail('a living peer was dropped'))
    for (let i = 0; i < 5; i++) {
      const pinged = once(peer.ws, 'ping')
      clock.tick(PING_INTERVAL_MS)
      await pinged
      // The answer to a ping of the peer comes after its own pong has arrived.
      const ponged = once(peer.ws, 'pong')
      peer.ws.ping()
      await ponged
    }
    expect(plugin.isConnected()).to.equal(true)
  })
})
