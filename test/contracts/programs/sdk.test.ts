/**
 * Services made with an SDK that has a connector in its process: it makes the node in code, routes its addresses to itself, registers peers
 * as it finds them, asks an exact price by the byte, pays others theirs, and opens channels with them.
 */
import { expect } from 'chai'
import { accounts, startChain, type Chain } from '../../../examples/evm-chain.js'
import { freePort } from '../../../examples/free-port.js'
import { ConnectorNode, createLogger, type ConnectorConfig, type PaymentRequest, type PaymentResponse, type PeerInfo } from '../../../src/index.js'
import { CHAIN, HOUR } from '../../support/node/evm.js'
import { World, owed, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

const PRICE_PER_BYTE = 10n

/** What the SDK passes on of the answer to a packet. */
interface Sent {
  accepted: boolean
  data?: string | undefined
  code?: string | undefined
  message?: string | undefined
}

describe('services with a connector in their process', () => {
  const world = new World()
  afterEach(() => world.end())

  /** As the SDK makes its node; the ports are free ones. */
  async function startNode (key: string, more: Partial<ConnectorConfig> = {}): Promise<ConnectorNode> {
    const nodeId = `toon-${key.repeat(16)}`
    const node = new ConnectorNode({
      nodeId,
      btpServerPort: await freePort(),
      healthCheckPort: await freePort(),
      environment: 'development',
      deploymentMode: 'embedded',
      peers: [],
      routes: [],
      localDelivery: { enabled: false },
      dataPath: await world.directory(),
      ...more
    }, createLogger(nodeId, 'error'))
    world.after(() => node.stop())
    await node.start()
    node.addRoute({ prefix: addressOf(key), nextHop: nodeId, priority: 100 })
    return node
  }

  const addressOf = (key: string): string => `g.toon.${key.repeat(8)}`

  /** Takes exactly what the data cost. Its handlers know of metadata, and of ILP codes; both are translated for the library. */
  function serve (node: ConnectorNode, requests: PaymentRequest[] = []): void {
    const reject = (code: string, message: string): PaymentResponse => ({ accept: false, rejectReason: { code, message } })
    node.setPacketHandler(request => {
      requests.push(request)
      const { length } = Buffer.from(request.data ?? '', 'base64')
      const price = PRICE_PER_BYTE * BigInt(length)
      if (length === 0) return reject('invalid_request', 'nothing to publish')
      if (BigInt(request.amount) !== price) return reject('unexpected_payment', `the price is ${price}`)
      const metadata = { eventId: 'e1' }
      return { accept: true, metadata, data: Buffer.from(JSON.stringify(metadata)).toString('base64') }
    })
  }

  /** As the SDK publishes: bytes, an expiry in half a minute, and no condition. */
  async function publish (node: ConnectorNode, destination: string, text: string, more = 0n): Promise<Sent> {
    const data = new TextEncoder().encode(text)
    const amount = PRICE_PER_BYTE * BigInt(data.length) + more
    const answer = await node.sendPacket({ destination, amount, data, expiresAt: new Date(Date.now() + 30_000) })
    const answered = answer.data.length === 0 ? undefined : Buffer.from(answer.data).toString('base64')
    if (answer.type === 13) return { accepted: true, data: answered }
    return { accepted: false, code: answer.code, message: answer.message, data: answered }
  }

  /** As the SDK registers a peer that it has found: by the URL that the peer announces, which says btp+. */
  const meet = (node: ConnectorNode, key: string, url: string, settlement?: object): Promise<PeerInfo> => node.registerPeer({
    id: `nostr-${key.repeat(16)}`, url: `btp+${url}`, authToken: '', routes: [{ prefix: addressOf(key), priority: 0 }], ...settlement
  })

  it('pay each other exactly what each asks', async () => {
    const [alice, bob] = [await startNode('a'), await startNode('b')]
    const requests: PaymentRequest[] = []
    serve(alice)
    serve(bob, requests)
    expect(await meet(alice, 'b', urlOf(bob))).to.include({ id: 'nostr-bbbbbbbbbbbbbbbb', connected: true, routeCount: 1 })
      .and.to.have.deep.property('ilpAddresses', [addressOf('b')])
    await meet(bob, 'a', urlOf(alice))

    const receipt = Buffer.from('{"eventId":"e1"}').toString('base64')
    expect(await publish(alice, addressOf('b'), 'an event of alice')).to.deep.equal({ accepted: true, data: receipt })
    expect(await publish(bob, addressOf('a'), 'one of bob')).to.deep.equal({ accepted: true, data: receipt })
    expect(requests[0]).to.include({ amount: '170', destination: addressOf('b'), data: Buffer.from('an event of alice').toString('base64') })
    expect(requests[0]).to.not.have.property('isTransit')
    expect(await owed(alice, 'nostr-bbbbbbbbbbbbbbbb')).to.equal(-170n)
    expect(await owed(bob, 'nostr-aaaaaaaaaaaaaaaa')).to.equal(-100n)
  })

  it('are told why they are refused, in codes of ILP', async () => {
    const [alice, bob] = [await startNode('a'), await startNode('b')]
    serve(bob)
    await meet(alice, 'b', urlOf(bob))
    expect(await publish(alice, addressOf('b'), 'x', 1n)).to.deep.equal({ accepted: false, code: 'F06', message: 'the price is 10', data: undefined })
    expect(await publish(alice, addressOf('b'), '')).to.include({ accepted: false, code: 'F00', message: 'nothing to publish' })
    expect(await publish(alice, 'g.toon.nobody', 'x')).to.include({ accepted: false, code: 'F02' })
    bob.setPacketHandler(() => { throw new Error('a bug') })
    expect(await publish(alice, addressOf('b'), 'x')).to.include({ accepted: false, code: 'T00' })
    const withoutExpiry = { destination: addressOf('b'), amount: 1n } as Parameters<ConnectorNode['sendPacket']>[0]
    expect(await alice.sendPacket(withoutExpiry)).to.include({ type: 14, code: 'F01', message: 'Missing required packet fields' })
  })

  it('deliver to themselves as local, add and drop addresses, and forget peers', async () => {
    const [alice, bob] = [await startNode('a'), await startNode('b')]
    const requests: PaymentRequest[] = []
    serve(alice, requests)
    expect(await publish(alice, addressOf('a'), 'to myself')).to.include({ accepted: true })
    expect(requests[0]).to.include({ sourcePeer: 'local' })
    alice.addRoute({ prefix: 'g.other.aa', nextHop: alice.config.nodeId, priority: 100 })
    expect(await publish(alice, 'g.other.aa', 'x')).to.include({ accepted: true })
    expect(alice.getRoutingTable().getNextHop('g.other.aa.x')).to.equal(alice.config.nodeId)
    alice.removeRoute('g.other.aa')
    expect(await publish(alice, 'g.other.aa', 'x')).to.include({ accepted: false, code: 'F02' })
    await meet(alice, 'b', urlOf(bob))
    await alice.removePeer('nostr-bbbbbbbbbbbbbbbb')
    expect(alice.listPeers()).to.deep.equal([])
    expect(alice.listRoutes()).to.deep.equal([{ prefix: addressOf('a'), nextHop: alice.config.nodeId, priority: 100 }])
  })

  describe('that settle', function () {
    this.timeout(120_000)
    let chain: Chain
    before(async () => { chain = await startChain() })
    after(() => chain.stop())

    it('open a channel with a peer, whichever way the chain is spelt', async () => {
      const { token } = await chain.createNetwork(6)
      await token.send(accounts[0]!.address, 'mint', accounts[1]!.address, 1_000_000)
      const peerAddress = accounts[2]!.address
      const alice = await startNode('a', {
        chainProviders: [{
          chainType: 'evm',
          chainId: CHAIN,
          rpcUrl: chain.url,
          registryAddress: chain.registry.address,
          tokenAddress: token.address,
          privateKey: accounts[1]!.privateKey,
          settlementOptions: { pollingIntervalMs: 100, confirmations: 1, settlementTimeoutSecs: HOUR }
        }]
      })
      const bob = await startNode('b')
      serve(bob)
      const settlement = { preference: 'evm', evmAddress: peerAddress, tokenAddress: token.address, chainId: 31337 }
      const info = await meet(alice, 'b', urlOf(bob), { settlement })
      expect(info.settlement).to.include({ preference: 'evm', evmAddress: peerAddress, chainId: 31337 })
      const { channelId, status } = await alice.openChannel({
        peerId: info.id, chain: 'evm:base:31337', token: token.address, tokenNetwork: token.address, peerAddress, initialDeposit: '100000', settlementTimeout: HOUR
      })
      expect(status).to.equal('open')
      expect(await alice.getChannelState(channelId)).to.deep.equal({ channelId, status: 'open', chain: CHAIN })
      await until(() => alice.isPeerConnected(info.id))
      expect(await publish(alice, addressOf('b'), 'paid for')).to.include({ accepted: true })
    })
  })
})
