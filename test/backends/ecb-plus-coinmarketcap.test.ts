/** Rates of CoinMarketCap over HTTP beside the ECB's: the formats of the service, its bad answers, its key. */
import { expect } from 'chai'
import EcbPlusCoinMarketCapBackend from '../../backends/ecb-plus-coinmarketcap.js'
import { useRateServer } from '../support/backends/feed-fixture.js'
import { apply, ecbDocument, respond } from '../support/backends.js'
import type { RateServer } from '../support/backends.js'
import { rejectionError } from '../support/failures.js'

describe('ecb-plus-coinmarketcap over HTTP', () => {
  const ctx = useRateServer()
  const coins = (options: Record<string, unknown> = {}): EcbPlusCoinMarketCapBackend => ctx.track(new EcbPlusCoinMarketCapBackend({
    spread: 0, ratesApiUrl: ctx.server.url, coinMarketCapApiUrl: `${ctx.server.url}/coins?convert=EUR`, apiKey: 's3cret', ...options
  }, ctx.api))
  const both = (answer: unknown): RateServer['answer'] => (request, response) => {
    response.end(request.url?.startsWith('/rates/coins') === true ? JSON.stringify(answer) : ecbDocument())
  }
  const listing = (prices: Array<[string, unknown]>): object => ({
    status: { error_code: 0 },
    data: prices.map(([symbol, price], id) => ({ id, symbol, quote: { EUR: { price, market_cap: 1e12 } } }))
  })

  it('reads a listing of the pro API, and sends the key as its header', async () => {
    ctx.server.answer = both(listing([['BTC', 40000], ['XRP', 0.5]]))
    const backend = coins()
    await backend.connect()
    expect(await backend.getRate('btc', 'eur')).to.equal('0.04')
    expect(await backend.getRate('xrp', 'btc')).to.equal('0.00125')
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
    expect(ctx.server.requests.at(-1)?.headers['x-cmc_pro_api_key']).to.equal('s3cret')
    expect(ctx.server.requests[0]?.headers).not.to.have.property('x-cmc_pro_api_key')
  })

  it('reads the former public ticker', async () => {
    ctx.server.answer = both([{ id: 'bitcoin', symbol: 'BTC', price_usd: '1', price_eur: '40000.0' }, { symbol: 'ETH', price_eur: null }])
    const backend = coins({ apiKey: undefined })
    await backend.connect()
    expect(await backend.getRate('btc', 'eur')).to.equal('0.04')
    expect((await rejectionError(backend.getRate('eur', 'xrp'))).message).to.equal('no rate available. currency=XRP')
  })

  it('inverts a price exactly', async () => {
    ctx.server.answer = both(listing([['BTC', 30000.01]]))
    const backend = coins()
    await backend.connect()
    expect(apply(3_000_001n, await backend.getRate('eur', 'btc'))).to.be.oneOf([100_000_000n, 99_999_999n])
    expect(await backend.getRate('btc', 'eur')).to.equal('0.03000001')
  })

  it('takes the largest of several coins with one symbol, and never a coin for a currency', async () => {
    ctx.server.answer = both(listing([['BTC', 40000], ['BTC', 1], ['USD', 5], ['EUR', 7]]))
    const backend = coins()
    await backend.connect()
    expect(await backend.getRate('btc', 'eur')).to.equal('0.04')
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
  })

  const badAnswers: Record<string, unknown> = {
    'an error': { status: { error_code: 1001, error_message: 'This API Key is invalid.' } },
    'a listing in dollars': { data: [{ symbol: 'BTC', quote: { USD: { price: 1 } } }] },
    'an empty listing': { data: [] },
    'an empty ticker': [],
    'a listing without prices': listing([['BTC', null]]),
    'a negative price': listing([['BTC', -1]]),
    'a price of zero': listing([['BTC', 0]]),
    'a price that is no number': listing([['BTC', 'many']]),
    'a symbol that is none': listing([['BTC', 1]].concat([[null as unknown as string, 1]]) as Array<[string, unknown]>)
  }
  for (const [name, answer] of Object.entries(badAnswers)) {
    it(`does not start on ${name}`, async () => {
      ctx.server.answer = both(answer)
      expect((await rejectionError(coins().connect())).message).to.match(/CoinMarketCap/)
    })
  }

  it('shows the key nowhere, whatever goes wrong', async () => {
    const messages: string[] = []
    for (const answer of [respond('s3cret', 401), respond('s3cret'), respond('', 302, { location: `${ctx.server.url}/elsewhere` })]) {
      ctx.server.answer = (request, response) => {
        if (request.url === '/rates') response.end(ecbDocument())
        else answer(request, response)
      }
      messages.push((await rejectionError(coins().connect())).message)
    }
    for (const apiKey of ['s3cret\n', 's3cret\u{1F511}', ['s3cret'], { s3cret: 's3cret' }, '']) {
      expect(() => coins({ apiKey })).to.throw(/option=apiKey/).and.satisfy((error: Error) => messages.push(error.message))
    }
    expect(messages.join('\n') + ctx.log.text()).not.to.contain('s3cret')
    expect(ctx.server.requests.some(request => request.url === '/rates/elsewhere')).to.equal(false)
  })

  it('needs a key for CoinMarketCap itself', () => {
    expect(() => coins({ apiKey: undefined, coinMarketCapApiUrl: undefined })).to.throw(/option=apiKey found=undefined/)
  })

  it('loads nothing with mock data', async () => {
    const backend = new EcbPlusCoinMarketCapBackend({ mockData: { base: 'EUR', rates: { BTC: '0.000025' } } }, ctx.api)
    await backend.connect()
    expect(await backend.getRate('btc', 'eur')).to.equal('0.04')
    expect(ctx.server.requests).to.have.lengthOf(0)
  })
})
