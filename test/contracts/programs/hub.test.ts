/**
 * What a hub of paid nodes asks of its connector over HTTP: it writes the configuration, registers its nodes as children, polls health,
 * peers, traffic, earnings and channels for its dashboard, and draws the packets over time. Each answer has what the hub's own checks
 * look for.
 */
import { expect } from 'chai'
import { z } from 'zod'
import { accounts, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { CHAIN, HOUR } from '../../support/node/evm.js'
import { packet, urlOf, World } from '../../support/node.js'
import { startImage, type ImageNode } from '../../support/programs/image.js'
import { until } from '../../support/waiting.js'

const decimal = z.string().regex(/^-?\d+$/)
const time = z.iso.datetime()
const count = z.int().min(0)
const asset = { assetCode: z.string(), assetScale: z.int() }

/** By path: what is read, and what else may be there. */
const ADMIN_HEALTH = z.looseObject({ status: z.literal('healthy'), service: z.literal('admin-api'), nodeId: z.string(), timestamp: time })
const HEALTH = z.looseObject({
  status: z.enum(['healthy', 'unhealthy', 'starting', 'degraded']), uptime: count, peersConnected: count, totalPeers: count, timestamp: time, version: z.string()
})
const PEERS = z.looseObject({
  nodeId: z.string(), peerCount: count, connectedCount: count,
  peers: z.array(z.looseObject({ id: z.string(), connected: z.boolean(), ilpAddresses: z.array(z.string()), routeCount: count }))
})
const COUNTS = { packetsForwarded: count, packetsRejected: count, bytesSent: count, packetsLocallyDelivered: count }
const METRICS = z.strictObject({
  uptimeSeconds: count,
  aggregate: z.strictObject(COUNTS),
  peers: z.array(z.strictObject({ peerId: z.string(), connected: z.boolean(), ...COUNTS, lastPacketAt: time.nullable() })),
  timestamp: time
})
const EARNINGS = z.strictObject({
  uptimeSeconds: count,
  peers: z.array(z.strictObject({
    peerId: z.string(),
    byAsset: z.array(z.strictObject({
      ...asset, claimsReceivedTotal: decimal, claimsSentTotal: decimal, netBalance: decimal, lastClaimAt: time.nullable()
    }))
  })),
  connectorFees: z.array(z.strictObject({ ...asset, total: decimal })),
  recentClaims: z.array(z.strictObject({ peerId: z.string(), ...asset, amount: decimal, direction: z.enum(['inbound', 'outbound']), at: time })),
  timestamp: time
})
const CHANNELS = z.array(z.strictObject({
  channelId: z.string(), peerId: z.string(), chain: z.string(), status: z.string(), deposit: z.string(), lastActivity: time
}))
const PACKETS = z.array(z.strictObject({
  ts: count, ilpAddressFrom: z.string(), ilpAddressTo: z.string(), amount: decimal, result: z.enum(['fulfill', 'reject', 'timeout'])
}))

/** As the hub asks: plain GETs and JSON bodies, five seconds at most. */
async function call (method: string, url: string, body?: object): Promise<{ status: number, body: unknown }> {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(url, { method, ...init, signal: AbortSignal.timeout(5000) })
  return { status: response.status, body: await response.json() }
}

async function get<T> (url: string, shape: z.ZodType<T>): Promise<T> {
  const { status, body } = await call('GET', url)
  expect(status, JSON.stringify(body)).to.equal(200)
  return shape.parse(body)
}

describe('a hub and its connector', function () {
  this.timeout(120_000)
  const world = new World()
  afterEach(() => world.end())

  /** What the hub writes without a hidden service, under one segment as its name. */
  async function startApex (more: object = {}): Promise<ImageNode> {
    return await startImage(world, {
      nodeId: 'townhouse',
      environment: 'development',
      deploymentMode: 'standalone',
      logLevel: 'info',
      adminApi: { enabled: true, host: '0.0.0.0', allowedIPs: ['0.0.0.0/0'] },
      transport: { type: 'direct' },
      peers: [],
      routes: [],
      ...more
    })
  }

  /** A node of the hub. */
  async function startTown (more: Partial<ConnectorConfig> = {}): Promise<ConnectorNode> {
    const town = await world.start('town', { routes: [{ prefix: 'g.townhouse.town', nextHop: 'local' }], ...more })
    town.setPacketHandler(({ amount }) => ({ accept: BigInt(amount) < 5000n }))
    return town
  }

  const child = (town: ConnectorNode): object => ({
    id: 'town', url: urlOf(town), authToken: '', routes: [{ prefix: 'g.townhouse.town' }], transport: 'direct', relation: 'child'
  })

  it('finds it healthy on both ports, without peers, and without a hidden service', async () => {
    const { admin, health } = await startApex()
    expect(await get(`${admin}/health`, ADMIN_HEALTH)).to.include({ nodeId: 'townhouse' })
    expect(await get(`${health}/health`, HEALTH)).to.include({ status: 'healthy', peersConnected: 0, totalPeers: 0 })
    expect((await get(`${admin}/admin/peers`, PEERS)).peers).to.deep.equal([])
    expect((await call('GET', `${admin}/admin/hs-hostname`)).status).to.equal(503)
    expect((await call('GET', `${admin}/admin/earnings.json`)).status, 'nothing is settled').to.equal(503)
    expect((await call('GET', `${admin}/admin/channels`)).status, 'nothing is settled').to.equal(503)
    expect(await get(`${admin}/packets?limit=10000&since=0`, PACKETS)).to.deep.equal([])
  })

  it('registers a node as a child, again after it has forgotten that, and removes it twice', async () => {
    const { admin, health } = await startApex()
    const town = await startTown()
    const first = await call('POST', `${admin}/admin/peers`, child(town))
    expect([first.status, first.body]).to.deep.equal([201, {
      success: true,
      peer: { id: 'town', url: urlOf(town), connected: true },
      routes: ['g.townhouse.town'],
      created: true,
      message: 'Peer \'town\' added and connected'
    }])
    const again = await call('POST', `${admin}/admin/peers`, child(town))
    expect([again.status, again.body]).to.deep.equal([200, {
      success: true,
      peer: { id: 'town', url: urlOf(town), connected: true },
      routes: ['g.townhouse.town'],
      updated: true,
      message: 'Peer \'town\' updated'
    }])
    const { peers: [peer, ...others] } = await get(`${admin}/admin/peers`, PEERS)
    expect([peer, others]).to.deep.equal([
      { id: 'town', connected: true, ilpAddresses: ['g.townhouse.town'], routeCount: 1, relation: 'child', transport: 'direct' }, []
    ])
    expect(await get(`${health}/health`, HEALTH)).to.include({ peersConnected: 1, totalPeers: 1 })
    const remove = async (): Promise<number> => (await call('DELETE', `${admin}/admin/peers/town?removeRoutes=true`)).status
    expect([await remove(), await remove()]).to.deep.equal([200, 404])
    expect((await call('GET', `${admin}/admin/routes`)).body).to.deep.include({ routeCount: 0 })
  })

  it('says degraded or unhealthy while nodes are away, on the health port alone', async () => {
    const { admin, health } = await startApex()
    const town = await startTown()
    await call('POST', `${admin}/admin/peers`, child(town))
    await call('POST', `${admin}/admin/peers`, { id: 'mill', url: 'ws://127.0.0.1:9', authToken: '', transport: 'direct', relation: 'child' })
    expect(await get(`${health}/health`, HEALTH)).to.include({ status: 'degraded', peersConnected: 1, totalPeers: 2 })
    await town.stop()
    await until(async () => (await call('GET', `${health}/health`)).status === 503)
    expect((await call('GET', `${health}/health`)).body).to.include({ status: 'unhealthy' })
    expect(await get(`${admin}/health`, ADMIN_HEALTH)).to.include({ status: 'healthy' })
  })

  it('counts and draws the packets of its nodes', async () => {
    const { admin } = await startApex()
    const town = await startTown()
    await call('POST', `${admin}/admin/peers`, child(town))
    const before = Date.now()
    const send = async (destination: string, amount: string): Promise<unknown> =>
      (await call('POST', `${admin}/admin/ilp/send`, { destination, amount, data: 'aGVsbG8=' })).body
    expect(await send('g.townhouse.town', '1000')).to.include({ accepted: true })
    expect(await send('g.townhouse.town.shop', '9000')).to.include({ accepted: false, code: 'F99' })
    expect(await send('g.elsewhere', '5')).to.include({ accepted: false, code: 'F02' })
    const { aggregate, peers: [counts] } = await get(`${admin}/admin/metrics.json`, METRICS)
    expect(aggregate).to.include({ packetsForwarded: 1, packetsRejected: 2, packetsLocallyDelivered: 0 })
    expect(counts).to.include({ peerId: 'town', connected: true, packetsForwarded: 1, packetsRejected: 1 })
    expect(counts!.bytesSent).to.equal(aggregate.bytesSent).and.be.greaterThan(100)
    expect(Date.parse(counts!.lastPacketAt!)).to.be.at.least(before)
    const packets = await get(`${admin}/packets?ilpAddress=g.townhouse.town&since=${before}&limit=10000`, PACKETS)
    expect(packets.map(({ ts: _, ...rest }) => rest)).to.deep.equal([
      { ilpAddressFrom: 'g.townhouse', ilpAddressTo: 'g.townhouse.town.shop', amount: '9000', result: 'reject' },
      { ilpAddressFrom: 'g.townhouse', ilpAddressTo: 'g.townhouse.town', amount: '1000', result: 'fulfill' }
    ])
  })

  describe('that settles', () => {
    let chain: Chain
    let token: Deployed
    before(async () => { chain = await startChain() })
    after(() => chain.stop())

    /** As the hub writes it, and as its node has it. */
    const chainProvider = (index: number): NonNullable<ConnectorConfig['chainProviders']>[number] => ({
      chainType: 'evm',
      chainId: CHAIN,
      rpcUrl: chain.url,
      registryAddress: chain.registry.address,
      tokenAddress: token.address,
      keyId: accounts[index]!.privateKey,
      settlementOptions: { threshold: '200', initialDeposit: '2000', pollingIntervalMs: 100, confirmations: 1, settlementTimeoutSecs: HOUR }
    })

    it('shows what claims have paid, the fees, and the channels, and still does after a restart', async () => {
      ({ token } = await chain.createNetwork(6))
      for (const index of [1, 2, 3]) await token.send(accounts[0]!.address, 'mint', accounts[index]!.address, 1_000_000)
      const apex = await startApex({ chainProviders: [chainProvider(1)], settlement: { connectorFeePercentage: 1 } })
      const parent = { id: 'townhouse', url: apex.url, authToken: 'secret', chain: CHAIN, evmAddress: accounts[1]!.address }
      const settling = (index: number): Partial<ConnectorConfig> =>
        ({ peers: [parent], chainProviders: [chainProvider(index)], settlement: { connectorFeePercentage: 0 } })
      const town = await startTown(settling(2))
      const client = await world.start('client', { ...settling(3), routes: [{ prefix: 'g', nextHop: 'townhouse' }] })
      const register = async (node: ConnectorNode, index: number): Promise<void> => {
        const { nodeId } = node.config
        const { status, body } = await call('POST', `${apex.admin}/admin/peers`, {
          ...child(node), id: nodeId, authToken: 'secret', routes: [{ prefix: `g.townhouse.${nodeId}` }],
          settlement: { preference: 'evm', evmAddress: accounts[index]!.address, chainId: 31337 }
        })
        expect(status, JSON.stringify(body)).to.be.within(200, 201)
      }
      for (const [node, index] of [[town, 2], [client, 3]] as const) await register(node, index)
      const fresh = await get(`${apex.admin}/admin/earnings.json`, EARNINGS)
      expect(fresh).to.deep.include({ connectorFees: [{ assetCode: 'TEST', assetScale: 6, total: '0' }], recentClaims: [] })
      const answer = await client.sendPacket(packet('g.townhouse.town', { amount: 1000n }))
      expect(answer.type, JSON.stringify(answer)).to.equal(13)
      const settled = async (): Promise<z.infer<typeof EARNINGS>> => await get(`${apex.admin}/admin/earnings.json`, EARNINGS)
      await until(async () => {
        const { peers, recentClaims } = await settled()
        return recentClaims.length === 2 && peers.every(({ byAsset: [totals] }) => totals!.lastClaimAt !== null)
      })
      const { peers, connectorFees, recentClaims } = await settled()
      const asset = { assetCode: 'TEST', assetScale: 6 }
      const totalsOf = ({ peerId, byAsset }: typeof peers[number]): object =>
        ({ peerId, byAsset: byAsset.map(({ lastClaimAt: _, ...rest }) => rest) })
      expect(peers.map(totalsOf)).to.have.deep.members([
        { peerId: 'town', byAsset: [{ ...asset, claimsReceivedTotal: '0', claimsSentTotal: '990', netBalance: '-990' }] },
        { peerId: 'client', byAsset: [{ ...asset, claimsReceivedTotal: '1000', claimsSentTotal: '0', netBalance: '1000' }] }
      ])
      expect(connectorFees).to.deep.equal([{ ...asset, total: '10' }])
      expect(recentClaims.map(({ at: _, ...rest }) => rest)).to.have.deep.members([
        { peerId: 'town', ...asset, amount: '990', direction: 'outbound' },
        { peerId: 'client', ...asset, amount: '1000', direction: 'inbound' }
      ])
      const channels = await get(`${apex.admin}/admin/channels`, CHANNELS)
      expect(channels.map(({ peerId, chain, status, deposit }) => ({ peerId, chain, status, deposit }))).to.have.deep.members([
        { peerId: 'town', chain: CHAIN, status: 'open', deposit: '2000' }, { peerId: 'client', chain: CHAIN, status: 'open', deposit: '0' }
      ])
      await apex.stop()
      // A node refuses to start without those with whom it has channels: they have to be in the file by then.
      await apex.again({
        peers: ([[town, 2], [client, 3]] as const).map(([node, index]) =>
          ({ id: node.config.nodeId, url: urlOf(node), authToken: 'secret', chain: CHAIN, evmAddress: accounts[index]!.address }))
      })
      for (const [node, index] of [[town, 2], [client, 3]] as const) await register(node, index)
      await until(async () => (await settled()).peers.every(({ byAsset }) => byAsset.length === 1))
      const later = await settled()
      expect(later).to.deep.include({ connectorFees: [{ ...asset, total: '0' }], recentClaims: [] })
      expect(later.peers).to.have.deep.members(peers)
    })
  })
})
