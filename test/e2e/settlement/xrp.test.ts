/**
 * Two nodes that settle over payment channels of the XRP Ledger, from the payment to the payout, over restarts of each of them, and what
 * the ledger says in the end. The ledger is a stand-in for rippled with its rules.
 */
import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { ConfigLoader, type ConnectorConfig, type ConnectorNode } from '../../../src/index.js'
import { askAdmin, type Answer } from '../../support/admin.js'
import { outcome, owed, packet, World } from '../../support/node.js'
import { blocksOf } from '../../support/papers.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually, pause } from '../../support/waiting.js'
import { Parties, type Account } from '../../support/xrp/parties.js'

const SECRET = 'secret-between-peers'

interface Place {
  name: string
  account: Account
  /** The account whose key was replaced. */
  former?: Account
  btpPort: number
  config: Partial<ConnectorConfig>
}

describe('nodes that settle on the XRP Ledger', function () {
  this.timeout(120_000)
  noRejectionLeft()
  const world = new World()
  let parties: Parties
  let before: bigint[]
  let strangerBefore: bigint
  beforeEach(async () => {
    parties = new Parties()
    await parties.start()
    world.after(() => parties.stop())
    strangerBefore = parties.wallet(parties.stranger)
    before = [parties.alice, parties.bob].map(account => parties.wallet(account))
  })
  afterEach(() => world.end())

  async function placeOf (name: string, account: Account): Promise<Place> {
    return { name, account, btpPort: await freePort(), config: { dataPath: await world.directory(), healthCheckPort: await freePort() } }
  }

  async function start (place: Place, peer: Place, claims: 'packet' | 'settlement'): Promise<ConnectorNode> {
    const chain = `xrp:${parties.network}`
    const node = await world.start(place.name, {
      ...place.config,
      btpServerPort: place.btpPort,
      adminApi: { enabled: true, port: await freePort(), host: '127.0.0.1' },
      settlement: { connectorFeePercentage: 0 },
      security: { audit: { enabled: true } },
      chainProviders: [{
        chainType: 'xrp',
        chainId: chain,
        rpcUrl: parties.rippled.url,
        keyId: place.account.seed,
        ...place.former === undefined ? {} : { formerKeyIds: [place.former.seed] },
        settlementOptions: {
          threshold: '200', initialDeposit: '5000', redeemThreshold: '1000000', pollingIntervalMs: 100, settlementTimeoutSecs: 3600, claims
        }
      }],
      peers: [{ id: peer.name, url: `ws://127.0.0.1:${peer.btpPort}`, authToken: SECRET, chain, xrpAddress: peer.account.address }],
      routes: [{ prefix: `g.${peer.name}`, nextHop: peer.name }]
    })
    node.setPacketHandler(() => Promise.resolve({ accept: true }))
    return node
  }

  const ask = ({ config: { adminApi } }: ConnectorNode, method: string, path: string, body?: object): Promise<Answer> =>
    askAdmin(`http://127.0.0.1:${adminApi.port}/admin`, method, path, body)
  const won = (): bigint[] => [parties.alice, parties.bob].map((account, i) => parties.wallet(account) - (before[i] ?? 0n))
  const isOver = (): boolean => ![...(parties.rippled.network.lastClosed.state ?? new Map<string, { LedgerEntryType: string }>()).values()]
    .some(({ LedgerEntryType }) => LedgerEntryType === 'PayChannel')

  async function pay (from: ConnectorNode, to: string, amount: bigint): Promise<void> {
    await eventually(`${to} is paid`, async () => outcome(await from.sendPacket(packet(`g.${to}.shop`, { amount }))) === 'fulfill')
  }

  for (const claims of ['settlement', 'packet'] as const) {
    it(`pay with claims (${claims}), both ways and over restarts, redeem them, and close`, async () => {
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
        // alice may have paid 250 when the 300 of bob were under way: money that came ahead is looked at with the next packet
        await pay(bob, 'alice', 1n)
        toAlice += 1n
        return false
      })
      const channels = (await ask(alice, 'GET', '/channels')).body as Array<{ channelId: string, chain: string }>
      expect(channels.map(({ chain }) => chain)).to.deep.equal(channels.map(() => `xrp:${parties.network}`))
      expect(channels.length, 'one for each direction').to.be.within(1, 2)
      expect(parties.sent(parties.alice, 'PaymentChannelCreate'), 'opened once').to.be.at.most(1)
      for (const node of [alice, bob]) {
        const { body } = await ask(node, 'GET', '/channels')
        for (const { channelId, status } of body as Array<{ channelId: string, status: string }>) {
          if (status === 'open') expect((await ask(node, 'POST', `/channels/${channelId}/close`, {})).status).to.be.oneOf([200, 400])
        }
      }
      await eventually('the channels are closed', isOver)
      await alice.stop()
      const signed = await signedBy(a)
      expect(signed.filter(({ outcome }) => outcome === 'ok').map(({ action }) => action.split(':')[0])).to.include.members(['sign open'])
      expect(signed.every(({ subject, detail = '', outcome }) => subject === 'bob' && (outcome !== 'ok' || detail.startsWith('txId='))), JSON.stringify(signed)).to.equal(true)
      const [wonA = 0n, wonB = 0n] = won()
      expect(wonA + wonB, 'nobody has lost a drop but fees').to.equal(0n)
      if (claims === 'settlement') expect(wonB + await owed(bob, 'alice'), 'what the ledger paid, and what is still owed').to.equal(toBob - toAlice)
      expect(parties.sent(parties.alice) + parties.sent(parties.bob), 'two channels: each opened, and ended with its last claim').to.be.at.most(8)
    })
  }

  /** What the audit log says of the keys of a node. */
  async function signedBy ({ name, config: { dataPath = '' } }: Place): Promise<Array<{ action: string, subject: string, detail?: string, outcome: string }>> {
    const folder = join(dataPath, `audit-${name}`)
    const texts = await Promise.all((await readdir(folder)).map(file => readFile(join(folder, file), 'utf8')))
    const entries = texts.join('').split('\n').filter(line => line !== '').map(line => JSON.parse(line) as { action: string, subject: string, outcome: string })
    return entries.filter(({ action }) => action.startsWith('sign '))
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
    await alice.stop()
    alice = await start({ ...a, account: parties.stranger, former: parties.alice }, b, 'settlement')
    await eventually('it pays through the new key', async () => {
      await payBoth()
      return parties.sent(parties.stranger, 'PaymentChannelCreate') > 0
    })
    await bob.stop()
    bob = await start(b, a, 'settlement') // with the address of before in its configuration
    await payBoth()
    for (const node of [alice, bob]) {
      const { body } = await ask(node, 'GET', '/channels')
      for (const { channelId, status } of body as Array<{ channelId: string, status: string }>) {
        if (status === 'open') await ask(node, 'POST', `/channels/${channelId}/close`, {})
      }
    }
    await eventually('the channels are closed', isOver)
    const [wonA = 0n, wonB = 0n] = won()
    const wonByNewKey = parties.wallet(parties.stranger) - strangerBefore
    expect(wonA + wonB + wonByNewKey, 'nobody has lost a drop but fees').to.equal(0n)
  })

  it('show the ledger in health, and say what to do while its server cannot be reached', async () => {
    const [a, b] = [await placeOf('alice', parties.alice), await placeOf('bob', parties.bob)]
    const alice = await start(a, b, 'settlement')
    await start(b, a, 'settlement')
    await pay(alice, 'bob', 250n)
    await eventually('what is owed is settled', async () => await owed(alice, 'bob') >= -200n)
    const { body } = await ask(alice, 'GET', '/settlement/states')
    expect(JSON.stringify(body)).to.contain(parties.alice.address)
    parties.rippled.faults.add({ does: 'disconnectBefore' })
    parties.rippled.server.disconnectAll()
    expect(outcome(await alice.sendPacket(packet('g.bob.shop', { amount: 5n }))), 'packets go on').to.equal('fulfill')
    parties.rippled.faults.clear()
  })

  it('have the configuration that the paper shows', async () => {
    const [yaml] = blocksOf('docs/settlement-xrp.md').filter(({ language }) => language === 'yaml')
    const file = join(await world.directory(), 'alice.yaml')
    await writeFile(file, yaml?.text ?? '')
    const { config, warnings } = ConfigLoader.read(file, { XRP_SECRET: parties.alice.seed })
    expect(warnings).to.deep.equal([])
    expect(config.chains.map(({ id, asset }) => [id, asset])).to.deep.equal([['xrp:testnet', { code: 'XRP', scale: 6 }]])
    expect(config.asset).to.deep.equal({ code: 'XRP', scale: 6 })
  })

  it('are shown by the demo: a net of 750 is paid on the ledger', () => {
    const demo = fileURLToPath(new URL('../../support/xrp/demo.js', import.meta.url))
    const { stdout, status } = spawnSync(process.execPath, [demo], { encoding: 'utf8', timeout: 110_000 })
    expect([status, stdout.includes('alice: -750 drops'), stdout.includes('hub: 0 drops'), stdout.includes('bob: +750 drops')], stdout)
      .to.deep.equal([0, true, true, true])
  })
})
