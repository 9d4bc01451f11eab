/** BTP through a SOCKS proxy: whatever the proxy does, the peer is dialled through it or not at all, and nothing tells who the peer is. */
import dns from 'node:dns'
import { once } from 'node:events'
import { expect } from 'chai'
import sinon from 'sinon'
import PluginBtp from '../../../plugins/btp/index.js'
import { PROXIED_ATTEMPT_TIMEOUT_MS } from '../../../plugins/btp/client.js'
import { SECRET, TestLog, afterTest, closeAll, drive, fakeTimers, listening, makePlugin, serverUrl } from '../../support/btp.js'
import { rejectionError } from '../../support/failures.js'
import { TestSocksProxy } from '../../support/socks-proxy.js'
import { eventually, quiet } from '../../support/waiting.js'

const NAME = 'peer-of-the-test.onion'
const SERVER = `btp+ws://:${SECRET}@${NAME}:3000`

async function startProxy (names: Record<string, number>): Promise<TestSocksProxy> {
  const proxy = await TestSocksProxy.start(names)
  afterTest(() => proxy.stop())
  return proxy
}

describe('BTP through a SOCKS proxy', () => {
  afterEach(closeAll)
  afterEach(() => { sinon.restore() })

  it('reaches a hidden service by its name, and comes back when its circuit is lost', async () => {
    const lookup = sinon.spy(dns, 'lookup')
    const { plugin, port } = await listening()
    plugin.registerDataHandler(data => Promise.resolve(data))
    const proxy = await startProxy({ [NAME]: port })
    const log = new TestLog()
    const client = makePlugin({ server: SERVER, socksProxy: proxy.url.replace('://', '://circuit-1:hunter2@'), reconnectInterval: 1 }, log)
    for (let round = 1; round <= 3; round++) {
      const connected = round === 1 ? client.connect() : once(client, 'connect')
      await connected
      expect(String(await client.sendData(Buffer.from('hello')))).to.equal('hello')
      const disconnected = once(client, 'disconnect')
      proxy.cut()
      await disconnected
    }
    expect(proxy.asked[0]).to.deep.equal({ addressType: 3, host: NAME, port: 3000, user: 'circuit-1', password: 'hunter2' })
    expect(lookup.args.filter(([name]) => name !== '127.0.0.1')).to.deep.equal([])
    expect(log.lines.join('\n')).to.not.include(NAME).and.not.include('hunter2')
  })

  it('goes no other way while the proxy is away, and goes on trying', async () => {
    const { plugin, port } = await listening()
    const proxy = await startProxy({})
    const proxyPort = proxy.port
    await proxy.stop()
    const log = new TestLog()
    const client = makePlugin({ server: serverUrl(port), socksProxy: `socks5h://127.0.0.1:${proxyPort}`, reconnectInterval: 1 }, log)
    const { message } = await rejectionError(client.connect({ timeout: 100 }))
    expect(message).to.include('the SOCKS5 proxy at').and.include('ECONNREFUSED')
    expect(plugin.isConnected(), 'past the proxy').to.equal(false)
    const connected = once(client, 'connect')
    const again = await TestSocksProxy.start({}, proxyPort)
    afterTest(() => again.stop())
    await connected
    expect(again.asked[0]).to.include({ addressType: 1, host: '127.0.0.1', port })
  })

  it('says that it cannot reach the peer, and not who that is', async () => {
    const proxy = await startProxy({})
    const log = new TestLog()
    const client = makePlugin({ server: SERVER, socksProxy: proxy.url, reconnectInterval: 1 }, log)
    const { message } = await rejectionError(client.connect({ timeout: 100 }))
    expect(message).to.include('server=<redacted>:3000').and.include('HostUnreachable')
    expect([message, ...log.lines].join('\n')).to.not.include(NAME)
  })

  it('waits for a slow circuit longer than for a direct connection, and then tries anew', async () => {
    const clock = fakeTimers()
    const proxy = await startProxy({})
    proxy.manners = 'silent-after-request'
    const client = makePlugin({ server: SERVER, socksProxy: proxy.url, reconnectInterval: 1 })
    client.connect().catch(() => undefined)
    await drive(clock, () => proxy.asked.length === 1, 1)
    for (let left = PROXIED_ATTEMPT_TIMEOUT_MS - 5000; left > 0; left -= 1000) {
      await clock.tickAsync(1000)
      await quiet() // a new attempt would reach the proxy meanwhile
    }
    expect([proxy.connections, proxy.asked.length]).to.deep.equal([1, 1])
    await drive(clock, () => proxy.asked.length === 2, 1000)
  })

  it('leaves nothing open when it is stopped while it dials', async () => {
    const proxy = await startProxy({})
    proxy.manners = 'silent-after-request'
    const client = makePlugin({ server: SERVER, socksProxy: proxy.url })
    client.connect().catch(() => undefined)
    await eventually('the proxy is asked', () => proxy.asked.length === 1)
    await client.disconnect()
    await eventually('the connection is closed', () => proxy.connections === 0)
  })

  it('refuses a hidden service without a proxy, and a proxy that would leave names to a resolver here', () => {
    expect(() => new PluginBtp({ server: SERVER })).to.throw('set "socksProxy"').with.property('message').that.does.not.include(NAME)
    expect(() => new PluginBtp({ server: SERVER, socksProxy: 'socks5://user:hunter2@127.0.0.1:9050' }))
      .to.throw('socksProxy: must use the "socks5h://" scheme').with.property('message').that.does.not.include('hunter2')
  })
})
