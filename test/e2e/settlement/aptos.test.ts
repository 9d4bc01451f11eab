/**
 * Two nodes that settle over payment channels of Aptos, from the payment to the payout, over restarts of each of them, and what the chain
 * says in the end. The chain is a stand-in for an Aptos node with the rules of the module.
 */
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { ConfigLoader, type ConnectorConfig, type ConnectorNode } from '../../../src/index.js'
import { AptosParties, HOUR, TOKENS, type Account } from '../../support/aptos/parties.js'
import { askNode, SECRET } from '../../support/node/evm.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { blocksOf } from '../../support/papers.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually, pause } from '../../support/waiting.js'

interface Place {
  name: string
  account: Account
  /** The account whose key was replaced. */
  former?: Account
  btpPort: number
  config: Partial<ConnectorConfig>
}

describe('nodes that settle on Aptos', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  let parties: AptosParties
  let chainId: string
  beforeEach(async () => {
    parties = new AptosParties()
    await parties.start()
    chainId = `aptos:${parties.place.network}`
    world.after(() => parties.stop())
  })
  afterEach(() => world.end())

  async function placeOf (name: string, account: Account): Promise<Place> {
    return { name, account, btpPort: await freePort(), config: { dataPath: await world.directory(), healthCheckPort: await freePort() } }
  }

  async function start (place: Place, peer: Place, claims: 'packet' | 'settlement'): Promise<ConnectorNode> {
    const node = await world.start(place.name, {
      ...place.config,
      btpServerPort: place.btpPort,
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      settlement: { connectorFeePercentage: 0 },
      chainProviders: [{
        chainType: 'aptos',
        chainId,
        rpcUrl: parties.chain.url,
        moduleAddress: parties.chain.code,
        tokenAddress: parties.chain.asset,
        keyId: place.account.key,
        ...place.former === undefined ? {} : { formerKeyIds: [place.former.key] },
        settlementOptions: {
          threshold: '200', initialDeposit: '5000', redeemThreshold: '1000000', pollingIntervalMs: 100, settlementTimeoutSecs: HOUR, idleCloseSecs: 0, claims
        }
      }],
      peers: [{ id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: SECRET, chain: chainId, aptosAddress: peer.account.address }],
      routes: [{ prefix: `g.${peer.name}`, nextHop: peer.name }]
    })
    node.setPacketHandler(() => Promise.resolve({ accept: true }))
    return node
  }

  const won = (account: Account): bigint => parties.wallet(account) - TOKENS
  const close = async (node: ConnectorNode, channelId: string, cooperative: boolean): Promise<void> => {
    const { status, body } = await askNode(node, 'POST', `/channels/${channelId}/close`, { cooperative })
    expect(status, JSON.stringify(body)).to.equal(200)
  }
  async function channelOf (node: ConnectorNode): Promise<{ channelId: string, status: string, chain: string }> {
    return await eventually('there is a channel', async () =>
      ((await askNode(node, 'GET', '/channels')).body as Array<{ channelId: string, status: string, chain: string }>)[0])
  }
  async function pay (from: ConnectorNode, to: string, amount: bigint): Promise<void> {
    await eventually(`${to} is paid`, async () => outcome(await from.sendPacket(packet(`g.${to}.shop`, { amount }))) === 'fulfill')
  }

  for (const claims of ['settlement', 'packet'] as const) {
    it(`pay with claims (${claims}), both ways and over restarts, and close together: the chain pays out the net`, async () => {
      const [a, b] = [await placeOf('alice', parties.alice), await placeOf('bob', parties.bob)]
      let [alice, bob] = [await start(a, b, claims), await start(b, a, claims)]
      let [toBob, toAlice] = [0n, 0n]
      for (let round = 0; round < 3; round++) {
        for (let time = 0; time < 4; time++) {
          await pay(alice, 'bob', 250n)
          toBob += 250n
        }
        await pay(bob, 'alice', 300n)
        toAlice += 300n
        if (round === 0) {
          await bob.stop()
          bob = await start(b, a, claims)
        }
        if (round === 1) {
          await alice.stop()
          alice = await start(a, b, claims)
        }
      }
      await eventually('what is owed is settled', async () => {
        if (await owed(alice, 'bob') >= -200n && await owed(bob, 'alice') >= -200n) return true
        await pause(500)
        await pay(bob, 'alice', 1n) // money that came ahead is looked at with the next packet
        toAlice += 1n
        return false
      })
      const { channelId, chain } = await channelOf(alice)
      expect(chain).to.equal(chainId)
      await close(alice, channelId, true)
      await eventually('both have taken out what is theirs', () => Promise.resolve(won(parties.alice) + won(parties.bob) === 0n && won(parties.bob) !== 0n))
      if (claims === 'settlement') expect(won(parties.bob) + await owed(bob, 'alice'), 'what the chain paid, and what is still owed').to.equal(toBob - toAlice)
      const opened = parties.chain.chain.transactionsOf(parties.alice.address).filter(({ tx }) => tx.call.name === 'open')
      expect(opened, 'opened once').to.have.lengthOf(1)
    })
  }

  it('pay on while one of them replaces its key, and end the channels of the old one', async () => {
    const [a, b] = [await placeOf('alice', parties.alice), await placeOf('bob', parties.bob)]
    let [alice, bob] = [await start(a, b, 'settlement'), await start(b, a, 'settlement')]
    const payBoth = async (): Promise<void> => {
      await pay(alice, 'bob', 500n)
      await pay(bob, 'alice', 300n)
      await eventually('both have settled', async () => {
        if (await owed(alice, 'bob') >= -200n && await owed(bob, 'alice') >= -200n) return true
        await pause(500)
        await pay(bob, 'alice', 1n) // as above
        await pay(alice, 'bob', 1n)
        return false
      })
    }
    await payBoth()
    const { channelId } = await channelOf(alice)
    await alice.stop()
    alice = await start({ ...a, account: parties.stranger, former: parties.alice }, b, 'settlement')
    const isNew = async (): Promise<boolean> => ((await askNode(bob, 'GET', '/channels')).body as unknown[]).length > 1
    await eventually('they pay through the new key', async () => {
      await payBoth()
      return await isNew()
    })
    await bob.stop()
    bob = await start(b, a, 'settlement') // with the address of before in its configuration
    await payBoth()
    await close(alice, channelId, true)
    await eventually('both have taken out what is theirs', () => Promise.resolve(won(parties.alice) < 0n && won(parties.bob) <= -won(parties.alice)))
    await payBoth()
  })

  it('go on after a restart, redeem, and end by challenge while the peer is away', async () => {
    const [a, b] = [await placeOf('alice', parties.alice), await placeOf('bob', parties.bob)]
    const [alice, bob] = [await start(a, b, 'settlement'), await start(b, a, 'settlement')]
    for (let time = 0; time < 4; time++) await pay(alice, 'bob', 250n)
    await eventually('what is owed is settled', async () => await owed(alice, 'bob') >= -200n)
    const { channelId } = await channelOf(bob)
    await alice.stop()
    await bob.stop()
    const again = await start(b, a, 'settlement')
    const redeemed = await eventually('the channel is there again', async () => {
      const { status } = await askNode(again, 'POST', `/channels/${channelId}/redeem`, {})
      return status === 200
    })
    expect(redeemed).to.equal(true)
    await eventually('what was redeemed is taken out', () => Promise.resolve(won(parties.bob) >= 750n))
    await close(again, channelId, false)
    await eventually('the challenge runs', () => Promise.resolve(parties.chain.channel(channelId)?.rules.state === 'closing'))
    parties.pass(HOUR + 60)
    const late = await start(a, b, 'settlement')
    await eventually('the challenge is over, and both are paid out', () => Promise.resolve(won(parties.alice) + won(parties.bob) === 0n))
    expect(await owed(late, 'bob') <= 0n).to.equal(true)
  })

  it('carry packets while the node of the chain cannot be reached', async () => {
    const [a, b] = [await placeOf('alice', parties.alice), await placeOf('bob', parties.bob)]
    const alice = await start(a, b, 'settlement')
    await start(b, a, 'settlement')
    await pay(alice, 'bob', 250n)
    await eventually('what is owed is settled', async () => await owed(alice, 'bob') >= -200n)
    expect(JSON.stringify((await askNode(alice, 'GET', '/settlement/states')).body)).to.contain(parties.alice.address)
    parties.chain.faults.add({ does: 'loseRequest' })
    expect(outcome(await alice.sendPacket(packet('g.bob.shop', { amount: 5n }))), 'packets go on').to.equal('fulfill')
    parties.chain.faults.clear()
  })

  it('have the configuration that the paper shows', async () => {
    const [yaml] = blocksOf('docs/settlement-aptos.md').filter(({ language }) => language === 'yaml')
    const file = join(await world.directory(), 'alice.yaml')
    await writeFile(file, yaml?.text ?? '')
    const { config, warnings } = ConfigLoader.read(file, { APTOS_PRIVATE_KEY: parties.alice.key })
    expect(warnings).to.deep.equal([])
    expect(config.chains.map(({ id, asset }) => [id, asset])).to.deep.equal([['aptos:testnet', { code: 'APT', scale: 8 }]])
  })

  it('are shown by the demo: a net of 750 is paid on the chain', () => {
    const demo = fileURLToPath(new URL('../../support/aptos/demo.js', import.meta.url))
    const { stdout, status } = spawnSync(process.execPath, [demo], { encoding: 'utf8', timeout: 110_000 })
    expect([status, stdout.includes('alice: -750 units'), stdout.includes('hub: 0 units'), stdout.includes('bob: +750 units')], stdout)
      .to.deep.equal([0, true, true, true])
  })
})
