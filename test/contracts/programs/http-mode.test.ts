/**
 * Agents that have no connector in their process, but one beside them that they call over HTTP: they register peers with a token that is
 * the JSON that agent connectors show each other, open channels, and send packets, some to /send-packet on the health port and some to
 * /admin/ilp/send. A failed call must say why in its body: it is all that they pass on.
 */
import { expect } from 'chai'
import { accounts, startChain, type Chain } from '../../../examples/evm-chain.js'
import { freePort } from '../../../examples/free-port.js'
import { BTPClient, ConfigLoader, type ConnectorNode } from '../../../src/index.js'
import { ask } from '../../support/admin-node.js'
import { CHAIN, HOUR } from '../../support/node/evm.js'
import { urlOf, World } from '../../support/node.js'
import { startImage, type ImageNode } from '../../support/programs/image.js'
import { until } from '../../support/waiting.js'

const BTP_SECRET = 'shared-by-all-peers'
const DATA = Buffer.from('an event').toString('base64')

interface SendResult {
  accepted: boolean
  data?: unknown
  fulfillment?: unknown
  code?: unknown
  message?: unknown
}

async function post (url: string, body: object): Promise<Response> {
  return await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
}

/** As the agents read what comes back from /send-packet: anything but 2xx is T00 with the text, and either word means that it was taken. */
async function sendPacket (connector: string, packet: object): Promise<SendResult> {
  const response = await post(`${connector}/send-packet`, packet)
  if (!response.ok) return { accepted: false, code: 'T00', message: `HTTP ${response.status}: ${await response.text()}` }
  const { accept, accepted, data, code = 'T00', message } = await response.json() as Record<string, unknown>
  return accept === true || accepted === true ? { accepted: true, data } : { accepted: false, code, message }
}

/** As clients of toon read what comes back from /admin/ilp/send. */
async function ilpSend (connector: string, packet: object): Promise<SendResult> {
  const response = await post(`${connector}/admin/ilp/send`, packet)
  const { accepted, fulfillment, data, code, message, error } = await response.json() as Record<string, unknown>
  if (response.ok) return { accepted: accepted === true, fulfillment, data, code, message }
  return { accepted: false, code: `HTTP_${response.status}`, message: message ?? error }
}

/** As agents register a peer: without a token of its own, it gets the JSON of its name and the secret that all share. */
async function addPeer (connector: string, peer: { id: string, url: string, routes?: object[], settlement?: object }): Promise<object> {
  const { id, url, routes, settlement } = peer
  const authToken = JSON.stringify({ peerId: id, secret: BTP_SECRET })
  const response = await post(`${connector}/admin/peers`, { id, url, authToken, routes, settlement })
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`)
  return await response.json() as object
}

async function openChannel (connector: string, channel: object): Promise<{ channelId: string, status: string }> {
  const response = await post(`${connector}/admin/channels`, channel)
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`)
  return await response.json() as { channelId: string, status: string }
}

