/** A web page reaches every listener that its browser reaches. It gets in only if it is on the list, and a program is not asked. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import type { ServerOptions } from 'ws'
import { WebSocket } from 'ws'
import PluginBtp from '../../../plugins/btp/index.js'
import { TestLog, afterTest, closeAll, listening, makePlugin, serverUrl } from '../../support/btp.js'
import { rejectionError } from '../../support/failures.js'

const WALLET = 'https://wallet.example'
const STRANGE = [
  'https://evil.example', 'http://localhost:3000', 'null', '', 'file://', 'http://wallet.example', `${WALLET}:8443`, `${WALLET}.evil.example`, `${WALLET}, https://evil.example`
]

interface Refusal {
  /** 101 where it is none. */
  status: number
  words: string
}

async function upgrade (port: number, headers: Record<string, string>, protocolVersion = 13): Promise<Refusal> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}`, { headers, protocolVersion })
  afterTest(() => ws.terminate())
  return new Promise((resolve, reject) => {
    ws.on('open', () => { resolve({ status: 101, words: '' }) })
    ws.on('error', reject)
    ws.on('unexpected-response', (_request, response) => {
      let words = ''
      response.on('data', chunk => { words += String(chunk) })
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, words }) })
    })
  })
}

const statusOf = async (port: number, origin?: string): Promise<number> =>
  (await upgrade(port, origin === undefined ? {} : { origin })).status

describe('web pages that ask for BTP', () => {
  afterEach(closeAll)

  it('are refused with 403 before they may say anything, and told who could let them in', async () => {
    const log = new TestLog()
    const { port } = await listening({}, {}, log)
    for (const origin of [WALLET, ...STRANGE]) {
      const { status, words } = await upgrade(port, { origin })
      expect(status, origin).to.equal(403)
      expect(words).to.contain('listener.allowedOrigins').and.to.contain('btpAllowedOrigins')
    }
    expect(log.lines.join('\n')).to.contain(`a web page whose origin is not listed. origin=${WALLET}`)
    expect(await statusOf(port)).to.equal(101)
  })

  it('get in if they are listed, and no others', async () => {
    const { port } = await listening({ allowedOrigins: [WALLET, 'chrome-extension://abc'] })
    for (const origin of [WALLET, 'https://WALLET.example', 'chrome-extension://abc']) expect(await statusOf(port, origin), origin).to.equal(101)
    for (const origin of STRANGE) expect(await statusOf(port, origin), origin).to.equal(403)
  })

  it('cannot hide behind the name that the header had in version 8', async () => {
    const { port } = await listening({ allowedOrigins: [WALLET] })
    for (const headers of [{ 'sec-websocket-origin': 'https://evil.example' }, { origin: WALLET, 'sec-websocket-origin': 'https://evil.example' }]) {
      expect((await upgrade(port, headers, 8)).status).to.equal(403)
      expect((await upgrade(port, headers)).status).to.equal(403)
    }
    expect((await upgrade(port, { origin: WALLET }, 8)).status).to.equal(101)
  })

  it('do not take the place of a peer without a secret', async () => {
    const { plugin, port, connected } = await listening({ secret: undefined, noAuth: true })
    const app = makePlugin({ server: serverUrl(port, '') })
    await Promise.all([app.connect(), connected])
    expect(await statusOf(port, 'http://localhost:3000')).to.equal(403)
    expect([plugin.isConnected(), app.isConnected()]).to.deep.equal([true, true])
  })

  it('are refused on a server of the operator\'s own as well, where the operator\'s check comes second', async () => {
    const server = createServer()
    const asked: Array<string | undefined> = []
    const sync: NonNullable<ServerOptions['verifyClient']> = ({ origin }: { origin: string }) => asked.push(origin) < 0
    await listening({ allowedOrigins: [WALLET], wsOpts: { server, verifyClient: sync } })
    const { port } = server.address() as AddressInfo
    expect([await statusOf(port, 'https://evil.example'), await statusOf(port, WALLET), await statusOf(port)]).to.deep.equal([403, 401, 401])
    expect(asked).to.deep.equal([WALLET, undefined])
  })

  it('leave an operator\'s check that answers later as it is', async () => {
    const verifyClient: NonNullable<ServerOptions['verifyClient']> = (_info, done) => { setImmediate(done, false, 418, 'teapot') }
    const { port } = await listening({ wsOpts: { verifyClient } })
    expect([await statusOf(port), await statusOf(port, WALLET)]).to.deep.equal([418, 403])
  })

  it('are judged the same by all accounts of a listener', async () => {
    const { port } = await listening({ username: 'alice', allowedOrigins: [WALLET] })
    const other = makePlugin({ listener: { port, username: 'bob', secret: 'x' } })
    expect((await rejectionError(other.connect())).message).to.contain('the same key, cert and maxPayload, and the same allowedOrigins')
  })

  it('are refused while a node listens for guests', async () => {
    const guests = await PluginBtp.listen({ host: '127.0.0.1', port: 0, admit: () => undefined })
    afterTest(() => guests.release())
    expect([await statusOf(guests.port, WALLET), await statusOf(guests.port)]).to.deep.equal([403, 101])
    const open = await PluginBtp.listen({ host: '127.0.0.1', port: 0, admit: () => undefined, allowedOrigins: [WALLET] })
    afterTest(() => open.release())
    expect([await statusOf(open.port, WALLET), await statusOf(open.port, 'https://evil.example')]).to.deep.equal([101, 403])
  })

  it('are listed by their origins', () => {
    for (const origin of ['*', 'null', 'wallet.example', `${WALLET}/`, 'https://*.example']) {
      expect(() => makePlugin({ listener: { port: 0, secret: 'x', allowedOrigins: [origin] } }), origin).to.throw('listener.allowedOrigins.0: expected an origin such as')
    }
  })

  it('close with the listener', async () => {
    const { plugin, port } = await listening({ allowedOrigins: [WALLET] })
    const ws = new WebSocket(`ws://127.0.0.1:${port}`, { origin: WALLET })
    await once(ws, 'open')
    const closed = once(ws, 'close')
    await plugin.disconnect()
    await closed
  })
})
