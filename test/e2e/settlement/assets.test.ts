/**
 * A node between two chains that pay in different tokens, one of them in another scale than its peer counts in: what the chains have paid,
 * and what the books say is still owed, is what packets brought and took along at the rate, to the last unit, on each chain for itself.
 */
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import type { ChainProviderConfigEntry, ConnectorNode } from '../../../src/index.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { chainAt } from '../../support/test-chain/provider.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'

const TEST_CHAIN = fileURLToPath(new URL('../../support/test-chain', import.meta.url))
const SECRET = 'secret-between-peers'
const COINS = 100_000_000n
const THRESHOLD = 50_000n
const USD = { code: 'USD', scale: 6 }
const XRP = { code: 'XRP', scale: 6 }
/** What carol and the node between count in, on a chain whose token has six decimals. */
const FINE_XRP = { code: 'XRP', scale: 9 }
const [DOLLARS, DROPS] = ['memory://dollars', 'memory://drops']

describe('a node between chains with different tokens', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  afterEach(() => world.end())

  function chain (name: string, number: number, rpcUrl: string, asset: typeof USD): ChainProviderConfigEntry {
    const settlementOptions = {
      threshold: String(THRESHOLD), initialDeposit: '2000000', redeemThreshold: '100000000', pollingIntervalMs: 100, settlementTimeoutSecs: 3600
    }
    return { chainType: TEST_CHAIN, chainId: `test:${number}`, rpcUrl, keyId: `key-of-t${name}`, asset, settlementOptions }
  }

  async function closeAll (node: ConnectorNode): Promise<void> {
    for (const { channelId, status } of await node.channelManager.list()) {
      if (status === 'open') await node.channelManager.close(channelId).catch(() => undefined)
    }
  }

  const won = (url: string, address: string): bigint => (chainAt(url).balances.get(address) ?? 0n) - COINS

  it('settles each account in its token, and loses nothing on the way', async () => {
    for (const [url, ...addresses] of [[DOLLARS, 'talice', 'thub'], [DROPS, 'tcarol', 'thub']] as const) {
      for (const address of addresses) chainAt(url).balances.set(address, COINS)
    }
    const ports = { alice: await freePort(), hub: await freePort(), carol: await freePort() }
    const peer = (id: keyof typeof ports): { id: string, url: string, authToken: string, testAddress: string } =>
      ({ id, url: `ws://127.0.0.1:${ports[id]}`, authToken: SECRET, testAddress: `t${id}` })
    const alice = await world.start('alice', {
      btpServerPort: ports.alice, chainProviders: [chain('alice', 1, DOLLARS, USD)], peers: [peer('hub')], routes: [{ prefix: 'g', nextHop: 'hub' }],
      settlement: { connectorFeePercentage: 0 }
    })
    const carol = await world.start('carol', {
      btpServerPort: ports.carol, asset: FINE_XRP, chainProviders: [chain('carol', 2, DROPS, XRP)], peers: [{ ...peer('hub'), asset: FINE_XRP }]
    })
    const hub = await world.start('hub', {
      btpServerPort: ports.hub,
      asset: USD,
      rates: { fixed: { 'XRP/USD': '0.5' } },
      settlement: { connectorFeePercentage: 1 },
      chainProviders: [chain('hub', 1, DOLLARS, USD), chain('hub', 2, DROPS, XRP)],
      peers: [{ ...peer('alice'), chain: 'test:1' }, { ...peer('carol'), chain: 'test:2', asset: FINE_XRP }],
      routes: [{ prefix: 'g.carol', nextHop: 'carol' }]
    })
    let got = 0n
    carol.setPacketHandler(({ amount }) => {
      got += BigInt(amount)
      return { accept: true }
    })
    await eventually('everybody is connected', () => hub.isPeerConnected('alice') && hub.isPeerConnected('carol') && alice.isPeerConnected('hub'))

    let sent = 0n
    let expected = 0n
    for (const amount of [1n, 100_001n, 99_999n, 123_457n, 7n, 100_003n]) {
      expect(outcome(await alice.sendPacket(packet('g.carol', { amount }))), String(amount)).to.equal('fulfill')
      sent += amount
      expected += amount * 2n * 1000n * 99n / 100n
    }
    expect(got).to.equal(expected)
    await eventually('both have settled', async () => await owed(alice, 'hub') >= -THRESHOLD && await owed(hub, 'carol') >= -THRESHOLD * 1000n)
    await eventually('both ends know it', async () =>
      await owed(hub, 'alice') === -await owed(alice, 'hub') && await owed(carol, 'hub') === -await owed(hub, 'carol'))

    const { connectorFees, peers } = await hub.dashboard.getEarnings()
    const fees = connectorFees.map(({ assetCode, assetScale, total }) => `${total} ${assetCode}/${assetScale}`)
    expect(fees).to.have.length(1)
    const fee = connectorFees[0]!.total
    expect([connectorFees[0]!.assetCode, connectorFees[0]!.assetScale]).to.deep.equal(['XRP', 9])
    expect(fee <= sent * 2000n - expected && fee >= sent * 2000n - expected - 6n, 'the fee, less the rounding of each packet').to.equal(true)
    expect(peers.map(({ peerId, byAsset }) => [peerId, byAsset.length])).to.deep.equal([['alice', 1], ['carol', 1]])
    expect((await hub.getBalance('carol')).balances[0]).to.include({ assetCode: 'XRP', assetScale: 9 })

    for (const node of [hub, carol, alice]) await closeAll(node)
    await eventually('all channels are paid out', () => [DOLLARS, DROPS].every(url =>
      [...chainAt(url).channels.values()].every(({ status }) => status === 'settled')))
    for (const [url, other] of [[DOLLARS, 'talice'], [DROPS, 'tcarol']] as const) {
      expect(won(url, other) + won(url, 'thub'), `nobody has lost a coin on ${url}`).to.equal(0n)
    }
    expect(-won(DOLLARS, 'talice') + await owed(hub, 'alice'), 'what alice has paid, and still owes').to.equal(sent)
    expect(won(DROPS, 'tcarol') * 1000n - await owed(hub, 'carol'), 'what carol was paid, and is still owed').to.equal(expected)
  })
})
