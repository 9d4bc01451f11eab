/** The rate of XRP over HTTP beside the ECB's rates: the format of the service, its bad answers, its age. */
import { expect } from 'chai'
import sinon from 'sinon'
import EcbPlusXrpBackend from '../../backends/ecb-plus-xrp.js'
import { freezeTime, HOUR_MS, useRateServer } from '../support/backends/feed-fixture.js'
import { ecbDocument } from '../support/backends.js'
import type { RateServer } from '../support/backends.js'
import { rejectionError } from '../support/failures.js'

describe('ecb-plus-xrp over HTTP', () => {
  const ctx = useRateServer()
  const xrp = (options: Record<string, unknown> = {}): EcbPlusXrpBackend => ctx.track(new EcbPlusXrpBackend({
    spread: 0, ratesApiUrl: ctx.server.url, xrpRatesApiUrl: `${ctx.server.url}/xrp`, ...options
  }, ctx.api))
  const both = (answer: string): RateServer['answer'] => (request, response) => {
    response.end(request.url === '/rates/xrp' ? answer : ecbDocument())
  }

  for (const answer of ['{"result":"success","rate":"2.5"}', '{"rate":2.5}']) {
    it(`puts XRP beside the ECB's rates from ${answer}`, async () => {
      ctx.server.answer = both(answer)
      const backend = xrp()
      await backend.connect()
      expect(await backend.getRate('eur', 'xrp')).to.equal('25000')
      expect(await backend.getRate('xrp', 'usd')).to.equal('0.000042368')
      expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
    })
  }

  for (const answer of ['<html>', '', 'null', '{}', '{"rate":null}', '{"rate":"-1"}', '{"rate":0}', '{"rate":"1e5"}', '{"rate":[1]}']) {
    it(`does not start on ${answer || 'nothing'}`, async () => {
      ctx.server.answer = both(answer)
      expect((await rejectionError(xrp().connect())).message).to.match(/reason=the answer is not (JSON|of the form)/)
    })
  }

  it('says that the Ripple Data API is gone, and which option to set', async () => {
    sinon.stub(globalThis, 'fetch').rejects(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND data.ripple.com') }))
    const error = await rejectionError(xrp({ xrpRatesApiUrl: undefined, mockData: { base: 'EUR', rates: { USD: 1 } } }).connect())
    expect(error.message).to.contain('url=https://data.ripple.com/v2/exchange_rates/EUR+rhub8VRN55s94qWKDv6jmDy1pUykJzF3wq/XRP')
    expect(error.message).to.contain('reason=getaddrinfo ENOTFOUND data.ripple.com')
    expect(error.message).to.contain('the Ripple Data API was shut down: set xrpRatesApiUrl')
  })

  it('loads nothing when mock data has a rate for XRP', async () => {
    const backend = xrp({ mockData: { base: 'EUR', rates: { XRP: 4 } } })
    await backend.connect()
    expect(await backend.getRate('eur', 'xrp')).to.equal('40000')
    expect(ctx.server.requests).to.have.lengthOf(0)
  })

  it('keeps trading euros for dollars when only the XRP rate has grown old', async () => {
    const clock = freezeTime()
    ctx.server.answer = both('{"rate":"2.5"}')
    const backend = xrp()
    await backend.connect()
    clock.setSystemTime(Date.now() + HOUR_MS + 1)
    expect((await rejectionError(backend.getRate('eur', 'xrp'))).message).to.contain('too old. currency=XRP')
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
  })

  it('leaves nothing running when only one of the two can be loaded', async () => {
    const clock = freezeTime()
    ctx.server.answer = both('{}')
    await rejectionError(xrp().connect())
    const fetched = sinon.spy(globalThis, 'fetch')
    clock.tick(10 * HOUR_MS)
    expect(fetched.callCount).to.equal(0)
  })
})