describe('agents with a connector that they call over HTTP', function () {
  this.timeout(120_000)
  const world = new World()
  afterEach(() => world.end())

  /** Without a host of its own, the admin API is on the health port, too: agents know one URL of their connector. */
  async function startConnector (more: object = {}): Promise<ImageNode> {
    return await startImage(world, { nodeId: 'agent', environment: 'development', adminApi: { enabled: true }, peers: [], routes: [], ...more })
  }

  /** Takes what costs less than 5000, and answers with data. */
  async function startPeer (connector?: ImageNode): Promise<ConnectorNode> {
    const peers = connector === undefined ? [] : [{ id: 'agent', url: connector.url, authToken: JSON.stringify({ peerId: 'agent', secret: BTP_SECRET }) }]
    const peer = await world.start('peer2', { peers })
    peer.setPacketHandler(({ amount }) => BigInt(amount) < 5000n
      ? { accept: true, data: Buffer.from('a receipt').toString('base64') }
      : { accept: false, rejectReason: { code: 'invalid_amount', message: 'too much' } })
    return peer
  }

  it('register a peer, pay it, and remove it', async () => {
    const connector = await startConnector()
    const peer = await startPeer(connector)
    await addPeer(connector.health, { id: 'peer2', url: urlOf(peer), routes: [{ prefix: 'g.peer2', priority: 0 }] })
    await until(async () => (await (await fetch(`${connector.health}/health`)).json() as { peersConnected: number }).peersConnected === 1)
    for (const send of [sendPacket, ilpSend]) {
      for (const url of [connector.health, connector.admin]) {
        const taken = await send(url, { destination: 'g.peer2', amount: '1000', data: DATA })
        expect(taken).to.include({ accepted: true, data: Buffer.from('a receipt').toString('base64') })
        expect(await send(url, { destination: 'g.peer2', amount: '9000', data: DATA })).to.include({ accepted: false, code: 'F03', message: 'too much' })
      }
      expect(await send(connector.admin, { destination: 'g.nobody', amount: '1', data: '' })).to.include({ accepted: false, code: 'F02' })
    }
    const expiresAt = new Date(Date.now() + 10_000).toISOString()
    expect(await sendPacket(connector.health, { destination: 'g.peer2', amount: '0', data: DATA, expiresAt })).to.include({ accepted: true })
    const remove = await fetch(`${connector.health}/admin/peers/peer2`, { method: 'DELETE' })
    expect(remove.status).to.equal(200)
    expect(await sendPacket(connector.health, { destination: 'g.peer2', amount: '1', data: DATA })).to.include({ accepted: false, code: 'F02' })
  })

  it('know what was wrong with a call from its body', async () => {
    const { health } = await startConnector()
    expect(await sendPacket(health, { destination: 'not an address', amount: '1', data: DATA })).to.deep.equal({
      accepted: false, code: 'T00', message: 'HTTP 400: {"error":"Bad request","message":"Invalid ILP address: not an address"}'
    })
    expect(await ilpSend(health, { destination: 'g.x', amount: '1.5', data: DATA })).to.include({
      accepted: false, code: 'HTTP_400', message: 'Amount must be a non-negative integer string'
    })
    const refused = await addPeer(health, { id: 'x', url: 'http://x:1' }).catch((error: unknown) => error)
    expect(String(refused)).to.include('HTTP 400').and.include('URL must start with ws:// or wss://')
    expect(String(refused)).to.not.include(BTP_SECRET)
    const off = await openChannel(health, { peerId: 'x', chain: 'evm:base:31337', initialDeposit: '1' }).catch((error: unknown) => error)
    expect(String(off)).to.include('HTTP 503').and.include('Settlement infrastructure not enabled')
  })

  it('call it by the name of its container, once that is listed', async () => {
    const { health, admin } = await startConnector({ adminApi: { enabled: true, allowedHosts: ['connector-peer1'] } })
    for (const [url, name, status] of [[admin, 'connector-peer1', 200], [health, 'connector-peer1', 200], [admin, 'connector-peer2', 403]] as const) {
      const { port } = new URL(url)
      const packet = { destination: 'g.agent.shop', amount: '0', data: DATA }
      const answer = await ask(Number(port), 'POST', '/send-packet', packet, { host: `${name}:${port}` })
      expect(answer.status, `${name}: ${answer.text}`).to.equal(status)
    }
  })

  it('show the secret of the token to a peer of either dialect, and not the JSON around it', async () => {
    const connector = await startConnector()
    const peer = await startPeer()
    world.setEnv('BTP_PEER_AGENT_SECRET', BTP_SECRET)
    for (const dialect of ['rfc', 'toon'] as const) {
      const body = { id: 'peer2', url: urlOf(peer), authToken: JSON.stringify({ peerId: 'peer2', secret: BTP_SECRET }), dialect }
      expect((await post(`${connector.admin}/admin/peers`, body)).status).to.be.within(200, 201)
      await until(() => peer.isPeerConnected('agent'))
      await fetch(`${connector.admin}/admin/peers/peer2`, { method: 'DELETE' })
    }
    await addPeer(connector.admin, { id: 'peer2', url: 'ws://127.0.0.1:9' })
    const authToken = JSON.stringify({ peerId: 'peer2', secret: BTP_SECRET })
    const client = new BTPClient({ id: 'agent', url: connector.url, authToken }, 'peer2', { logger: world.log })
    await client.connect()
    await client.disconnect()
  })

  it('have the same token in a file', () => {
    const peer = (authToken: string): string => ConfigLoader.read({
      nodeId: 'agent', btpServerPort: 3000, peers: [{ id: 'peer2', url: 'ws://peer2:1', authToken }]
    }, {}).config.peers[0]!.authToken
    expect(peer('{"peerId":"peer2","secret":"s"}')).to.equal('s')
    for (const token of ['', 'plain', '{not json', '{}', '{"secret":5}', '["secret"]']) expect(peer(token)).to.equal(token)
  })

  describe('that settle', () => {
    let chain: Chain
    before(async () => { chain = await startChain() })
    after(() => chain.stop())

    it('open a channel with a peer, and ask for its state', async () => {
      const { token } = await chain.createNetwork(6)
      await token.send(accounts[0]!.address, 'mint', accounts[1]!.address, 1_000_000)
      const { admin } = await startConnector({
        chainProviders: [{
          chainType: 'evm', chainId: CHAIN, rpcUrl: chain.url, registryAddress: chain.registry.address, tokenAddress: token.address,
          keyId: accounts[1]!.privateKey,
          settlementOptions: { pollingIntervalMs: 100, confirmations: 1, settlementTimeoutSecs: HOUR }
        }]
      })
      const peerAddress = accounts[2]!.address
      await addPeer(admin, {
        id: 'peer2', url: `ws://127.0.0.1:${await freePort()}`, routes: [{ prefix: 'g.peer2' }],
        settlement: { preference: 'evm', evmAddress: peerAddress, chainId: 31337, tokenAddress: token.address }
      })
      const { channelId, status } = await openChannel(admin, {
        peerId: 'peer2', chain: 'evm:base:31337', token: token.address, peerAddress, initialDeposit: '100000', settlementTimeout: HOUR
      })
      expect(channelId).to.match(/^0x[0-9a-f]{64}$/)
      expect(status).to.equal('open')
      const response = await fetch(`${admin}/admin/channels/${channelId}`)
      expect(response.status).to.equal(200)
      expect(await response.json()).to.include({ channelId, status: 'open', chain: CHAIN, deposit: '100000' })
    })
  })
})
