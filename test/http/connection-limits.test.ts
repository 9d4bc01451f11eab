/** ConnectionLimits that only wait do not keep out those who ask, whoever holds them and however. */
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_CLIENT } from '../../src/http/connection-limits.js'
import { HttpServer, type FetchHandler } from '../../src/http/server.js'
import { MemoryLog } from '../support/admin-connector.js'
import { until } from '../support/waiting.js'

const HALF_BODY = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"a":'

describe('connections of an HTTP server', () => {
  let server: HttpServer
  const sockets = new Set<Socket>()

  async function serve (handler: FetchHandler): Promise<void> {
    server = new HttpServer(handler, { name: 'test', host: '127.0.0.1', port: 0, settings: { host: 'x', port: 'x' } }, new MemoryLog())
    await server.start()
  }

  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await server.stop()
  })

  /** A connection from one of this machine's many addresses, which sends `bytes` and then nothing. */
  async function hold (localAddress: string, bytes = ''): Promise<Socket> {
    const socket = connect({ port: server.port, host: '127.0.0.1', localAddress })
    sockets.add(socket)
    socket.on('error', () => undefined).resume()
    await once(socket, 'connect')
    if (bytes !== '') socket.write(bytes)
    return socket
  }

  const holdMany = (count: number, addressOf: (index: number) => string, bytes?: string): Promise<Socket[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => hold(addressOf(index), bytes)))

  /** The answer to a request on a connection of its own, or what went wrong. */
  async function ask (body = '', localAddress = '127.0.0.1'): Promise<string> {
    const asked = request({ host: '127.0.0.1', port: server.port, method: 'POST', localAddress, agent: false })
    asked.end(body)
    return new Promise(resolve => {
      asked.once('response', response => { resolve(text(response)) }).once('error', (err: NodeJS.ErrnoException) => { resolve(err.code ?? err.message) })
    })
  }

  const echo: FetchHandler = async request => new Response(`got ${await request.text()}`)

  for (const [what, bytes] of [['say nothing', ''], ['send half of their headers', 'GET / HTTP/1.1\r\nHost: loc'], ['send half of a body', HALF_BODY]] as const) {
    it(`that ${what} keep nobody out: neither from one address`, async () => {
      await serve(echo)
      const held = await holdMany(MAX_CONNECTIONS_PER_CLIENT, () => '127.0.0.1', bytes)
      for (let round = 0; round < 40; round++) expect(await ask(String(round))).to.equal(`got ${round}`)
      await until(() => held.some(({ destroyed }) => destroyed))
    })

    it(`that ${what} keep nobody out: nor from many`, async () => {
      await serve(echo)
      await holdMany(MAX_CONNECTIONS, index => `127.0.${2 + Math.floor(index / 200)}.${1 + index % 200}`, bytes)
      for (let round = 0; round < 40; round++) expect(await ask(String(round))).to.equal(`got ${round}`)
    })
  }

  it('of one address are bounded, and the one that has waited longest goes first', async () => {
    await serve(echo)
    const first = await hold('127.0.0.1')
    const second = await hold('127.0.0.1')
    const other = await hold('127.0.0.9')
    await holdMany(MAX_CONNECTIONS_PER_CLIENT - 2, () => '127.0.0.1')
    second.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n') // it has been answered since, and waits anew
    await once(second, 'data')
    await hold('127.0.0.1')
    await until(() => first.destroyed)
    expect([second.destroyed, other.destroyed]).to.deep.equal([false, false])
  })

  it('stay while their request is worked on, and one more is cut then', async () => {
    let answer: (response: string) => void = () => undefined
    const released = new Promise<string>(resolve => { answer = resolve })
    let working = 0
    await serve(async request => {
      const body = await request.text()
      working++
      return new Response(body === 'wait' ? await released : 'at once')
    })
    const asked = Array.from({ length: MAX_CONNECTIONS_PER_CLIENT }, () => ask('wait'))
    await until(() => working === MAX_CONNECTIONS_PER_CLIENT)
    expect(await ask('more')).to.be.oneOf(['ECONNRESET', 'EPIPE'])
    expect(await ask('from elsewhere', '127.0.0.9')).to.equal('at once')
    answer('here you are')
    expect(new Set(await Promise.all(asked))).to.deep.equal(new Set(['here you are']))
    expect(await ask('again')).to.equal('at once')
  })

  it('whose answer is not read make room, too', async () => {
    const large = Buffer.alloc(16 * 1024 * 1024)
    await serve(request => new Response(request.method === 'GET' ? large : 'small'))
    const held = Array.from({ length: 8 }, () => {
      const socket = connect({ port: server.port, host: '127.0.0.1' })
      sockets.add(socket)
      socket.on('error', () => undefined).pause()
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      return socket
    })
    await Promise.all(held.map(socket => once(socket, 'readable')))
    await holdMany(MAX_CONNECTIONS_PER_CLIENT - 8, () => '127.0.0.1')
    for (let round = 0; round < 10; round++) expect(await ask()).to.equal('small')
  })

  it('can be as many again when those before are gone', async () => {
    await serve(echo)
    for (let round = 0; round < 3; round++) {
      const held = await holdMany(MAX_CONNECTIONS_PER_CLIENT, () => '127.0.0.1')
      for (const socket of held) socket.destroy()
      await Promise.all(held.map(async socket => socket.closed || once(socket, 'close')))
    }
    const kept = await holdMany(MAX_CONNECTIONS_PER_CLIENT - 1, () => '127.0.0.1')
    expect(await ask('x')).to.equal('got x')
    expect(kept.filter(({ destroyed }) => destroyed)).to.have.lengthOf(0)
  })
})
