/**
 * Two nodes that settle over payment channels of Mina, from the payment to the payout, over restarts of each of them, and what the chain
 * says in the end. The chain is a stand-in for a node of Mina over the ledger of o1js, with proofs off.
 */
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { ConfigLoader, type ConnectorConfig, type ConnectorNode } from '../../../src/index.js'
import { askAdmin, type Answer } from '../../support/admin.js'
import { freshKey, historyOf, MINA, MinaParties } from '../../support/mina/settling.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { blocksOf } from '../../support/papers.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually, pause } from '../../support/waiting.js'
import type { MinaKey } from '../../../plugins/mina/keys.js'

const SECRET = 'secret-between-peers'
const CHAIN = 'mina:devnet'
const THRESHOLD = MINA

interface Place {
  name: string
  key: MinaKey
  /** The one that it replaced. */
  former?: MinaKey
  btpPort: number
  config: Partial<ConnectorConfig>
}

describe('nodes that settle on Mina', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  const parties = new MinaParties()
  before(() => parties.start())
  after(() => parties.stop())
  afterEach(() => world.end())

  async function placeOf (name: string): Promise<Place> {
    const config = { dataPath: await world.directory(), healthCheckPort: await freePort() }
    return { name, key: await parties.account(), btpPort: await freePort(), config }
  }

  async function start (place: Place, peer: Place): Promise<ConnectorNode> {
    const node = await world.start(place.name, {
      ...place.config,
      btpServerPort: place.btpPort,
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      settlement: { connectorFeePercentage: 0 },
      chainProviders: [{
        chainType: 'mina',
        chainId: CHAIN,
        graphqlUrl: parties.chain.url,
        keyId: place.key.text,
        ...place.former === undefined ? {} : { formerKeyIds: [place.former.text] },
        confirmations: 2,
        prover: { proofs: false },
        settlementOptions: {
          threshold: String(THRESHOLD), initialDeposit: String(50n * MINA), topUpBelow: '0', redeemThreshold: String(1000n * MINA), pollingIntervalMs: 150,
          settlementTimeoutSecs: 10_800
        }
      }],
      peers: [{ id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: SECRET, chain: CHAIN, minaAddress: peer.key.address }],
      routes: [{ prefix: `g.${peer.name}`, nextHop: peer.name }]
    })
    node.setPacketHandler(() => Promise.resolve({ accept: true }))
    return node
  }

  const ask = ({ config: { adminApi } }: ConnectorNode, method: string, path: string, body?: object): Promise<Answer> =>
    askAdmin(`http://127.0.0.1:${adminApi.port}/admin`, method, path, body)

  async function pay (from: ConnectorNode, to: string, amount: bigint): Promise<void> {
    await eventually(`${to} is paid`, async () => outcome(await from.sendPacket(packet(`g.${to}.shop`, { amount }))) === 'fulfill')
  }

  it('pay with claims over restarts, take them out, and end the channel by the payee', async () => {
    const [a, b] = [await placeOf('alice'), await placeOf('bob')]
    const before = await Promise.all([a, b].map(({ key }) => parties.wallet(key)))
    let [alice, bob] = [await start(a, b), await start(b, a)]
    for (let round = 0; round < 3; round++) {
      for (let time = 0; time < 3; time++) await pay(alice, 'bob', MINA)
      await eventually('what is owed is settled', async () => await owed(alice, 'bob') >= -THRESHOLD)
      if (round === 0) {
        await bob.stop()
        bob = await start(b, a)
      }
      if (round === 1) {
        await alice.stop()
        alice = await start(a, b)
      }
    }
    const { body } = await ask(alice, 'GET', '/channels')
    const [channel, ...others] = body as Array<{ channelId: string, chain: string, status: string }>
    expect([channel?.chain, channel?.status, others.length]).to.deep.equal([CHAIN, 'open', 0])
    const id = channel?.channelId ?? ''
    const closed = await ask(alice, 'POST', `/channels/${id}/close`, {})
    expect(closed.status, JSON.stringify(closed.body)).to.equal(200)
    const statusAt = async (node: ConnectorNode): Promise<string | undefined> =>
      ((await ask(node, 'GET', '/channels')).body as Array<{ status: string }>)[0]?.status
    await eventually('both see the end', async () => await statusAt(alice) === 'settled' && await statusAt(bob) === 'settled')
    const [wonA = 0n, wonB = 0n] = await Promise.all([a, b].map(async ({ key }, i) => await parties.wallet(key) - (before[i] ?? 0n)))
    expect(wonA + wonB, 'nobody has lost a nanomina but fees').to.equal(0n)
    expect(wonB - await owed(alice, 'bob'), 'what the chain paid, and what is still owed').to.equal(9n * MINA)
    const { lines } = await historyOf(parties.chain.url, a.key.address)
    expect(lines.filter(line => line.includes('opens')), 'opened once').to.have.lengthOf(1)
    expect((await historyOf(parties.chain.url, b.key.address)).lines, 'one transaction pays all out').to.have.lengthOf(1)
  })

  it('pay on while one of them replaces its key, and end the channel of the old one, and are not removed before (row 29)', async () => {
    const [a, b] = [await placeOf('alice'), await placeOf('bob')]
    let [alice, bob] = [await start(a, b), await start(b, a)]
    const payAndSettle = async (): Promise<void> => {
      for (let time = 0; time < 3; time++) await pay(alice, 'bob', MINA)
      await eventually('what is owed is settled', async () => await owed(alice, 'bob') >= -THRESHOLD)
    }
    await payAndSettle()
    const channelsOf = async (node: ConnectorNode): Promise<Array<{ channelId: string, status: string }>> =>
      (await ask(node, 'GET', '/channels')).body as Array<{ channelId: string, status: string }>
    const [old] = await channelsOf(alice)
    for (const [node, peer] of [[alice, 'bob'], [bob, 'alice']] as const) {
      const { status, body } = await ask(node, 'DELETE', `/peers/${peer}`)
      expect([status, JSON.stringify(body)]).to.have.property('0', 409)
    }
    await alice.stop()
    alice = await start({ ...a, key: await parties.account(), former: a.key }, b)
    await eventually('it pays through the new key', async () => {
      await payAndSettle()
      return (await channelsOf(bob)).length > 1
    })
    await bob.stop()
    bob = await start(b, a) // with the address of before in its configuration
    await payAndSettle()
    const { status, body } = await ask(alice, 'POST', `/channels/${old?.channelId}/close`, {})
    expect(status, JSON.stringify(body)).to.equal(200)
    await eventually('it is over', async () => (await channelsOf(bob)).some(channel => channel.channelId === old?.channelId && channel.status === 'settled'))
    await payAndSettle()
  })

  it('carry packets while the chain is away, and while a proof is being made, and say so', async () => {
    const [a, b] = [await placeOf('alice'), await placeOf('bob')]
    const [alice] = [await start(a, b), await start(b, a)]
    await parties.chain.conditions({ crowded: true })
    for (let time = 0; time < 3; time++) await pay(alice, 'bob', MINA)
    await eventually('an opening waits for a block', async () => JSON.stringify((await ask(alice, 'GET', '/settlement/states')).body).includes('open:0'))
    await parties.chain.faults({ requests: [{ does: 'hang' }] })
    expect(outcome(await alice.sendPacket(packet('g.bob.shop', { amount: 5n }))), 'packets go on').to.equal('fulfill')
    await parties.chain.faults({})
    await parties.chain.conditions({ crowded: false })
    await eventually('what is owed is settled', async () => {
      await pause(100)
      return await owed(alice, 'bob') >= -THRESHOLD
    })
  })

  it('have the configuration that the paper shows', async () => {
    const [yaml] = blocksOf('docs/settlement-mina.md').filter(({ language }) => language === 'yaml')
    const file = join(await world.directory(), 'alice.yaml')
    await writeFile(file, yaml?.text ?? '')
    const { config, warnings } = ConfigLoader.read(file, { MINA_PRIVATE_KEY: freshKey().text })
    expect(warnings).to.deep.equal([])
    expect(config.chains.map(({ id, asset }) => [id, asset])).to.deep.equal([['mina:devnet', { code: 'MINA', scale: 9 }]])
    expect(config.asset).to.deep.equal({ code: 'MINA', scale: 9 })
  })

  it('are shown by the demo: a net of 750 is paid on the chain', () => {
    const demo = fileURLToPath(new URL('../../support/mina/demo.js', import.meta.url))
    const { stdout, status } = spawnSync(process.execPath, [demo], { encoding: 'utf8', timeout: 110_000 })
    expect([status, stdout.includes('alice: -750 MINA'), stdout.includes('hub: 0 MINA'), stdout.includes('bob: +750 MINA')], stdout)
      .to.deep.equal([0, true, true, true])
  })
})
