/** Price services behind a SOCKS5 proxy: asked by their names, which only the proxy resolves, and in no other way. */
import dns from 'node:dns'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import EcbBackend from '../../../backends/ecb.js'
import { fetchText } from '../../../backends/lib/fetch-text.js'
import MarketBackend from '../../../backends/market.js'
import { apiFor, RecordingLog } from '../../support/backends.js'
import { afterTest, closeAll } from '../../support/btp.js'
import { rejectionError } from '../../support/failures.js'
import { TestSocksProxy } from '../../support/socks-proxy.js'
import { eventually } from '../../support/waiting.js'

const NAME = 'prices-of-the-test.example'
const RATES = '<Cube><Cube time="2026-11-30"><Cube currency="USD" rate="1.1"/></Cube></Cube>'
const ASSETS = { usd: { assetCode: 'USD', assetScale: 2 }, eur: { assetCode: 'EUR', assetScale: 2 } }

describe('a price service behind a SOCKS proxy', () => {
  let proxy: TestSocksProxy
  let port: number
  let answer: { status: number, headers?: Record<string, string>, text: string }
  let asked: string[]

  beforeEach(async () => {
    asked = []
    answer = { status: 200, text: RATES }
    const server = createServer((request, response) => {
      asked.push(`${request.url} ${String(request.headers['x-key'] ?? '-')}`)
      response.writeHead(answer.status, answer.headers).end(answer.text)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    proxy = await TestSocksProxy.start({ [NAME]: port })
    afterTest(() => {
      server.close()
      server.closeAllConnections()
    })
    afterTest(() => proxy.stop())
  })
  afterEach(closeAll)
  afterEach(() => { sinon.restore() })

  const get = (headers?: Record<string, string>): Promise<string> =>
    fetchText(new URL(`http://${NAME}/prices`), { signal: new AbortController().signal, socksProxy: proxy.url, ...(headers !== undefined && { headers }) })

  it('is asked through it by its name, and leaves nothing open', async () => {
    const lookup = sinon.spy(dns, 'lookup')
    expect(await get({ 'x-key': 'k' })).to.equal(RATES)
    expect(asked).to.deep.equal(['/prices k'])
    expect(proxy.asked[0]).to.include({ addressType: 3, host: NAME, port: 80 })
    expect(lookup.args.map(([name]) => name).filter(name => name !== '127.0.0.1')).to.deep.equal([])
    await eventually('nothing is left', () => proxy.connections === 0)
  })

  it('is not followed elsewhere, and gives no more than a document', async () => {
    answer = { status: 302, headers: { location: `http://127.0.0.1:${port}/` }, text: '' }
    expect((await rejectionError(get())).message).to.equal('unexpected HTTP status 302')
    answer = { status: 200, text: 'x'.repeat(5 * 1024 * 1024) }
    expect((await rejectionError(get())).message).to.include('larger than')
    expect(asked).to.have.lengthOf(2)
  })

  it('is not asked in any other way while the proxy is away', async () => {
    const { url: socksProxy } = proxy
    await proxy.stop()
    const asking = fetchText(new URL(`http://127.0.0.1:${port}/`), { signal: new AbortController().signal, socksProxy })
    expect((await rejectionError(asking)).message).to.include('did not connect us')
    expect(asked).to.deep.equal([])
  })

  it('is given up when the backend is disconnected', async () => {
    proxy.manners = 'silent-after-request'
    const stop = new AbortController()
    const failed = rejectionError(fetchText(new URL(`http://${NAME}/`), { signal: stop.signal, socksProxy: proxy.url }))
    await eventually('the proxy is asked', () => proxy.asked.length === 1)
    stop.abort(new Error('disconnected'))
    expect((await failed).message).to.equal('disconnected')
    await eventually('the connection is closed', () => proxy.connections === 0)
  })

  it('is where backends go if the connector or an option says so', async () => {
    const api = { ...apiFor(ASSETS, new RecordingLog()), socksProxy: proxy.url }
    const ecb = new EcbBackend({ ratesApiUrl: `http://${NAME}/daily` }, api)
    await ecb.connect()
    expect(await ecb.getRate('eur', 'usd')).to.equal('1.1')
    await ecb.disconnect()
    const urls = { coingeckoUrl: `http://${NAME}/gecko`, ecbUrl: `http://${NAME}/ecb` }
    const withXrp = apiFor({ ...ASSETS, xrp: { assetCode: 'XRP', assetScale: 6 } }, new RecordingLog())
    const market = new MarketBackend({ sources: ['coingecko', 'ecb'], ...urls, minSources: 1, socksProxy: proxy.url }, withXrp)
    await market.connect().catch(() => undefined) // there is no price of XRP in that document
    await market.disconnect()
    expect(asked.map(line => line.split(/[ ?]/)[0]).toSorted()).to.deep.equal(['/daily', '/ecb', '/gecko'])
    expect(new Set(proxy.asked.map(({ host }) => host))).to.deep.equal(new Set([NAME]))
    const wrong = (): unknown => new MarketBackend({ socksProxy: 'socks5://user:hunter2@127.0.0.1:1' }, apiFor(ASSETS, new RecordingLog()))
    expect(wrong).to.throw('option=socksProxy').with.property('message').that.does.not.include('hunter2')
  })
})
