/** Who may connect by address: before a byte is read, and behind a proxy only as that proxy says. */
import { connect } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import PluginBtp from '../../../plugins/btp/index.js'
import { clientBehind } from '../../../plugins/btp/proxied.js'
import { ConfigLoader } from '../../../src/index.js'
import { clientRules } from '../../../src/node/btp.js'
import { TestLog, afterTest, closeAll } from '../../support/btp.js'

const NOBODY = ConfigLoader.read({ nodeId: 'shop', btpServerPort: 3000, peers: [] }, {}).config.security

describe('clients of the BTP port, by address', () => {
  afterEach(closeAll)

  async function open (allowedIPs: string[], trustedProxies: string[] = []): Promise<{ port: number, log: TestLog, asked: string[] }> {
    const log = new TestLog()
    const asked: string[] = []
    const admit = (_name: string, address: string): undefined => { asked.push(address) }
    const listening = await PluginBtp.listen({
      host: '127.0.0.1', port: 0, admit, clients: clientRules({ ...NOBODY, allowedIPs, trustedProxies })
    }, log)
    afterTest(() => listening.release())
    return { port: listening.port, log, asked }
  }

  async function upgrade (port: number, headers: Record<string, string> = {}): Promise<number> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}`, { headers })
    afterTest(() => ws.terminate())
    return new Promise(resolve => {
      ws.on('open', () => { resolve(101) })
      ws.on('error', () => { resolve(0) })
      ws.on('unexpected-response', (_request, response) => { resolve(response.statusCode ?? 0) })
    })
  }

  it('are cut off without a word before anything is read, if theirs is not listed', async () => {
    const { port, log } = await open(['10.0.0.0/8'])
    const socket = connect(port, '127.0.0.1')
    let said = 0
    socket.on('data', data => { said += data.length }).on('error', () => undefined)
    await once(socket, 'close')
    expect(said).to.equal(0)
    expect(await upgrade(port)).to.equal(0)
    expect(log.lines.join('\n')).to.include('its address is not allowed').and.include('127.0.0.1')
  })

  it('come in if theirs is listed, as one address, as a network, and as IPv4 within IPv6', async () => {
    for (const entry of ['127.0.0.1', '127.0.0.0/8', '::ffff:127.0.0.1', '::ffff:127.0.0.0/104']) expect(await upgrade((await open([entry])).port), entry).to.equal(101)
    expect(await upgrade((await open([])).port), 'without a list').to.equal(101)
  })

  it('gain nothing by saying that somebody sent them, if no proxy is configured', async () => {
    const { port } = await open(['10.0.0.1'])
    expect(await upgrade(port, { 'x-forwarded-for': '10.0.0.1' })).to.equal(0)
  })

  it('are known behind a proxy by what the proxy says', async () => {
    const { port } = await open(['10.0.0.1'], ['127.0.0.1'])
    expect(await upgrade(port, { 'x-forwarded-for': '10.0.0.1' })).to.equal(101)
    for (const forwarded of ['10.0.0.2', '10.0.0.1, 10.0.0.2', 'unknown', '']) expect(await upgrade(port, { 'x-forwarded-for': forwarded }), forwarded).to.equal(403)
    expect(await upgrade(port), 'the proxy itself is not listed').to.equal(403)
  })

  it('are the last in the list that is not a proxy', () => {
    const of = (forwarded: string | undefined, remoteAddress = '127.0.0.1'): string =>
      clientBehind({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } as never }, { isProxy: address => ['127.0.0.1', '10.9.9.9'].includes(address) })
    expect(of('1.1.1.1, 2.2.2.2, 10.9.9.9')).to.equal('2.2.2.2')
    expect(of('1.1.1.1', '3.3.3.3'), 'not from a proxy').to.equal('3.3.3.3')
    expect(of(undefined)).to.equal('')
    expect(of(Array(100).fill('10.9.9.9').join()), 'only so many are looked at').to.equal('')
  })
})
