/** Guesses at a key: the adversary guesses from everywhere at once, and the operator, behind the same address, gets in all the same. */
import { expect } from 'chai'
import { Hono, type MiddlewareHandler } from 'hono'
import type sinon from 'sinon'
import { namesAccess } from '../../src/admin/node/access.js'
import { explorerAccess } from '../../src/explorer/access.js'
import { requireKey } from '../../src/http/access.js'
import { jsonError } from '../../src/http/responses.js'
import { FREE_GUESSES, LONGEST_DELAY_MS, MAX_NETWORKS, WrongKeys } from '../../src/http/wrong-keys.js'
import { LOCAL_ACCESS } from '../support/explorer-server.js'
import { endClock, runClock, stoppedClock } from '../support/clock.js'

const KEY = 'the right key'

describe('guesses at a key', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = stoppedClock() })
  afterEach(() => { endClock(clock) })

  function api (): (key: string | undefined, remoteAddress?: string) => Promise<number> {
    const app = new Hono()
    app.onError(jsonError)
    app.use('*', requireKey(KEY, { setting: 'apiKey', message: 'wrong' }))
    app.get('/', c => c.text('in'))
    return async (key, remoteAddress = '203.0.113.7') => {
      const request = new Request('http://x/', key === undefined ? {} : { headers: { 'x-api-key': key } })
      return (await app.fetch(request, { incoming: { socket: { remoteAddress } } })).status
    }
  }
  const guess = async (ask: ReturnType<typeof api>, count: number, address?: string): Promise<number[]> => {
    const answers: number[] = []
    for (let i = 0; i < count; i++) answers.push(await runClock(clock, ask(`guess ${i}`, address), 1000))
    return answers
  }

  it('are slowed down at the metrics and at the explorer, too, where the right key gets in as ever', async () => {
    const names = namesAccess({ apiKey: KEY, isProduction: true })
    const rules = explorerAccess({ ...LOCAL_ACCESS, host: '0.0.0.0', environment: 'production', apiKey: KEY }, { take: () => false })
    for (const [path, rule] of [['/metrics', undefined], ['/ws', rules.socket], ['/api', rules.data]] as const) {
      const app = new Hono()
      app.onError(jsonError)
      if (rule === undefined) app.get(path, async c => c.text(String(await names(c))))
      else app.get(path, ...rule as [MiddlewareHandler], c => c.text('in'))
      const ask = async (key: string): Promise<number> =>
        (await app.fetch(new Request(`http://x${path}`, { headers: { 'x-api-key': key, host: '192.0.2.1' } }), { incoming: { socket: { remoteAddress: '203.0.113.7' } } })).status
      expect(new Set(await guess(ask as never, FREE_GUESSES)), path).to.deep.equal(new Set([401]))
      const began = Date.now()
      expect(new Set(await guess(ask as never, 3)), path).to.deep.equal(new Set([429]))
      expect(Date.now() - began, path).to.be.at.least(500 + 1000 + 2000)
      expect(await ask(KEY), path).to.equal(200)
    }
  })

  it('are told apart from a mistyped key after a few, and then answered later and later', async () => {
    const ask = api()
    expect(new Set(await guess(ask, FREE_GUESSES))).to.deep.equal(new Set([401]))
    const began = Date.now()
    expect(new Set(await guess(ask, 6))).to.deep.equal(new Set([429]))
    expect(Date.now() - began).to.be.at.least(500 + 1000 + 2000 + 4000 + 2 * LONGEST_DELAY_MS)
  })

  it('never keep a right key out, nor waiting, and are forgiven by one', async () => {
    const ask = api()
    await guess(ask, FREE_GUESSES + 5)
    const now = Date.now()
    expect([await ask(KEY), Date.now()]).to.deep.equal([200, now])
    expect(await guess(ask, 1)).to.deep.equal([401])
  })

  it('slow nobody at another address, nor on this machine, nor who shows no key', async () => {
    const ask = api()
    await guess(ask, FREE_GUESSES + 5)
    expect(await ask('guess', '203.0.113.8')).to.equal(401)
    for (let i = 0; i < 3 * FREE_GUESSES; i++) expect([await ask('guess', '127.0.0.1'), await ask('guess', '::1'), await ask(undefined)]).to.deep.equal([401, 401, 401])
  })

  it('hold only so many connections: beyond that they are refused at once', async () => {
    const ask = api()
    await guess(ask, FREE_GUESSES + 5)
    const now = Date.now()
    const waiting = Array.from({ length: 16 }, () => ask('guess'))
    expect([await ask('guess'), Date.now()]).to.deep.equal([429, now])
    await runClock(clock, Promise.all(waiting), 1000)
  })

  it('count for one customer who has a network of addresses, and are forgotten after a while', async () => {
    const ask = api()
    for (let i = 0; i < FREE_GUESSES; i++) await guess(ask, 1, `2001:db8::${i}`)
    expect(await guess(ask, 1, '2001:db8::ffff')).to.deep.equal([429])
    await clock.tickAsync(600_000)
    expect(await guess(ask, 1, '2001:db8::ffff')).to.deep.equal([401])
  })

  it('from everywhere fill a book that has an end', async () => {
    const book = new WrongKeys(undefined)
    for (let i = 0; i < FREE_GUESSES; i++) await book.counted('203.0.113.7')
    for (let i = 0; i < MAX_NETWORKS; i++) await book.counted(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    expect(await book.counted('203.0.113.7'), 'the oldest is forgotten').to.equal(false)
  })
})
