/**
 * Peers that are watched, and paused. The adversary first: nobody gets another peer paused, a rule costs honest peers nothing, and a paused
 * peer keeps what it is owed.
 */
import { readFile, writeFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import sinon from 'sinon'
import { asGuard, type Guard } from '../../src/contracts/guard.js'
import type { ClaimCounts, PluginChannel } from '../../src/contracts/channels.js'
import { Notices } from '../../src/accounts/notices.js'
import { LedgerService } from '../../src/ledger/service.js'
import { MiddlewareManager } from '../../src/pipeline/middleware-manager.js'
import { MAX_PAUSED } from '../../middlewares/lib/guard/paused-peers.js'
import { rejectionError } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { outcomeOf, prepare, reject } from '../support/packets.js'
import { temporaryFolder } from '../support/daemon.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'

const MINUTE_MS = 60_000
const BOOKED = { alice: { balance: { maximum: 'Infinity' } }, bob: { balance: { maximum: 'Infinity' } } }

describe('a guarded connector', () => {
  withoutLog()
  noRejectionLeft()
  const line = twoAccounts(Date.UTC(2026, 0, 5))
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let told: string[] = []
  before(async () => { folder = await temporaryFolder() })
  after(() => folder.remove())

  async function start (rules: object = {}, more: object = {}): Promise<Guard> {
    const { container } = await line.start({ middlewares: { guard: { type: 'guard', options: { rules, ...more } } } }, BOOKED)
    told = []
    container(Notices).tell = notice => { told.push(`${notice.type} ${'peerId' in notice ? notice.peerId : ''}`) }
    return asGuard(container(MiddlewareManager).getMiddleware('guard'))!
  }

  const fromAlice = async (options: object = {}): Promise<string> => outcomeOf(await line.alice.receive(prepare({ destination: 'test.bob', ...options })))
  const fromBob = async (): Promise<string> => outcomeOf(await line.bob.receive(prepare({ destination: 'test.alice' })))
  const minutes = (count: number): Promise<unknown> => line.clock.tickAsync(count * MINUTE_MS)

  /** Minutes in which alice sends so many packets; bob answers some and refuses others. */
  async function traffic (perMinute: number, count: number): Promise<void> {
    for (let minute = 0; minute < count; minute++) {
      await Promise.all(Array.from({ length: perMinute }, () => line.alice.receive(Buffer.from([1]))))
      await minutes(1)
    }
  }

  describe('with a paused peer', () => {
    it('refuses its packets and packets to it with T02, and changes no balance', async () => {
      const guard = await start()
      await fromAlice({ amount: 7 })
      const before = line.connector.balances()
      guard.pause('alice', 'the test', 'to see')
      const answer = await line.alice.receive(prepare({ destination: 'test.bob' }))
      expect(outcomeOf(answer)).to.equal('T02')
      expect(answer.toString('latin1')).to.include('paused').and.not.include('alice')
      expect(await fromBob()).to.equal('T02')
      expect(line.connector.balances()).to.deep.equal(before)
      expect(line.alice.sent).to.have.length(0)
      guard.pause('bob', 'the test', 'to see')
      expect(guard.paused().map(({ peerId, by, reason }) => [peerId, by, reason])).to.deep.equal([['alice', 'the test', 'to see'], ['bob', 'the test', 'to see']])
      expect([guard.resume('alice', 'the test'), guard.resume('bob', 'the test'), guard.resume('alice', 'the test')]).to.deep.equal([true, true, false])
      expect([await fromAlice(), await fromBob()]).to.deep.equal(['fulfill', 'fulfill'])
      expect(told).to.include('PEER_PAUSED alice').and.include('PEER_RESUMED alice')
    })

    it('still takes its money, and pays it', async () => {
      const guard = await start()
      await fromAlice({ amount: 7 })
      guard.pause('alice', 'the test', 'to see')
      guard.pause('bob', 'the test', 'to see')
      await line.alice.moneyHandler!('7')
      expect(line.connector.balances().alice!.balance).to.equal(0n)
      await line.connector.container(MiddlewareManager).sendMoney('7', 'bob')
      expect(line.bob.paid).to.deep.equal(['7'])
    })

    it('keeps it paused over a restart, in a file that only its owner reads', async () => {
      const file = join(folder.path, 'paused.json')
      const guard = await start({}, { file })
      guard.pause('alice', 'the test', 'to see')
      expect((await stat(file)).mode & 0o777).to.equal(0o600)
      await line.end()
      line.begin()
      const again = await start({}, { file })
      expect(again.paused()).to.deep.include({ peerId: 'alice', by: 'the test', reason: 'to see', since: Date.UTC(2026, 0, 5), isDisconnected: false })
      expect(await fromAlice()).to.equal('T02')
      again.resume('alice', 'the test')
      expect(JSON.parse(await readFile(file, 'utf8'))).to.deep.equal({ paused: [] })
    })

    it('starts without those whose file is damaged, and goes on where none can be written', async () => {
      const file = join(folder.path, 'damaged.json')
      await writeFile(file, '{ "paused": [')
      expect((await start({}, { file })).paused()).to.deep.equal([])
      await line.end()
      line.begin()
      const guard = await start({}, { file: join(folder.path, 'nowhere', 'paused.json') })
      guard.pause('alice', 'the test', 'to see')
      expect(await fromAlice()).to.equal('T02')
    })

    it('has room for only so many', async () => {
      const guard = await start()
      for (let i = 0; i < MAX_PAUSED; i++) guard.pause(`peer-${i}`, 'the test', '')
      expect(() => { guard.pause('one-more', 'the test', '') }).to.throw('paused already')
    })

    it('forgets it with its connection if anybody could come under its name', async () => {
      const file = join(folder.path, 'strangers.json')
      const guard = await start({}, { file, isStranger: (id: string) => id === 'alice' })
      guard.pause('alice', 'the test', 'to see')
      guard.pause('bob', 'the test', 'to see')
      expect(await readFile(file, 'utf8')).to.include('bob').and.not.include('alice')
      await line.connector.app.removePlugin('alice')
      expect(guard.paused().map(({ peerId }) => peerId)).to.deep.equal(['bob'])
    })
  })

  describe('judges traffic', () => {
    const PAUSE = { trafficSpike: { action: 'pause', factor: 10, minPerMinute: 50 } }

    it('by what the peer sent itself: ten times its average, and more than a few', async () => {
      const guard = await start(PAUSE)
      await traffic(4, 31)
      await traffic(49, 1)
      expect(guard.paused(), 'not enough to be worth a thought').to.deep.equal([])
      await traffic(4, 10)
      await traffic(60, 1)
      expect(guard.paused().map(({ peerId, by }) => [peerId, by])).to.deep.equal([['alice', 'rule trafficSpike']])
      expect(told).to.include('SUSPICIOUS_ACTIVITY_DETECTED alice')
    })

    it('and not by what others send to it, refused or not', async () => {
      const guard = await start(PAUSE)
      await minutes(31)
      line.bob.answer = () => Promise.resolve(reject('F00'))
      for (let i = 0; i < 100; i++) await fromAlice()
      await minutes(1)
      expect(guard.paused().map(({ peerId }) => peerId), 'bob has done nothing').to.deep.equal(['alice'])
    })

    it('not before it knows what is usual', async () => {
      const guard = await start(PAUSE)
      await traffic(60, 3)
      expect(guard.findings()).to.deep.equal({})
    })

    it('by warning only, unless told otherwise, once in a while', async () => {
      const guard = await start({ trafficSpike: { minPerMinute: 50 } })
      await minutes(31)
      await traffic(60, 1)
      await traffic(1000, 1)
      expect(guard.findings()).to.deep.equal({ trafficSpike: 2 })
      expect(told.filter(line => line.startsWith('SUSPICIOUS'))).to.have.length(1)
      expect(await fromAlice()).to.equal('fulfill')
    })

    it('not at all where the rules are off', async () => {
      const guard = await start({ enabled: false })
      await minutes(31)
      await traffic(1000, 1)
      expect(told).to.deep.equal([])
      expect(guard.paused()).to.deep.equal([])
    })
  })

  describe('judges money', () => {
    it('that is far more at once than expected, but not that which comes with packets', async () => {
      const guard = await start({ settlementAmount: { action: 'pause', above: '1000' } })
      await line.alice.moneyHandler!('1000')
      await line.alice.moneyHandler!('5000', { withPackets: true })
      expect(guard.paused()).to.deep.equal([])
      await line.alice.moneyHandler!('1001')
      expect(guard.paused().map(({ by }) => by)).to.deep.equal(['rule settlementAmount'])
      expect(line.connector.balances().alice!.balance, 'and takes it all the same').to.equal(-7001n)
    })

    it('that packets carry within a time, and only of those that were fulfilled', async () => {
      const guard = await start({ velocity: { action: 'pause', amount: '100', windowSecs: 3600 } })
      line.bob.answer = () => Promise.resolve(reject('F00'))
      for (let i = 0; i < 5; i++) await fromAlice({ amount: 100 })
      expect(guard.paused()).to.deep.equal([])
      line.bob.answer = new (await import('../support/test-plugin.js')).TestPlugin().answer
      await fromAlice({ amount: 60 })
      await line.clock.tickAsync(3_700_000)
      await fromAlice({ amount: 60 })
      expect(guard.paused(), 'that was long ago').to.deep.equal([])
      expect(await fromAlice({ amount: 60 }), 'what was begun is done').to.equal('fulfill')
      expect(await fromAlice({ amount: 1 })).to.equal('T02')
    })
  })

  describe('judges claims and channels', () => {
    const counts: ClaimCounts = { sent: 0, received: 0, redeemed: 0, failed: 0, lower: 0 }
    let channels: Array<Partial<PluginChannel>> = []
    const withChannels = async (rules: object): Promise<Guard> => {
      Object.assign(counts, { failed: 5, lower: 2 })
      channels = []
      Object.assign(line.alice, { channels: () => ({ claimCounts: counts, list: () => Promise.resolve(channels) }) })
      const guard = await start(rules)
      await minutes(1)
      return guard
    }

    it('by those that were refused since it looks, and by those that go back', async () => {
      const guard = await withChannels({ rejectedClaims: { action: 'pause', count: 2 }, lowerClaims: { count: 1 } })
      counts.failed += 2
      counts.lower! += 2
      await minutes(1)
      expect(guard.findings(), 'two are in order, and what goes back is warned of').to.deep.equal({ lowerClaims: 1 })
      await minutes(61)
      counts.failed += 2
      await minutes(1)
      expect(guard.paused(), 'two more in another hour').to.deep.equal([])
      counts.failed++
      await minutes(1)
      expect(guard.paused().map(({ by }) => by)).to.deep.equal(['rule rejectedClaims'])
    })

    it('by channels that the peer closes, and not by those that we close', async () => {
      const guard = await withChannels({ channelClosures: { action: 'pause' } })
      const all = (status: string): void => { channels = ['a', 'b', 'c', 'd'].map(channelId => ({ channelId, status }) as PluginChannel) }
      for (const status of ['open', 'closing', 'closed', 'settled']) {
        all(status)
        await minutes(1)
      }
      expect(guard.findings()).to.deep.equal({})
      all('open')
      await minutes(1)
      all('closed')
      await minutes(1)
      expect(guard.paused().map(({ by, reason }) => `${by}: ${reason}`)).to.deep.equal(['rule channelClosures: 4 channels were closed by it in 3600 s'])
    })

    it('and forgives what was, when it is resumed', async () => {
      const guard = await withChannels({ rejectedClaims: { action: 'pause', count: 2 } })
      counts.failed += 3
      await minutes(1)
      guard.resume('alice', 'the test')
      counts.failed++
      await minutes(1)
      expect(guard.paused()).to.deep.equal([])
    })

    it('pauses a peer with channels, and stays connected: else nobody would watch them', async () => {
      const guard = await withChannels({ rejectedClaims: { action: 'disconnect', count: 2 } })
      counts.failed += 3
      await minutes(1)
      expect(guard.isPaused('alice')).to.equal(true)
      expect(line.alice.connected).to.equal(true)
    })
  })

  it('pauses a peer whose balance is not what its movements come to, and nobody whose balance is', async () => {
    const guard = await start({ balanceInconsistency: { action: 'pause' } })
    await fromAlice({ amount: 7 })
    await minutes(2)
    expect(guard.findings(), 'books that payments made').to.deep.equal({})
    const { ledger } = line.connector.container(LedgerService)
    const balanceOf = ledger.balanceOf.bind(ledger)
    const wrong = sinon.stub(ledger, 'balanceOf').callsFake(id => {
      const found = balanceOf(id)
      return found === undefined || id !== 'alice' ? found : { ...found, balance: found.balance + 1n }
    })
    await minutes(2)
    wrong.restore()
    expect(guard.paused().map(({ peerId, by }) => [peerId, by])).to.deep.equal([['alice', 'rule balanceInconsistency']])
    expect(told).to.include('SUSPICIOUS_ACTIVITY_DETECTED alice')
    expect(await fromAlice()).to.equal('T02')
  })

  it('closes the connection of a peer if a rule says so, until it is resumed', async () => {
    const guard = await start({ settlementAmount: { action: 'disconnect', above: '1' } })
    await line.alice.moneyHandler!('2')
    expect(line.alice.connected).to.equal(false)
    guard.resume('alice', 'the test')
    expect(line.alice.connected).to.equal(true)
  })

  it('is not made with options that are not right', async () => {
    for (const options of [{ rules: { trafficSpike: { action: 'kill' } } }, { rules: { speed: {} } }, { fil: 'x' }]) {
      const error = await rejectionError((async () => line.start({ middlewares: { guard: { type: 'guard', options } } }))())
      expect(error.message).to.include('guard')
    }
  })
})
