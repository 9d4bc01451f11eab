/** Who gets in: holders of the key; without a key only this machine, and no web page that was talked into asking. */
import { expect } from 'chai'
import fc from 'fast-check'
import { connectorAdminServer } from '../../../src/admin/connector/listen.js'
import { FakeHost, Fixture, MemoryLog } from '../../support/admin-connector.js'

const KEY = 'correct horse battery staple 7'

describe('admin API with a key', () => {
  let api: Fixture
  before(async () => { api = await new Fixture({ apiKey: KEY }).start() })
  after(() => api.server.stop())

  it('answers whoever sends it, under any Host and Origin', async () => {
    for (const headers of [{}, { host: 'connector.example' }, { origin: 'https://dashboard.example' }]) {
      expect((await api.get('/status', { 'x-api-key': KEY, ...headers })).status).to.equal(200)
    }
    expect((await api.get('/status', { 'X-API-KEY': KEY })).status).to.equal(200)
  })

  it('refuses requests without it, whatever they ask', async () => {
    for (const [method, path] of [['GET', '/status'], ['POST', '/balance'], ['DELETE', '/alerts/1'], ['GET', '/nope'],
      ['HEAD', '/status'], ['OPTIONS', '/status'], ['GET', `/status?apiKey=${encodeURIComponent(KEY)}`]] as const) {
      const { status, type } = await api.send(method, path, undefined, { authorization: `Bearer ${KEY}` })
      expect({ status, type }).to.deep.equal({ status: 401, type: 'text/plain' })
    }
    expect((await api.get('/status')).text).to.equal('Error: missing or wrong API key. Send it in the X-Api-Key header.')
  })

  it('takes it as a bearer token for the metrics, as Prometheus sends it', async () => {
    for (const method of ['GET', 'HEAD']) {
      expect((await api.send(method, '/metrics', undefined, { authorization: `Bearer ${KEY}` })).status).to.equal(200)
      for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${KEY}` }, { authorization: KEY }]) {
        expect((await api.send(method, '/metrics', undefined, headers)).status).to.equal(401)
      }
    }
    expect((await api.get('/metrics', { 'x-api-key': 'wrong', authorization: `Bearer ${KEY}` })).status).to.equal(401)
  })

  it('refuses every other key, of every length', async () => {
    const character = fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code))
    const wrong = fc.oneof(
      fc.nat({ max: KEY.length - 1 }).map(length => KEY.slice(0, length).trim()),
      character.map(extra => KEY + extra),
      fc.tuple(fc.nat({ max: KEY.length - 1 }), character).map(([at, char]) => KEY.slice(0, at) + char + KEY.slice(at + 1)),
      fc.constantFrom(KEY.toUpperCase(), `${KEY}, ${KEY}`, `Bearer ${KEY}`),
      fc.array(character, { maxLength: 100 }).map(chars => chars.join(''))
    ).filter(key => key !== KEY)
    await fc.assert(fc.asyncProperty(wrong, async key => {
      expect((await api.get('/status', { 'x-api-key': key })).status).to.equal(401)
    }), { numRuns: 150 })
    for (let length = 0; length <= 64; length++) {
      expect((await api.get('/status', { 'x-api-key': 'x'.repeat(length) })).status).to.equal(401)
    }
  })

  it('refuses two keys, one of them right', async () => {
    expect((await api.get('/status', { 'x-api-key': ['wrong', KEY] })).status).to.equal(401)
  })

  it('changes nothing for someone without it', async () => {
    const { status } = await api.send('POST', '/balance', { accountId: 'alice', amountDiff: '5' }, { 'x-api-key': 'wrong' })
    expect(status).to.equal(401)
    expect(api.host.balanceMap!.get('alice')!.balance).to.equal(7n)
  })

  it('logs neither the key nor what was tried', async () => {
    await api.get('/status', { 'x-api-key': 'tried-this-key' })
    await api.get('/status', { 'x-api-key': KEY })
    expect(api.log.lines.join('\n')).to.not.contain('tried-this-key')
    expect(api.log.lines.join('\n')).to.not.contain(KEY)
  })
})

describe('admin API without a key', () => {
  let api: Fixture
  before(async () => { api = await new Fixture({ apiKey: '' }).start() })
  after(() => api.server.stop())

  it('answers requests to this machine by its own names', async () => {
    for (const host of ['localhost', 'LOCALHOST:7780', '127.0.0.1', `127.0.0.1:${api.port}`, '127.1.2.3', '[::1]', '[::1]:7780']) {
      expect((await api.get('/status', { host })).status, host).to.equal(200)
    }
  })

  it('refuses other names, which is how DNS rebinding looks', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:7780', 'notlocalhost', '10.0.0.1',
      '0.0.0.0', '[::2]', 'localhost.']) {
      const { status, text } = await api.get('/status', { host })
      expect(status, host).to.equal(403)
      expect(text).to.contain('Host header')
    }
    for (const request of ['GET /status HTTP/1.0\r\n\r\n', 'GET /status HTTP/1.1\r\nHost: [::ffff:10.0.0.1]\r\nConnection: close\r\n\r\n', 'GET /status HTTP/1.1\r\nHost: a@localhost\r\nConnection: close\r\n\r\n',
      'GET /status HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n', 'GET http://localhost/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      'GET /status HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n']) {
      expect(await api.raw(request), request).to.match(/^HTTP\/1\.1 40[03] /)
    }
  })

  it('refuses requests from web pages of other origins, changing nothing', async () => {
    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', 'http://127.0.0.1.evil.example', 'file://localhost',
      'http://localhost@evil.example', '', 'http://evil.example:7780']) {
      const { status } = await api.send('POST', '/balance', { accountId: 'alice', amountDiff: '5' }, { origin, 'content-type': 'text/plain' })
      expect(status, origin).to.equal(403)
    }
    expect(api.host.balanceMap!.get('alice')!.balance).to.equal(7n)
  })

  it('refuses pages of other programs on this machine, too: their port is not ours', async () => {
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1:1', 'https://localhost', 'http://[::1]:7780', `http://localhost:${api.port}/`]) {
      expect((await api.get('/status', { origin })).status, origin).to.equal(403)
    }
  })

  it('answers its own pages', async () => {
    expect((await api.get('/status', { origin: `http://127.0.0.1:${api.port}` })).status).to.equal(200)
    expect((await api.get('/status', { host: 'localhost:7780', origin: 'HTTP://LocalHost:7780' })).status).to.equal(200)
    expect((await api.get('/status', { host: 'localhost', origin: 'https://localhost:443' })).status).to.equal(200)
  })

  it('answers 400 to a Host that no host can have', async () => {
    for (const host of ['127.999.999.999', '127.0.0.256:7780', '1.2.3.4.5', 'localhost:99999', '[::1', '[::zz]', 'a b', 'x@localhost', 'localhost:', '%']) {
      const { status } = await api.get('/status', { host })
      expect(status, host).to.equal(400)
    }
  })

  it('answers under names that the operator lists, and under no other', async () => {
    const listing = await new Fixture({ apiKey: '', allowedHosts: ['Connector', 'admin.example'] }).start()
    for (const host of ['connector', 'CONNECTOR:7780', 'admin.example:1', 'localhost']) expect((await listing.get('/status', { host })).status, host).to.equal(200)
    for (const host of ['connector.example', 'xadmin.example', 'admin.example.', 'example']) expect((await listing.get('/status', { host })).status, host).to.equal(403)
    await listing.server.stop()
  })
})

