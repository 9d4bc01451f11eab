/**
 * A node between a chain in dollars and Aptos, on which it pays in euros: what the chains have paid, and what the books say is still owed,
 * is what packets brought and took along at the rate, to the last unit, on each chain for itself.
 */
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import type { ChainProviderConfigEntry } from '../../../src/index.js'
import { AptosParties, HOUR, TOKENS, type Account } from '../../support/aptos/parties.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { chainAt } from '../../support/test-chain/provider.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'

const TEST_CHAIN = fileURLToPath(new URL('../../support/test-chain', import.meta.url))
const SECRET = 'secret-between-peers'
const DOLLARS = 'memory://dollars-beside-aptos'
const COINS = 100_000_000n
const THRESHOLD = 20_000n
const [USD, EUR] = [{ code: 'USD', scale: 6 }, { code: 'EUR', scale: 6 }]
const SETTLEMENT = { threshold: String(THRESHOLD), initialDeposit: '500000', redeemThreshold: '100000000', pollingIntervalMs: 100, settlementTimeoutSecs: HOUR }

describe('a node between Aptos and another chain, in other assets', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  afterEach(() => world.end())

  it('settles each account in its asset, and loses nothing on the way', async () => {
    const parties = new AptosParties()
    await parties.start()
    world.after(() => parties.stop())
    for (const address of ['talice', 'thub']) chainAt(DOLLARS).balances.set(address, COINS)
    const inDollars = (name: string): ChainProviderConfigEntry =>
      ({ chainType: TEST_CHAIN, chainId: 'test:7', rpcUrl: DOLLARS, keyId: `key-of-t${name}`, asset: USD, settlementOptions: SETTLEMENT })
    const aptos = `aptos:${parties.place.network}`
    const inEuros = ({ key }: Account): ChainProviderConfigEntry => ({
      chainType: 'aptos', chainId: aptos, rpcUrl: parties.chain.url, moduleAddress: parties.chain.code, tokenAddress: parties.chain.asset, asset: EUR, keyId: key,
      settlementOptions: SETTLEMENT
    })
    const ports = { alice: await freePort(), hub: await freePort(), carol: await freePort() }
    const peer = (id: keyof typeof ports): { id: string, url: string, authToken: string } =>
      ({ id, url: `ws://127.0.0.1:${ports[id]}`, authToken: SECRET })
    const [hubsAccount, carolsAccount] = [parties.alice, parties.bob]
    const alice = await world.start('alice', {
      btpServerPort: ports.alice, chainProviders: [inDollars('alice')], peers: [{ ...peer('hub'), testAddress: 'thub' }], routes: [{ prefix: 'g', nextHop: 'hub' }],
      settlement: { connectorFeePercentage: 0 }
    })
    const carol = await world.start('carol', {
      btpServerPort: ports.carol, asset: EUR, chainProviders: [inEuros(carolsAccount)], peers: [{ ...peer('hub'), aptosAddress: hubsAccount.address }]
    })
    const hub = await world.start('hub', {
      btpServerPort: ports.hub,
      asset: USD,
      rates: { fixed: { 'EUR/USD': '1.25' } },
      settlement: { connectorFeePercentage: 1 },
      chainProviders: [inDollars('hub'), inEuros(hubsAccount)],
      peers: [{ ...peer('alice'), chain: 'test:7', testAddress: 'talice' }, { ...peer('carol'), chain: aptos, aptosAddress: carolsAccount.address, asset: EUR }],
      routes: [{ prefix: 'g.carol', nextHop: 'carol' }]
    })
    let got = 0n
    carol.setPacketHandler(({ amount }) => {
      got += BigInt(amount)
      return { accept: true }
    })
    await eventually('everybody is connected', () => hub.isPeerConnected('alice') && hub.isPeerConnected('carol') && alice.isPeerConnected('hub'))
    let sent = 0n
    for (const amount of [100_001n, 99_999n, 123_457n]) {
      expect(outcome(await alice.sendPacket(packet('g.carol', { amount }))), String(amount)).to.equal('fulfill')
      sent += amount
    }
    const exact = sent * 8n * 99n / 1000n // 1.25 dollars for a euro, less one in a hundred
    expect(got <= exact && got >= exact - 3n, `got ${got} of ${exact}`).to.equal(true)
    await eventually('both have settled', async () => await owed(alice, 'hub') >= -THRESHOLD && await owed(hub, 'carol') >= -THRESHOLD)
    await eventually('both ends know it', async () =>
      await owed(hub, 'alice') === -await owed(alice, 'hub') && await owed(carol, 'hub') === -await owed(hub, 'carol'))
    for (const node of [hub, carol, alice]) {
      for (const { channelId, status } of await node.channelManager.list()) {
        if (status === 'open') await node.channelManager.close(channelId).catch(() => undefined)
      }
    }
    const won = (account: Account): bigint => parties.wallet(account) - TOKENS
    await eventually('everything is paid out', () => won(hubsAccount) + won(carolsAccount) === 0n && won(carolsAccount) > 0n &&
      [...chainAt(DOLLARS).channels.values()].every(({ status }) => status === 'settled'))
    expect(won(carolsAccount) - await owed(hub, 'carol'), 'what carol was paid, and is still owed').to.equal(got)
    expect(COINS - (chainAt(DOLLARS).balances.get('talice') ?? 0n) + await owed(hub, 'alice'), 'what alice has paid, and still owes').to.equal(sent)
  })
})
