/**
 * Two nodes that settle on Solana, on a real RPC node with the program deployed: they pay with claims, close together and by challenge, go
 * on after a restart, and the chain, both books and the admin API agree to the unit.
 */
import { expect } from 'chai'
import { CHAIN, startSolanaChain, type SolanaChain, type Wallet } from '../../../examples/solana-chain.js'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { askNode, SECRET } from '../../support/node/evm.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { INSTALL_TIMEOUT_MS } from '../../support/solana/tools.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'

const TOKENS = 1_000_000n
const HOUR = 3600

describe('nodes that settle on Solana', function () {
  this.timeout(180_000)
  noRejectionLeft()
  const world = new World()
  let chain: SolanaChain
  let mint: string
  let wallets: Record<'alice' | 'bob', Wallet>
  before(async function () {
    this.timeout(INSTALL_TIMEOUT_MS)
    chain = await startSolanaChain()
  })
  after(() => { chain.stop() })
  beforeEach(async () => {
    mint = await chain.createToken()
    wallets = { alice: await chain.createWallet(mint, TOKENS), bob: await chain.createWallet(mint, TOKENS) }
  })
  afterEach(() => world.end())

  async function configOf (name: 'alice' | 'bob', btpServerPort: number, peersPort: number): Promise<Partial<ConnectorConfig>> {
    const peer = name === 'alice' ? 'bob' : 'alice'
    return {
      btpServerPort,
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      dataPath: await world.directory(),
      settlement: { connectorFeePercentage: 0 },
      chainProviders: [{
        chainType: 'solana',
        chainId: CHAIN,
        rpcUrl: chain.rpcUrl,
        wsUrl: chain.wsUrl,
        programId: chain.programId,
        tokenMint: mint,
        keyId: wallets[name].key,
        rpsLimit: 1000,
        settlementOptions: {
          threshold: '200', initialDeposit: '2000', redeemThreshold: '1000000', pollingIntervalMs: 100, settlementTimeoutSecs: HOUR, idleCloseSecs: 0
        }
      }],
      peers: [{ id: peer, url: `ws://127.0.0.1:${peersPort}`, authToken: SECRET, chain: CHAIN, solanaAddress: wallets[peer].address }],
      routes: [{ prefix: `g.${peer}`, nextHop: peer }]
    }
  }

  async function start (name: 'alice' | 'bob', config: Partial<ConnectorConfig>): Promise<ConnectorNode> {
    const node = await world.start(name, config)
    node.setPacketHandler(() => Promise.resolve({ accept: true }))
    return node
  }

  async function twoNodes (): Promise<{ alice: ConnectorNode, bob: ConnectorNode, configs: Array<Partial<ConnectorConfig>> }> {
    const [a, b] = [await freePort(), await freePort()]
    const configs = [await configOf('alice', a, b), await configOf('bob', b, a)] as const
    const [alice, bob] = [await start('alice', configs[0]), await start('bob', configs[1])]
    await eventually('a packet goes through', async () => outcome(await alice.sendPacket(packet('g.bob.shop', { amount: 1n }))) === 'fulfill')
    return { alice, bob, configs: [...configs] }
  }

  const won = async (name: 'alice' | 'bob'): Promise<bigint> => await chain.tokensOf(wallets[name].address, mint) - TOKENS

  async function payAndSettle (alice: ConnectorNode, times: number): Promise<void> {
    for (let i = 0; i < times; i++) expect(outcome(await alice.sendPacket(packet('g.bob.shop', { amount: 250n })))).to.equal('fulfill')
    await eventually('it is settled', async () => await owed(alice, 'bob') > -200n)
  }

  async function channelOf (node: ConnectorNode): Promise<{ channelId: string, status: string }> {
    return await eventually('there is a channel', async () => ((await askNode(node, 'GET', '/channels')).body as Array<{ channelId: string, status: string }>)[0])
  }

  it('pay with claims and close together: the chain pays out the net in one transaction', async () => {
    const { alice, bob } = await twoNodes()
    await payAndSettle(alice, 4)
    expect(outcome(await bob.sendPacket(packet('g.alice.shop', { amount: 150n })))).to.equal('fulfill')
    const { channelId } = await channelOf(alice)
    const closed = await askNode(alice, 'POST', `/channels/${encodeURIComponent(channelId)}/close`, {})
    expect(closed.status, JSON.stringify(closed.body)).to.equal(200)
    await eventually('the channel is over', async () => await won('alice') + await won('bob') === 0n && await won('bob') > 0n)
    expect(await won('bob') + await owed(bob, 'alice'), 'what the chain paid, and what is still owed').to.equal(1001n - 150n)
  })

  it('pay on while one of them replaces its key, and close the channel of the old one together', async () => {
    const { alice, bob, configs: [config] } = await twoNodes()
    await payAndSettle(alice, 4)
    const { channelId } = await channelOf(alice)
    await alice.stop()
    const { key } = wallets.alice
    const young = await chain.createWallet(mint, TOKENS)
    const [provider = {}] = config?.chainProviders ?? []
    const again = await start('alice', { ...config, chainProviders: [{ ...provider, keyId: young.key, formerKeyIds: [key] } as never] })
    await eventually('they pay again', async () => outcome(await again.sendPacket(packet('g.bob.shop', { amount: 1n }))) === 'fulfill')
    await eventually('it pays through the new key', async () => {
      await payAndSettle(again, 1)
      const channels = (await askNode(bob, 'GET', '/channels')).body as unknown[]
      return channels.length > 1
    })
    const closed = await askNode(again, 'POST', `/channels/${encodeURIComponent(channelId)}/close`, {})
    expect(closed.status, JSON.stringify(closed.body)).to.equal(200)
    await eventually('the old channel is paid out', async () => await won('alice') < 0n && await won('bob') === -await won('alice'))
    await payAndSettle(again, 2)
  })

  it('go on after a restart, and redeem and end by challenge while the peer is away', async () => {
    const { alice, bob, configs } = await twoNodes()
    await payAndSettle(alice, 4)
    const { channelId } = await channelOf(bob)
    await bob.stop()
    const again = await start('bob', configs[1]!)
    await eventually('they pay again', async () => outcome(await alice.sendPacket(packet('g.bob.shop', { amount: 1n }))) === 'fulfill')
    await alice.stop()
    const paid = -await owed(again, 'alice')
    const redeemed = await askNode(again, 'POST', `/channels/${encodeURIComponent(channelId)}/redeem`, {})
    expect(redeemed.status, JSON.stringify(redeemed.body)).to.equal(200)
    expect(await won('bob') - paid <= 1002n && await won('bob') > 700n, `won ${await won('bob')}`).to.equal(true)
    const closed = await askNode(again, 'POST', `/channels/${encodeURIComponent(channelId)}/close`, { cooperative: false })
    expect(closed.status, JSON.stringify(closed.body)).to.equal(200)
    await chain.pass(HOUR + 60)
    await eventually('the challenge is over and the channel paid out', async () => await won('alice') + await won('bob') === 0n)
  })
})
