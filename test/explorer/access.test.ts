/** Who may look on: programs and pages of this machine, those who show the key, and nobody's page from elsewhere. */
import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { explorerAccess, type ExplorerAccess } from '../../src/explorer/access.js'
import { TICKETS_MAX, Tickets } from '../../src/explorer/tickets.js'
import { ExplorerFixture, LOCAL_ACCESS } from '../support/explorer-server.js'

const KEY = 'correct horse battery staple'
const OPEN: Partial<ExplorerAccess> = { host: '0.0.0.0' }

describe('access to the explorer', () => {
  const running: ExplorerFixture[] = []
  afterEach(async () => { for (const explorer of running.splice(0)) await explorer.stop() })

  async function start (access: Partial<ExplorerAccess>, listen = '127.0.0.1'): Promise<ExplorerFixture> {
    const explorer = await new ExplorerFixture({ access, listen }).start()
    running.push(explorer)
    return explorer
  }

  /** With any headers, Host and Origin among them, and from any address of this machine. */
  function ask (explorer: ExplorerFixture, path: string, headers: Record<string, string>, { host = '127.0.0.1', method = 'GET' } = {}): Promise<{ status: number, headers: Record<string, unknown> }> {
    return new Promise((resolve, reject) => {
      request({ host, port: explorer.server.port, path, headers, method }, response => {
        response.resume()
        resolve({ status: response.statusCode ?? 0, headers: response.headers })
      }).on('error', reject).end()
    })
  }

  const statusOf = async (...args: Parameters<typeof ask>): Promise<number> => (await ask(...args)).status

  /** `open`, or the status of the refusal. */
  function connect (explorer: ExplorerFixture, headers: Record<string, string> = {}, query = ''): Promise<string | number> {
    return new Promise(resolve => {
      const socket = new WebSocket(`ws://${explorer.authority}/ws${query}`, { headers })
      socket.on('error', () => undefined)
      socket.on('unexpected-response', (_request, response) => { resolve(response.statusCode ?? 0) })
      socket.on('open', () => {
        resolve('open')
        socket.close()
      })
    })
  }

  describe('on loopback, in development', () => {
    it('is for this machine, without a key, even if the admin API has one', async () => {
      const explorer = await start({ apiKey: KEY })
      expect(await statusOf(explorer, '/api/health', {})).to.equal(200)
      expect(await connect(explorer)).to.equal('open')
    })

    it('refuses a name that a stranger made lead here, over HTTP and WebSocket', async () => {
      const explorer = await start({})
      for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', 'localhost@evil.example']) {
        expect(await statusOf(explorer, '/api/events', { host }), host).to.be.oneOf([400, 403])
        expect(await connect(explorer, { host }), host).to.be.oneOf([400, 403])
        expect(await statusOf(explorer, '/', { host }), host).to.be.oneOf([400, 403])
      }
      for (const host of [explorer.authority, 'localhost', `localhost:${explorer.server.port}`, '[::1]:80']) {
        expect(await statusOf(explorer, '/api/events', { host }), host).to.equal(200)
      }
    })

    it('refuses pages of other origins, over HTTP and WebSocket', async () => {
      const explorer = await start({})
      for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'https://localhost:1', 'http://127.0.0.2', 'http://localhost:1/x', `http://evil@${explorer.authority}`]) {
        expect(await statusOf(explorer, '/api/events', { origin }), origin).to.equal(403)
        expect(await statusOf(explorer, '/api/events', { origin }, { method: 'OPTIONS' }), origin).to.equal(403)
        expect(await connect(explorer, { origin }), origin).to.equal(403)
      }
    })

    it('lets pages of this machine read, and only those', async () => {
      const explorer = await start({})
      for (const origin of ['http://localhost:5173', 'http://127.0.0.1:8000', 'http://localhost']) {
        const { status, headers } = await ask(explorer, '/api/events', { origin })
        expect(status).to.equal(200)
        expect(headers).to.include({ 'access-control-allow-origin': origin, vary: 'Origin' })
        const preflight = await ask(explorer, '/api/events', { origin, 'access-control-request-method': 'DELETE' }, { method: 'OPTIONS' })
        expect(preflight.status).to.equal(204)
        expect(preflight.headers['access-control-allow-methods']).to.equal('GET')
        expect(await connect(explorer, { origin })).to.equal('open')
      }
      expect((await ask(explorer, '/api/events', { origin: `http://${explorer.authority}` })).status).to.equal(200)
      expect((await ask(explorer, '/api/events', {})).headers).to.not.have.property('access-control-allow-origin')
    })

    it('does not answer others, though the port that it shares is open to them', async () => {
      const explorer = await start({}, '0.0.0.0')
      const [address] = Object.values(networkInterfaces()).flat().filter(each => each?.family === 'IPv4' && !each.internal)
      expect(await statusOf(explorer, '/api/health', {})).to.equal(200)
      if (address === undefined) return // a machine without a network
      const host = address.address
      expect(await statusOf(explorer, '/api/health', { host: `${host}:1` }, { host })).to.equal(403)
      expect(await statusOf(explorer, '/api/health', { host: 'localhost' }, { host })).to.equal(403)
      expect(await statusOf(explorer, '/', { host: 'localhost' }, { host })).to.equal(403)
    })

    it('does not answer those whom a proxy on this machine brings, unless under a listed name', async () => {
      for (const environment of ['development', 'production'] as const) {
        const explorer = await start({ environment, allowedHosts: ['explorer.internal'] })
        for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
          expect(await statusOf(explorer, '/api/health', { [header]: '203.0.113.9' }), header).to.equal(403)
        }
        expect(await statusOf(explorer, '/api/health', { 'x-forwarded-for': '203.0.113.9', host: 'explorer.internal' })).to.equal(200)
      }
    })
  })

  describe('where others reach it', () => {
    it('needs the key, if there is one', async () => {
      for (const access of [{ ...OPEN, apiKey: KEY }, { environment: 'production', apiKey: KEY }, { environment: 'staging', apiKey: KEY }] as const) {
        const explorer = await start(access)
        for (const headers of [{}, { 'x-api-key': '' }, { 'x-api-key': `${KEY}x` }, { authorization: `Bearer ${KEY}` }]) {
          expect(await statusOf(explorer, '/api/events', headers)).to.equal(401)
          expect(await connect(explorer, headers)).to.equal(401)
        }
        expect(await statusOf(explorer, '/api/events', { 'x-api-key': KEY, host: 'any.example' })).to.equal(200)
        expect(await connect(explorer, { 'x-api-key': KEY })).to.equal('open')
        expect(await statusOf(explorer, '/', {}), 'the page holds nothing').to.equal(503)
      }
    })

    it('takes no key from a URL, not even the right one', async () => {
      const explorer = await start({ ...OPEN, apiKey: KEY })
      expect(await statusOf(explorer, `/api/events?apiKey=${encodeURIComponent(KEY)}`, { 'x-api-key': KEY })).to.equal(401)
      expect(await connect(explorer, { 'x-api-key': KEY }, `?apiKey=${encodeURIComponent(KEY)}`)).to.equal(401)
    })

    it('gives those who show the key a ticket for one WebSocket, and for nothing else', async () => {
      const explorer = await start({ ...OPEN, apiKey: KEY })
      expect(await statusOf(explorer, '/api/ticket', {})).to.equal(401)
      const { ticket } = (await explorer.get('/api/ticket', { 'x-api-key': KEY })).json as { ticket: string }
      expect(await statusOf(explorer, `/api/events?ticket=${ticket}`, {})).to.equal(401)
      expect(await connect(explorer, {}, `?ticket=${ticket}`)).to.equal('open')
      expect(await connect(explorer, {}, `?ticket=${ticket}`), 'twice').to.equal(401)
      for (const wrong of ['', 'x', '__proto__', `${ticket}x`]) expect(await connect(explorer, {}, `?ticket=${wrong}`), wrong).to.equal(401)
    })

    it('serves private networks without one, and keeps foreign pages out', async () => {
      const explorer = await start(OPEN)
      expect(await statusOf(explorer, '/api/events', { host: '192.168.1.5:3001' })).to.equal(200)
      expect(await statusOf(explorer, '/api/events', { host: 'evil.example' })).to.equal(403)
      expect(await connect(explorer, { origin: 'https://evil.example' })).to.equal(403)
      const proxied = await start({ ...OPEN, trustProxy: true })
      expect(await statusOf(proxied, '/api/events', { 'x-forwarded-for': '203.0.113.9' })).to.equal(403)
      expect(await statusOf(proxied, '/api/events', { 'x-forwarded-for': '10.1.2.3' })).to.equal(200)
    })

    it('serves only listed addresses, with the key or without, and a bad entry stops it', async () => {
      for (const apiKey of ['', KEY]) {
        const explorer = await start({ ...OPEN, apiKey, allowedIPs: ['10.0.0.0/8'], trustProxy: true })
        expect(await statusOf(explorer, '/api/events', { 'x-api-key': KEY })).to.equal(403)
        expect(await statusOf(explorer, '/', {})).to.equal(403)
        expect(await connect(explorer, { 'x-api-key': KEY })).to.equal(403)
        expect(await statusOf(explorer, '/api/events', { 'x-api-key': KEY, 'x-forwarded-for': '10.0.0.1' })).to.equal(200)
      }
      expect(() => explorerAccess({ ...LOCAL_ACCESS, allowedIPs: ['everywhere'] }, new Tickets())).to.throw('Invalid IP address')
    })

    it('does not take pages of this machine for its own in production', async () => {
      const explorer = await start({ environment: 'production' })
      expect(await connect(explorer, { origin: 'http://localhost:5173' })).to.equal(403)
      expect(await connect(explorer, { origin: `http://${explorer.authority}` })).to.equal('open')
    })

    it('is not open to a network in production without a key', () => {
      for (const host of ['0.0.0.0', '::', '10.0.0.1', 'explorer.example']) {
        expect(() => explorerAccess({ ...LOCAL_ACCESS, host, environment: 'production' }, new Tickets()), host).to.throw('Set THE_KEY, or THE_HOST to 127.0.0.1.')
      }
    })
  })

  it('forgets the oldest tickets when too many are asked for', () => {
    const tickets = new Tickets()
    const first = tickets.issue()
    for (let count = 0; count < TICKETS_MAX; count++) tickets.issue()
    expect(tickets.take(first)).to.equal(false)
    const last = tickets.issue()
    expect([tickets.take(last), tickets.take(last)]).to.deep.equal([true, false])
  })
})
