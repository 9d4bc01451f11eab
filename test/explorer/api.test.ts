/** The API that programs around other connectors know, to the letter, and what the page needs beside. */
import { expect } from 'chai'
import { ExplorerFixture, PACKET_ID, packetIn, packetRefused, traffic } from '../support/explorer-server.js'
import { until } from '../support/waiting.js'
import type { ExplorerEvent } from '../../src/contracts/explorer-events.js'

describe('the API of the explorer', () => {
  let explorer: ExplorerFixture
  beforeEach(async () => { explorer = await new ExplorerFixture().start() })
  afterEach(() => explorer.stop())

  const errorOf = async (path: string): Promise<unknown[]> => {
    const { status, json } = await explorer.get(path)
    return [status, json]
  }

  it('lists events, the newest first, in rows that can be filtered', async () => {
    explorer.history.events = [packetIn(), packetRefused()]
    const { status, json } = await explorer.get('/api/events')
    expect(status).to.equal(200)
    expect(json).to.deep.include({ total: 2, limit: 50, offset: 0 })
    const { events } = json as { events: Array<Record<string, unknown>> }
    expect(events.map(({ event_type: type }) => type)).to.deep.equal(['PACKET_REJECTED', 'PACKET_RECEIVED'])
    expect(events[0]).to.deep.include({
      node_id: 'node', direction: 'received', peer_id: 'alice', packet_id: PACKET_ID, amount: '100', destination: 'g.bob.shop', packet_type: 'reject',
      from_address: 'alice', timestamp: 1084, payload: JSON.parse(JSON.stringify(packetRefused())) as ExplorerEvent
    })
  })

  it('hands every filter to the history', async () => {
    await explorer.get(`/api/events?types=PACKET_REJECTED,%20TRAFFIC,&peerId=alice&packetId=${PACKET_ID.toUpperCase()}&direction=sent&since=1&until=2&limit=100&offset=7`)
    expect(explorer.history.asked).to.deep.equal([{
      types: ['PACKET_REJECTED', 'TRAFFIC'], peerId: 'alice', packetId: PACKET_ID, direction: 'sent', since: 1, until: 2, offset: 7, limit: 100
    }])
  })

  const REFUSED: ReadonlyArray<[query: string, error: string]> = [
    ['limit=0', 'limit must be between 1 and 100'],
    ['limit=101', 'limit must be between 1 and 100'],
    ['limit=ten', 'limit must be between 1 and 100'],
    ['limit=1e1', 'limit must be between 1 and 100'],
    ['limit=99999999999999999999999999', 'limit must be between 1 and 100'],
    ['offset=-1', 'offset must be non-negative'],
    ['offset=NaN', 'offset must be non-negative'],
    ['offset=0x10', 'offset must be non-negative'],
    ['since=yesterday', 'since must be a valid timestamp'],
    ['since=-1', 'since must be a valid timestamp'],
    ['until=9999999999999999999', 'until must be a valid timestamp'],
    ['direction=up', 'direction must be sent, received or internal'],
    [`peerId=${'x'.repeat(3000)}`, 'peerId must be at most 2048 characters'],
    [`types=${'A,'.repeat(3000)}`, 'types must be at most 2048 characters']
  ]
  for (const [query, error] of REFUSED) {
    it(`refuses ${query.slice(0, 40)} in the words that clients know`, async () => {
      expect(await errorOf(`/api/events?${query}`)).to.deep.equal([400, { error }])
      expect(explorer.history.asked, 'nobody looks for it').to.deep.equal([])
    })
  }

  it('finds nothing of types that only other connectors have', async () => {
    explorer.history.events = [packetIn()]
    expect((await explorer.get('/api/events?types=AGENT_WALLET_FUNDED,__proto__')).json).to.deep.include({ events: [], total: 0 })
  })

  it('says that events cannot be had, and not why, while the history is broken', async () => {
    explorer.history.trouble = 'EIO: /secret/place'
    expect(await errorOf('/api/events')).to.deep.equal([500, { error: 'Failed to query events' }])
    const { status, json } = await explorer.get('/api/health')
    expect(status).to.equal(200)
    expect(json).to.deep.include({ status: 'degraded', error: 'EIO: /secret/place' })
  })

  it('shows its health', async () => {
    explorer.history.events = [packetIn()]
    const { json } = await explorer.get('/api/health')
    expect(json).to.have.all.keys('status', 'nodeId', 'uptime', 'explorer', 'timestamp')
    expect(json).to.deep.include({ status: 'healthy', nodeId: 'node', explorer: { eventCount: 1, databaseSizeBytes: 1234, wsConnections: 0 } })
  })

  it('lists events of accounts, the oldest first, up to 5000', async () => {
    await explorer.get('/api/accounts/events?limit=5000')
    expect(explorer.history.asked[0]).to.deep.include({ limit: 5000, order: 'oldest' })
    expect(explorer.history.asked[0]!.types).to.include('ACCOUNT_BALANCE').and.include('CLAIM_REDEEMED').and.not.include('PACKET_RECEIVED')
    expect(await errorOf('/api/accounts/events?limit=5001')).to.deep.equal([400, { error: 'limit must be between 1 and 5000' }])
    expect((await explorer.get('/api/accounts/events')).json).to.deep.equal({ events: [], total: 0 })
  })

  it('says where no balances are kept', async () => {
    expect((await explorer.get('/api/balances')).json).to.deep.equal({ nodeId: 'node', balances: [] })
    explorer.sources.hasBalances = false
    const other = await new ExplorerFixture().start()
    other.sources.hasBalances = false
    expect((await other.get('/api/balances')).json).to.deep.equal({ error: 'Balances not available' })
    await other.stop()
  })

  it('answers anything else below /api with 404, and nothing with anything but GET', async () => {
    for (const path of ['/api', '/api/', '/api/nothing', '/api/events/1', '/api/../secret', '/api/%2e%2e/x']) {
      const { status } = await explorer.get(path)
      expect(status, path).to.be.oneOf([404, 503])
    }
    expect(await errorOf('/api/nothing')).to.deep.equal([404, { error: 'Not found' }])
    for (const path of ['/health', '/metrics']) {
      expect((await errorOf(path))[0], `${path}, which a check of health would take for a yes`).to.equal(404)
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      for (const path of ['/api/events', '/api/config', '/api/ticket', '/', '/ws']) {
        expect((await fetch(`http://${explorer.authority}${path}`, { method })).status, `${method} ${path}`).to.equal(404)
      }
    }
  })

  it('tells the story of a packet', async () => {
    explorer.history.events = [packetIn(), packetRefused()]
    expect((await explorer.get(`/api/packets/${PACKET_ID.toUpperCase()}`)).json).to.deep.include({ packetId: PACKET_ID, outcome: 'rejected', took: 84 })
    expect(await errorOf(`/api/packets/${'00'.repeat(32)}`)).to.deep.equal([404, { error: 'Packet not found' }])
    const before = explorer.history.asked.length
    expect(await errorOf('/api/packets/nonsense')).to.deep.equal([404, { error: 'Packet not found' }])
    expect(explorer.history.asked).to.have.length(before)
  })

  it('explains a destination, and refuses what is none', async () => {
    expect((await explorer.get('/api/explain?destination=g.bob.shop')).json).to.deep.include({ destination: 'g.bob.shop' })
    for (const odd of ['', 'destination=', 'destination=bob', 'destination=g..bob', `destination=g.${'x'.repeat(2000)}`]) {
      expect(await errorOf(`/api/explain?${odd}`), odd).to.deep.equal([400, { error: 'destination must be an ILP address, such as g.alice.shop' }])
    }
  })

  it('counts over time, and over peers and codes', async () => {
    explorer.feed.seconds = [traffic(Date.now() - 1000)]
    expect((await explorer.get('/api/series')).json).to.have.property('points').with.length(1)
    expect((await explorer.get('/api/rejects')).json).to.deep.nested.include({ 'rejects[0].code': 'T04', 'rejects[0].peerId': 'alice', 'rejects[0].count': 1 })
    expect(await errorOf('/api/series?step=0')).to.deep.equal([400, { error: 'step must be between 1 and 31622400 seconds' }])
    expect(await errorOf('/api/series?since=1&step=60')).to.satisfy(([status]: unknown[]) => status === 400)
  })

  it('looks once for many who look on at the same time', async () => {
    const paths = ['/api/overview', '/api/peers', '/api/balances', '/api/channels', '/api/routes']
    await Promise.all(Array.from({ length: 40 }, () => paths.map(path => explorer.get(path))).flat())
    expect(explorer.sources.calls.length).to.be.within(paths.length, 100)
  })

  it('asks the history one question after the other, and refuses to queue more than a hundred', async () => {
    let release = (): void => undefined
    explorer.history.delay = new Promise<void>(resolve => { release = resolve })
    const answers = Array.from({ length: 130 }, (_none, index) => explorer.get(`/api/events?offset=${index}`))
    const answered: Array<{ status: number, json: unknown }> = []
    for (const answer of answers) void answer.then(({ status, json }) => { answered.push({ status, json }) })
    await until(() => answered.length === 30)
    for (const each of answered) expect(each).to.deep.equal({ status: 503, json: { error: 'Service unavailable', message: 'Too many questions at once. Try again in a moment.' } })
    expect(explorer.history.asked).to.have.length(1)
    release()
    expect((await Promise.all(answers)).filter(({ status }) => status === 200)).to.have.length(100)
  })

  it('answers below a base path only', async () => {
    const mounted = await new ExplorerFixture({ base: '/explorer' }).start()
    expect((await mounted.get('/explorer/api/health')).status).to.equal(200)
    expect((await mounted.get('/api/health')).status).to.equal(404)
    const { status, headers } = await mounted.get('/explorer')
    expect([status, headers.get('location')]).to.deep.equal([302, 'explorer/'])
    await mounted.stop()
  })
})
