/** ECB rates over HTTP: real answers are read, bad ones are refused, fresh ones replace old ones, and old ones are not traded at. */
import { expect } from 'chai'
import sinon from 'sinon'
import EcbBackend from '../../backends/ecb.js'
import { freezeTime, HOUR_MS, useRateServer } from '../support/backends/feed-fixture.js'
import type { FeedContext } from '../support/backends/feed-fixture.js'
import { ecbDocument, respond, startRateServer } from '../support/backends.js'
import { rejectionError } from '../support/failures.js'

const makeEcb = (ctx: FeedContext) => (options: Record<string, unknown> = {}): EcbBackend =>
  ctx.track(new EcbBackend({ spread: 0, ratesApiUrl: ctx.server.url, ...options }, ctx.api))

describe('ecb over HTTP', () => {
  const ctx = useRateServer()
  const ecb = makeEcb(ctx)

  it('reads the ECB document', async () => {
    const backend = ecb()
    await backend.connect()
    expect(await backend.getRate('usd', 'eur')).to.match(/^0\.94410876132930/)
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
    expect(await backend.getRate('usd', 'usd')).to.equal('1')
  })

  it('asks once for two connects', async () => {
    const backend = ecb()
    await Promise.all([backend.connect(), backend.connect()])
    await backend.connect()
    expect(ctx.server.requests).to.have.lengthOf(1)
  })

  it('names a currency it has no rate of, with a temporary ILP error', async () => {
    const backend = ecb()
    const before = await rejectionError(backend.getRate('eur', 'usd'))
    expect(before).to.deep.include({ ilpErrorCode: 'T00', message: 'no rate available. currency=EUR' })
    await backend.connect()
    const error = await rejectionError(backend.getRate('eur', 'xyz'))
    expect(error).to.deep.include({ ilpErrorCode: 'T00', message: 'no rate available. currency=XYZ' })
  })

  const badAnswers: Record<string, { answer: Parameters<typeof respond>, says: RegExp }> = {
    'status 500': { answer: [ecbDocument(), 500], says: /unexpected HTTP status 500/ },
    'status 404 with a page': { answer: ['<html></html>', 404], says: /unexpected HTTP status 404/ },
    'an HTML page': { answer: ['<!DOCTYPE html><html><body><p>Moved</body></html>'], says: /not a well-formed XML document/ },
    'a well-formed page': { answer: ['<html><body>soon</body></html>'], says: /no rates in the document/ },
    'plain text': { answer: ['rates'], says: /does not begin with an element/ },
    'nothing': { answer: [''], says: /does not begin with an element/ },
    'a document cut off in a tag': { answer: [ecbDocument().slice(0, -5)], says: /cut off inside a tag/ },
    'a document cut off between tags': { answer: [ecbDocument().split('\t\t</Cube>')[0]!], says: /not closed; the document is cut off/ },
    'crossed elements': { answer: ["<a><b><Cube currency='USD' rate='1'/></a></b>"], says: /unexpected <\/a>/ },
    'two documents': { answer: [`${ecbDocument()}<again/>`], says: /more than one root/ },
    'an entity': { answer: ["<a><Cube currency='USD' rate='&one;'/></a>"], says: /unexpected <Cube/ },
    'an attribute given twice': { answer: ["<a><Cube currency='USD' rate='1' rate='2'/></a>"], says: /rate given twice/ },
    'elements without end': { answer: ['<a>'.repeat(40)], says: /nested deeper/ },
    'a negative rate': { answer: [ecbDocument({ USD: -1.0592 })], says: /currency=USD rate=-1.0592/ },
    'a rate of zero': { answer: [ecbDocument({ USD: '0.00' })], says: /currency=USD rate=0.00/ },
    'a rate that is no number': { answer: [ecbDocument({ USD: 'N/A' })], says: /currency=USD rate=N\/A/ },
    'a rate with an exponent': { answer: [ecbDocument({ USD: '1e3' })], says: /rate=1e3/ },
    'a rate without a currency': { answer: ["<a><Cube rate='1.5'/></a>"], says: /currency=\(none\) rate=1.5/ },
    'a currency without a rate': { answer: ["<a><Cube currency='USD'/></a>"], says: /currency=USD rate=\(none\)/ },
    'a currency that is no code': { answer: [ecbDocument({ dollars: 1.0592 })], says: /currency=dollars/ },
    'two rates for one currency': { answer: ["<a><Cube currency='USD' rate='1'/><Cube currency='USD' rate='2'/></a>"], says: /currency=USD rate=2/ },
    'a rate for the euro': { answer: [ecbDocument({ EUR: 2 })], says: /currency=EUR rate=2/ },
    'bytes that are not UTF-8': { answer: [Buffer.from([0x3c, 0x61, 0xff, 0x2f, 0x3e])], says: /encoded data was not valid/ },
    'more than it could ever need': { answer: [`<a>${' '.repeat(4 * 1024 * 1024)}</a>`], says: /larger than 4194304 bytes/ }
  }
  for (const [name, { answer, says }] of Object.entries(badAnswers)) {
    it(`does not start on ${name}`, async () => {
      ctx.server.answer = respond(...answer)
      const error = await rejectionError(ecb().connect())
      expect(error.message).to.match(/^could not load exchange rates\. url=http:\/\/127\.0\.0\.1:\d+\/rates reason=/)
      expect(error.message).to.match(says)
      expect(error.message).to.contain('set ratesApiUrl')
    })
  }

  it('does not start when nobody listens, and starts when asked again later', async () => {
    const url = ctx.server.url
    await ctx.server.close()
    const backend = ecb()
    expect((await rejectionError(backend.connect())).message).to.match(/reason=connect ECONNREFUSED 127\.0\.0\.1/)
    ctx.server = await startRateServer(respond(ecbDocument()))
    const later = ecb({ ratesApiUrl: ctx.server.url })
    ctx.server.answer = respond('', 503)
    await rejectionError(later.connect())
    ctx.server.answer = respond(ecbDocument())
    await later.connect()
    expect(url).not.to.equal(ctx.server.url)
    expect(await later.getRate('eur', 'usd')).to.equal('1.0592')
  })

  it('gives up on an answer that never ends', async () => {
    const clock = freezeTime()
    const arrived = new Promise<void>(resolve => {
      ctx.server.answer = (_request, response) => {
        response.write('<gesmes:Envelope>')
        resolve()
      }
    })
    const failed = rejectionError(ecb().connect())
    await arrived
    clock.tick(10_000)
    expect((await failed).message).to.contain('no complete answer within 10000 ms')
  })

  it('stops waiting for an answer when disconnected', async () => {
    const backend = ecb()
    const aborted = new Promise<void>(resolve => {
      ctx.server.answer = request => {
        request.on('close', resolve)
        void backend.disconnect()
      }
    })
    expect((await rejectionError(backend.connect())).message).to.contain('the backend was disconnected')
    await aborted
  })

  it('shows no query of the URL, which may hold a key', async () => {
    ctx.server.answer = respond('', 500)
    const error = await rejectionError(ecb({ ratesApiUrl: `${ctx.server.url}?key=s3cret` }).connect())
    expect(ctx.server.requests[0]?.url).to.equal('/rates?key=s3cret')
    expect(error.message + ctx.log.text()).not.to.contain('s3cret')
  })
})

