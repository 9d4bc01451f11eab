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

  it('is asked over connections that are kept, which all with the same credentials share, and which the last one closes', async () => {
    const [one, other] = [rpc(), rpc()]
    for (let each = 0; each < 5; each++) for (const client of [one, other]) await client.call('eth_chainId')
    expect([asked.length, proxy.asked.length, proxy.connections]).to.deep.equal([10, 1, 1])
    one.close()
    await other.call('eth_chainId')
    expect(proxy.asked).to.have.lengthOf(1)
    other.close()
    await eventually('nothing is left', () => proxy.connections === 0)
    one.open()
    await one.call('eth_chainId')
    one.close()
    await eventually('nothing is left again', () => proxy.connections === 0)
  })

  it('shares no connection with somebody who shows the proxy other credentials', async () => {
    const clients = ['a', 'b'].map(user => new JsonRpc({ url: `http://${NAME}/`, socksProxy: proxy.url.replace('://', `://${user}:p@`) }))
    for (const client of [...clients, ...clients]) await client.call('eth_chainId')
    expect(proxy.asked.map(({ user }) => user)).to.deep.equal(['a', 'b'])
    for (const client of clients) client.close()
  })

  it('has few connections however much is asked at once, and goes on over others when they are cut', async () => {
    const client = rpc()
    await Promise.all(Array.from({ length: 100 }, () => client.call('eth_chainId')))
    expect(asked).to.have.lengthOf(100)
    expect(proxy.asked.length).to.be.within(1, 16)
    await eventually('few are kept', () => proxy.connections <= 4)
    proxy.cut()
    expect(await client.call('eth_chainId')).to.equal('0x1')
    client.close()
  })

  it('lets nobody wait for a turn who has been given up', async () => {
    proxy.manners = 'silent-after-request'
    const [full, hasty] = [rpc(), rpc({ timeoutMs: 20 })]
    const under = Array.from({ length: 16 }, () => rejectionError(full.call('eth_chainId')))
    await eventually('all connections are taken', () => proxy.asked.length === 16)
    expect((await rejectionError(hasty.call('eth_chainId'))).message).to.include('no answer within 20 ms')
    full.close()
    hasty.close()
    for (const failed of under) expect((await failed).message).to.include('disconnected')
    proxy.manners = 'good'
    hasty.open()
    const client = rpc()
    expect(await client.call('eth_chainId')).to.equal('0x1')
    client.close()
  }).timeout(10_000)

  it('needs a proxy if it is a hidden service', () => {
    expect(() => new JsonRpc({ url: `http://${NAME}/` })).to.throw('hidden service').with.property('message').that.does.not.include(NAME)
  })
})
