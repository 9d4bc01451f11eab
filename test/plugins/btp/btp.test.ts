/** When the BTP plugin is connected, what it tells of that, and what it leaves behind. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { HandPeer, SECRET, TestLog, afterTest, authenticated, closeAll, connectedPair, fakeTimers, freePort, listening, makePlugin, portOf, serverUrl } from '../../support/btp.js'
import { nextTurn } from '../../support/waiting.js'
import { rejectionError } from '../../support/failures.js'

const packet = Buffer.from('a packet')
const answer = Buffer.from('its answer')

describe('a BTP connection', () => {
  afterEach(closeAll)

  describe('connect and disconnect', () => {
    it('tell of themselves once, when the state has changed', async () => {
      const { plugin, port } = await listening()
      const events: string[] = []
      for (const event of ['connect', 'disconnect', 'error']) plugin.on(event, () => events.push(`${event} ${plugin.isConnected()}`))
      const client = makePlugin({ server: serverUrl(port), reconnectInterval: 60_000 })
      const disconnected = once(plugin, 'disconnect')
      await client.connect()
      while (!plugin.isConnected()) await nextTurn()
      await client.disconnect()
      await disconnected
      expect(events).to.deep.equal(['connect true', 'disconnect false'])
      await plugin.disconnect()
      expect(events).to.have.length(2)
    })

    it('survive a listener that throws', async () => {
      const log = new TestLog()
      const { plugin, port } = await listening({}, {}, log)
      plugin.on('connect', () => { throw new Error('from the listener') })
      plugin.registerDataHandler(data => Promise.resolve(data))
      const peer = await authenticated(port)
      peer.message(3, packet)
      expect((await peer.next()).requestId).to.equal(3)
      expect(log.lines.join('\n')).to.include('from the listener')
    })

    it('connect() that comes back at its timeout says why the peer is not there', async () => {
      const port = await freePort()
      const plugin = makePlugin({ server: serverUrl(port), reconnectIntervals: [1] })
      let message = ''
      while (!message.includes('reason=connect ECONNREFUSED')) message = (await rejectionError(plugin.connect({ timeout: 20 }))).message
      expect(message).to.include(`server=127.0.0.1:${port}`).and.not.include(SECRET)
      await plugin.disconnect()
      const listening = makePlugin({ listener: { port, secret: SECRET } })
      await rejectionError(listening.connect({ timeout: 1 }))
      const refused = makePlugin({ server: serverUrl(port, 'wrong'), reconnectIntervals: [1] })
      while (!message.includes('reason=it does not let us in')) message = (await rejectionError(refused.connect({ timeout: 20 }))).message
    })

    it('connect() comes back at its timeout, and the peer that comes later is still welcome', async () => {
      for (const role of ['listener', 'server'] as const) {
        const port = await freePort()
        const plugin = makePlugin(role === 'listener'
          ? { listener: { port, secret: SECRET } }
          : { server: serverUrl(port), reconnectIntervals: [1] })
        const err = await rejectionError(plugin.connect({ timeout: 20 }))
        expect(err.message).to.include(role === 'listener' ? `still listening. port=${port}` : `still trying. server=127.0.0.1:${port} reason=`)
          .and.include('timeoutMs=20')
        expect(plugin.isConnected()).to.equal(false)
        const connected = once(plugin, 'connect')
        const late = role === 'listener'
          ? makePlugin({ server: serverUrl(port) })
          : makePlugin({ listener: { port, secret: SECRET } })
        await Promise.all([connected, late.connect()])
      }
    })

    it('connect() waits on without a timeout, and with an endless one', async () => {
      const { plugin, port, connected } = await listening()
      const all = [connected, plugin.connect({}), plugin.connect({ timeout: Infinity }), plugin.connect({ timeout: 2 ** 40 })]
      await authenticated(port)
      await Promise.all(all)
      await plugin.connect({ timeout: 1 })
    })

    it('connect() fails at once when the port is taken, and works when it is free', async () => {
      const { plugin: other, port } = await listening({ host: '0.0.0.0' })
      const plugin = makePlugin({ listener: { port, secret: SECRET } })
      const err = await rejectionError(plugin.connect())
      expect(err.message).to.include('cannot listen for BTP connections. host=127.0.0.1').and.include('EADDRINUSE')
      await other.disconnect()
      const connected = plugin.connect()
      await portOf(plugin, connected)
      await authenticated(port)
      await connected
    })

    it('disconnect() rejects what waits: connect() and requests', async () => {
      const { plugin, connected } = await listening()
      const connecting = rejectionError(connected)
      await plugin.disconnect()
      expect((await connecting).message).to.equal('connection aborted')

      const pair = await connectedPair()
      pair.server.registerDataHandler(() => new Promise(() => undefined))
      const requests = [rejectionError(pair.client.sendData(packet)), rejectionError(pair.client.sendData(packet))]
      await pair.client.disconnect()
      // The peer may have carried them out: nobody should be told to try again.
      for (const err of await Promise.all(requests)) expect(err).to.include({ ilpErrorCode: 'R00' })
      expect(await pair.client.getAdminInfo()).to.include({ pendingRequests: 0, unknownOutcomes: 2 })
    })

    it('disconnect() during connect() leaves nothing behind', async () => {
      const port = await freePort()
      for (const options of [{ listener: { port, secret: SECRET } }, { server: serverUrl(port) }]) {
        const plugin = makePlugin(options)
        const connecting = rejectionError(plugin.connect())
        await plugin.disconnect()
        expect((await connecting).message).to.equal('connection aborted')
      }
      const free = await listening({ port })
      expect(free.port).to.equal(port)
    })

    it('can be repeated on the same plugin', async () => {
      const { server, client } = await connectedPair()
      server.registerDataHandler(data => Promise.resolve(data))
      for (let i = 0; i < 3; i++) {
        await client.disconnect()
        await client.disconnect()
        expect(client.isConnected()).to.equal(false)
        await client.connect()
        expect(String(await client.sendData(packet))).to.equal('a packet')
      }
    })

    it('leave no timer running', async () => {
      const clock = fakeTimers()
      const { server, client } = await connectedPair()
      const log = new TestLog()
      const hopeless = makePlugin({ server: serverUrl(1) }, log)
      const waiting = [rejectionError(hopeless.connect({ timeout: 60_000 })), rejectionError(client.sendData(packet))]
      server.registerDataHandler(() => new Promise(() => undefined))
      while (!log.lines.some(line => line.startsWith('reconnecting'))) await nextTurn()
      await Promise.all([client.disconnect(), server.disconnect(), hopeless.disconnect()])
      await Promise.all(waiting)
      expect(clock.countTimers()).to.equal(0)
    })

    it('leave nothing that keeps the process alive', async () => {
      const script = `
        const { default: PluginBtp } = await import(${JSON.stringify(new URL('../../../plugins/btp/index.js', import.meta.url).href)})
        const server = new PluginBtp({ listener: { port: 0, secret: 's' } })
        const connected = server.connect()
        let info
        while (!(info = await server.getAdminInfo()).listener) await new Promise(setImmediate)
        const client = new PluginBtp({ server: 'btp+ws://:s@127.0.0.1:' + info.listener.port })
        const hopeless = new PluginBtp({ server: 'btp+ws://:s@127.0.0.1:1' })
        hopeless.connect().catch(() => {})
        await client.connect()
        await connected
        server.registerDataHandler(async data => data)
        await client.sendData(Buffer.from('x'))
        server.registerProtocolHandler('never', () => new Promise(() => {}))
        client.sendMessage([{ protocolName: 'never', contentType: 0, data: Buffer.alloc(0) }]).catch(() => {})
        await Promise.all([client.disconnect(), server.disconnect(), hopeless.disconnect()])
        console.log('end of script')`
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
      expect(stdout).to.equal('end of script\n')
    })
  })

  describe('a second connection of the same peer', () => {
    it('replaces the first: the first is closed, and what it was asked is answered on the second', async () => {
      const { plugin, port } = await listening()
      const events: string[] = []
      for (const event of ['connect', 'disconnect']) plugin.on(event, () => events.push(event))
      const older = await authenticated(port)
      const asked = plugin.sendData(packet)
      const { requestId } = await older.next()
      const newer = await authenticated(port)
      await older.closed
      newer.respond(requestId, answer)
      expect(String(await asked)).to.equal('its answer')
      const sent = plugin.sendData(packet)
      newer.respond((await newer.next()).requestId, answer)
      expect(String(await sent)).to.equal('its answer')
      expect(events, 'packets could be sent all the time').to.deep.equal(['connect'])
      expect(plugin.isConnected()).to.equal(true)
    })
  })

  describe('with both server and listener', () => {
    it('sends on the connection it opened, takes answers on both, and falls back on the other', async () => {
      const remote = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      afterTest(() => remote.close())
      await once(remote, 'listening')
      const accepted = once(remote, 'connection')
      const { port } = remote.address() as AddressInfo
      const { plugin, port: ownPort, connected } = await listening({}, { server: serverUrl(port), reconnectInterval: 60_000 })
      const [ws] = await accepted as [WebSocket]
      const outgoing = new HandPeer(ws)
      outgoing.ws.send(BtpPacket.serializeResponse((await outgoing.next()).requestId, []))
      await connected
      const incoming = await authenticated(ownPort)

      const sent = plugin.sendData(packet)
      const { requestId } = await outgoing.next()
      incoming.respond(requestId, answer)
      expect(String(await sent)).to.equal('its answer')

      const open = plugin.sendData(packet)
      const asked = await outgoing.next()
      outgoing.ws.terminate()
      await outgoing.closed
      incoming.respond(asked.requestId, answer)
      expect(String(await open)).to.equal('its answer')
      expect(plugin.isConnected()).to.equal(true)
      const fallback = plugin.sendData(packet)
      incoming.respond((await incoming.next()).requestId, answer)
      expect(String(await fallback)).to.equal('its answer')
    })
  })
})
