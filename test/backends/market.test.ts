/** Market prices: what the services are asked and how their answers read, the start, spreads, and prices set by hand. */
import { expect } from 'chai'
import { apply, storeOfBackend, respond } from '../support/backends.js'
import { LIVE, MINUTE_MS, useMarket } from '../support/backends/market-fixture.js'
import { rejectionError } from '../support/failures.js'

describe('the backend market', () => {
  const ctx = useMarket()

  it('reads the three services, and computes cross rates through the dollar', async () => {
    const backend = await ctx().start()
    expect(await backend.getRate('xrp', 'usd')).to.equal('0.00005')
    expect(await backend.getRate('usd', 'btc')).to.equal('20')
    expect(await backend.getRate('btc', 'xrp')).to.equal('1000')
    const [coingecko] = ctx().market.asked('coingecko')
    expect(Object.fromEntries(coingecko!.searchParams)).to.deep.equal(
      { ids: 'bitcoin,ripple', vs_currencies: 'usd', include_last_updated_at: 'true', precision: 'full' })
    expect(ctx().market.asked('kraken')[0]!.searchParams.get('pair')).to.equal('XBTUSD,XRPUSD')
    expect(ctx().market.asked('coinbase')[0]!.searchParams.get('currency')).to.equal('USD')
    expect(ctx().market.asked('ecb'), 'no currency but the dollar').to.deep.equal([])
  })

  it('keeps all digits of a price, whether it is text or a number in the document', async () => {
    const price = '0.123456789012345678901234567890'
    ctx().said('coingecko').XRP = price
    const backend = await ctx().start({ sources: ['coingecko'] })
    expect(await backend.getRate('xrp', 'usd')).to.equal('0.0000123456789012345678901234567890'.replace(/0$/, ''))
    expect(apply(10n ** 19n, await backend.getRate('xrp', 'usd'))).to.equal(123_456_789_012_345n)
  })

  it('reads a number with an exponent', async () => {
    ctx().said('coingecko').XRP = '5.0e-1'
    expect(await ctx().dollars(await ctx().start({ sources: ['coingecko'] }))).to.equal('0.00005')
  })

  it('has the price in the middle of three', async () => {
    ctx().said('coingecko').XRP = '0.501'
    ctx().said('kraken').XRP = '0.502'
    expect(await ctx().dollars(await ctx().start())).to.equal('0.0000501')
  })

  it('asks for nothing as long as all accounts are in dollars, and then for an asset that an account brings', async () => {
    ctx().assets = { usd: ctx().assets.usd!, cents: { assetCode: 'USD', assetScale: 4 } }
    const backend = await ctx().start()
    expect(await backend.getRate('usd', 'cents')).to.equal('100')
    expect(ctx().market.server.requests).to.deep.equal([])
    ctx().assets.xrp = { assetCode: 'XRP', assetScale: 6 }
    expect(await ctx().dollars(backend)).to.equal('0.00005')
  })

  it('never takes the price of a stranger\'s coin for that of a token it does not know', async () => {
    ctx().assets.own = { assetCode: 'SHOP', assetScale: 2 }
    ctx().said('coinbase').SHOP = '4'
    const backend = await ctx().start({ minSources: 1 })
    expect((await rejectionError(backend.getRate('own', 'usd'))).message).to.equal('no rate available. currency=SHOP')
    const named = await ctx().start({ assets: { SHOP: { coingecko: 'ripple', coinbase: 'XRP' } } })
    expect(await named.getRate('own', 'usd')).to.equal('0.5')
    expect(await named.getRate('own', 'xrp'), 'same price, same worth').to.equal('10000')
  })

  describe('at the start', () => {
    it('fails if no source answers, with the reason of each', async () => {
      for (const service of LIVE) ctx().market.says[service] = respond('', 503)
      ctx().market.says.kraken = respond('{"error":["EQuery:Unknown asset pair"]}')
      const error = await rejectionError(ctx().make().connect())
      expect(error.message).to.match(/^could not load prices from any source\. reason=CoinGecko: unexpected HTTP status 503; Kraken: Kraken says EQuery:Unknown asset pair; /)
      expect(error.message).to.contain('remedy=check the network, or set other sources')
      const asked = ctx().market.server.requests.length
      ctx().clock.tick(10 * MINUTE_MS)
      expect(ctx().market.server.requests, 'nothing goes on').to.have.lengthOf(asked)
    })

    it('succeeds with one source of three, and says what has no rate until a second one is there', async () => {
      for (const service of ['coingecko', 'kraken'] as const) ctx().market.says[service] = respond('', 503)
      const backend = await ctx().start()
      expect(await ctx().refusal(backend)).to.equal('no rate available. currency=XRP reason=fewer than 2 sources have a price')
      ctx().market.says.kraken = { XRP: '0.5' }
      await ctx().round()
      expect(await ctx().dollars(backend)).to.equal('0.00005')
      expect((await rejectionError(backend.getRate('btc', 'usd'))).message).to.contain('fewer than 2 sources')
    })

    it('stops when disconnected, and asks no more', async () => {
      const backend = await ctx().start()
      await backend.disconnect()
      const asked = ctx().market.server.requests.length
      ctx().clock.tick(10 * MINUTE_MS)
      expect(ctx().market.server.requests).to.have.lengthOf(asked)
      await backend.connect()
      expect(await ctx().dollars(backend)).to.equal('0.00005')
    })
  })

  describe('currencies', () => {
    beforeEach(() => {
      ctx().assets.eur = { assetCode: 'EUR', assetScale: 2 }
      ctx().assets.jpy = { assetCode: 'JPY', assetScale: 0 }
    })

    it('come from Kraken and Coinbase, with yen the other way round', async () => {
      const backend = await ctx().start()
      expect(await backend.getRate('eur', 'usd')).to.equal('1.25')
      expect(await backend.getRate('usd', 'jpy')).to.equal('1.25')
      expect(await backend.getRate('eur', 'xrp')).to.equal('25000')
    })

    it('never have yesterday\'s price of the ECB while there is one of today, but need its word if another source is gone', async () => {
      ctx().said('ecb').USD = '1.26'
      ctx().said('ecb').JPY = '157.5'
      ctx().market.says.kraken = respond('', 503)
      const backend = await ctx().start()
      expect(await backend.getRate('eur', 'usd')).to.equal('1.25')
      ctx().said('coinbase').EUR = '0.7'
      await ctx().round()
      expect((await rejectionError(backend.getRate('eur', 'usd'))).message).to.contain('the sources disagree')
    })

    it('do not take an old document for a witness', async () => {
      ctx().market.ecbDate = '2023-12-20'
      ctx().market.says.kraken = respond('', 503)
      const backend = await ctx().start()
      expect((await rejectionError(backend.getRate('eur', 'usd'))).message).to.contain('fewer than 2 sources')
    })

    it('are the ECB\'s alone where nobody else is asked', async () => {
      const backend = await ctx().start({ sources: ['ecb'] })
      expect(await backend.getRate('eur', 'usd')).to.equal('1.25')
      expect(await ctx().refusal(backend)).to.contain('fewer than 1 sources have a price')
    })
  })

  it('takes the spread of a pair instead of the general one, in both directions', async () => {
    const backend = await ctx().start({ spread: 0.1, spreads: { 'USD/XRP': 0.5, 'USD/USD': 0 } })
    expect(await backend.getRate('xrp', 'usd')).to.equal('0.000025')
    expect(await backend.getRate('usd', 'xrp')).to.equal('10000')
    expect(await backend.getRate('btc', 'usd')).to.equal('0.045')
    expect(await backend.getRate('usd', 'usd')).to.equal('1')
  })

  describe('a price set by hand', () => {
    const XRP = { price: '0.7', from: 'manual' }

    it('stands before the market in all directions, and leaves no way round it', async () => {
      const backend = await ctx().start()
      await backend.prices.set('XRP', '0.7', 3_600_000)
      expect(await backend.getRate('xrp', 'usd')).to.equal('0.00007')
      expect(Number(await backend.getRate('btc', 'xrp')) * Number(await backend.getRate('xrp', 'usd')) / Number(await backend.getRate('btc', 'usd')))
        .to.be.closeTo(1, 1e-12)
      const { XRP: told } = backend.prices.report().assets
      expect(told).to.deep.include({ ...XRP, until: '2024-01-02T01:00:00.000Z' })
      expect(told?.otherwise).to.deep.include({ price: '0.5', from: 'market' })
      expect(ctx().log.text()).to.contain('warn price set by hand. asset=XRP price=0.7 until=2024-01-02T01:00:00.000Z')
    })

    it('is there while the market is not', async () => {
      const backend = await ctx().start({ sources: ['kraken', 'coinbase'] })
      ctx().said('kraken').XRP = '0.6'
      await ctx().round()
      await ctx().refusal(backend)
      await backend.prices.set('XRP', '0.55', 3_600_000)
      expect(await ctx().dollars(backend)).to.equal('0.000055')
    })

    it('ends by itself, and when it is taken back', async () => {
      const backend = await ctx().start({ refreshInterval: 3_600_000, maxRateAge: 86_400_000 })
      await backend.prices.set('XRP', '0.7', 60_000)
      ctx().clock.setSystemTime(Date.now() + 59_999)
      expect(await ctx().dollars(backend)).to.equal('0.00007')
      ctx().clock.setSystemTime(Date.now() + 1)
      expect(await ctx().dollars(backend)).to.equal('0.00005')
      expect(ctx().log.text()).to.contain('price set by hand has ended. asset=XRP')
      await backend.prices.set('XRP', '0.7', 60_000)
      expect(await backend.prices.clear('XRP')).to.equal(true)
      expect(await backend.prices.clear('XRP')).to.equal(false)
      expect(await ctx().dollars(backend)).to.equal('0.00005')
    })

    it('survives a restart, until its end', async () => {
      const store = storeOfBackend()
      const first = ctx().make({}, store)
      await first.connect()
      await first.prices.set('XRP', '0.7', 3_600_000)
      await first.disconnect()
      const second = ctx().make({}, store)
      await second.connect()
      expect(await ctx().dollars(second)).to.equal('0.00007')
      expect(ctx().log.text()).to.contain('warn price set by hand is in force. asset=XRP price=0.7')
      ctx().clock.setSystemTime(Date.now() + 3_600_000)
      const third = ctx().make({}, store)
      await third.connect()
      expect(await ctx().dollars(third)).to.equal('0.00005')
    })

    it('is refused for an asset of no account, for the dollar, and if it cannot be kept', async () => {
      const backend = await ctx().start()
      expect(await rejectionError(backend.prices.set('XPR', '0.7', 1000))).to.deep.include({
        code: 'SLUICE_ASSET_UNKNOWN', message: 'no account has the asset XPR. Accounts have BTC, USD, XRP.'
      })
      expect(await rejectionError(backend.prices.set('USD', '2', 1000))).to.have.property('code', 'SLUICE_PRICE_REFUSED')
      const full = ctx().make({}, { ...storeOfBackend(), put: () => Promise.reject(new Error('disk full')) })
      await full.connect()
      expect((await rejectionError(full.prices.set('XRP', '0.7', 1000))).message).to.equal('disk full')
      expect(await ctx().dollars(full), 'nothing changed').to.equal('0.00005')
    })
  })

  it('refuses options that it does not have or that cannot be, and says which', () => {
    const wrong: Array<[Record<string, unknown>, RegExp]> = [
      [{ maxjump: 0.1 }, /option=maxjump found='\(not shown\)' expected=another option \(did you mean maxJump\?\)/],
      [{ maxJump: 0 }, /option=maxJump found=0 expected=a number above 0, such as 0.2 for 20 %/],
      [{ maxDeviation: '2%' }, /option=maxDeviation found='2%'/],
      [{ minSources: 0 }, /option=minSources found=0 expected=a whole number of at least 1/],
      [{ sources: ['kraken'], minSources: 2 }, /option=minSources found=2 expected=at most the number of sources, which is 1/],
      [{ sources: [] }, /option=sources found=\[\]/],
      [{ sources: ['krakn'] }, /option=sources found='krakn' expected=one of .* \(did you mean kraken\?\)/],
      [{ jumpRounds: 1.5 }, /option=jumpRounds/],
      [{ refreshInterval: 0 }, /option=refreshInterval found=0 expected=at least 1000 ms/],
      [{ maxRateAge: 60_000 }, /option=maxRateAge found=60000/],
      [{ krakenUrl: 'kraken.com' }, /option=krakenUrl/],
      [{ assets: [] }, /option=assets/],
      [{ assets: { XRP: { kraken: 'XRPEUR' } } }, /option=assets.XRP/],
      [{ assets: { USD: {} } }, /option=assets.USD .*prices are in USD/],
      [{ spreads: { XRP: 0.1 } }, /option=spreads found='XRP' expected=two asset codes/],
      [{ spreads: { 'XRP/USD': 1 } }, /option=spread found=1/],
      [{ spreads: { 'XRP/USD': 0.1, 'USD/XRP': 0.2 } }, /option=spreads found='USD\/XRP' expected=each pair once/]
    ]
    for (const [options, says] of wrong) expect(() => ctx().make(options), JSON.stringify(options)).to.throw(says)
  })
})
