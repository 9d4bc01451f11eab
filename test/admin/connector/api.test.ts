/** Every route of the admin API over real HTTP: the paths, shapes and statuses of ilp-connector, and clear refusals of bad input. */
import { expect } from 'chai'
import fc from 'fast-check'
import { ConfigError } from '../../../src/config/errors.js'
import { statusOfCode, type ErrorCode } from '../../../src/contracts/errors.js'
import { Fixture, SECRET, TalkativePlugin, baseInfo } from '../../support/admin-connector.js'

/** The fields of an account on which nothing went wrong. */
const quiet = { lateFulfills: { count: 0, amount: '0' }, reversals: { count: 0, amount: '0' }, removed: false }

describe('admin API routes', () => {
  let api: Fixture
  beforeEach(async () => { api = await new Fixture().start() })
  afterEach(() => api.server.stop())

  const json = async (path: string): Promise<unknown> => {
    const { status, type, text } = await api.get(path)
    expect({ status, type }).to.deep.equal({ status: 200, type: 'application/json' })
    return JSON.parse(text)
  }

  /** Asks, and expects a plain-text answer with that status and text. */
  const refused = async (method: string, path: string, body: unknown, status: number, text: string): Promise<void> => {
    const answer = await api.send(method, path, body)
    expect({ status: answer.status, type: answer.type, text: answer.text }).to.deep.equal({ status, type: 'text/plain', text })
    const code = answer.headers['x-error-code'] as ErrorCode | undefined
    if (code !== undefined) expect(statusOfCode(code), `${code} of ${text}`).to.equal(status)
  }

  it('GET /status summarises balances, connections and local routes', async () => {
    expect(await json('/status')).to.deep.equal({
      balances: { alice: '7', bob: '-1180591620717411303424' },
      connected: { alice: true, bob: false, carl: true },
      localRoutingTable: { 'test.alice': { nextHop: 'alice', path: 'alice x' } },
      ledger: { kind: 'embedded', durability: 'sync' }
    })
    api.host.balanceMap = undefined
    expect(await json('/status')).to.deep.include({ balances: {} })
  })

  it('GET /routing shows the routing state as the router gives it', async () => {
    expect(await json('/routing')).to.deep.equal({ routingTableId: 'id', currentEpoch: 3, forwardingRoutingTable: { 'test.gone': null }, candidates: {} })
  })

  it('GET /accounts shows configurations without options, and a plugin instance as its class', async () => {
    const shown = { relation: 'peer', plugin: 'ilp-plugin-btp', assetCode: 'USD', assetScale: 4 }
    expect(await json('/accounts')).to.deep.equal({
      address: 'test.connie',
      accounts: {
        alice: { info: { ...shown, balance: { maximum: '100' } }, connected: true, adminInfo: true },
        bob: { info: { ...shown, plugin: 'QuietPlugin', balance: { maximum: 'Infinity' } }, connected: false, adminInfo: false },
        carl: { info: { ...shown, relation: 'child' }, connected: true, adminInfo: false }
      }
    })
  })

  it('GET /accounts/:id asks the plugin', async () => {
    expect(await json('/accounts/alice')).to.deep.equal({ account: 'alice', plugin: 'ilp-plugin-btp', info: { clients: ['a', 'b'] } })
    expect(await json('/accounts/alice?x=1')).to.have.property('account', 'alice')
    api.host.accountMap.set('~a_b-c.D9', { info: { ...baseInfo, plugin: new TalkativePlugin() }, plugin: new TalkativePlugin() })
    expect(await json('/accounts/~a_b-c.D9')).to.have.property('plugin', 'TalkativePlugin')
    await refused('GET', '/accounts/nobody', undefined, 404, 'Error: unknown account id. accountId=nobody')
    await refused('GET', '/accounts/bob', undefined, 404, 'Error: plugin has no admin info. account=bob')
    for (const id of ['', 'a/b', 'a%20b', 'a$', '%C3%A9']) await refused('GET', `/accounts/${id}`, undefined, 400, 'Error: invalid account.')
  })

  it('POST /accounts/:id tells the plugin', async () => {
    const answer = await api.send('POST', '/accounts/alice', { command: 'block', who: ['b'] })
    expect(answer.status).to.equal(200)
    expect(JSON.parse(answer.text)).to.deep.equal({
      account: 'alice', plugin: 'ilp-plugin-btp', result: { got: { command: 'block', who: ['b'] } }
    })
    const noBody = 'Error: no json body provided to set admin info.'
    for (const body of [undefined, 'null', '0', 'false', '""']) await refused('POST', '/accounts/alice', body, 400, noBody)
    await refused('POST', '/accounts/alice', '{"a":', 400, 'SyntaxError: the request body is not valid JSON.')
    await refused('POST', '/accounts/a%20b', {}, 400, 'Error: invalid account.')
    await refused('POST', '/accounts/nobody', {}, 404, 'Error: unknown account id. accountId=nobody')
    await refused('POST', '/accounts/bob', {}, 404, 'Error: plugin does not support sending admin info. account=bob')
  })

  it('GET /journal/:id shows what happened on each day', async () => {
    const none = { count: 0, amount: '0' }
    const movements = { incoming: { count: 2, amount: '7' }, outgoing: none, settled: none, received: none, adjusted: none, reversed: none }
    expect(await json('/journal/alice')).to.deep.equal({
      account: 'alice', days: [{ date: '2026-01-31', opening: '-1180591620717411303424', movements }]
    })
    expect(await json('/journal/carl')).to.deep.equal({ account: 'carl', days: [] })
    await refused('GET', '/journal/nobody', undefined, 404, 'Error: unknown account id. accountId=nobody')
  })

  describe('settlements', () => {
    it('are listed with what is known of them', async () => {
      expect(await json('/settlements')).to.deep.equal({
        settlements: [{ id: 'one', accountId: 'alice', amount: '5', inWords: '0.0005 USD', createdAt: '1970-01-01T00:00:00.000Z', state: 'unknown' }]
      })
    })

    it('are made by hand, of an amount or of what is due', async () => {
      expect((await api.send('POST', '/settlements', { accountId: 'alice', amount: '9' })).status).to.equal(204)
      expect((await api.send('POST', '/settlements', { accountId: 'bob' })).status).to.equal(204)
      expect(api.host.paid).to.deep.equal([['alice', 9n], ['bob', undefined]])
      await refused('POST', '/settlements', { accountId: 'carl' }, 404, 'Error: account not found. accountId=carl')
      await refused('POST', '/settlements', { accountId: 'nobody' }, 404, 'Error: unknown account id. accountId=nobody')
      for (const amount of ['0', '-1', '1.5', 'abc', 7]) {
        expect((await api.send('POST', '/settlements', { accountId: 'alice', amount })).status).to.equal(400)
      }
    })

    it('of which nobody knows the outcome are closed by an operator', async () => {
      expect((await api.send('POST', '/settlements/one', { outcome: 'perhaps' })).status).to.equal(400)
      expect((await api.send('POST', '/settlements/one', { outcome: 'paid' })).status).to.equal(204)
      await refused('POST', '/settlements/one', { outcome: 'paid' }, 404, 'Error: no such id')
    })
  })

  it('GET /balance shows balances, limits and what is on hold', async () => {
    const inUsd = { unit: 'USD/4', inWords: '0.0007 USD' }
    expect(await json('/balance')).to.deep.equal({
      accounts: {
        alice: { balance: '7', minimum: '-10', maximum: '100', incomingHolds: '3', outgoingHolds: '-2', settling: '1', prepaid: '0', ...quiet, ...inUsd },
        bob: {
          balance: '-1180591620717411303424',
          minimum: '-Infinity',
          maximum: 'Infinity',
          incomingHolds: '0',
          outgoingHolds: '0',
          settling: '0',
          prepaid: '0',
          ...quiet
        }
      }
    })
    api.host.balanceMap = undefined
    expect(await json('/balance')).to.deep.equal({})
  })

  describe('POST /balance', () => {
    it('adjusts a balance by exactly what was asked', () => fc.assert(fc.asyncProperty(fc.bigInt(-(2n ** 100n), 2n ** 100n), async diff => {
      const before = api.host.balanceMap!.get('bob')!.balance
      const answer = await api.send('POST', '/balance', { accountId: 'bob', amountDiff: diff.toString() })
      expect({ status: answer.status, text: answer.text }).to.deep.equal({ status: 204, text: '' })
      expect(api.host.balanceMap!.get('bob')!.balance).to.equal(before + diff)
    }), { numRuns: 20 }))

    it('takes JSON that says so, whatever follows', async () => {
      for (const type of ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON']) {
        const answer = await api.send('POST', '/balance', { accountId: 'alice', amountDiff: '1' }, { 'content-type': type })
        expect(answer.status).to.equal(204)
      }
      expect(api.host.balanceMap!.get('alice')!.balance).to.equal(10n)
    })

    const good = { accountId: 'alice', amountDiff: '5' }
    const refusals: Array<[string, unknown, string]> = [
      ['nothing', undefined, ''],
      ['null', 'null', ''],
      ['an array', [good], ''],
      ['no amountDiff', { accountId: 'alice' }, '.amountDiff'],
      ['no accountId', { amountDiff: '5' }, '.accountId'],
      ['an accountId that is no string', { ...good, accountId: 5 }, '.accountId'],
      ['surplus keys', { ...good, force: true }, ''],
      ...['abc', '', ' 5', '5 ', '+5', '05', '-0', '0x10', '1e3', '1.5', 'Infinity', '5\n', '٣', '9'.repeat(79), 5, null, ['5']]
        .map((amountDiff): [string, unknown, string] => [`amountDiff ${JSON.stringify(amountDiff)}`, { ...good, amountDiff }, '.amountDiff'])
    ]
    for (const [name, body, path] of refusals) {
      it(`refuses ${name.slice(0, 40)}, changing nothing`, async () => {
        const { status, text } = await api.send('POST', '/balance', body)
        expect(status).to.equal(400)
        expect(text).to.match(/^InvalidJsonBodyError: invalid balance update: error=.+ dataPath=/)
        expect(text.split('dataPath=')[1]).to.equal(path)
        expect(api.host.balanceMap!.get('alice')!.balance).to.equal(7n)
      })
    }

    it('refuses malformed JSON without repeating it', async () => {
      await refused('POST', '/balance', `{"accountId": "${SECRET}`, 400, 'SyntaxError: the request body is not valid JSON.')
      expect(api.log.lines.join('\n')).to.not.contain(SECRET)
    })

    it('refuses unknown accounts and accounts without a balance', async () => {
      await refused('POST', '/balance', { ...good, accountId: 'nobody' }, 404, 'Error: unknown account id. accountId=nobody')
      await refused('POST', '/balance', { ...good, accountId: '__proto__' }, 404, 'Error: unknown account id. accountId=__proto__')
      await refused('POST', '/balance', { ...good, accountId: 'carl' }, 404, 'Error: account not found. accountId=carl (it has no balance)')
    })

    it('refuses to pass a limit', async () => {
      await refused('POST', '/balance', { ...good, amountDiff: '94' }, 409, 'InsufficientLiquidityError: exceeded maximum balance.')
      expect((await api.send('POST', '/balance', { ...good, amountDiff: '93' })).status).to.equal(204)
    })

    it('refuses while no balances are kept', async () => {
      api.host.balanceMap = undefined
      await refused('POST', '/balance', good, 409, 'Error: no balances are kept, the balance middleware is disabled.')
    })
  })

  it('GET /rates shows numbers, however exactly the backend keeps its rates', async () => {
    expect(await json('/rates')).to.deep.equal({ alice: { bob: 0.998, carl: 1.25, dora: 1000 }, bob: { alice: 2 } })
  })

  it('GET /stats and GET /metrics show the same counters', async () => {
    const account = { accountId: 'alice', accountInfo: baseInfo }
    api.host.stats.incomingDataPackets.increment(account, { result: 'fulfilled' }, 4)
    api.host.stats.outgoingDataPackets.increment(account, { result: 'rejected', code: 'T04' })
    const stats = await json('/stats') as Array<{ name: string }>
    expect(stats.length).to.equal(9)
    expect(stats[0]).to.deep.equal({
      help: 'Total number of incoming ILP packets',
      name: 'ilp_connector_incoming_ilp_packets',
      type: 'counter',
      values: [{ value: 4, labels: { result: 'fulfilled', account: 'alice', asset: 'USD', scale: 4 } }],
      aggregator: 'sum'
    })
    const { status, type, text } = await api.get('/metrics')
    expect({ status, type }).to.deep.equal({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
    expect(text).to.match(/^(# HELP .+\n# TYPE \w+ (counter|gauge)\n(\w+(\{.*\})? \S+\n)*\n?)+$/)
    expect(text.match(/^# TYPE (\w+)/mg)).to.deep.equal([...stats.map(({ name }) => name), 'ilp_connector_rejects'].map(name => `# TYPE ${name}`))
    expect(text).to.contain('ilp_connector_incoming_ilp_packets{result="fulfilled",account="alice",asset="USD",scale="4"} 4\n')
      .and.to.contain('ilp_connector_outgoing_ilp_packets{result="rejected",code="T04",account="alice",asset="USD",scale="4"} 1\n')
  })

  it('GET /alerts lists alerts, DELETE /alerts/:id dismisses them', async () => {
    const createdAt = new Date('2015-06-16T00:00:00Z')
    const alert = { accountId: 'alice', triggeredBy: 'test.foo', message: 'exceeded maximum balance.', count: 2, createdAt, updatedAt: createdAt }
    api.host.alertList = [{ id: 1434412800000, ...alert }, { id: 1434412800001, ...alert }]
    const iso = '2015-06-16T00:00:00.000Z'
    expect(await json('/alerts')).to.deep.equal({
      alerts: [1434412800000, 1434412800001].map(id => ({ id, ...alert, createdAt: iso, updatedAt: iso }))
    })
    for (const path of ['/alerts/1434412800000', '/alerts/5', '/alerts/1434412800001?x']) {
      const { status, text } = await api.send('DELETE', path)
      expect({ status, text }).to.deep.equal({ status: 204, text: '' })
    }
    expect(await json('/alerts')).to.deep.equal({ alerts: [] })
    for (const id of ['', 'x', '1x', '-1', '1/2', '1.5']) await refused('DELETE', `/alerts/${id}`, undefined, 400, 'Error: invalid alert id')
  })

  it('alerts answer {} while they are disabled', async () => {
    api.host.alertList = undefined
    expect(await json('/alerts')).to.deep.equal({})
    const { status, text } = await api.send('DELETE', '/alerts/1')
    expect({ status, text }).to.deep.equal({ status: 200, text: '{}' })
  })

  describe('POST /addAccount', () => {
    const options = { relation: 'child', plugin: 'ilp-plugin-mini-accounts', assetCode: 'XRP', assetScale: 9, options: { secret: SECRET } }

    it('hands the account to the connector and says whether it is connected', async () => {
      const { status, text } = await api.send('POST', '/addAccount', { id: 'dora', options })
      expect(status).to.equal(200)
      expect(JSON.parse(text)).to.deep.equal({ plugin: 'dora', connected: true })
      expect(api.host.added).to.deep.equal([{ id: 'dora', account: options }])
    })

    it('refuses what is no account', async () => {
      for (const body of [undefined, 'null', '1', '"x"']) {
        await refused('POST', '/addAccount', body, 400, 'Error: no json body provided to make plugin.')
      }
      for (const body of [{ id: 'dora' }, { options }, { id: '', options }, { id: 'a b', options }, { id: 'dora', options: [] },
        { id: 'dora', options, extra: 1 }, { id: 5, options }, []]) {
        const { status, text } = await api.send('POST', '/addAccount', body)
        expect(status).to.equal(400)
        expect(text).to.match(/^InvalidJsonBodyError: invalid account: error=/)
      }
      expect(api.host.added).to.deep.equal([])
    })

    it('refuses a taken id', async () => {
      await refused('POST', '/addAccount', { id: 'bob', options }, 409, 'Error: account id is taken. accountId=bob')
      expect(api.host.added).to.deep.equal([])
    })

    it('passes on why the connector refuses', async () => {
      const reason = 'account config failed to validate. id=dora\n  .relation: expected parent, peer or child'
      api.host.config.validateAccount = () => { throw Object.assign(new Error(reason), { httpErrorCode: 400 }) }
      await refused('POST', '/addAccount', { id: 'dora', options }, 400, `Error: ${reason}`)
      expect(api.log.lines.join('\n')).to.not.contain(SECRET)
    })
  })

  it('GET, POST and DELETE /routes list, add and remove configured routes', async () => {
    expect((await api.send('POST', '/routes', { targetPrefix: 'g.alice', peerId: 'alice', priority: 2 })).status).to.equal(204)
    expect(await json('/routes')).to.deep.equal({
      routes: [{ targetPrefix: 'g.bob', peerId: 'bob' }, { targetPrefix: 'g.alice', peerId: 'alice', priority: 2 }]
    })
    expect((await api.send('DELETE', '/routes', { targetPrefix: 'g.bob', peerId: 'bob' })).status).to.equal(204)
    await refused('DELETE', '/routes', { targetPrefix: 'g.bob', peerId: 'bob' }, 404, 'Error: route not found. targetPrefix=g.bob peerId=bob')
    await refused('POST', '/routes', { targetPrefix: 'g', peerId: 'nobody' }, 404, 'Error: unknown account id. accountId=nobody')
    for (const body of [undefined, {}, { targetPrefix: 'g.x' }, { targetPrefix: 'g x', peerId: 'bob' }, { targetPrefix: '', peerId: 'bob' },
      { targetPrefix: 'g'.repeat(1024), peerId: 'bob' }, { targetPrefix: 'g.x', peerId: 'bob', priority: 1.5 },
      { targetPrefix: 'g.x', peerId: 'bob', nextHop: 'bob' }]) {
      const { status, text } = await api.send('POST', '/routes', body)
      expect(status).to.equal(400)
      expect(text).to.match(/^InvalidJsonBodyError: invalid route: error=/)
    }
    expect(await json('/routes')).to.deep.equal({ routes: [{ targetPrefix: 'g.alice', peerId: 'alice', priority: 2 }] })
  })

  it('ignores the query string', async () => {
    expect(await json('/balance?accountId=x&y=/status$')).to.have.property('accounts')
  })

  it('says that answers are not for caches or guesses', async () => {
    for (const path of ['/status', '/metrics', '/nope', '/accounts/nobody']) {
      const { headers } = await api.get(path)
      expect(headers).to.include({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    }
  })
})

describe('admin API errors', () => {
  let api: Fixture
  beforeEach(async () => { api = await new Fixture().start() })
  afterEach(() => api.server.stop())

  const circular: { self?: unknown } = {}
  circular.self = circular
  const thrown: Array<[string, unknown, string]> = [
    ['an Error', new TypeError('broken'), 'TypeError: broken'],
    ['undefined', undefined, 'Error: non-object thrown. error=undefined'],
    ['null', null, 'Error: non-object thrown. error=null'],
    ['a string', 'oops', 'Error: non-object thrown. error=oops'],
    ['a symbol', Symbol('s'), 'Error: non-object thrown. error=Symbol(s)'],
    ['an object with a message', { message: 'oops' }, 'Error: oops'],
    ['an object without a prototype', Object.create(null), 'Error: non-error object thrown.'],
    ['an Error with a path in it', new Error("Cannot find module 'x'\nRequire stack:\n- /home/me/x.js"), "Error: Cannot find module 'x'"]
  ]
  for (const [name, value, text] of thrown) {
    it(`a handler that throws ${name} is answered with 500, and the next request works`, async () => {
      for (const plugin of [
        Object.assign(new TalkativePlugin(), { getAdminInfo: () => Promise.reject(value as Error) }),
        Object.assign(new TalkativePlugin(), { getAdminInfo: () => { throw value as Error } })
      ]) {
        api.host.accountMap.set('alice', { info: baseInfo, plugin })
        const answer = await api.get('/accounts/alice')
        expect({ status: answer.status, type: answer.type, text: answer.text }).to.deep.equal({ status: 500, type: 'text/plain', text })
        expect(api.log.lines.filter(line => line.startsWith('warn error in admin api request handler. error=')).length).to.be.greaterThan(0)
      }
      expect((await api.get('/status')).status).to.equal(200)
    })
  }

  it('an answer that is no JSON is a 500', async () => {
    for (const value of [circular, { amount: 5n }]) {
      api.host.routing.status = () => value
      const { status, text } = await api.get('/routing')
      expect(status).to.equal(500)
      expect(text).to.match(/^TypeError: [^\n]+$/)
    }
  })

  it('an error has a code in a header, unless somebody else refuses', async () => {
    const codeAt = async (path: string, method = 'GET'): Promise<unknown> => (await api.send(method, path)).headers['x-error-code']
    expect(await codeAt('/accounts/nobody')).to.equal('SLUICE_ACCOUNT_UNKNOWN')
    expect(await codeAt('/nope')).to.equal('SLUICE_PATH_UNKNOWN')
    expect(await codeAt('/balance', 'POST')).to.equal('SLUICE_BODY_INVALID')
    api.host.routing.status = () => { throw new Error('never seen') }
    expect(await codeAt('/routing')).to.equal('SLUICE_UNEXPECTED')
    api.host.routing.status = () => { throw Object.assign(new Error('no'), { httpErrorCode: 409 }) }
    expect(await codeAt('/routing')).to.equal(undefined)
    api.host.routing.status = () => { throw new ConfigError([]) }
    expect(await codeAt('/routing')).to.equal('SLUICE_CONFIG_INVALID')
    expect(await codeAt('/status')).to.equal(undefined)
  })

  it('an error may bring its status, which is no success and no nonsense', async () => {
    for (const [code, status] of [[409, 409], [404, 404], [503, 503], [200, 500], [999, 500], ['404', 500]] as const) {
      api.host.routing.status = () => { throw Object.assign(new Error('no'), { httpErrorCode: code }) }
      expect((await api.get('/routing')).status).to.equal(status)
    }
  })

  it('refusals do not fill the log above debug', async () => {
    await api.get('/accounts/nobody')
    await api.send('POST', '/balance', {})
    await api.get('/nope')
    expect(api.log.lines.filter(line => !line.startsWith('debug'))).to.deep.equal([`info admin api listening. host=127.0.0.1 port=${api.port}`])
  })
})
