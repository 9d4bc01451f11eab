/** Balances in TigerBeetle (a double that enforces its documented rules), shared by connectors that know nothing of each other. */
import { expect } from 'chai'
import fc from 'fast-check'
import reductModule from 'reduct'
import sinon from 'sinon'
import { PATIENCE_MS } from '../../../src/ledger/embedded/group-commit.js'
import { LedgerService } from '../../../src/ledger/service.js'
import type { TigerBeetleLedger } from '../../../src/ledger/tigerbeetle/ledger.js'
import { createApp } from '../../../src/connector/connector.js'
import { account } from '../../support/connector.js'
import { withoutLog } from '../../support/log.js'
import { outcomeOf, prepare, reject } from '../../support/packets.js'
import { TestPlugin } from '../../support/test-plugin.js'
import { Disk } from '../../support/ledger/crashable-store.js'
import { HOLD_TIMEOUT_S, LIMITS, codeOf, connectorOn, ledgerOn } from '../../support/ledger/tigerbeetle-connectors.js'
import { Cluster } from '../../support/ledger/tigerbeetle-double.js'
import { quiet } from '../../support/waiting.js'

const RUNS = Number(process.env.PROPERTY_RUNS ?? 50)

describe('balances in TigerBeetle', () => {
  withoutLog()
  let clock: sinon.SinonFakeTimers
  let cluster: Cluster
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
    cluster = new Cluster()
  })
  afterEach(() => clock.restore())

  it('are one balance for all connectors, with one pair of limits', async () => {
    const [first, second] = [await connectorOn(cluster), await connectorOn(cluster)]
    first.post(await first.hold('alice', 70n))
    await first.committed()
    expect(await codeOf(second.hold('alice', 31n))).to.equal('T04')
    second.post(await second.hold('alice', 30n))
    await second.committed()
    expect(second.balanceOf('alice')!.balance).to.equal(100n)
    expect(await codeOf(first.hold('alice', 1n))).to.equal('T04')
    expect(first.balanceOf('alice')).to.include({ balance: 100n, incomingHolds: 0n })
  })

  it('take no place in the cluster, which never forgets an account, before money moves', async () => {
    const ledger = await connectorOn(cluster)
    for (let i = 0; i < 100; i++) {
      await ledger.openAccount(`guest-${i}`, LIMITS, 'USD/9')
      await ledger.refresh(`guest-${i}`)
      expect(ledger.balanceOf(`guest-${i}`)).to.include({ balance: 0n, incomingHolds: 0n })
      ledger.closeAccount(`guest-${i}`)
    }
    expect(cluster.accountCount).to.equal(0)
    await ledger.openAccount('guest-7', LIMITS, 'USD/9')
    ledger.post(await ledger.hold('guest-7', 5n))
    await ledger.committed()
    expect(cluster.accountCount, 'its own, and where the other side of each transfer is').to.equal(2)
    expect((await connectorOn(cluster)).balanceOf('guest-7')).to.equal(undefined)
    const other = await connectorOn(cluster)
    await other.openAccount('guest-7', LIMITS, 'USD/9')
    expect(other.balanceOf('guest-7')!.balance).to.equal(5n)
  })

  it('refuse an account in another unit than the one in which money has moved', async () => {
    const first = await connectorOn(cluster)
    await first.openAccount('bob', LIMITS, 'USD/9')
    const second = await connectorOn(cluster)
    await second.openAccount('bob', LIMITS, 'EUR/9')
    second.credit('bob', 5n, 'payment-1')
    await second.committed()
    const third = await connectorOn(cluster)
    expect(await codeOf(Promise.resolve(third.openAccount('bob', LIMITS, 'USD/9')))).to.match(/another unit.*Put asset and scale back/)
    first.settle('bob', 5n, 'id-1')
    for (let i = 0; i < 2; i++) expect(await codeOf(first.hold('bob', 5n)), 'nothing is booked in two units').to.match(/another unit/)
    expect(first.balanceOf('bob')!.settlement, 'nothing is paid').to.equal(undefined)
    expect(first.trouble, 'the others go on').to.equal(undefined)
    first.post(await first.hold('alice', 70n))
    await first.committed()
    expect(first.balanceOf('alice')!.balance).to.equal(70n)
  })

  it('are not shared between namespaces: there, accounts of one id are different accounts', async () => {
    const [first, second] = [await connectorOn(cluster, { namespace: 'a' }), await connectorOn(cluster, { namespace: 'b' })]
    first.post(await first.hold('alice', 70n))
    for (const ledger of [first, second]) {
      ledger.credit('alice', 5n, 'payment-1')
      await ledger.committed()
    }
    expect([first, second].map(ledger => ledger.balanceOf('alice')!.balance)).to.deep.equal([65n, -5n])
  })

  const amount = fc.bigInt(-70n, 70n).filter(n => n !== 0n)
  it('never pass a limit together, whoever holds, posts and voids when', () => fc.assert(fc.asyncProperty(
    fc.array(fc.record({ who: fc.nat(1), amount, posts: fc.boolean(), turns: fc.nat(3) }), { maxLength: 20 }),
    async steps => {
      cluster = new Cluster()
      const ledgers = [await connectorOn(cluster), await connectorOn(cluster)]
      let sum = 0n
      let held = 0n
      await Promise.all(steps.map(async ({ who, amount, posts, turns }, i) => {
        await quiet(i)
        const ledger = ledgers[who]!
        const hold = await ledger.hold('alice', amount).catch(() => undefined)
        if (hold === undefined) return
        held += amount
        await quiet(turns)
        if (posts) ledger.post(hold)
        else ledger.void(hold)
        if (posts) sum += amount
        held -= amount
        expect(sum >= LIMITS.minimum && sum <= LIMITS.maximum, `balance ${sum}`).to.equal(true)
      }))
      for (const ledger of ledgers) await ledger.committed()
      const last = await connectorOn(cluster)
      expect(held).to.equal(0n)
      expect(last.balanceOf('alice')).to.include({ balance: sum, incomingHolds: 0n, outgoingHolds: 0n })
    }), { numRuns: RUNS }))

  it('take as many of many holds at once as there is room for', async () => {
    const ledger = await connectorOn(cluster)
    ledger.void(await ledger.hold('alice', 1n))
    await ledger.committed()
    const requests = cluster.requests
    const outcomes = await Promise.all([60n, 60n, 40n, 1n].map(amount => codeOf(ledger.hold('alice', amount))))
    expect(outcomes).to.deep.equal(['done', 'T04', 'done', 'T04'])
    expect(cluster.requests - requests, 'in one request, and one look at the account').to.equal(2)
  })

  it('get rid of the holds of a connector that is gone', async () => {
    await (await connectorOn(cluster)).hold('alice', 100n)
    const other = await connectorOn(cluster)
    expect(await codeOf(other.hold('alice', 1n))).to.equal('T04')
    clock.tick(HOLD_TIMEOUT_S * 1000)
    expect(await codeOf(other.hold('alice', 100n))).to.equal('done')
  })

  it('lose no Fulfill that comes after its hold has expired', async () => {
    const ledger = await connectorOn(cluster)
    const hold = await ledger.hold('alice', -40n)
    clock.tick(HOLD_TIMEOUT_S * 1000)
    ledger.post(hold)
    await ledger.committed()
    expect(ledger.balanceOf('alice')).to.include({ balance: -40n, outgoingHolds: 0n })
    expect((await connectorOn(cluster)).balanceOf('alice')).to.include({ balance: -40n, outgoingHolds: 0n })
  })

  it('credit money once that is reported to several connectors', async () => {
    const [first, second] = [await connectorOn(cluster), await connectorOn(cluster)]
    for (const ledger of [first, second, first]) {
      ledger.credit('alice', 500n, 'payment-1')
      await ledger.committed()
    }
    expect(second.balanceOf('alice')!.balance).to.equal(-500n)
  })

  it('take each part of a running total once that is reported to several connectors at the same time', () => fc.assert(fc.asyncProperty(
    fc.array(fc.record({ who: fc.nat(2), from: fc.bigInt(0n, 9n), length: fc.bigInt(0n, 9n), turns: fc.nat(4) }), { maxLength: 12 }),
    async steps => {
      cluster = new Cluster()
      const ledgers = await Promise.all([0, 1, 2].map(() => connectorOn(cluster)))
      const reported = new Set<bigint>()
      for (const { who, from, length, turns } of steps) {
        for (let part = from; part < from + length; part++) reported.add(part)
        ledgers[who]!.credit('alice', length, undefined, { id: 'claims', from, to: from + length })
        await quiet(turns)
      }
      for (const ledger of ledgers) await ledger.committed()
      const { balance } = (await connectorOn(cluster)).balanceOf('alice')!
      expect(-balance <= BigInt(reported.size), `credited ${-balance} of ${reported.size}`).to.equal(true)
    }), { numRuns: RUNS }))

  it('lose nothing of a running total whose steps reach to each other, whoever reports them', async () => {
    const ledgers = await Promise.all([0, 1, 2].map(() => connectorOn(cluster)))
    await Promise.all(ledgers.map(async (ledger, i) => {
      for (let to = 1n; to <= 40n; to += BigInt(i) + 1n) {
        ledger.credit('alice', to, undefined, { id: 'claims', from: 0n, to })
        await quiet(i)
      }
      await ledger.committed()
    }))
    expect((await connectorOn(cluster)).balanceOf('alice')!.balance).to.equal(-40n)
  })

  it('let the prepaid money of a connector pay for its own packets, each part of it once', async () => {
    const disk = new Disk()
    const [first, second] = [await connectorOn(cluster, { disk }), await connectorOn(cluster)]
    await first.prepay('alice', { id: 'claims', from: 0n, to: 50n })
    second.post(await second.hold('alice', -20n))
    const holds = await Promise.all([-30n, -30n].map(amount => first.hold('alice', amount)))
    for (const hold of holds) first.post(hold)
    await first.committed()
    await second.committed()
    expect(first.balanceOf('alice')).to.include({ balance: -30n, prepaid: 0n })
    const again = await connectorOn(cluster, { disk })
    await again.prepay('alice', { id: 'claims', from: 0n, to: 51n })
    expect(again.balanceOf('alice')).to.include({ balance: -30n, prepaid: 1n })
  })

  it('count prepaid money once that the cluster took without our hearing of it', async () => {
    const disk = new Disk()
    const first = await connectorOn(cluster, { disk })
    await first.prepay('alice', { id: 'claims', from: 0n, to: 50n })
    first.post(await first.hold('alice', -30n))
    cluster.evictAll()
    const committed = first.committed()
    await quiet()
    clock.tick(100)
    await committed
    expect(first.balanceOf('alice')).to.include({ balance: 0n, prepaid: 20n })
    expect((await connectorOn(cluster, { disk })).balanceOf('alice')).to.include({ balance: 0n, prepaid: 20n })
  })

  it('have an id of their own: cluster and namespace', async () => {
    const ids = [await connectorOn(cluster), await connectorOn(cluster), await connectorOn(cluster, { namespace: 'b' })].map(({ id }) => id)
    expect(ids).to.deep.equal([ids[0], ids[0], 'tigerbeetle:0:b'])
    expect(() => ledgerOn(cluster).id).to.throw('not open')
  })

  it('refuse packets while the cluster is away, and lose nothing of what was under way', async () => {
    const ledger = await connectorOn(cluster)
    const hold = await ledger.hold('alice', 40n)
    let comeBack!: () => void
    cluster.away = new Promise(resolve => { comeBack = resolve })
    ledger.post(hold)
    const committed = codeOf(ledger.committed())
    await quiet()
    const held = codeOf(ledger.hold('alice', 1n))
    clock.tick(PATIENCE_MS)
    expect([await committed, await held]).to.deep.equal(['T00', 'T00'])
    expect(await codeOf(ledger.hold('alice', 1n))).to.equal('T00')
    cluster.away = undefined
    comeBack()
    await quiet(20)
    await ledger.committed()
    expect(ledger.trouble).to.equal(undefined)
    expect(ledger.balanceOf('alice')).to.include({ balance: 40n, incomingHolds: 0n })
    expect(await codeOf(ledger.hold('alice', 60n))).to.equal('done')
  })

  it('are not opened when the cluster does not answer', async () => {
    cluster.away = new Promise(() => undefined)
    const opened = codeOf(connectorOn(cluster))
    await quiet()
    clock.tick(5000)
    expect(await opened).to.contain('TigerBeetle does not answer')
  })

  it('are opened for an account that comes while the cluster is away, or not at all', async () => {
    const ledger = await connectorOn(cluster)
    cluster.away = new Promise(() => undefined)
    const opened = codeOf(Promise.resolve(ledger.openAccount('bob', LIMITS, 'USD/9')))
    await quiet()
    clock.tick(5000)
    expect(await opened).to.contain('TigerBeetle does not answer')
    expect(ledger.balanceOf('bob')).to.equal(undefined)
  })

  it('go on when the cluster evicts the client, and lose nothing of what was under way', async () => {
    const ledger = await connectorOn(cluster)
    const hold = await ledger.hold('alice', 40n)
    cluster.evictAll()
    ledger.post(hold)
    const committed = ledger.committed()
    await quiet()
    clock.tick(100)
    await committed
    expect(ledger.balanceOf('alice')).to.include({ balance: 40n, incomingHolds: 0n })
    expect(ledger.trouble).to.equal(undefined)
  })

  it('leave a settlement to the connector that began it, across a crash', async () => {
    const disk = new Disk()
    const first = await connectorOn(cluster, { disk })
    first.settle('alice', 30n, 'id-1')
    await first.committed()
    const other = await connectorOn(cluster)
    expect(other.balanceOf('alice')).to.include({ settlement: undefined, incomingHolds: 30n })
    const again = await connectorOn(cluster, { disk })
    const settlement = again.balanceOf('alice')!.settlement!
    expect(settlement).to.include({ id: 'id-1', state: 'unknown', amount: 30n })
    again.post(settlement)
    await again.committed()
    expect((await connectorOn(cluster, { disk })).balanceOf('alice')).to.include({ balance: 30n, settling: 0n, incomingHolds: 0n })
  })

  it('are not paid twice by two connectors that see the same debt, at once or one of them late', async () => {
    const terms = { ceiling: 0n }
    const [first, second, late] = [await connectorOn(cluster), await connectorOn(cluster), await connectorOn(cluster)]
    first.post(await first.hold('alice', -80n))
    await first.committed()
    await Promise.all([second, late].map(ledger => ledger.refresh('alice')))
    const settlements = [first.settle('alice', 80n, 'id-1', terms), second.settle('alice', 80n, 'id-2', terms)]
    await Promise.all([first.committed(), second.committed()])
    const open = [first, second].flatMap(ledger => ledger.balanceOf('alice')!.settlement ?? [])
    expect(open.length, 'both may be refused, never do both pay').to.be.at.most(1)
    expect(settlements.map(({ amount }) => amount)).to.deep.equal([80n, 80n])
    if (open.length === 0) {
      await Promise.all([first.refresh('alice'), second.refresh('alice')])
      await first.refresh('alice')
      first.settle('alice', 80n, 'id-3', terms)
      await first.committed()
    }
    const paying = [first, second].find(ledger => ledger.balanceOf('alice')!.settlement !== undefined)!
    paying.post(paying.balanceOf('alice')!.settlement!)
    await paying.committed()
    late.settle('alice', 80n, 'id-4', terms)
    await late.committed()
    expect(late.balanceOf('alice')).to.include({ settlement: undefined, balance: 0n })
    await late.committed()
    expect((await connectorOn(cluster)).balanceOf('alice')).to.include({ balance: 0n, incomingHolds: 0n })
  })

  it('write a settlement down before the cluster hears of it', async () => {
    const disk = new Disk()
    const ledger = await connectorOn(cluster, { disk })
    cluster.away = new Promise(() => undefined)
    ledger.settle('alice', 30n, 'id-1')
    await quiet()
    cluster.away = undefined
    const again = await connectorOn(cluster, { disk })
    expect(again.balanceOf('alice')!.settlement).to.include({ id: 'id-1', state: 'unknown' })
  })
})

