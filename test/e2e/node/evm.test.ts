/** Nodes that are settled with on a real chain, from their configuration to what the chain pays out, through the node and its admin API. */
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { ConnectorNode } from '../../../src/index.js'
import type { ConnectorConfig, PeerConfig } from '../../../src/index.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { accounts, CHAIN_ID, startChain, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import type { Answer } from '../../support/admin.js'
import { askNode, CHAIN, HOUR, peerOf, SECRET, TOKENS } from '../../support/node/evm.js'
import { outcome, owed, packet, World } from '../../support/node.js'

describe('nodes that settle on an EVM chain', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  let chain: Chain
  let token: Deployed
  before(async () => { chain = await startChain() })
  after(() => chain.stop())
  beforeEach(async () => { ({ token } = await chain.createNetwork(6)) })
  afterEach(() => world.end())

  function provider (index: number): NonNullable<ConnectorConfig['chainProviders']>[number] {
    return {
      chainType: 'evm',
      chainId: CHAIN,
      rpcUrl: chain.url,
      registryAddress: chain.registry.address,
      tokenAddress: token.address,
      keyId: accounts[index]!.privateKey,
      settlementOptions: {
        threshold: '200', initialDeposit: '2000', redeemThreshold: '1000000', pollingIntervalMs: 100, confirmations: 1, settlementTimeoutSecs: HOUR
      }
    }
  }

  const peer = (name: string, index: number, port: number): PeerConfig => peerOf(name, accounts[index]!, port)

  async function configOf (nodeId: string, index: number, btpServerPort: number, more: Partial<ConnectorConfig>): Promise<ConnectorConfig> {
    return {
      nodeId,
      btpServerPort,
      healthCheckPort: await freePort(),
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      logLevel: 'error',
      dataPath: await world.directory(),
      settlement: { connectorFeePercentage: 0 },
      chainProviders: [provider(index)],
      peers: [],
      ...more
    }
  }

  /** alice, hub and bob in a row, each with tokens; bob is configured by a file. */
  async function line (): Promise<[alice: ConnectorNode, hub: ConnectorNode, bob: ConnectorNode]> {
    const [a, h, b] = [await freePort(), await freePort(), await freePort()]
    for (const index of [1, 2, 3]) await token.send(accounts[0]!.address, 'mint', accounts[index]!.address, TOKENS)
    const file = join(await world.directory(), 'bob.yaml')
    const bob = await configOf('bob', 3, b, {
      chainProviders: [{ ...provider(3), keyId: '${BOB_KEY}' }], peers: [peer('hub', 2, h)], routes: [{ prefix: 'g', nextHop: 'hub' }]
    })
    await writeFile(file, JSON.stringify(bob)) // JSON is YAML
    world.setEnv('BOB_KEY', accounts[3]!.privateKey)
    const configs = [
      await configOf('alice', 1, a, { peers: [peer('hub', 2, h)], routes: [{ prefix: 'g', nextHop: 'hub' }] }),
      await configOf('hub', 2, h, {
        peers: [peer('alice', 1, a), peer('bob', 3, b)], routes: ['alice', 'bob'].map(id => ({ prefix: `g.${id}`, nextHop: id }))
      }),
      file
    ]
    const [first, second, third] = configs.map(config => new ConnectorNode(config, world.log))
    const nodes: [ConnectorNode, ConnectorNode, ConnectorNode] = [first!, second!, third!]
    for (const node of nodes) world.after(() => node.stop())
    await Promise.all(nodes.map(node => node.start()))
    return nodes
  }

  async function pay (from: ConnectorNode, to: string, amount: bigint, times: number): Promise<void> {
    for (let i = 0; i < times; i++) expect(outcome(await from.sendPacket(packet(to, { amount, data: Buffer.from(String(i)) })))).to.equal('fulfill')
  }

  const gained = async (index: number): Promise<bigint> => await token.read('balanceOf', accounts[index]!.address) - TOKENS

  it('pay out 100 payments of 10 one way and 50 of 5 back as a net 750, in one transaction a channel', async () => {
    const [alice, hub, bob] = await line()
    const { status, body } = await askNode(alice, 'POST', '/channels', { peerId: 'hub', chain: `evm:anvil:${CHAIN_ID}`, initialDeposit: '2000' })
    expect(status, JSON.stringify(body)).to.equal(201)
    expect(body).to.include({ chain: CHAIN, status: 'open', deposit: '2000' })
    expect((await askNode(alice, 'POST', '/channels', { peerId: 'hub', chain: CHAIN, initialDeposit: '0' })).status).to.equal(409)
    expect(await hub.openChannel('bob', 2000n)).to.include({ status: 'open', chain: CHAIN })

    await Promise.all([pay(alice, 'g.bob', 10n, 100), pay(bob, 'g.alice', 5n, 50)])
    for (const [node, id] of [[alice, 'hub'], [bob, 'hub'], [hub, 'alice'], [hub, 'bob']] as const) {
      const debt = -await owed(node, id)
      if (debt > 0n) await node.settle(id, debt)
    }
    for (const [node, id] of [[alice, 'hub'], [bob, 'hub'], [hub, 'alice'], [hub, 'bob']] as const) {
      expect((await askNode(node, 'GET', `/balances/${id}`)).body).to.deep.include({ balances: [{ tokenId: 'TEST', debitBalance: '0', creditBalance: '0', netBalance: '0' }] })
    }
    const before = await chain.provider.getBlockNumber()
    for (const [node, id] of [[alice, 'hub'], [hub, 'bob']] as const) {
      const { channelId } = await node.getChannelState(id)
      expect((await askNode(node, 'POST', `/channels/${channelId}/close`, {})).body).to.include({ channelId, status: 'settled' })
    }
    expect(await chain.provider.getBlockNumber() - before).to.equal(2)
    expect(await Promise.all([1, 2, 3].map(gained))).to.deep.equal([-750n, 0n, 750n])
  })

  it('pay by themselves when a threshold is passed, and show the claim, the channel and the state of it', async () => {
    const [alice, hub] = await line()
    await pay(alice, 'g.hub', 150n, 2)
    const claims = async (): Promise<Pick<Answer, 'status' | 'body'>> => {
      const [channel] = (await askNode(hub, 'GET', '/channels?peerId=alice')).body as Array<{ channelId: string }>
      return channel === undefined ? { status: 0, body: {} } : await askNode(hub, 'GET', `/channels/${channel.channelId}/claims`)
    }
    while ((await claims()).status !== 200) await new Promise(resolve => { setTimeout(resolve, 50) })
    expect((await claims()).body).to.include({ blockchain: 'evm', transferredAmount: '300', senderId: 'alice', chainId: CHAIN_ID })
    // The hub holds the claim before alice has its receipt, and she counts what she has a receipt for.
    const counted = 'settlement_amount_total{peer_id="hub",token_id="TEST"} 300'
    while (!(await alice.getMetrics()).includes(counted)) await new Promise(resolve => { setTimeout(resolve, 50) })
    expect(await alice.getMetrics())
      .to.include('account_credits_total{peer_id="hub",token_id="TEST"} 300').and.include('account_balance_units{peer_id="hub",token_id="TEST"} 0')
    expect(alice.getHealthStatus()).to.deep.include({ status: 'healthy', dependencies: { ledger: { status: 'up' }, [CHAIN]: { status: 'up' } } })
    const [channel] = (await askNode(alice, 'GET', '/channels')).body as Array<{ channelId: string }>
    expect(channel).to.include({ peerId: 'hub', chain: CHAIN, status: 'open', deposit: '2000' })
    expect((await askNode(alice, 'GET', `/channels/${channel!.channelId}`)).body).to.include({ transferred: '300', nonce: '1', theirDeposit: '0' })
    const states = (await askNode(alice, 'GET', '/settlement/states')).body as object[]
    expect(states[0]).to.include({ peerId: 'hub', chain: CHAIN, reachable: true, address: accounts[1]!.address.toLowerCase() })

    expect((await askNode(alice, 'POST', `/channels/${channel!.channelId}/deposit`, { amount: '500' })).body).to.include({ newDeposit: '2500' })
    const redeemed = await askNode(hub, 'POST', `/channels/${channel!.channelId}/redeem`)
    expect(redeemed.status, JSON.stringify(redeemed.body)).to.equal(200)
    expect(await gained(2)).to.equal(300n)
    expect(await alice.getMetrics()).to.include('claims_sent_total{peer_id="hub"} 1')
    expect(await hub.getMetrics()).to.include('claims_received_total{peer_id="alice"} 1').and.include('claims_redeemed_total{peer_id="alice"} 1')
      .and.include('claim_verification_failures_total{peer_id="alice"} 0')
  })

  it('close by challenge what is not closed together, and pay it out when the challenge is over', async () => {
    const [alice] = await line()
    const { channelId } = await alice.openChannel('hub', 1000n)
    expect((await askNode(alice, 'POST', `/channels/${channelId}/close`, { cooperative: false })).body).to.include({ status: 'closing' })
    expect((await askNode(alice, 'GET', `/channels/${channelId}`)).body).to.include({ status: 'closed' })
    expect(await alice.getChannelState(channelId)).to.include({ status: 'closed' })
    expect((await askNode(alice, 'POST', `/channels/${channelId}/settle`)).status).to.equal(503)
    await chain.pass(HOUR + 1)
    expect((await askNode(alice, 'POST', `/channels/${channelId}/settle`)).body).to.include({ status: 'settled' })
    expect(await gained(1)).to.equal(0n)
  })

  it('settle with a peer that comes later, and with one whose address comes with the channel', async () => {
    const [a, h] = [await freePort(), await freePort()]
    for (const index of [1, 2]) await token.send(accounts[0]!.address, 'mint', accounts[index]!.address, TOKENS)
    const alice = await world.start('alice', await configOf('alice', 1, a, {}))
    const hub = await world.start('hub', await configOf('hub', 2, h, { peers: [peer('alice', 1, a)] }))
    const { id, url, authToken, evmAddress } = peer('hub', 2, h)
    const plain = { id, url, authToken }
    const bad = await askNode(alice, 'POST', '/peers', { ...plain, evmAddress, chain: 'evm:8453' })
    expect(bad.status).to.equal(400)
    expect((bad.body as { message: string }).message).to.include('evm:8453, which is not in chainProviders')
    await alice.registerPeer(plain)
    expect((await askNode(alice, 'POST', '/channels', { peerId: 'hub', chain: CHAIN, initialDeposit: '10' })).body)
      .to.deep.equal({ error: 'Bad request', message: 'Peer EVM address must be provided in request or peer registration' })
    const open = (): ReturnType<typeof askNode> =>
      askNode(alice, 'POST', '/channels', { peerId: 'hub', chain: CHAIN, initialDeposit: '10', peerAddress: evmAddress })
    let opened = await open()
    while (opened.status === 503) opened = await open() // the connection to the peer is made anew
    expect(opened.status, JSON.stringify(opened.body)).to.equal(201)
    expect(hub.getHealthStatus().peersConnected).to.equal(1)
  })

  it('say that the chain is away, and carry packets all the same', async () => {
    const port = await freePort()
    const lost = { ...provider(1), rpcUrl: 'http://127.0.0.1:9' }
    const hub = await world.start('hub', await configOf('hub', 2, port, { peers: [{ id: 'alice', url: 'ws://127.0.0.1:9', authToken: SECRET }] }))
    const alice = await world.start('alice', await configOf('alice', 1, await freePort(), {
      chainProviders: [lost], peers: [peer('hub', 2, port)], routes: [{ prefix: 'g', nextHop: 'hub' }]
    }))
    expect(outcome(await alice.sendPacket(packet('g.hub')))).to.equal('fulfill')
    const [state] = (await askNode(alice, 'GET', '/settlement/states')).body as object[]
    expect(state).to.include({ peerId: 'hub', reachable: false })
    expect(alice.getHealthStatus()).to.deep.include({ status: 'degraded', dependencies: { ledger: { status: 'up' }, [CHAIN]: { status: 'down' } } })
    expect((await askNode(alice, 'POST', '/channels', { peerId: 'hub', chain: CHAIN, initialDeposit: '10' })).status).to.equal(503)
    expect(await alice.getMetrics()).to.include('payment_channels_active 0')
    await hub.stop()
  })
})

