/** However many requests come at once: a few begin in a turn, in order, and nobody waits for all of somebody else's. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { REQUESTS_PER_TURN, takeTurns } from '../../src/lib/http-turns.js'
import { until } from '../support/waiting.js'

describe('HTTP requests that take turns', () => {
  let server: Server
  let sockets: Socket[]
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  beforeEach(async () => {
    sockets = []
    server = createServer()
    takeTurns(server, true)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => { answer(request, response) })
    server.listen(0)
    await once(server, 'listening')
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })

  async function client (localAddress = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', localAddress })
    sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }

  it('begin a few at a time, and one of a connection, and are all answered in their order', async () => {
    const counts: number[] = []
    let isCounting = false
    let open = 0
    let openMost = 0
    answer = (request, response) => {
      if (!isCounting) {
        counts.push(0)
        setImmediate(() => { isCounting = false })
      }
      isCounting = true
      counts[counts.length - 1]!++
      openMost = Math.max(openMost, ++open)
      response.once('finish', () => { open-- })
      setImmediate(() => { response.end(request.url) })
    }
    const socket = await client()
    socket.write(Array.from({ length: 2000 }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n${i === 1999 ? 'Connection: close\r\n' : ''}\r\n`).join(''))
    const answers = await text(socket)
    expect([...answers.matchAll(/^\/(\d+)HTTP|^\/(\d+)$/gm)].map(([, one, last]) => Number(one ?? last))).to.deep.equal(Array.from({ length: 2000 }, (_, i) => i))
    expect(openMost).to.equal(1)
    expect(Math.max(...counts)).to.be.at.most(REQUESTS_PER_TURN)
  })

  it('of another network do not wait for all that one has sent', async () => {
    const begun: string[] = []
    answer = (request, response) => {
      begun.push(request.url ?? '')
      response.end()
    }
    const flood = await Promise.all(Array.from({ length: 50 }, () => client()))
    const other = await client('127.0.0.2')
    for (const socket of flood) socket.write('GET /flood HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200))
    await until(() => begun.length > 100)
    other.write('GET /other HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => begun.includes('/other'))
    expect(begun.length).to.be.below(5000)
  })

  it('have their bodies, whatever is in them', async () => {
    const bodies: string[] = []
    answer = (request, response) => {
      void text(request).then(body => {
        bodies.push(body)
        response.end()
      })
    }
    const odd = 'a\r\n\r\nGET /not-a-request HTTP/1.1\r\n\r\n'.repeat(20_000)
    const socket = await client()
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${odd.length}\r\n\r\n${odd}` +
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${odd.length.toString(16)}\r\n${odd}\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    await text(socket)
    expect(bodies.map(({ length }) => length)).to.deep.equal([odd.length, odd.length, 0])
    expect(bodies.slice(0, 2).every(body => body === odd)).to.equal(true)
  })

  for (const kind of ['Content-Length: 100000000', 'Transfer-Encoding: chunked']) {
    it(`with a body that nobody reads are not read: ${kind}`, async () => {
      let taken: Socket | undefined
      answer = request => { taken = request.socket }
      const socket = await client()
      const piece = `10000\r\n${'x\r\n\r\n'.repeat(13107)}x\r\n`
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${kind}\r\n\r\n${piece.repeat(300)}`)
      await until(() => taken !== undefined)
      for (let before = -1; before !== taken!.bytesRead;) {
        before = taken!.bytesRead
        await new Promise(resolve => { setTimeout(resolve, 60) })
      }
      expect(taken!.bytesRead).to.be.below(1_000_000)
    })
  }

  it('that become another protocol leave all that follows to it', async () => {
    const found = new Promise<string>(resolve => {
      server.on('upgrade', (_request, socket: Socket, head) => {
        socket.unshift(head)
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
        void text(socket).then(resolve)
      })
    })
    const frames = 'frame\r\n\r\n'.repeat(1000)
    const socket = await client()
    socket.end(`GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n${frames}`)
    expect(await found).to.equal(frames)
  })
})