describe('a connector with its balances in TigerBeetle', () => {
  withoutLog()

  async function start (alice: TestPlugin, bob: TestPlugin): Promise<{ stop: () => Promise<void>, ledger: TigerBeetleLedger }> {
    const container = reductModule.default()
    const ledger = ledgerOn(new Cluster())
    container.setOverride(LedgerService, class {
      readonly ledger = ledger
      open (): Promise<void> { return ledger.open() }
      close (): Promise<void> { return ledger.close() }
    })
    const balance = { minimum: '-100', maximum: '100' }
    const app = createApp({
      ilpAddress: 'test.connector',
      backend: 'one-to-one',
      spread: 0,
      store: 'memdown',
      routeBroadcastEnabled: false,
      routes: ['alice', 'bob'].map(id => ({ targetPrefix: `test.${id}`, peerId: id })),
      accounts: { alice: account(alice, { balance }), bob: account(bob, { balance }) }
    }, container)
    await app.listen()
    return { stop: () => app.shutdown(), ledger }
  }

  it('forwards, refuses and undoes as with its own books', async () => {
    const [alice, bob] = [new TestPlugin(), new TestPlugin()]
    const { stop, ledger } = await start(alice, bob)
    expect(outcomeOf(await alice.receive(prepare({ amount: 70 })))).to.equal('fulfill')
    expect(outcomeOf(await alice.receive(prepare({ amount: 31 })))).to.equal('T04')
    expect(bob.sent).to.have.length(1)
    bob.answer = () => Promise.resolve(reject('F99'))
    expect(outcomeOf(await alice.receive(prepare({ amount: 30 })))).to.equal('F99')
    await alice.receiveMoney('20')
    expect(ledger.balanceOf('alice')).to.include({ balance: 50n, incomingHolds: 0n })
    expect(ledger.balanceOf('bob')).to.include({ balance: -70n, outgoingHolds: 0n })
    await stop()
  })
})