describe('a node where ethers is not installed', function () {
  this.timeout(60_000)
  const world = new World()
  afterEach(() => world.end())

  /** Runs a node with these chains and one peer; prints what its settlement says of itself. */
  async function run (more: Partial<ConnectorConfig>): Promise<{ stdout: string, stderr: string, status: number | null }> {
    const moduleOf = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
    const hooks = `export function resolve (specifier, context, next) {
      if (specifier !== 'ethers') return next(specifier, context)
      throw Object.assign(new Error("Cannot find package 'ethers' imported from " + context.parentURL), { code: 'ERR_MODULE_NOT_FOUND' })
    }`
    const config = {
      nodeId: 'a', btpServerPort: await freePort(), healthCheckPort: await freePort(), logLevel: 'error', dataPath: await world.directory(), peers: [], ...more
    }
    const program = `
      const { ConnectorNode } = await import(${JSON.stringify(new URL('../../../src/index.js', import.meta.url).href)})
      const node = new ConnectorNode(${JSON.stringify(config)})
      await node.start()
      console.log(node.getHealthStatus().nodeId + ' runs ' + JSON.stringify(await node.channelManager.states()))
      await node.stop()
      process.exit(0)`
    const loader = moduleOf(`import { register } from 'node:module'; register(${JSON.stringify(moduleOf(hooks))})`)
    return spawnSync(process.execPath, ['--import', loader, '--input-type=module', '--eval', program], { encoding: 'utf8', cwd: await world.directory() })
  }

  it('runs without it when nothing is settled', async () => {
    const { stdout, stderr, status } = await run({ peers: [{ id: 'b', url: 'ws://127.0.0.1:9', authToken: '' }] })
    expect(stdout, stderr).to.include('a runs []')
    expect(status).to.equal(0)
  })

  it('says what to install when something is', async () => {
    const address = `0x${'12'.repeat(20)}`
    const { stdout, stderr } = await run({
      chainProviders: [{
        chainType: 'evm', chainId: CHAIN, rpcUrl: 'http://127.0.0.1:9', registryAddress: address, tokenAddress: address, keyId: accounts[1]!.privateKey
      }],
      peers: [{ id: 'b', url: 'ws://127.0.0.1:9', authToken: '', evmAddress: address }]
    })
    expect(stdout, stderr).to.include('a runs').and.include('npm install ethers')
  })
})
