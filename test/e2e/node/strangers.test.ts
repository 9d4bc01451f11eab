/** What peers that nobody configured may owe: all of them together no more than the credit limit, under however many names. */
import { join } from 'node:path'
import { expect } from 'chai'
import { DEPARTED_STRANGERS } from '../../../src/contracts/ledger.js'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import { STRANGERS_KEPT_MAX } from '../../../src/ledger/embedded/departed-strangers.js'
import { EmbeddedLedger } from '../../../src/ledger/embedded/embedded-ledger.js'
import LeveldownStore from '../../../stores/leveldown.js'
import { BTPClient } from '../../../src/node/facades/btp-client.js'
import type { PrepareHandler } from '../../../src/node/facades/packet-handler.js'
import type { ConnectorConfig } from '../../../src/contracts/node.js'
import type { ConnectorNode } from '../../../src/index.js'
import { sha256 } from '../../support/packets.js'
import { World, owed, urlOf } from '../../support/node.js'
import { until } from '../../support/waiting.js'

/** The condition of a payment between nodes follows from its data. */
const fulfilling: PrepareHandler = {
  handlePreparePacket: ({ data }) => Promise.resolve({ type: 13, fulfillment: sha256(data), data: Buffer.alloc(0) })
}
const LIMITED = { settlement: { creditLimits: { defaultLimit: '1000' } } }

