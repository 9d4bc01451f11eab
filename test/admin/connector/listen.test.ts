/** The admin API's HTTP server: it says why it cannot start, bounds what a client may cost, and stops without dropping answers. */
import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import sinon from 'sinon'
import { connectorAdminServer } from '../../../src/admin/connector/listen.js'
import { MAX_BODY_SIZE } from '../../../src/admin/connector/api.js'
import { CLOSE_TIMEOUT_MS } from '../../../src/http/server.js'
import { FakeHost, Fixture, MemoryLog, SECRET } from '../../support/admin-connector.js'

/** Taken while the files are loaded, before any test starts a server. */
const before = { Request: globalThis.Request, Response: globalThis.Response }

/** A promise to settle by hand. */
function deferred<T> (): { promise: Promise<T>, resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>(settle => { resolve = settle })
  return { promise, resolve }
}

async function rejection (promise: Promise<unknown>): Promise<Error> {
  return promise.then(() => { throw new Error('did not reject') }, (err: unknown) => err as Error)
}

describe('admin server start()', () => {
  it('finds a free port and logs it', async () => {
    const api = new Fixture()
    await api.server.start()
    const { port } = api.server
    expect(port).to.be.within(1, 65535)
    expect(api.log.lines).to.deep.equal([`info admin api listening. host=127.0.0.1 port=${port}`])
    await api.server.stop()
  })

  it('rejects when the port is in use, naming host, port and what to change, and can be tried again', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const server = connectorAdminServer(new FakeHost(), { host: '127.0.0.1', port }, new MemoryLog())
    const err = await rejection(server.start())
    expect(err.message).to.contain(`127.0.0.1:${port}`).and.to.contain('in use').and.to.contain('adminApiPort (CONNECTOR_ADMIN_API_PORT)')
    await new Promise(resolve => other.close(resolve))
    await server.start()
    expect(server.port).to.equal(port)
    await server.stop()
  })

  it('rejects when this machine does not have the address, naming what to change', async () => {
    // TEST-NET-1 (RFC 5737) belongs to nobody.
    const server = connectorAdminServer(new FakeHost(), { host: '192.0.2.1', port: 0, apiKey: 'key' }, new MemoryLog())
    expect((await rejection(server.start())).message).to.contain('192.0.2.1').and.to.contain('adminApiHost (CONNECTOR_ADMIN_API_HOST)')
  })

  it('rejects a port that is none', async () => {
    const server = connectorAdminServer(new FakeHost(), { host: '127.0.0.1', port: 65536 }, new MemoryLog())
    expect((await rejection(server.start())).message).to.contain('127.0.0.1:65536')
  })

  it('rejects a second time while listening', async () => {
    const api = await new Fixture().start()
    expect((await rejection(api.server.start())).message).to.equal('admin API is listening already.')
    expect((await api.get('/status')).status).to.equal(200)
    await api.server.stop()
  })

  it('leaves the process-wide Request and Response alone', async () => {
    const api = await new Fixture().start()
    await api.get('/status')
    expect(globalThis.Request).to.equal(before.Request)
    expect(globalThis.Response).to.equal(before.Response)
    await api.server.stop()
  })
})