describe('a request body', () => {
  const KINDS = [undefined, 'text/plain', 'text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp',
    'application/json-seq', 'text/json', 'application/json, text/plain', '']

  for (const apiKey of ['', KEY]) {
    it(`needs to say that it is JSON, ${apiKey === '' ? 'without' : 'also with'} a key`, async () => {
      const api = await new Fixture({ apiKey }).start()
      const key = apiKey === '' ? {} : { 'x-api-key': apiKey }
      const correct = async (type: string | undefined): Promise<number> => {
        const body = JSON.stringify({ accountId: 'alice', amountDiff: '5' })
        const headers = { host: 'localhost', connection: 'close', 'content-length': String(body.length), ...key, ...(type !== undefined && { 'content-type': type }) }
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
        return Number((await api.raw(`POST /balance HTTP/1.1\r\n${lines}\r\n${body}`)).slice(9, 12))
      }
      for (const type of KINDS) expect(await correct(type), type).to.equal(415)
      expect(api.host.balanceMap!.get('alice')!.balance).to.equal(7n)
      expect(await api.raw(`POST /balance HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Api-Key: ${apiKey}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`))
        .to.match(/^HTTP\/1\.1 415 /)
      for (const type of ['application/json', 'Application/JSON; charset=utf-8']) expect(await correct(type), type).to.equal(204)
      await api.server.stop()
    })
  }
})

describe('admin API that would be open to the network', () => {
  const create = (host: string, apiKey?: string): unknown =>
    connectorAdminServer(new FakeHost(), { host, port: 0, apiKey }, new MemoryLog())

  it('does not start, and says which host it was and what to set', () => {
    for (const host of ['0.0.0.0', '::', '10.1.2.3', 'connector.example', '', '128.0.0.1', '::2', '127.0.0.1.evil.example', '1127.0.0.1']) {
      for (const key of [undefined, '']) {
        expect(() => create(host, key), host).to.throw(Error, JSON.stringify(host))
          .with.property('message').that.contains('adminApiKey, CONNECTOR_ADMIN_API_KEY').and.contains('adminApiHost (CONNECTOR_ADMIN_API_HOST) to 127.0.0.1')
      }
    }
  })

  it('starts with a key', async () => {
    const api = await new Fixture({ host: '0.0.0.0', apiKey: KEY }).start()
    expect((await api.get('/status')).status).to.equal(401)
    expect((await api.get('/status', { 'x-api-key': KEY })).status).to.equal(200)
    await api.server.stop()
  })

  it('starts on any name of loopback', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1', '127.9.9.9', '::ffff:127.0.0.1']) expect(() => create(host)).to.not.throw()
  })

  it('does not start with a key that no client can send, and does not repeat it', () => {
    for (const key of ['from-a-file\n', ' padded', 'padded ', 'schlüssel', 'nul\0', '\t']) {
      expect(() => create('127.0.0.1', key)).to.throw(Error, 'adminApiKey, CONNECTOR_ADMIN_API_KEY')
        .with.property('message').that.does.not.contain(key.trim() === '' ? '\t' : key)
    }
  })
})