describe('strangers at a node', () => {
  const world = new World()
  afterEach(() => world.end())

  async function shopWith (more: Partial<ConnectorConfig>): Promise<ConnectorNode> {
    const shop = await world.make('shop', more)
    shop.setPacketHandler(() => ({ accept: true }))
    await shop.start()
    return shop
  }

  async function enter (shop: ConnectorNode, name: string, authToken = ''): Promise<BTPClient> {
    const client = new BTPClient({ id: 'shop', url: urlOf(shop), authToken }, name, { handler: fulfilling, logger: world.log })
    world.after(() => client.disconnect())
    await client.connect()
    return client
  }

  let packets = 0
  async function buy (client: BTPClient, amount: bigint): Promise<string> {
    const data = Buffer.from(`packet ${packets++}`)
    const executionCondition = sha256(sha256(data))
    const answer = await client.sendPacket({ type: 12, amount, destination: 'g.shop.x', executionCondition, expiresAt: new Date(Date.now() + 10_000), data })
    return answer.type === 13 ? 'fulfill' : answer.code
  }

  const leave = async (shop: ConnectorNode, client: BTPClient, name: string): Promise<void> => {
    await client.disconnect()
    await until(() => !shop.listPeers().some(({ id }) => id === name))
  }

  it('share one limit, under new names, after they left, and after a restart of the node', async () => {
    const shop = await shopWith(LIMITED)
    const outcomes: string[] = []
    for (let i = 0; i < 5; i++) {
      const client = await enter(shop, `stranger-${i}`)
      outcomes.push(await buy(client, 400n), await buy(client, 1n))
      await leave(shop, client, `stranger-${i}`)
    }
    expect(outcomes).to.deep.equal(['fulfill', 'fulfill', 'fulfill', 'fulfill', ...Array.from({ length: 3 }, () => ['T04', 'fulfill']).flat()])
    await shop.stop()
    await shop.start()
    const client = await enter(shop, 'somebody-else')
    expect(await buy(client, 196n)).to.equal('T04')
    expect(await buy(client, 195n)).to.equal('fulfill')
    expect(await buy(client, 1n)).to.equal('T04')
    expect(await buy(client, 0n), 'what costs nothing is nobody\'s credit').to.equal('fulfill')
  })

  it('get no more of it by leaving, when so many are gone that what they owe is kept in one sum', async () => {
    const shop = await world.make('shop', { settlement: { creditLimits: { defaultLimit: '1000500' } } })
    shop.setPacketHandler(() => ({ accept: true }))
    const store = new LeveldownStore({ path: join(shop.config.dataPath, 'shop') }, { log: SILENT_LOG })
    await store.open()
    const books = new EmbeddedLedger(store, 'none', SILENT_LOG)
    await books.open([])
    for (let i = 0; i < STRANGERS_KEPT_MAX; i++) {
      books.openAccount(`former-${i}`, {}, 'M2M/0')
      books.markStranger(`former-${i}`, true)
      books.adjust(`former-${i}`, 1000n)
    }
    await books.close()
    await store.close()
    await shop.start()

    const first = await enter(shop, 'small')
    expect([await buy(first, 300n), await owed(shop, 'small')]).to.deep.equal(['fulfill', 300n])
    await leave(shop, first, 'small')
    expect(await shop.getBalance('small').catch((error: unknown) => error)).to.have.property('code', 'SLUICE_PEER_UNKNOWN')
    expect(await owed(shop, DEPARTED_STRANGERS)).to.equal(300n + 100n * 1000n)
    const again = await enter(shop, 'small')
    expect([await buy(again, 201n), await buy(again, 200n), await buy(again, 1n)]).to.deep.equal(['T04', 'fulfill', 'T04'])
    await leave(shop, again, 'small')
    const oldFriend = await enter(shop, 'former-999')
    expect([await owed(shop, 'former-999'), await buy(oldFriend, 1n)]).to.deep.equal([1000n, 'T04'])
    await shop.stop()
    await shop.start()
    expect(await buy(await enter(shop, 'small'), 1n)).to.equal('T04')
    expect(await owed(shop, DEPARTED_STRANGERS)).to.equal(300n + 100n * 1000n)
  }).timeout(20_000)

  it('do not pass it together with packets under way at the same time', async () => {
    const shop = await shopWith(LIMITED)
    const clients = await Promise.all([1, 2, 3, 4].map(i => enter(shop, `stranger-${i}`)))
    const outcomes = await Promise.all(clients.flatMap(client => Array.from({ length: 5 }, () => buy(client, 100n))))
    expect(outcomes.filter(outcome => outcome === 'fulfill')).to.have.length(10)
  })

  it('have its room again when one of them has paid', async () => {
    const shop = await shopWith(LIMITED)
    const [one, other] = [await enter(shop, 'one'), await enter(shop, 'other')]
    expect([await buy(one, 1000n), await buy(other, 500n)]).to.deep.equal(['fulfill', 'T04'])
    shop.addRoute({ prefix: 'g.one', nextHop: 'one' })
    const data = Buffer.from('a sale of the guest')
    expect((await shop.sendPacket({ destination: 'g.one', amount: 700n, data, expiresAt: new Date(Date.now() + 10_000) })).type).to.equal(13)
    expect([await buy(other, 701n), await buy(other, 500n)]).to.deep.equal(['T04', 'fulfill'])
  })

  it('leave the credit of peers with a secret, and of configured ones, alone', async () => {
    world.setEnv('BTP_PEER_FRIEND_SECRET', 'hunter2')
    const shop = await shopWith({ ...LIMITED, peers: [{ id: 'known', url: 'ws://127.0.0.1:9', authToken: 'secret' }] })
    expect(await buy(await enter(shop, 'stranger'), 1000n)).to.equal('fulfill')
    for (const [name, secret] of [['friend', 'hunter2'], ['known', 'secret']] as const) {
      const client = await enter(shop, name, secret)
      expect([await buy(client, 1000n), await buy(client, 1n)], name).to.deep.equal(['fulfill', 'T04'])
    }
    expect(await buy(await enter(shop, 'another'), 1n)).to.equal('T04')
  })

  it('owe what they like where no limit is configured', async () => {
    const shop = await shopWith({})
    for (const name of ['one', 'other']) expect(await buy(await enter(shop, name), 1_000_000n)).to.equal('fulfill')
  })
})