describe('admin server limits', () => {
  let api: Fixture
  beforeEach(async () => { api = await new Fixture({ requestTimeoutMs: 200 }).start() })
  afterEach(() => api.server.stop())

  const post = (headers: string, body = ''): string =>
    `POST /accounts/alice HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`

  it('takes a body of exactly the limit, declared or chunked', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(MAX_BODY_SIZE - 11) })
    expect(body.length).to.equal(MAX_BODY_SIZE)
    expect((await api.send('POST', '/accounts/alice', body)).status).to.equal(200)
    const chunked = `${MAX_BODY_SIZE.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    expect(await api.raw(post('Transfer-Encoding: chunked', chunked))).to.match(/^HTTP\/1\.1 200 /)
  })

  it('refuses a larger one with 413, before it is sent if its size is declared', async () => {
    expect(await api.raw(post(`Content-Length: ${MAX_BODY_SIZE + 1}`))).to.match(/^HTTP\/1\.1 413 /).and.to.contain(`larger than ${MAX_BODY_SIZE} bytes`)
    const unfinished = `${(MAX_BODY_SIZE + 1).toString(16)}\r\n${'x'.repeat(MAX_BODY_SIZE + 1)}\r\n`
    expect(await api.raw(post('Transfer-Encoding: chunked', unfinished))).to.match(/^HTTP\/1\.1 413 /)
    expect((await api.get('/status')).status).to.equal(200)
  })

  it('reads UTF-8 that is cut into single bytes', async () => {
    const bytes = Buffer.from(JSON.stringify({ text: '€uro' }))
    const socket = connect(api.port, '127.0.0.1')
    socket.setNoDelay(true)
    const answer = text(socket)
    socket.write(post(`Content-Length: ${bytes.length}`))
    for (const byte of bytes) await new Promise(resolve => socket.write(Buffer.of(byte), resolve))
    expect(await answer).to.contain('{"got":{"text":"€uro"}}')
  })

  it('cuts off a client that is slow to send its body, headers or anything at all', async () => {
    const answers = await Promise.all([
      api.raw(post('Content-Length: 100', '{"a":')),
      api.raw('GET /status HTTP/1.1\r\nHost: local'),
      api.raw('')
    ])
    for (const answer of answers) expect(answer).to.match(/^HTTP\/1\.1 408 /)
    expect((await api.get('/status')).status).to.equal(200)
    expect(api.log.lines.filter(line => /^(warn|error)/.test(line))).to.deep.equal([])
  })

  it('survives a client that leaves in the middle of its body', async () => {
    const socket = connect(api.port, '127.0.0.1')
    await new Promise<void>(resolve => socket.write(post('Content-Length: 100', '{"a":'), () => { resolve() }))
    socket.destroy()
    await once(socket, 'close')
    expect((await api.get('/status')).status).to.equal(200)
  })

  it('answers what is no HTTP with 400', async () => {
    expect(await api.raw(`nonsense ${SECRET}\r\n\r\n`)).to.match(/^HTTP\/1\.1 400 /)
    expect(await api.raw('GET status HTTP/1.1\r\nHost: localhost\r\n\r\n')).to.match(/^HTTP\/1\.1 400 /)
    expect((await api.get('/status')).status).to.equal(200)
  })

  it('does not take a request without a host for one of this machine', async () => {
    expect(await api.raw('GET /status HTTP/1.0\r\nConnection: close\r\n\r\n')).to.match(/^HTTP\/1\.1 403 /).and.to.contain('Host')
    expect(await api.raw('GET /status HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')).to.match(/^HTTP\/1\.1 400 /)
  })

  it('answers headers that are too large with 431', async () => {
    expect(await api.raw(`GET /status HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${'k'.repeat(20_000)}\r\n\r\n`)).to.match(/^HTTP\/1\.1 431 /)
  })
})

describe('admin server stop()', () => {
  it('finishes answers in flight, ends their connections, and takes no new ones', async () => {
    const api = await new Fixture().start()
    const [asked, rates] = [deferred<undefined>(), deferred<Record<string, Record<string, number>>>()]
    api.host.backend.getStatus = () => {
      asked.resolve(undefined)
      return rates.promise
    }
    const agent = new Agent({ keepAlive: true })
    const answer = api.send('GET', '/rates', undefined, { connection: 'keep-alive' })
    await asked.promise
    const closing = api.server.stop()
    expect((await rejection(api.get('/status'))).message).to.contain('ECONNREFUSED')
    rates.resolve({ alice: { bob: 2 } })
    const { status, text, headers } = await answer
    expect({ status, text, connection: headers.connection }).to.deep.equal({ status: 200, text: '{"alice":{"bob":2}}', connection: 'close' })
    await closing
    agent.destroy()
  })

  it('does not wait for idle connections', async () => {
    const api = await new Fixture().start()
    const socket = connect(api.port, '127.0.0.1')
    socket.write('GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'data')
    const ended = once(socket, 'close')
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await api.server.stop()
      expect(clock.countTimers()).to.equal(0)
    } finally {
      clock.restore()
    }
    await ended
  })

  it('waits no longer than CLOSE_TIMEOUT_MS for an answer that never comes', async () => {
    const api = await new Fixture().start()
    const asked = deferred<undefined>()
    api.host.backend.getStatus = () => {
      asked.resolve(undefined)
      return new Promise(() => undefined)
    }
    const cut = rejection(api.get('/rates'))
    await asked.promise
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      let closed = false
      const closing = api.server.stop().then(() => { closed = true })
      clock.tick(CLOSE_TIMEOUT_MS - 1)
      await new Promise(resolve => setImmediate(resolve))
      expect(closed).to.equal(false)
      clock.tick(1)
      await closing
    } finally {
      clock.restore()
    }
    expect((await cut).message).to.contain('socket hang up')
  })

  it('may be called before, twice, and while it starts; afterwards it can listen again', async () => {
    const server = connectorAdminServer(new FakeHost(), { host: 'localhost', port: 0 }, new MemoryLog())
    await server.stop()
    const starting = rejection(server.start())
    await server.stop()
    expect((await starting).message).to.contain('closed while it was starting')
    await server.start()
    await Promise.all([server.stop(), server.stop()])
    await server.start()
    await server.stop()
  })
})
