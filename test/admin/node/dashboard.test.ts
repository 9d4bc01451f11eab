/** What dashboards poll: how the figures of a node look as JSON, which filters there are, and what is said where there is nothing. */
import { expect } from 'chai'
import { FakeChannels } from '../../support/admin-node/channels.js'
import { accountRef, NodeFixture, type Answer } from '../../support/admin-node.js'
import { encodePrepare, prepareOf } from '../../../src/packet/prepare.js'
import { encodeFulfill, encodeReject } from '../../../src/packet/reply.js'

const NOTHING = Buffer.alloc(0)
const FULFILL = encodeFulfill(Buffer.alloc(32), NOTHING)
const reject = (code: string): Buffer => encodeReject({ code, triggeredBy: 'g.x', message: '', data: NOTHING })
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('the routes for dashboards', () => {
  let api: NodeFixture
  beforeEach(async () => { api = await new NodeFixture().start() })
  afterEach(() => api.stop())

  function answered (accountId: string, destination: string, amount: bigint, reply: Buffer): void {
    const fields = { amount, expiresAt: Date.now(), executionCondition: Buffer.alloc(32), destination, data: NOTHING }
    const packet = prepareOf(encodePrepare(fields))
    api.node.traffic.account(accountId).ended(packet, reply)
  }

  describe('GET /admin/metrics.json', () => {
    it('has each peer that there is, counted or not, and what is gone in the sum alone', async () => {
      const { traffic } = api.node
      for (const [accountId, bytes] of [['peer-b', 100], ['gone', 50]] as const) {
        traffic.account(accountId)
        traffic.sent(accountId, bytes)
        traffic.answered(accountId, true)
      }
      traffic.removed('gone')
      answered('peer-b', 'g.nobody', 1n, reject('F02'))
      const { status, json } = await api.get('/admin/metrics.json')
      expect(status).to.equal(200)
      const { timestamp, peers, ...rest } = json as { timestamp: string, peers: Array<{ lastPacketAt: string | null }> }
      const [first, second, ...others] = peers
      expect(rest).to.deep.equal({
        uptimeSeconds: 7, aggregate: { packetsForwarded: 2, packetsRejected: 1, bytesSent: 150, packetsLocallyDelivered: 0 }
      })
      expect(first).to.deep.equal({
        peerId: 'peer-b', connected: true, packetsForwarded: 1, packetsRejected: 0, bytesSent: 100, packetsLocallyDelivered: 0,
        lastPacketAt: first?.lastPacketAt
      })
      expect(second).to.deep.equal({
        peerId: 'peer-c', connected: false, packetsForwarded: 0, packetsRejected: 0, bytesSent: 0, packetsLocallyDelivered: 0, lastPacketAt: null
      })
      expect(others).to.deep.equal([])
      for (const time of [timestamp, first?.lastPacketAt]) expect(time).to.match(ISO)
    })
  })

  describe('GET /admin/earnings.json', () => {
    it('answers 503 where nothing is settled', async () => {
      const { status, json } = await api.get('/admin/earnings.json')
      expect([status, json]).to.deep.equal([503, {
        error: 'Service unavailable', message: 'Settlement infrastructure not enabled: no settlement chain is configured'
      }])
    })

    it('has amounts of any size as decimal strings, the fees, and the last claims first', async () => {
      api.node.channels = new FakeChannels()
      api.node.traffic.account('peer-b')
      api.node.stats.incomingDataPacketValue.increment(accountRef('peer-b'), { result: 'fulfilled' }, 2n ** 60n)
      const { status, json } = await api.get('/admin/earnings.json')
      const asset = { assetCode: 'USDC', assetScale: 6 }
      expect(status).to.equal(200)
      const { timestamp, ...rest } = json as { timestamp: string }
      expect(timestamp).to.match(ISO)
      expect(rest).to.deep.equal({
        uptimeSeconds: 7,
        peers: [{
          peerId: 'peer-b',
          byAsset: [{
            ...asset,
            claimsReceivedTotal: '1180591620717411303424',
            claimsSentTotal: '500',
            netBalance: '1180591620717411302924',
            lastClaimAt: '1970-01-01T00:00:02.000Z'
          }]
        }],
        connectorFees: [{ ...asset, total: '1152921504606846976' }],
        recentClaims: [
          { peerId: 'peer-b', ...asset, amount: '500', direction: 'outbound', at: '1970-01-01T00:00:02.000Z' },
          { peerId: 'peer-b', ...asset, amount: '36893488147419103232', direction: 'inbound', at: '1970-01-01T00:00:01.000Z' }
        ]
      })
    })

    it('has the last 50 claims', async () => {
      const channels = api.node.channels = new FakeChannels()
      const recent = Array.from({ length: 80 }, (_, index) => ({ direction: 'inbound' as const, amount: BigInt(index), at: new Date(index) }))
      channels.claims = { ...channels.claims, recent }
      const { recentClaims } = (await api.get('/admin/earnings.json')).json as { recentClaims: Array<{ amount: string }> }
      expect(recentClaims.map(({ amount }) => Number(amount))).to.deep.equal(Array.from({ length: 50 }, (_, index) => 79 - index))
    })

    it('has no claims and no time of one where there were none, and nothing by asset while the chain is not there', async () => {
      const channels = api.node.channels = new FakeChannels()
      channels.claims = { tokenScale: 6, received: 0n, sent: 0n, recent: [] }
      expect((await api.get('/admin/earnings.json')).json).to.deep.include({
        peers: [{
          peerId: 'peer-b',
          byAsset: [{ assetCode: 'USDC', assetScale: 6, claimsReceivedTotal: '0', claimsSentTotal: '0', netBalance: '0', lastClaimAt: null }]
        }],
        recentClaims: []
      })
      channels.trouble = 'the chain is away'
      expect((await api.get('/admin/earnings.json')).json).to.deep.include({
        peers: [{ peerId: 'peer-b', byAsset: [] }], connectorFees: []
      })
      api.node.traffic.answeredDirectly('peer-b', true, 5n)
      expect((await api.get('/admin/earnings.json')).json).to.deep.include({ connectorFees: [{ assetCode: 'M2M', assetScale: 0, total: '5' }] })
    })
  })

  describe('GET /packets', () => {
    const packets = async (query = ''): Promise<Array<Record<string, unknown>>> => {
      const { status, json } = await api.get(`/packets${query}`)
      expect(status, query).to.equal(200)
      return json as Array<Record<string, unknown>>
    }

    beforeEach(() => {
      answered('peer-b', 'g.node-a.shop', 2n ** 64n - 1n, FULFILL)
      answered('local', 'g.peer-b', 5n, reject('F99'))
      answered('somebody', 'g.peer-bc.x', 1n, reject('R00'))
    })

    it('has the last packets, the newest first', async () => {
      const found = await packets()
      for (const { ts } of found) expect(ts).to.be.closeTo(Date.now(), 60_000)
      expect(found.map(({ ts: _, ...rest }) => rest)).to.deep.equal([
        { ilpAddressFrom: 'somebody', ilpAddressTo: 'g.peer-bc.x', amount: '1', result: 'timeout' },
        { ilpAddressFrom: 'g.node-a', ilpAddressTo: 'g.peer-b', amount: '5', result: 'reject' },
        { ilpAddressFrom: 'g.peer-b', ilpAddressTo: 'g.node-a.shop', amount: '18446744073709551615', result: 'fulfill' }
      ])
    })

    it('has those from or to an address, since a time, and so many', async () => {
      const amounts = async (query: string): Promise<unknown[]> => (await packets(query)).map(({ amount }) => amount)
      expect(await amounts('?ilpAddress=g.peer-b')).to.deep.equal(['5', '18446744073709551615'])
      expect(await amounts('?ilpAddress=g.node-a.shop')).to.deep.equal(['18446744073709551615'])
      expect(await amounts('?ilpAddress=g')).to.have.length(3)
      expect(await amounts('?limit=1')).to.deep.equal(['1'])
      expect(await amounts('?limit=10000&since=0')).to.have.length(3)
      expect(await amounts(`?since=${Date.now() + 60_000}`)).to.deep.equal([])
    })

    const bad: Array<[string, string]> = [
      ['limit=0', 'limit must be a whole number from 1 to 10000, found: 0'],
      ['limit=10001', 'limit must be a whole number from 1 to 10000, found: 10001'],
      ['limit=ten', 'limit must be a whole number from 1 to 10000, found: ten'],
      ['since=2026-01-01', 'since must be a time in ms since 1970, such as 1767225600000, found: 2026-01-01'],
      ['ilpAddress=g..x', 'ilpAddress must be an ILP address or a prefix of some, found: g..x'],
      ['from=g.x', 'Unknown filter: from. There are ilpAddress, since and limit']
    ]
    for (const [query, message] of bad) {
      it(`refuses ?${query}`, async () => {
        const { status, json, headers } = await api.get(`/packets?${query}`) satisfies Answer
        expect([status, json]).to.deep.equal([400, { error: 'Bad request', message }])
        expect(headers['x-error-code']).to.equal('SLUICE_QUERY_INVALID')
      })
    }
  })

  it('say that there is no hidden service', async () => {
    const { status, json } = await api.get('/admin/hs-hostname')
    expect([status, json]).to.deep.equal([503, {
      error: 'Service unavailable', message: 'This node has no hidden service that it looks after: peers reach it at its own host and btpServerPort.'
    }])
  })

  it('give the name of a hidden service once it is reached, and until then ask to come again', async () => {
    api.node.overlay = { hiddenService: { hostname: null, publishedAt: null } }
    const early = await api.get('/admin/hs-hostname')
    expect([early.status, early.json, early.headers['retry-after'], early.headers['cache-control']]).to.deep.equal([
      200, { hostname: null, publishedAt: null }, '3', 'no-store'])
    const hiddenService = { hostname: 'a.onion', publishedAt: '2026-01-01T00:00:00.000Z' }
    api.node.overlay = { hiddenService }
    const { status, json, headers } = await api.get('/admin/hs-hostname')
    expect([status, json, headers['retry-after']]).to.deep.equal([200, hiddenService, undefined])
    api.node.overlay = undefined
  })

  it('answer 503 while the node is not running', async () => {
    for (const status of ['starting', 'stopped'] as const) {
      api.node.status = status
      for (const path of ['/admin/metrics.json', '/admin/earnings.json', '/packets']) {
        const answer = await api.get(path)
        expect([answer.status, answer.json], path).to.deep.equal([503, { error: 'Service unavailable', message: 'Connector not ready' }])
      }
    }
  })
})
