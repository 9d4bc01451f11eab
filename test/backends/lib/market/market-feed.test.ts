/** Adversaries: a price service that lies, hangs, sticks or jumps, and a clock that does, move no rate that anybody trades at. */
import { expect } from 'chai'
import type { RequestListener } from 'node:http'
import { respond } from '../../../support/backends.js'
import { LIVE, useMarket } from '../../../support/backends/market-fixture.js'
import { turnsUntil } from '../../../support/waiting.js'
import type { Said } from '../../../support/backends/market-server.js'

describe('prices from several services', () => {
  const ctx = useMarket()

  describe('one source that', () => {
    const hang: RequestListener = (_request, response) => { response.writeHead(200).write('{') }
    const adversaries: Record<string, RequestListener | Said> = {
      'is down': respond('', 503),
      'wants fewer requests': respond('{"status":{"error_code":429}}', 429, { 'retry-after': '60' }),
      'answers HTML': respond('<html><body>Just a moment...</body></html>', 200, { 'content-type': 'text/html' }),
      'answers garbage': respond('{"data":'),
      'answers nothing': respond(''),
      'answers another shape': respond('[1,2,3]'),
      'answers null': respond('null'),
      'says 0': { XRP: '0', BTC: '0' },
      'says 0.000': { XRP: '0.000', BTC: '0.000' },
      'is negative': { XRP: '-0.5', BTC: '-1' },
      'says 1e400': { XRP: '1e400', BTC: '1e400' },
      'says 1e-400': { XRP: '1e-400', BTC: '1e-400' },
      'says 1e29': { XRP: '1e29', BTC: '1e29' },
      'says a number of a thousand digits': { XRP: '9'.repeat(1000), BTC: '1' },
      'is ten times too high': { XRP: '5', BTC: '500000' },
      'is ten times too low': { XRP: '0.05', BTC: '5000' },
      'redirects': (_request, response) => { response.writeHead(302, { location: '/coinbase' }).end() },
      'sends more than it could ever need': respond(`{${' '.repeat(4 * 1024 * 1024)}}`)
    }
    for (const service of LIVE) {
      for (const [name, answer] of Object.entries(adversaries)) {
        it(`${name} moves nothing: ${service}`, async () => {
          ctx().market.says[service] = answer
          expect(await ctx().dollars(await ctx().start())).to.equal('0.00005')
        })

        it(`${name} moves nothing while it runs, and is back when it is sound: ${service}`, async () => {
          const backend = await ctx().start()
          const sound = ctx().market.says[service]
          ctx().market.says[service] = answer
          await ctx().round()
          expect(await ctx().dollars(backend)).to.equal('0.00005')
          ctx().market.says[service] = sound
          ctx().market.price('XRP', '0.55', String(1 / 0.55))
          await ctx().round()
          expect(await ctx().dollars(backend)).to.match(/^0\.000055/)
        })
      }

      it(`never ends moves nothing: ${service}`, async () => {
        ctx().market.says[service] = hang
        const backend = ctx().make()
        const connected = backend.connect()
        const heard = (): Array<{ price?: string }> => Object.values(backend.prices.report().assets.XRP?.sources ?? {})
        const answered = (): number => heard().filter(({ price }) => price !== undefined).length
        await turnsUntil(() => ctx().market.server.requests.length === 3 && answered() === 2)
        ctx().clock.tick(10_000)
        await connected
        expect(await ctx().dollars(backend)).to.equal('0.00005')
        expect(backend.prices.report().sources[service]).to.deep.equal({ failures: 1, trouble: 'no complete answer within 10000 ms' })
      })

      it(`is stuck at an old price is outvoted by the two that move: ${service}`, async () => {
        const backend = await ctx().start()
        const stuck = { ...ctx().said(service) }
        for (const [price, perDollar] of [['0.54', '1.851851851851851851'], ['0.6', '1.666666666666666666']] as const) {
          ctx().market.price('XRP', price, perDollar)
          ctx().market.says[service] = { ...stuck }
          await ctx().round()
          expect(Number(await ctx().dollars(backend)) * 1e4).to.be.closeTo(Number(price), 1e-6)
        }
        expect(ctx().log.text()).to.contain(`price source disagrees with the others, and is left out. asset=XRP source=${service}`)
      })
    }

    it('has no key to hide in what it says', async () => {
      ctx().market.says.coingecko = respond('', 401)
      const backend = await ctx().start({ coingeckoApiKey: 'CG-s3cret' })
      expect(ctx().market.server.requests.find(({ url }) => url?.startsWith('/coingecko'))?.headers['x-cg-demo-api-key']).to.equal('CG-s3cret')
      expect(ctx().log.text() + JSON.stringify(backend.prices.report())).not.to.contain('s3cret')
      expect(() => ctx().make({ coingeckoApiKey: 's3cret\n' })).to.throw('option=coingeckoApiKey found=(not shown)')
    })
  })

  describe('two sources that disagree', () => {
    it('give no rate, whichever is right, and one again when they agree', async () => {
      ctx().said('kraken').XRP = '0.52'
      const backend = await ctx().start({ sources: ['kraken', 'coinbase'] })
      expect(await ctx().refusal(backend)).to.equal('no rate available. currency=XRP reason=the sources disagree')
      expect(await backend.getRate('btc', 'usd'), 'other assets').to.equal('0.05')
      expect(ctx().log.text()).to.contain('no price for an asset, packets that need it are refused. asset=XRP reason=the sources disagree ' +
        'sources=kraken:0.52 coinbase:0.5')
      ctx().said('kraken').XRP = '0.508'
      await ctx().round()
      expect(await ctx().dollars(backend)).to.equal('0.0000504')
      expect(ctx().log.text()).to.contain('there is a price for the asset again. asset=XRP')
    })

    it('stop trade at once, although the price before is young', async () => {
      const backend = await ctx().start({ sources: ['kraken', 'coinbase'] })
      expect(await ctx().dollars(backend)).to.equal('0.00005')
      ctx().said('kraken').XRP = '0.52'
      await ctx().round()
      expect(await ctx().refusal(backend)).to.contain('the sources disagree')
    })
  })

  describe('a jump', () => {
    it('is not believed until three rounds have confirmed it; there is no rate meanwhile', async () => {
      const backend = await ctx().start()
      ctx().market.price('XRP', '5', '0.2')
      for (let rounds = 0; rounds < 2; rounds++) {
        await ctx().round()
        expect(await ctx().refusal(backend)).to.contain('the price jumped, and is not confirmed yet')
        expect(await backend.getRate('btc', 'usd'), 'other assets').to.equal('0.05')
      }
      await ctx().round()
      expect(await ctx().dollars(backend)).to.equal('0.0005')
      expect(ctx().log.text()).to.contain('price jumped, not trading at it until it is confirmed. asset=XRP from=0.5 to=5 rounds=2')
    })

    it('that goes back is forgotten', async () => {
      const backend = await ctx().start()
      ctx().market.price('XRP', '5', '0.2')
      await ctx().round()
      await ctx().round()
      ctx().market.price('XRP', '0.5', '2')
      await ctx().round()
      expect(await ctx().dollars(backend)).to.equal('0.00005')
      ctx().market.price('XRP', '5', '0.2')
      await ctx().round()
      await ctx().round()
      expect(await ctx().refusal(backend)).to.contain('jumped')
    })

    it('is not confirmed by answers that do not come', async () => {
      const backend = await ctx().start()
      ctx().market.price('XRP', '5', '0.2')
      await ctx().round()
      const before = { ...ctx().market.says }
      for (const service of LIVE) ctx().market.says[service] = respond('', 500)
      for (let rounds = 0; rounds < 4; rounds++) await ctx().round()
      expect(await ctx().refusal(backend)).to.contain('jumped')
      ctx().market.says = before
      await ctx().round()
      expect(await ctx().refusal(backend)).to.contain('jumped')
      await ctx().round()
      expect(await ctx().dollars(backend)).to.equal('0.0005')
    })

    it('of less than the bound is a price', async () => {
      const backend = await ctx().start()
      ctx().market.price('XRP', '0.6', '1.666666666666666667')
      await ctx().round()
      expect(await ctx().dollars(backend)).to.equal('0.00006')
    })
  })

  describe('age', () => {
    it('keeps trading while services are down for less than maxRateAge, and refuses from then on', async () => {
      const backend = await ctx().start()
      for (const service of LIVE) ctx().market.says[service] = respond('', 503)
      for (let minutes = 1; minutes <= 5; minutes++) {
        await ctx().round()
        expect(await ctx().dollars(backend), `${minutes} min`).to.equal('0.00005')
      }
      ctx().clock.tick(1000)
      expect(await ctx().refusal(backend)).to.match(/^exchange rate is too old\. currency=XRP ageMs=3010\d\d maxRateAgeMs=300000$/)
      await ctx().round()
      expect(await ctx().refusal(backend)).to.contain('too old')
      expect(backend.prices.report().sources.kraken).to.deep.equal({ failures: 6, trouble: 'unexpected HTTP status 503' })
      expect(ctx().log.lines.filter(({ level, text }) => level === 'warn' && text.includes('price source failed')), 'said once each').to.have.lengthOf(3)
    })

    it('counts from when CoinGecko made a price', async () => {
      ctx().market.updatedAt = () => Math.floor(Date.now() / 1000) - 299
      const backend = await ctx().start({ sources: ['coingecko'] })
      expect(await ctx().dollars(backend)).to.equal('0.00005')
      ctx().clock.tick(2000)
      expect(await ctx().refusal(backend)).to.contain('too old')
      ctx().market.updatedAt = () => Math.floor(Date.now() / 1000) - 3600
      await ctx().round()
      expect(await ctx().refusal(backend)).to.contain('too old')
    })

    it('takes no price from the future, where one of the clocks is wrong', async () => {
      ctx().market.updatedAt = () => Math.floor(Date.now() / 1000) + 3600
      const backend = await ctx().start({ minSources: 3 })
      expect(await ctx().refusal(backend)).to.equal('no rate available. currency=XRP reason=fewer than 3 sources have a price')
      expect(backend.prices.report().assets.XRP?.sources?.coingecko?.trouble).to.equal('its time is in the future: check the clock of this machine')
    })

    for (const [direction, jumpMs] of [['forward', 3_600_000], ['back', -3_600_000], ['back by years', -1e11]] as const) {
      it(`is unknown after the clock jumped ${direction}, until the next round`, async () => {
        const backend = await ctx().start()
        ctx().clock.setSystemTime(Date.now() + jumpMs)
        expect(await ctx().refusal(backend)).to.contain('too old')
        await ctx().round()
        expect(await ctx().dollars(backend)).to.equal('0.00005')
      })
    }
  })
})
