/** Nodes of chains that are asked through a proxy: through it, or not at all, and nobody is told by a resolver or an error who they are. */
import dns from 'node:dns'
import { createServer } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import sinon from 'sinon'
import { JsonRpc } from '../../../../plugins/lib/rpc/json-rpc.js'
import { afterTest, closeAll } from '../../../support/btp.js'
import { rejectionError } from '../../../support/failures.js'
import { TestSocksProxy } from '../../../support/socks-proxy.js'
import { eventually } from '../../../support/waiting.js'

const NAME = 'rpc-of-the-test.onion'

describe('a node of a chain behind a SOCKS proxy', () => {
  let proxy: TestSocksProxy
  let answer: { status: number, text: string, headers: Record<string, string> }
  let asked: string[]

  beforeEach(async () => {
    asked = []
    answer = { status: 200, text: JSON.stringify({ result: '0x1' }), headers: {} }
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization}`)
      response.writeHead(answer.status, answer.headers).end(answer.text)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    proxy = await TestSocksProxy.start({ [NAME]: (server.address() as AddressInfo).port })
    afterTest(() => {
      server.close()
      server.closeAllConnections()
    })
    afterTest(() => proxy.stop())
  })
  afterEach(closeAll)
  afterEach(() => { sinon.restore() })

  const rpc = (more: { timeoutMs?: number } = {}): JsonRpc => new JsonRpc({ url: `http://user:hunter2@${NAME}/path`, socksProxy: proxy.url, ...more })

  it('is asked through it by its name', async () => {
    const lookup = sinon.spy(dns, 'lookup')
    expect(await rpc().call('eth_chainId')).to.equal('0x1')
    expect(asked).to.deep.equal([`POST /path Basic ${Buffer.from('user:hunter2').toString('base64')}`])
    expect(proxy.asked[0]).to.include({ addressType: 3, host: NAME, port: 80 })
    expect(lookup.args.map(([name]) => name).filter(name => isIP(name) === 0)).to.deep.equal([])
  })

  it('is refused where it sends us elsewhere, and where it says nothing that can be read', async () => {
    answer = { status: 302, text: '', headers: { location: 'http://127.0.0.1:9/' } }
    expect((await rejectionError(rpc().call('eth_chainId'))).message).to.include('HTTP status 302')
    answer = { status: 200, text: '<html>', headers: {} }
    expect((await rejectionError(rpc().call('eth_chainId'))).message).to.include('no answer of the node at <redacted>').and.not.include(NAME)
  }).timeout(10_000)

  it('is away while the proxy is, and is not asked in any other way', async () => {
    const client = rpc()
    await proxy.stop()
    const { message } = await rejectionError(client.call('eth_chainId'))
    expect(message).to.include('did not connect us').and.not.include(NAME).and.not.include('hunter2')
    expect(asked).to.deep.equal([])
  }).timeout(10_000)

  it('is given up with all that is under way', async () => {
    proxy.manners = 'silent-after-request'
    const client = rpc()
    const failed = rejectionError(client.call('eth_chainId'))
    await eventually('the proxy is asked', () => proxy.asked.length === 1)
    client.close()
    expect((await failed).message).to.include('disconnected')
    await eventually('the connection is closed', () => proxy.connections === 0)
  }).timeout(10_000)

  it('needs a proxy if it is a hidden service', () => {
    expect(() => new JsonRpc({ url: `http://${NAME}/` })).to.throw('hidden service').with.property('message').that.does.not.include(NAME)
  })
})
