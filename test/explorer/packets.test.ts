/** Packets are counted exactly, told of within a budget, and not changed by any of it. */
import { expect } from 'chai'
import fc from 'fast-check'
import type sinon from 'sinon'
import { Feed } from '../../src/explorer/feed.js'
import { FOLLOWED_PER_SECOND, KEPT_PER_SECOND, MESSAGE_LENGTH_MAX, REJECTS_PER_SECOND } from '../../src/explorer/packets.js'
import type { PacketRejected } from '../../src/contracts/explorer-events.js'
import { codeOf } from '../../src/packet/reply.js'
import { ACCOUNT_BYTES_MAX } from '../../src/pipeline/overload.js'
import { endClock, runClock, stoppedClock } from '../support/clock.js'
import { account, makeConnector, type Options } from '../support/connector.js'
import { makeExplored, type ExploredConnector } from '../support/explorer.js'
import { withoutLog } from '../support/log.js'
import { CONDITION, FULFILL, FULFILLMENT, WRONG_FULFILL, prepare, reject } from '../support/packets.js'
import { byOracle, damaged, prepareFields } from '../support/packet.js'
import { TestPlugin } from '../support/test-plugin.js'
import type { AccountInfo } from '../../src/contracts/account.js'

const UNLIMITED = { rateLimit: { refillCount: 1_000_000 }, balance: { maximum: '1000000000000' } }
const USD = { assetCode: 'USD', assetScale: 9 }
const NOW = Date.parse('2026-01-31T12:00:00Z')

