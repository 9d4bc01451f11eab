/** The live feed: one event a frame, to those who want it, and no reader at the cost of others. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import sinon from 'sinon'
import { WebSocket } from 'ws'
import { READERS_MAX, READERS_PER_CLIENT_MAX, UNREAD_BYTES_MAX } from '../../src/explorer/sockets.js'
import type { ExplorerEvent } from '../../src/contracts/explorer-events.js'
import { ExplorerFixture, packetIn, packetRefused, traffic } from '../support/explorer-server.js'
import { eventually, until } from '../support/waiting.js'

describe('the live feed of the explorer', () => {
  let explorer: ExplorerFixture
  const open: WebSocket[] = []
  const raw: Socket[] = []
  beforeEach(async () => { explorer = await new ExplorerFixture().start() })
  afterEach(async () => {
    for (const socket of open.splice(0)) socket.terminate()
    for (const socket of raw.splice(0)) socket.destroy()
    await explorer.stop()
  })

  /** A reader that is let in, and what it reads. */
  async function reader (query = ''): Promise<{ socket: WebSocket, events: ExplorerEvent[] }> {
    const before = explorer.sockets.count
    const socket = new WebSocket(`ws://${explorer.authority}/ws${query}`)
    open.push(socket)
    const events: ExplorerEvent[] = []
    socket.on('message', (data: Buffer, isBinary) => {
      expect(isBinary).to.equal(false)
      events.push(JSON.parse(data.toString()) as ExplorerEvent)
    })
    await once(socket, 'open')
    await until(() => explorer.sockets.count > before)
    return { socket, events }
  }

  /** One that shakes hands and then reads nothing. */
  async function deafReader (): Promise<Socket> {
    const before = explorer.sockets.count
    const socket = connect(explorer.server.port, '127.0.0.1')
    raw.push(socket)
    socket.on('error', () => undefined)
    socket.write(`GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`)
    await once(socket, 'readable')
    socket.pause()
    await until(() => explorer.sockets.count > before)
    return socket
  }

  it('tells each event in one text frame, as it is', async () => {
    const { events } = await reader()
    const odd = packetRefused({ message: '</script><img src=x onerror=alert(1)> \u2028 "' })
    explorer.feed.tell(packetIn())
    explorer.feed.tell(odd)
    await until(() => events.length === 2)
    expect(events).to.deep.equal([packetIn(), odd])
  })

  it('tells each reader only what it wants', async () => {
    const all = await reader()
    const types = await reader('?types=TRAFFIC,%20PEER_CONNECTED')
    const peer = await reader('?peerId=bob')
    const nobody = await reader('?types=AGENT_FUNDED')
    const events: ExplorerEvent[] = [
      packetIn(), { ...packetIn(), type: 'PACKET_FORWARDED', to: 'bob' }, traffic(1), { type: 'PEER_CONNECTED', nodeId: 'node', peerId: 'carol', timestamp: 1 },
      { type: 'NODE_STATUS', nodeId: 'node', status: 'healthy', timestamp: 1 }
    ]
    for (const event of events) explorer.feed.tell(event)
    await until(() => all.events.length === 5)
    expect(types.events.map(({ type }) => type)).to.deep.equal(['TRAFFIC', 'PEER_CONNECTED'])
    expect(peer.events.map(({ type }) => type)).to.deep.equal(['PACKET_FORWARDED', 'TRAFFIC', 'NODE_STATUS'])
    expect(nobody.events).to.deep.equal([])
  })

  it('writes an event down once, however many read it, and listens only while somebody reads', async () => {
    expect(explorer.feed.listeners.size).to.equal(0)
    const readers: Array<Awaited<ReturnType<typeof reader>>> = []
    for (let count = 0; count < 5; count++) readers.push(await reader())
    let written = 0
    const event = Object.assign(packetIn(), { toJSON: () => ({ written: ++written }) })
    explorer.feed.tell(event)
    await until(() => readers.every(({ events }) => events.length === 1))
    expect(written).to.equal(1)
    for (const { socket } of readers) socket.close()
    await until(() => explorer.sockets.count === 0)
    expect(explorer.feed.listeners.size).to.equal(0)
  })

  it('cuts off a reader that does not read, and the others read on', async () => {
    const { events } = await reader()
    await deafReader()
    const large = packetRefused({ message: 'x'.repeat(512 * 1024) })
    let told = 0
    await until(async () => {
      explorer.feed.tell(large)
      await until(() => events.length === told + 1)
      told++
      return explorer.sockets.count === 1
    })
    expect(told * 512 * 1024, 'it had its chance').to.be.above(UNREAD_BYTES_MAX)
    explorer.feed.tell(packetIn())
    await until(() => events.length === told + 1)
  })

  it('lets so many in from one address, and no more', async () => {
    for (let count = 0; count < READERS_PER_CLIENT_MAX; count++) await reader()
    const more = new WebSocket(`ws://${explorer.authority}/ws`)
    const [, response] = await once(more, 'unexpected-response') as [unknown, { statusCode: number }]
    more.on('error', () => undefined).terminate()
    expect(response.statusCode).to.equal(503)
    open.pop()!.terminate()
    await eventually('a place is free again', () => explorer.sockets.count < READERS_PER_CLIENT_MAX)
    await reader()
  })

  it('lets so many in from all addresses together, and no more', async function () {
    if (process.platform !== 'linux') this.skip() // elsewhere a machine has one loopback address
    const sockets: WebSocket[] = []
    for (let count = 0; count < READERS_MAX + 10; count++) {
      const socket = new WebSocket(`ws://${explorer.authority}/ws`, { localAddress: `127.0.0.${2 + count % 10}` })
      open.push(socket)
      sockets.push(socket)
      await new Promise(resolve => { socket.once('open', resolve).on('error', resolve) })
    }
    expect(sockets.filter(({ readyState }) => readyState === WebSocket.OPEN)).to.have.length(READERS_MAX)
    expect(explorer.sockets.count).to.equal(READERS_MAX)
  })

  it('survives two thousand that come at once, and answers meanwhile', async () => {
    const sockets = Array.from({ length: 2000 }, () => {
      const socket = connect(explorer.server.port, '127.0.0.1')
      raw.push(socket)
      socket.on('error', () => undefined)
      socket.write('GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
      return socket
    })
    await until(() => explorer.sockets.count === READERS_PER_CLIENT_MAX)
    expect((await explorer.get('/api/health')).status).to.equal(200)
    expect(explorer.sockets.count).to.equal(READERS_PER_CLIENT_MAX)
    for (const socket of sockets) socket.destroy()
    await until(() => explorer.sockets.count === 0)
  })

  it('ignores what readers say, and ends with those that say too much', async () => {
    const { socket, events } = await reader()
    socket.send('{"type":"subscribe"}')
    explorer.feed.tell(packetIn())
    await until(() => events.length === 1)
    for (let count = 0; count < 200; count++) socket.send('x')
    const [code] = await once(socket, 'close') as [number]
    expect(code).to.be.oneOf([1006, 1008])
    await until(() => explorer.sockets.count === 0)
    const long = await reader()
    long.socket.send('x'.repeat(100_000))
    await once(long.socket, 'close')
    await until(() => explorer.sockets.count === 0)
  })

  it('says goodbye with 1001, and lets nobody in any more', async () => {
    const { socket } = await reader()
    await deafReader()
    const closed = once(socket, 'close') as Promise<[number]>
    await explorer.sockets.close()
    expect((await closed)[0]).to.equal(1001)
    expect(explorer.sockets.count).to.equal(0)
    expect(explorer.sockets.hasRoomFor('127.0.0.1')).to.equal(false)
  })

  it('asks every half minute whether readers are still there', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const { socket } = await reader()
      await deafReader()
      const pinged = once(socket, 'ping')
      clock.tick(30_000)
      await pinged
      const answered = once(socket, 'pong') // after that, our own answer has arrived, too
      socket.ping()
      await answered
      expect(explorer.sockets.count).to.equal(2)
      clock.tick(30_000)
      await until(() => explorer.sockets.count === 1)
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    } finally {
      clock.restore()
    }
  })

  it('answers requests for other protocols as if they had not asked', async () => {
    for (const [path, expected] of [['/api/health', '200'], ['/ws', '426'], ['/api/none', '404']] as const) {
      const socket = connect(explorer.server.port, '127.0.0.1')
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`)
      let answer = ''
      socket.on('data', (data: Buffer) => { answer += data.toString() })
      await once(socket, 'close')
      expect(answer, path).to.match(new RegExp(`^HTTP/1.1 ${expected} `))
    }
  })
})
