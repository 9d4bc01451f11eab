/**
 * Nodes whose peers are removed, changed or registered anew, and nodes that are renamed, with money in payment channels. Nothing is left
 * behind without a refusal that says what to do, and nothing is paid or credited twice.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { accounts, type Deployed } from '../../../examples/evm-chain.js'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, ConnectorNode, PeerConfig } from '../../../src/index.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { askNode, peerOf, settlingConfig, TOKENS } from '../../support/node/evm.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { neverHappens, onOneChain } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const AMOUNT = 500n

describe('a node with payment channels', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const world = new World()
  const { chain } = onOneChain()
  let token: Deployed
  beforeEach(async () => {
    ({ token } = await chain().createNetwork(6))
    for (const index of [1, 2, 3]) await token.send(accounts[0]!.address, 'mint', accounts[index]!.address, TOKENS)
  })
  afterEach(() => world.end())

  interface Pair { alice: ConnectorNode, bob: ConnectorNode, bobs: Partial<ConnectorConfig> }

  /** Alice has paid Bob with a claim. Nobody owes anybody, and Bob has not redeemed anything. */
  async function paidPair (): Promise<Pair> {
    const [a, b] = [await freePort(), await freePort()]
    const settings = { chain: chain(), token }
    const alices = await settlingConfig(world, { ...settings, account: accounts[1]! },
      { btpServerPort: a, peers: [peerOf('bob', accounts[2]!, b)], routes: [{ prefix: 'g.bob', nextHop: 'bob' }] })
    const bobs = await settlingConfig(world, { ...settings, account: accounts[2]! },
      { btpServerPort: b, peers: [peerOf('alice', accounts[1]!, a)], routes: [{ prefix: 'g.alice', nextHop: 'alice' }] })
    const [alice, bob] = await Promise.all([world.start('alice', alices), world.start('bob', bobs)])
    for (const node of [alice, bob]) node.setPacketHandler(() => ({ accept: true }))
    await connected(alice, bob)
    expect(outcome(await alice.sendPacket(packet('g.bob', { amount: AMOUNT })))).to.equal('fulfill')
    await even({ alice, bob })
    return { alice, bob, bobs }
  }

  async function connected (...nodes: ConnectorNode[]): Promise<void> {
    await eventually('they are connected', () => nodes.every(node => node.listPeers().every(({ connected }) => connected)))
  }

  async function even ({ alice, bob }: Pick<Pair, 'alice' | 'bob'>): Promise<void> {
    await eventually('nobody owes anybody', async () => await owed(alice, 'bob') === 0n && await owed(bob, 'alice') === 0n)
  }

  const won = async (index: number): Promise<bigint> => await token.read('balanceOf', accounts[index]!.address) - TOKENS

  async function expectGoesOn ({ alice, bob }: Pick<Pair, 'alice' | 'bob'>): Promise<void> {
    await connected(alice, bob)
    await neverHappens('somebody owes something', async () => await owed(alice, 'bob') !== 0n || await owed(bob, 'alice') !== 0n, 300)
    expect(outcome(await alice.sendPacket(packet('g.bob', { amount: AMOUNT, data: Buffer.from('2') })))).to.equal('fulfill')
    await even({ alice, bob })
    const { channelId } = await bob.getChannelState('alice')
    expect((await askNode(bob, 'POST', `/channels/${channelId}/close`, {})).body).to.include({ status: 'settled' })
    expect([await won(1), await won(2)]).to.deep.equal([-2n * AMOUNT, 2n * AMOUNT])
  }

  it('keeps its peer: removePeer and DELETE are refused with what to do, on both sides', async () => {
    const pair = await paidPair()
    for (const [node, id] of [[pair.bob, 'alice'], [pair.alice, 'bob']] as const) {
      expect(await node.removePeer(id).then(() => 'removed', describeError)).to.match(/cannot be removed before it is settled/)
      for (const query of ['', '?removeRoutes=false']) {
        const { status, body } = await askNode(node, 'DELETE', `/peers/${id}${query}`)
        expect(status).to.equal(409)
        expect(JSON.stringify(body)).to.contain('Close its payment channels')
      }
      expect(node.listPeers().map(peer => peer.id)).to.deep.equal([id])
      expect(node.listRoutes()).to.have.lengthOf(1)
    }
    await expectGoesOn(pair)
    await eventually('it can be removed when all is settled', () => pair.bob.removePeer('alice').then(() => true, () => false))
  })

  it('goes on with the same channel when its peer is registered anew, at another place or with another secret of ours', async () => {
    const pair = await paidPair()
    const { url, authToken } = pair.bobs.peers![0]!
    for (const at of [url.replace('127.0.0.1', 'localhost'), url]) {
      await pair.bob.registerPeer({ id: 'alice', url: at, authToken })
      expect((await askNode(pair.bob, 'POST', '/peers', { id: 'alice', url: at, authToken })).status).to.equal(200)
    }
    await expectGoesOn(pair)
  })

  it('knows a peer that the application registered again when it starts, until the channels with it are settled', async () => {
    const { alice, bob: configured, bobs } = await paidPair()
    const { bob, hubs, registration } = await asHub(configured, bobs)
    await expectRestored(bob)
    await bob.registerPeer({ ...registration, url: registration.url.replace('127.0.0.1', 'localhost') })
    await bob.stop()
    const file = join(hubs.dataPath!, 'bob.unsettled.json')
    expect((await stat(file)).mode & 0o777, 'it has tokens in it').to.equal(0o600)
    expect(await readFile(file, 'utf8'), 'what it was told last').to.contain('//localhost:')

    const again = await world.start('bob', hubs)
    again.setPacketHandler(() => ({ accept: true }))
    await expectRestored(again)
    await expectGoesOn({ alice, bob: again })
    await eventually('nothing is noted', async () => !(await readdir(hubs.dataPath!)).some(name => name.endsWith('.unsettled.json')))
    await again.stop()
    expect((await world.start('bob', hubs)).listPeers()).to.deep.equal([])
  })

  it('does not start, and loses nothing, when a peer with channels cannot be registered again', async () => {
    const { bob: configured, bobs } = await paidPair()
    const { bob, hubs } = await asHub(configured, bobs)
    await bob.stop()
    const file = join(hubs.dataPath!, 'bob.unsettled.json')
    const note = await readFile(file, 'utf8')
    const crippled = await world.make('bob', { ...hubs, chainProviders: [] })
    expect(await crippled.start().then(() => 'started', describeError)).to.match(/money that is not settled.*account alice/)
    expect(await readFile(file, 'utf8')).to.equal(note)
    expect(world.log.has('peer_not_restored')).to.equal(true)
    await expectRestored(await world.start('bob', hubs))
  })

  /** Bob's configuration names no peers any more: the application registers them. */
  async function asHub (
    configured: ConnectorNode, bobs: Partial<ConnectorConfig>
  ): Promise<{ bob: ConnectorNode, hubs: Partial<ConnectorConfig>, registration: PeerConfig }> {
    await configured.stop()
    const hubs = { ...bobs, peers: [], routes: [] }
    const registration = bobs.peers![0]!
    const bob = await world.make('bob', hubs)
    await bob.registerPeer(registration)
    await bob.start()
    await bob.registerPeer(registration) // from now on it is noted, as it would be when a channel is opened
    await bob.stop()
    return { bob: await world.start('bob', hubs), hubs, registration }
  }

  async function expectRestored (bob: ConnectorNode): Promise<void> {
    expect(bob.listPeers().map(({ id }) => id)).to.deep.equal(['alice'])
    expect((await bob.getChannelState('alice')).status).to.equal('open')
  }

  it('looks after the channels of an address that its peer had before', async () => {
    const { alice, bob, bobs } = await paidPair()
    const { url, authToken } = bobs.peers![0]!
    const { channelId } = await bob.getChannelState('alice')
    await bob.registerPeer({ id: 'alice', url, authToken, evmAddress: accounts[3]!.address })
    await eventually('what it was paid is redeemed', async () => await won(2) === AMOUNT)
    expect(await owed(bob, 'alice'), 'and is not credited again').to.equal(0n)
    await chain().pass(3700)
    await bob.registerPeer({ id: 'alice', url, authToken, evmAddress: accounts[1]!.address })
    expect(await owed(bob, 'alice')).to.equal(0n)
    expect((await bob.getChannelState(channelId)).channelId).to.equal(channelId)
    await alice.stop()
  })

  it('does not start under another name with the same key and folder, and says so; it starts again under its own', async () => {
    const pair = await paidPair()
    await pair.bob.stop()
    const renamed = await world.make('robert', pair.bobs)
    const files = await readdir(pair.bobs.dataPath!)
    expect(await renamed.start().then(() => 'started', describeError)).to.match(/was called bob before.*Start it under that nodeId/)
    expect(await readdir(pair.bobs.dataPath!), 'nothing is lost').to.include.members(files)
    const bob = await world.start('bob', pair.bobs)
    bob.setPacketHandler(() => ({ accept: true }))
    await expectGoesOn({ alice: pair.alice, bob })
    await eventually('nothing is noted', async () => !(await readdir(pair.bobs.dataPath!)).some(name => name.endsWith('.unsettled.json')))
    await bob.stop()
    await (await world.start('robert', pair.bobs)).stop()
  })

  it('may have another name with another key: that is another node', async () => {
    const pair = await paidPair()
    await pair.bob.stop()
    const [provider] = pair.bobs.chainProviders!
    const chainProviders = [{ ...provider!, keyId: accounts[4]!.privateKey }]
    const other = await world.start('robert', { ...pair.bobs, chainProviders })
    expect(other.getHealthStatus().nodeId).to.equal('robert')
    await other.stop()
  })

  it('does not start without a peer that it has channels with', async () => {
    const pair = await paidPair()
    await pair.bob.stop()
    const alone = await world.make('bob', { ...pair.bobs, peers: [], routes: [] })
    expect(await alone.start().then(() => 'started', describeError)).to.match(/accounts that are no longer configured.*alice/)
    const peers = pair.bobs.peers!.map(({ id, url, authToken }) => ({ id, url, authToken }))
    const without = await world.make('bob', { ...pair.bobs, chainProviders: [], peers })
    expect(await without.start().then(() => 'started', describeError)).to.match(/accounts that are no longer configured|not settled/)
    const bob = await world.start('bob', pair.bobs)
    bob.setPacketHandler(() => ({ accept: true }))
    await expectGoesOn({ alice: pair.alice, bob })
  })

  it('knows its peer by another name: the channels go on, and nothing is credited twice', async () => {
    const pair = await paidPair()
    await pair.bob.stop()
    const peers = pair.bobs.peers!.map(peer => ({ ...peer, id: 'alicia' }))
    const bob = await world.start('bob', { ...pair.bobs, peers, routes: [] })
    await neverHappens('something is credited', async () => await owed(bob, 'alicia') !== 0n, 500)
    const { channelId } = await bob.getChannelState('alicia')
    await askNode(bob, 'POST', `/channels/${channelId}/close`, {})
    await eventually('it has what it was paid', async () => await won(2) === AMOUNT)
  })
})