describe('packets in the explorer', () => {
  withoutLog()
  let clock: sinon.SinonFakeTimers
  let alice: TestPlugin
  let bob: TestPlugin
  let running: ExploredConnector[]

  beforeEach(() => {
    clock = stoppedClock(NOW)
    alice = new TestPlugin()
    bob = new TestPlugin()
    running = []
  })

  afterEach(async () => {
    for (const { app, feed } of running) {
      await runClock(clock, app.shutdown())
      feed.stop()
    }
    endClock(clock)
  })

  interface Setting { alice?: Partial<AccountInfo>, bob?: Partial<AccountInfo>, options?: Options, payloads?: boolean }

  async function start ({ alice: ofAlice, bob: ofBob, options, payloads = false }: Setting = {}): Promise<ExploredConnector> {
    const accounts = { alice: account(alice, { ...UNLIMITED, ...ofAlice }), bob: account(bob, { ...UNLIMITED, ...ofBob }) }
    const connector = makeExplored(accounts, options, { payloads })
    await runClock(clock, connector.app.listen())
    connector.events.splice(0) // what is not about packets
    running.push(connector)
    return connector
  }

  it('have a story: where they came from, each step, and what came of them', async () => {
    const { events, of } = await start()
    const packet = prepare({ amount: 100 })
    await alice.receive(packet)
    const id = { nodeId: 'node', packetId: CONDITION.toString('hex') }
    const common = { ...id, destination: 'test.bob', amount: '100', ...USD, from: 'alice', timestamp: NOW }
    expect(events.map(({ type }) => type)).to.deep.equal(['PACKET_RECEIVED', 'PACKET_FORWARDED', 'PACKET_FULFILLED'])
    expect(events[0]).to.deep.equal({ type: 'PACKET_RECEIVED', ...common, bytes: packet.length, expiresAt: NOW + 20_000 })
    expect(events[1]).to.deep.equal({ type: 'PACKET_FORWARDED', ...common, to: 'bob' })
    const [{ steps, took, ...fulfilled } = expect.fail()] = of('PACKET_FULFILLED')
    expect(fulfilled).to.deep.equal({ type: 'PACKET_FULFILLED', ...common, to: 'bob', fulfillment: FULFILLMENT.toString('hex') })
    expect(steps.map(({ step, accountId }) => `${accountId} ${step}`)).to.deep.equal([
      ...['errorHandler', 'rateLimit', 'balance', 'echo', 'stats', 'route'].map(step => `alice ${step}`),
      ...[
        'rate', 'connection', 'amount', 'expiry', 'loop', 'deduplicate', 'balance', 'expire', 'validateFulfillment', 'stats', 'alert', 'send', 'answer'
      ].map(step => `bob ${step}`)
    ])
    expect(steps.find(({ step }) => step === 'route')?.note).to.equal('test.bob via bob')
    expect(steps.find(({ step }) => step === 'rate')?.note).to.equal('100 x 1/1')
    const times = [...steps.map(({ at }) => at), took]
    expect(times).to.deep.equal([...times].sort((a, b) => a - b))
  })

  it('are under way until they are answered', async () => {
    let answer: (reply: Buffer) => void = () => undefined
    bob.answer = () => new Promise<Buffer>(resolve => { answer = resolve })
    const { events, feed } = await start()
    const replied = alice.receive(prepare())
    await new Promise(setImmediate)
    expect(events.map(({ type }) => type)).to.deep.equal(['PACKET_RECEIVED', 'PACKET_FORWARDED'])
    clock.tick(1000)
    expect(feed.recent(), 'nothing is counted before it is answered').to.deep.equal([])
    answer(FULFILL)
    await replied
    expect(events.at(-1)?.type).to.equal('PACKET_FULFILLED')
  })

  /** What makes a connector refuse, and which step of which account that is: nobody's, if another node did. */
  const refusals: Array<[string, string | undefined, Setting, Parameters<typeof prepare>[0], TestPlugin['answer']?]> = [
    ['an amount above the limit', 'alice maxPacketAmount', { alice: { maxPacketAmount: '50' } }, {}],
    ['an empty credit', 'alice balance', { alice: { balance: { maximum: '50' } } }, {}],
    ['the limit of the next hop', 'bob balance', { bob: { balance: { minimum: '-50', maximum: '0' } } }, {}],
    ['too many packets', 'alice rateLimit', { alice: { rateLimit: { refillCount: 1, capacity: 1, refillPeriod: 3_600_000 } } }, {}],
    ['too much throughput', 'alice throughput', { alice: { throughput: { incomingAmount: '10' } } }, {}],
    ['no route', 'alice route', {}, { destination: 'test.nobody' }],
    ['the way back', 'alice route', { options: { reflectPayments: false } }, { destination: 'test.alice' }],
    ['no connection', 'bob connection', {}, {}],
    ['too little time', 'bob expiry', {}, { expiresAt: NOW + 10 }],
    ['an amount that vanishes', 'bob amount', { bob: { assetScale: 0 } }, { amount: 1 }],
    ['a plugin that fails', 'bob send', {}, {}, () => Promise.reject(new Error('the line is dead'))],
    ['an answer that is no packet', 'bob send', {}, {}, () => Promise.resolve(Buffer.from('hello'))],
    ['a wrong fulfillment', 'bob validateFulfillment', {}, {}, () => Promise.resolve(WRONG_FULFILL)],
    ['the next hop', undefined, {}, {}, () => Promise.resolve(reject('T04'))],
    ['a next hop that writes nonsense', undefined, {}, {}, () => Promise.resolve(Buffer.from([14, 1, 0]))]
  ]
  for (const [what, step, connector = {}, packet, answer] of refusals) {
    it(`that are refused by ${what} say which step it was: ${step ?? 'none here'}`, async () => {
      if (answer !== undefined) bob.answer = answer
      const { of } = await start(connector)
      if (what === 'no connection') await bob.disconnect()
      if (what === 'too many packets') alice.admits()
      const reply = await alice.receive(prepare(packet))
      const [event] = of('PACKET_REJECTED')
      expect(event).to.include({ code: codeOf(reply), from: 'alice' })
      expect(event?.refusedBy && `${event.refusedBy.accountId} ${event.refusedBy.step}`).to.equal(step)
    })
  }

  it('that the next hop does not answer are refused by the step that waits', async () => {
    bob.answer = () => new Promise(() => undefined)
    const { of } = await start()
    await runClock(clock, alice.receive(prepare()))
    expect(of('PACKET_REJECTED')).to.have.length(1)
    expect(of('PACKET_REJECTED')[0]).to.deep.include({ code: 'R00', refusedBy: { step: 'expire', accountId: 'bob' } })
  })

  it('are told of within a budget, and counted one and all', async () => {
    const { of, feed } = await start({ alice: { maxPacketAmount: '150' } })
    const count = 10_000
    for (let i = 0; i < count; i++) await alice.receive(prepare({ amount: i % 10 === 9 ? 200 : 100 }))
    clock.tick(1000)
    expect(of('PACKET_RECEIVED')).to.have.length(FOLLOWED_PER_SECOND)
    const followed = of('PACKET_FULFILLED').length + of('PACKET_REJECTED').filter(({ steps }) => steps.length > 0).length
    expect(followed).to.equal(FOLLOWED_PER_SECOND)
    const lone = of('PACKET_REJECTED').filter(({ steps }) => steps.length === 0)
    expect(lone).to.have.length(REJECTS_PER_SECOND)
    for (const { refusedBy, code } of lone) expect([code, refusedBy]).to.deep.equal(['F08', { step: 'maxPacketAmount', accountId: 'alice' }])
    expect(of('PACKETS_LEFT_OUT')).to.deep.equal([{
      type: 'PACKETS_LEFT_OUT', nodeId: 'node', count: count - FOLLOWED_PER_SECOND - REJECTS_PER_SECOND, since: NOW, timestamp: clock.now
    }])
    const [traffic] = of('TRAFFIC')
    expect(feed.recent()).to.deep.equal([traffic])
    expect(traffic?.accounts.map(({ peerId, received, sent, codes }) => ({ peerId, received, sent, codes }))).to.deep.equal([
      {
        peerId: 'alice',
        received: { fulfilled: 9000, rejected: 1000, amount: '900000' },
        sent: { fulfilled: 0, rejected: 0, amount: '0' },
        codes: { F08: 1000 }
      },
      { peerId: 'bob', received: { fulfilled: 0, rejected: 0, amount: '0' }, sent: { fulfilled: 9000, rejected: 0, amount: '900000' }, codes: {} }
    ])
    for (let i = 0; i < count; i++) await alice.receive(prepare({ amount: 100 }))
    const places = of('PACKET_RECEIVED').length
    expect(places, 'there is a new budget').to.equal(2 * FOLLOWED_PER_SECOND)
    clock.tick(2000)
    await alice.receive(prepare())
    expect(of('PACKET_RECEIVED'), 'after a quiet second each packet is followed').to.have.length(places + 1)
  }).timeout(60_000)

  it('are counted when nobody looks on, and are not followed', async () => {
    const { feed, endSubscription, events } = await start()
    endSubscription()
    await alice.receive(prepare())
    clock.tick(1000)
    expect(events).to.deep.equal([])
    expect(feed.recent()[0]?.accounts[0]?.received.fulfilled).to.equal(1)
  })

  it('are told of less when only the history listens', async () => {
    const { feed, endSubscription } = await start()
    const kept: string[] = []
    endSubscription()
    feed.subscribe(({ type }) => { kept.push(type) }, 'history')
    for (let i = 0; i < 1000; i++) await alice.receive(prepare(i % 2 === 0 ? {} : { destination: 'test.nobody' }))
    expect(kept.filter(type => type === 'PACKET_RECEIVED')).to.have.length(KEPT_PER_SECOND)
    expect(kept.filter(type => type === 'PACKET_REJECTED')).to.have.length(KEPT_PER_SECOND * 3 / 2)
  })

  it('leave no mark on what the plugin gets when there is no explorer', async () => {
    const { app } = makeConnector({ alice: account(alice, UNLIMITED), bob: account(bob, UNLIMITED) })
    const contexts: unknown[] = []
    bob.sendData = (_: Buffer, context?: unknown) => {
      contexts.push(context)
      return Promise.resolve(FULFILL)
    }
    await runClock(clock, app.listen())
    await alice.receive(prepare())
    await runClock(clock, app.shutdown())
    expect(contexts).to.deep.equal([{ origin: 'alice' }])
  })

  it('of which a minute is told to the history, and not to those who look on', async () => {
    const { of, feed } = await start()
    const kept: Array<{ seconds: number, count: number | undefined }> = []
    feed.subscribe(event => {
      if (event.type === 'TRAFFIC') kept.push({ seconds: event.seconds, count: event.accounts[0]?.received.fulfilled })
    }, 'history')
    clock.tick(60_000 - (clock.now - NOW)) // to the end of a minute
    for (let second = 0; second < 130; second++) {
      await alice.receive(prepare())
      clock.tick(1000)
    }
    expect(of('TRAFFIC').map(({ seconds }) => seconds)).to.deep.equal(Array(130).fill(1))
    feed.stop()
    expect(kept).to.deep.equal([{ seconds: 60, count: 60 }, { seconds: 60, count: 60 }, { seconds: 60, count: 10 }])
  })

  it('show what they carry only if that is asked for', async () => {
    const data = Buffer.from('a secret')
    for (const payloads of [false, true]) {
      const { events } = await start({ payloads })
      await alice.receive(prepare({ data }))
      expect(events.map(event => 'data' in event ? event.data : undefined))
        .to.deep.equal(payloads ? [data.toString('base64'), undefined, Buffer.from('paid').toString('base64')] : [undefined, undefined, undefined])
      const { app, feed } = running.pop()!
      await runClock(clock, app.shutdown())
      feed.stop()
      alice = new TestPlugin()
      bob = new TestPlugin()
    }
  })

  it('that neighbours ask each other are neither told of nor counted', async () => {
    const { events, feed } = await start()
    await alice.receive(prepare({ destination: 'peer.config', amount: 0 }))
    clock.tick(1000)
    expect(events).to.deep.equal([])
    expect(feed.recent()).to.deep.equal([])
  })

  it('that are refused before they are looked at are counted', async () => {
    bob.answer = () => new Promise(() => undefined)
    const { feed } = await start({ alice: { rateLimit: { refillCount: 1, capacity: 1, refillPeriod: 3_600_000 } } })
    const rejectedOf = (code: string): number => feed.recent().reduce((sum, { accounts }) => sum + (accounts[0]?.codes[code] ?? 0), 0)
    while (alice.admits() === true);
    clock.tick(1000)
    expect(rejectedOf('T05')).to.equal(1)
    expect(alice.admission?.isBusy(ACCOUNT_BYTES_MAX + 1)).to.equal(true)
    clock.tick(1000)
    expect(rejectedOf('T03')).to.equal(1)
  })

  it('do no harm with what another node writes', async () => {
    const { of } = await start()
    bob.answer = () => Promise.resolve(reject('T99', `<script>\u202e\u0000${'x'.repeat(20_000)}`, 'test.bob'))
    await alice.receive(prepare())
    const [event] = of('PACKET_REJECTED') as [PacketRejected]
    expect(event.message).to.have.length(MESSAGE_LENGTH_MAX)
    expect(JSON.parse(JSON.stringify(event))).to.deep.equal(event)
  })

  it('are forwarded and answered byte for byte as without an explorer', async () => {
    const destination = fc.constantFrom('test.bob', 'test.alice', 'test.nobody', 'test.connector.x')
    const packets = fc.array(fc.oneof(
      fc.record({ amount: fc.integer({ min: 0, max: 300 }), destination }).map(fields => prepare({ ...fields, data: Buffer.alloc(4) })),
      damaged(prepareFields.map(byOracle))
    ), { minLength: 1, maxLength: 20 })
    const answer = fc.constantFrom(FULFILL, WRONG_FULFILL, reject('T04'), Buffer.from([14, 1, 0]), Buffer.alloc(0))
    const answers = fc.array(answer, { minLength: 1, maxLength: 5 })
    const run = async (isExplored: boolean, received: Buffer[], replies: Buffer[]): Promise<unknown> => {
      const [from, to] = [new TestPlugin(), new TestPlugin()]
      let count = 0
      to.answer = () => Promise.resolve(replies[count++ % replies.length]!)
      const make = isExplored ? makeExplored : makeConnector
      const { app, container, balances } = make({ alice: account(from, { ...UNLIMITED, maxPacketAmount: '250' }), bob: account(to, UNLIMITED) })
      await runClock(clock, app.listen())
      const answered: string[] = []
      for (const packet of received) answered.push((await runClock(clock, from.receive(packet), 0)).toString('hex'))
      const result = { answered, sent: to.sent.map(packet => packet.toString('hex')), balances: balances() }
      await runClock(clock, app.shutdown())
      container(Feed).stop()
      return result
    }
    await fc.assert(fc.asyncProperty(packets, answers, async (received, replies) => {
      expect(await run(true, received, replies)).to.deep.equal(await run(false, received, replies))
    }), { numRuns: 25 })
  }).timeout(120_000)
})
