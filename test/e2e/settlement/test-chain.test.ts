/**
 * A chain that the connector has never heard of: two nodes settle on it because their configuration names it, from the payment to the
 * payout, and nothing of src knows it. It is the example of docs/guides/add-a-chain.md.
 */
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import type { ConnectorConfig, ConnectorNode } from '../../../src/index.js'
import { askAdmin, type Answer } from '../../support/admin.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { chainKindConformance } from '../../conformance/chain-kind.js'
import kind from '../../support/test-chain/chain-kind.js'
import { chainAt } from '../../support/test-chain/provider.js'
import { noRejectionLeft } from '../../support/unhandled.js'

/** As a user names a plugin of their own: the path of its folder. */
const TEST_CHAIN = fileURLToPath(new URL('../../support/test-chain', import.meta.url))
const SECRET = 'secret-between-peers'
const COINS = 1_000_000n

chainKindConformance('test chain', kind, {
  entry: { chainType: TEST_CHAIN, chainId: 'test:1', rpcUrl: 'memory://ledger', keyId: 'key-of-talice' },
  secrets: ['keyId'],
  addresses: [['talice'], ['tbob']],
  channelId: 'channel-7'
})

describe('nodes that settle on a chain that is not built in', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const world = new World()
  let url = ''
  let runs = 0
  beforeEach(() => {
    url = `memory://ledger-${++runs}`
    for (const address of ['talice', 'tbob']) chainAt(url).balances.set(address, COINS)
  })
  afterEach(() => world.end())

  async function configOf (name: string, peer: string, btpServerPort: number, peersPort: number): Promise<Partial<ConnectorConfig>> {
    const neighbour = {
      id: peer, url: `ws://127.0.0.1:${peersPort}`, authToken: SECRET, chain: 'test:1', testAddress: `t${peer}`
    }
    return {
      btpServerPort,
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      settlement: { connectorFeePercentage: 0 },
      chainProviders: [{
        chainType: TEST_CHAIN,
        chainId: 'test:1',
        rpcUrl: url,
        keyId: `key-of-t${name}`,
        settlementOptions: {
          threshold: '200', initialDeposit: '2000', redeemThreshold: '1000000', pollingIntervalMs: 100, settlementTimeoutSecs: 3600
        }
      }],
      peers: [neighbour],
      routes: [{ prefix: `g.${peer}`, nextHop: peer }]
    }
  }

  async function twoNodes (): Promise<[ConnectorNode, ConnectorNode]> {
    const [a, b] = [await freePort(), await freePort()]
    const alice = await world.start('alice', await configOf('alice', 'bob', a, b))
    const bob = await world.start('bob', await configOf('bob', 'alice', b, a))
    bob.setPacketHandler(() => Promise.resolve({ accept: true }))
    alice.setPacketHandler(() => Promise.resolve({ accept: true }))
    await until(() => Promise.resolve(alice.hasPeer('bob') && bob.hasPeer('alice')))
    await until(async () => outcome(await alice.sendPacket(packet('g.bob.shop', { amount: 1n }))) === 'fulfill')
    return [alice, bob]
  }

  const ask = ({ config: { adminApi } }: ConnectorNode, method: string, path: string, body?: object): Promise<Answer> =>
    askAdmin(`http://127.0.0.1:${adminApi.port}/admin`, method, path, body)
  const won = (address: string): bigint => (chainAt(url).balances.get(address) ?? 0n) - COINS

  it('pay with claims, redeem them, close and pay out, both ways', async () => {
    const [alice, bob] = await twoNodes()
    for (let paid = 1n; paid < 1001n; paid += 250n) expect(outcome(await alice.sendPacket(packet('g.bob.shop', { amount: 250n })))).to.equal('fulfill')
    await until(async () => await owed(alice, 'bob') > -200n)
    expect(outcome(await bob.sendPacket(packet('g.alice.shop', { amount: 300n })))).to.equal('fulfill')
    await until(async () => await owed(bob, 'alice') > -200n)
    expect(chainAt(url).channels.size, 'one for each direction').to.be.within(1, 2)

    for (const node of [alice, bob]) {
      const { body } = await ask(node, 'GET', '/channels')
      for (const { channelId, status } of body as Array<{ channelId: string, status: string }>) {
        if (status === 'open') expect((await ask(node, 'POST', `/channels/${channelId}/close`, {})).status).to.be.oneOf([200, 400])
      }
    }
    await until(() => Promise.resolve([...chainAt(url).channels.values()].every(({ status }) => status === 'settled')))
    const net = await owed(bob, 'alice')
    expect(won('talice') + won('tbob'), 'nobody has lost a coin').to.equal(0n)
    expect(won('tbob') + net, 'what the chain paid, and what is still owed').to.equal(1001n - 300n)
  })

  it('are told what is wrong with its configuration in the words of the chain', async () => {
    const config = await configOf('alice', 'bob', await freePort(), await freePort())
    const wrong = { ...config, peers: [{ id: 'bob', url: 'ws://127.0.0.1:1', authToken: SECRET, chain: 'test:1', testAddress: '0x12' }] }
    expect(String(await world.make('alice', wrong).catch((error: unknown) => error))).to.contain('testAddress').and.contain('a t and three to twenty')
  })
})

async function until (check: () => Promise<boolean>): Promise<void> {
  while (!await check()) await new Promise(resolve => { setTimeout(resolve, 20) })
}