describe('fresh rates', () => {
  const ctx = useRateServer()
  const ecb = makeEcb(ctx)
  let clock: sinon.SinonFakeTimers

  beforeEach(() => { clock = freezeTime() })

  const loaded = async (): Promise<void> => {
    const line = ctx.log.next('info')
    clock.tick(HOUR_MS)
    expect(await line).to.contain('exchange rates loaded')
  }

  const failed = async (): Promise<void> => {
    const line = ctx.log.next('warn')
    clock.tick(HOUR_MS)
    expect(await line).to.contain('could not refresh exchange rates, keeping the last ones')
  }

  it('replace the old ones every hour', async () => {
    const backend = ecb()
    await backend.connect()
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
    ctx.server.answer = respond(ecbDocument({ USD: 1.25 }))
    await loaded()
    expect(await backend.getRate('eur', 'usd')).to.equal('1.25')
    expect(await backend.getRate('usd', 'eur')).to.equal('0.8')
    ctx.server.answer = respond(ecbDocument({ USD: 1.5 }))
    await loaded()
    expect(await backend.getRate('eur', 'usd')).to.equal('1.5')
    expect(await backend.getRate('usd', 'eur')).to.match(/^0\.6{20}/)
  })

  it('are not replaced by a bad answer', async () => {
    const backend = ecb()
    await backend.connect()
    ctx.server.answer = respond('<html>', 200)
    await failed()
    ctx.server.answer = respond(ecbDocument(), 500)
    await failed()
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
    ctx.server.answer = respond(ecbDocument({ USD: 2 }))
    await loaded()
    expect(await backend.getRate('eur', 'usd')).to.equal('2')
  })

  it('are refused as soon as they are older than maxRateAge, and traded at again once refreshed', async () => {
    const backend = ecb({ maxRateAge: 2 * HOUR_MS })
    await backend.connect()
    ctx.server.answer = respond('', 503)
    await failed()
    await failed()
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
    clock.setSystemTime(Date.now() + 1)
    const error = await rejectionError(backend.getRate('eur', 'usd'))
    expect(error).to.have.property('ilpErrorCode', 'T00')
    expect(error.message).to.equal('exchange rate is too old. currency=EUR ageMs=7200001 maxRateAgeMs=7200000')
    ctx.server.answer = respond(ecbDocument({ USD: 2 }))
    await loaded()
    expect(await backend.getRate('eur', 'usd')).to.equal('2')
  })

  it('last four days unless configured otherwise', async () => {
    const backend = ecb()
    await backend.connect()
    clock.setSystemTime(Date.now() + 4 * 24 * HOUR_MS)
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
    clock.setSystemTime(Date.now() + 1)
    expect((await rejectionError(backend.getRate('eur', 'usd'))).message).to.contain('too old')
  })

  it('stay usable when the clock jumps back', async () => {
    const backend = ecb()
    await backend.connect()
    clock.setSystemTime(Date.UTC(2015, 5, 16))
    expect(await backend.getRate('eur', 'usd')).to.equal('1.0592')
  })

  it('are asked for no more after disconnect', async () => {
    const backend = ecb()
    await backend.connect()
    const timers = clock.countTimers()
    await backend.disconnect()
    expect(clock.countTimers()).to.equal(timers - 1)
    const fetched = sinon.spy(globalThis, 'fetch')
    clock.tick(10 * HOUR_MS)
    expect(fetched.callCount).to.equal(0)
    await backend.connect()
    await loaded()
    expect(ctx.server.requests).to.have.lengthOf(3)
  })

  it('are never asked for again with refreshInterval 0, which is said once', async () => {
    const backend = ecb({ refreshInterval: 0 })
    await backend.connect()
    const fetched = sinon.spy(globalThis, 'fetch')
    clock.tick(10 * HOUR_MS)
    expect(fetched.callCount).to.equal(0)
    expect(ctx.log.text()).to.contain('warn exchange rates will not be refreshed')
  })

  it('do not matter for mock data, which neither ages nor loads', async () => {
    const backend = ecb({ mockData: { base: 'USD', rates: { EUR: '0.5' } } })
    await backend.connect()
    clock.setSystemTime(Date.UTC(2050, 1))
    expect(await backend.getRate('usd', 'eur')).to.equal('0.5')
    expect(ctx.server.requests).to.have.lengthOf(0)
  })
})
