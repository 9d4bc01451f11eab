/** Connections through a proxy that may do anything: they are made as asked, or fail in time, and never go another way. */
import dns from 'node:dns'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { WebSocket, WebSocketServer } from 'ws'
import { SocksAgent } from '../../src/lib/socks-agent.js'
import { parseSocksProxy } from '../../src/lib/socks-proxy.js'
import { afterTest, closeAll } from '../support/btp.js'
import { TestSocksProxy, type Manners } from '../support/socks-proxy.js'
import { eventually } from '../support/waiting.js'

const NAME = 'a-name-that-no-resolver-knows.onion'

async function webServer (): Promise<number> {
  const server = http.createServer((_request, response) => response.end('through'))
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', socket => { socket.on('message', data => { socket.send(data) }) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterTest(() => {
    for (const client of sockets.clients) client.terminate()
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

async function start (manners: Manners = 'good'): Promise<TestSocksProxy> {
  const proxy = await TestSocksProxy.start({ [NAME]: await webServer() })
  proxy.manners = manners
  afterTest(() => proxy.stop())
  return proxy
}

function agentFor (url: string, { timeoutMs = 30_000, isSecure = false } = {}): SocksAgent {
  const agent = new SocksAgent(parseSocksProxy(url), { isSecure, timeoutMs })
  afterTest(() => { agent.destroy() })
  return agent
}

async function get (agent: SocksAgent, url: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    http.get(url, { agent }, response => {
      response.setEncoding('utf8').on('data', resolve)
    }).on('error', reject)
  })
}

async function failure (agent: SocksAgent): Promise<string> {
  return await get(agent, `http://${NAME}:80/`).then(text => `no error but ${text}`, String)
}

describe('an agent for a SOCKS proxy', () => {
  afterEach(closeAll)
  afterEach(() => { sinon.restore() })

  it('lets the proxy resolve the name, and asks no resolver', async () => {
    const lookup = sinon.spy(dns, 'lookup')
    const proxy = await start()
    expect(await get(agentFor(proxy.url), `http://${NAME}:3000/`)).to.equal('through')
    expect(proxy.asked).to.deep.equal([{ addressType: 3, host: NAME, port: 3000, user: undefined, password: undefined }])
    expect(lookup.args.filter(([name]) => name !== '127.0.0.1')).to.deep.equal([])
  })

  it('carries a WebSocket, and shows the credentials of its circuit', async () => {
    const proxy = await start()
    const socket = new WebSocket(`ws://${NAME}:3000/`, { agent: agentFor(proxy.url.replace('://', '://circuit:p%40ss@')) })
    afterTest(() => { socket.terminate() })
    await once(socket, 'open')
    socket.send('hello')
    expect(String((await once(socket, 'message') as [Buffer])[0])).to.equal('hello')
    expect(proxy.asked).to.have.lengthOf(1)
    expect(proxy.asked[0]).to.include({ user: 'circuit', password: 'p@ss' })
  })

  it('works with a proxy that has no use for credentials', async () => {
    const proxy = await start('refuses-users')
    expect(await get(agentFor(proxy.url.replace('://', '://user:hunter2@')), `http://${NAME}/`)).to.equal('through')
    expect(proxy.asked[0]).to.include({ port: 80, user: undefined })
  })

  it('checks the certificate of the other side against its name', async () => {
    const proxy = await start()
    const seen = sinon.spy()
    const request = https.get(`https://${NAME}/`, { agent: agentFor(proxy.url, { isSecure: true }) })
    request.on('error', seen)
    await eventually('the plain server is no TLS server', () => seen.called)
    expect(proxy.asked[0]).to.include({ host: NAME, port: 443 })
  })

  for (const [manners, reason] of [
    ['refuses', 'HostUnreachable'],
    ['garbage', 'Received invalid'],
    ['never-ends', ''],
    ['wants-users', 'no accepted authentication'],
    ['closes-after-greeting', 'Socket closed'],
    ['closes-after-request', 'Socket closed']
  ] as const) {
    it(`fails when the proxy ${manners.replaceAll('-', ' ')}`, async () => {
      const proxy = await start(manners)
      const error = await failure(agentFor(proxy.url.replace('://', '://user:hunter2@')))
      expect(error).to.include(`the SOCKS5 proxy at 127.0.0.1:${proxy.port} did not connect us`).and.include(reason).and.not.include('hunter2')
      await eventually('the connection is closed', () => proxy.connections === 0)
    })
  }

  for (const manners of ['silent', 'says-half', 'silent-after-request'] as const) {
    it(`gives up in time on a proxy that ${manners.replaceAll('-', ' ')}`, async () => {
      const proxy = await start(manners)
      expect(await failure(agentFor(proxy.url, { timeoutMs: 50 }))).to.include('no connection within 50 ms')
      await eventually('the connection is closed', () => proxy.connections === 0)
    })

    it(`leaves nothing open at a proxy that ${manners.replaceAll('-', ' ')} when it is destroyed`, async () => {
      const proxy = await start(manners)
      const agent = agentFor(proxy.url)
      const failed = failure(agent)
      await eventually('it is asked', () => proxy.connections === 1)
      agent.destroy()
      expect(await failed).to.include('did not connect us')
      await eventually('the connection is closed', () => proxy.connections === 0)
    })
  }

  it('goes no other way when there is no proxy', async () => {
    const proxy = await start()
    const { url } = proxy
    const direct = await webServer()
    await proxy.stop()
    const error = await get(agentFor(url), `http://127.0.0.1:${direct}/`).then(text => text, String)
    expect(error).to.include('did not connect us: connect ECONNREFUSED')
  })
})
