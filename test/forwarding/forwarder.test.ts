/** One Prepare on its way through the connector: where it goes, what is left of it and for how long, and who is told of it. */
import { expect } from 'chai'
import { deserializeIlpPrepare, deserializeIlpReject } from 'ilp-packet'
import reductModule from 'reduct'
import { createApp } from '../../src/connector/connector.js'
import { RateBackend } from '../../src/forwarding/rate-backend.js'
import type { PacketReport, PaymentReport, Rate } from '../../src/contracts/backend.js'
import { MEMORY_STORE, account, type Options, type TestConnector } from '../support/connector.js'
import { customBackend } from '../support/modules/custom-backend.js'
import { rejecting, throwing } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { CONDITION, FULFILL, outcomeOf, prepare, reject, type PrepareOptions } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

const MAX = 2n ** 64n - 1n

describe('a forwarded packet', () => {
  const log = withoutLog()
  noRejectionLeft()
  const line = twoAccounts(Date.UTC(2026, 0, 1))

  const start = (options?: Options): Promise<TestConnector> => line.start(options)

  const atRate = (rate: Rate): Options => customBackend({ rate: () => rate })
  const send = (packet: PrepareOptions = {}): Promise<string> => line.alice.receive(prepare(packet)).then(outcomeOf)
  const received = (): ReturnType<typeof deserializeIlpPrepare> => deserializeIlpPrepare(line.bob.sent.at(-1)!)

  describe('keeps', () => {
    it('its condition, destination and data', async () => {
      await start(atRate(2))
      for (const data of [Buffer.alloc(0), Buffer.alloc(32_768, 7)]) {
        expect(await send({ destination: 'test.bob.a.b', data })).to.equal('fulfill')
        const { destination, executionCondition, data: forwarded } = received()
        expect({ destination, executionCondition, data: forwarded }).to.deep.equal({ destination: 'test.bob.a.b', executionCondition: CONDITION, data })
      }
    })

    it('nothing of what stands behind it', async () => {
      await start()
      const packet = prepare()
      await line.alice.receive(Buffer.concat([packet, Buffer.from('more')]))
      expect(line.bob.sent[0]).to.have.lengthOf(packet.length)
    })
  })

  describe('of which nothing would arrive', () => {
    for (const [rate, amount] of [['0.000001', 999_999n], [0.1, 3n], [0.998002, 1n], ['0.5', 1n]] as Array<[Rate, bigint]>) {
      it(`is refused with R01, and nobody pays: ${amount} at a rate of ${String(rate)}`, async () => {
        await line.start(atRate(rate), { alice: { balance: { maximum: '10000000' } } })
        expect(await send({ amount })).to.equal('R01')
        expect(line.bob.sent).to.deep.equal([])
        expect(line.connector.balances().alice).to.deep.equal({ balance: 0n, held: 0n })
      })
    }
  })

  describe('is worth', () => {
    for (const [rate, amount, expected] of [
      [1, 100n, 100n], ['0.998', 999n, 997n], [1 / 3, 10n, 3n], ['0.000001', 1_999_999n, 1n], ['1e3', 7n, 7000n], [0.998002, 2n, 1n], ['0.5', 0n, 0n],
      ['0.99999999999999999999', 10n ** 19n, 9_999_999_999_999_999_999n], [{ toString: () => '1.5' }, 3n, 4n], [1, MAX, MAX], [1, 0n, 0n]
    ] as Array<[Rate, bigint, bigint]>) {
      it(`${expected} of ${amount} at a rate of ${String(rate)}`, async () => {
        await start(atRate(rate))
        expect(await send({ amount })).to.equal('fulfill')
        expect(received().amount).to.equal(String(expected))
      })
    }

    it('the rate between its two accounts, in that direction', async () => {
      const asked: string[] = []
      await start(customBackend({
        rate: (source, destination) => {
          asked.push(`${source}-${destination}`)
          return source === 'alice' ? 3 : 5
        }
      }))
      await send({ amount: 2 })
      await line.bob.receive(prepare({ destination: 'test.alice', amount: 2 }))
      expect([received().amount, deserializeIlpPrepare(line.alice.sent[0]!).amount]).to.deep.equal(['6', '10'])
      expect(asked).to.deep.equal(['alice-bob', 'bob-alice'])
    })

    for (const [rate, largest] of [['2', MAX / 2n], ['10', MAX / 10n], ['1.5', 12_297_829_382_473_034_410n], ['1e12', MAX / 10n ** 12n]] as const) {
      it(`at most what a packet can carry: ${largest} at a rate of ${rate}`, async () => {
        await start(atRate(rate))
        expect(await send({ amount: largest })).to.equal('fulfill')
        const { code, data } = deserializeIlpReject(await line.alice.receive(prepare({ amount: largest + 1n })))
        expect([code, data.readBigUInt64BE(0), data.readBigUInt64BE(8)]).to.deep.equal(['F08', largest + 1n, largest])
        expect(line.bob.sent).to.have.lengthOf(1)
      })
    }
  })

  describe('is valid', () => {
    const inMs = (ms: number): PrepareOptions => ({ expiresAt: Date.now() + ms })
    const leftOf = (): number => received().expiresAt.getTime() - Date.now()

    it('a second less for the next hop, and no longer than we hold money', async () => {
      await start()
      const pairs = [[2000, 1000], [2001, 1001], [30_000, 29_000], [31_000, 30_000], [31_001, 30_000], [10 ** 9, 30_000]] as const
      for (const [given, left] of pairs) {
        expect(await send(inMs(given))).to.equal('fulfill')
        expect(leftOf(), `given ${given}`).to.equal(left)
      }
    })

    for (const [ms, message] of [
      [1999, 'source transfer expires too soon to complete payment.'], [0, 'source transfer expires too soon to complete payment.'],
      [-1, 'source transfer has already expired.'], [-(10 ** 12), 'source transfer has already expired.']
    ] as const) {
      it(`too shortly with ${ms} ms left`, async () => {
        await start()
        const reject = deserializeIlpReject(await line.alice.receive(prepare(inMs(ms))))
        expect(reject.code).to.equal('R02')
        expect(reject.message).to.include(message).and.include(new Date().toISOString())
        expect(line.bob.sent).to.deep.equal([])
      })
    }

    it('as the configuration says, also after it was changed', async () => {
      await start({ minMessageWindow: 500, maxHoldTime: 10_000 })
      await send(inMs(1000))
      expect(leftOf()).to.equal(500)
      expect(await send(inMs(999))).to.equal('R02')
      await send(inMs(20_000))
      expect(leftOf()).to.equal(10_000)
      Object.assign(line.connector.app.config, { minMessageWindow: 0, maxHoldTime: 5000 })
      await send(inMs(20_000))
      expect(leftOf()).to.equal(5000)
      expect(await send(inMs(0))).to.equal('fulfill')
    })

    it('whatever the clock does', async () => {
      await start()
      const packet = prepare(inMs(5000))
      line.clock.setSystemTime(Date.now() - 10 * 365 * 24 * 3600 * 1000)
      expect(await line.alice.receive(packet)).to.equal(FULFILL)
      expect(leftOf()).to.equal(30_000)
    })
  })

  describe('goes', () => {
    it('to the longest prefix', async () => {
      const routes = [['test', 'alice'], ['test.bob', 'bob'], ['test.bob.home', 'alice']] as const
      await start({ routes: routes.map(([targetPrefix, peerId]) => ({ targetPrefix, peerId })) })
      await send({ destination: 'test.bobby' })
      await send({ destination: 'test.bob.homer' })
      await send({ destination: 'test.bob.home.tv' })
      expect([line.alice.sent, line.bob.sent].map(sent => sent.map(packet => deserializeIlpPrepare(packet).destination)))
        .to.deep.equal([['test.bobby', 'test.bob.home.tv'], ['test.bob.homer']])
    })

    it('back to where it came from, unless that is forbidden', async () => {
      await start()
      expect(await send({ destination: 'test.alice' })).to.equal('fulfill')
      line.connector.app.config.reflectPayments = false
      expect(await send({ destination: 'test.alice' })).to.equal('F02')
      expect(await line.bob.receive(prepare({ destination: 'test.alice' }))).to.equal(FULFILL)
    })

    it('nowhere while the next hop is away, whatever else is wrong with it later on', async () => {
      await start()
      line.bob.connected = false
      const { code, message } = deserializeIlpReject(await line.alice.receive(prepare({ expiresAt: Date.now() - 1 })))
      expect({ code, message }).to.deep.equal({ code: 'T01', message: 'no connection to account.' })
    })

    it('without the reasons of the backend that knows no rate', async () => {
      await start(customBackend({ rate: throwing(new Error('api key hunter2 rejected')) }))
      const { code, message } = deserializeIlpReject(await line.alice.receive(prepare()))
      expect(code).to.equal('T00')
      expect(message).to.not.include('hunter2')
    })
  })

  describe('is told to the backend', () => {
    it('with what came and what went, and the answer', async () => {
      const packets: PacketReport[] = []
      const payments: PaymentReport[] = []
      const hear = <T> (list: T[]) => (report: T): Promise<void> => {
        list.push(report)
        return Promise.resolve()
      }
      await start(customBackend({ rate: () => 2, submitPacket: hear(packets), submitPayment: hear(payments) }))
      const expiresAt = Date.now() + 5000
      const data = Buffer.from('x')
      await send({ amount: 5, expiresAt, data })
      const answer = reject('F99')
      line.bob.answer = () => Promise.resolve(answer)
      await send({ amount: 6 })
      line.bob.answer = rejecting(undefined)
      await send({ amount: 7 })
      const sides = { sourceAccount: 'alice', destinationAccount: 'bob' }
      expect(payments).to.deep.equal([{ ...sides, sourceAmount: '5', destinationAmount: '10' }])
      expect(packets.map(({ sourceAmount, destinationAmount, result }) => [sourceAmount, destinationAmount, result]))
        .to.deep.equal([['5', '10', FULFILL], ['6', '12', answer]])
      expect(packets[0]!.parsedPacket).to.deep.equal({
        amount: '5', destination: 'test.bob', executionCondition: CONDITION, expiresAt: new Date(expiresAt), data
      })
    })

    for (const [what, submit] of [
      ['throws', throwing(new Error('disk full'))], ['throws undefined', throwing(undefined)], ['rejects', rejecting(new Error('disk full'))],
      ['rejects with undefined', rejecting(undefined)], ['answers nothing', () => undefined]
    ] as Array<[string, () => Promise<void>]>) {
      it(`and stays fulfilled when that ${what}`, async () => {
        await start(customBackend({ submitPacket: submit, submitPayment: submit }))
        expect(await send()).to.equal('fulfill')
        await quiet()
        const errors = log.filter(line => line.includes('error while submitting'))
        expect(errors).to.have.lengthOf(what === 'answers nothing' ? 0 : 2)
      })
    }
  })
})

describe('a backend of the application\'s own', () => {
  const log = withoutLog()
  noRejectionLeft()

  it('takes the place of the configured one, with as little as it needs', async () => {
    const calls: string[] = []
    class Own {
      constructor (deps: unknown) { calls.push(typeof deps) }
      connect (): Promise<void> {
        calls.push('connect')
        return Promise.resolve()
      }

      getRate (): Promise<number> { return Promise.resolve(3) }
      submitPayment (): Promise<void> {
        calls.push('submitPayment')
        return Promise.resolve()
      }
    }
    const container = reductModule.default()
    container.setOverride(RateBackend, Own)
    const [alice, bob] = [new TestPlugin(), new TestPlugin()]
    const app = createApp({
      ilpAddress: 'test.connector', backend: 'there-is-no-such-module', store: MEMORY_STORE, routeBroadcastEnabled: false,
      accounts: { alice: account(alice), bob: account(bob) }, routes: [{ targetPrefix: 'test.bob', peerId: 'bob' }]
    }, container)
    await app.listen()
    expect(await alice.receive(prepare({ amount: 5 }))).to.equal(FULFILL)
    expect(deserializeIlpPrepare(bob.sent[0]!).amount).to.equal('15')
    await app.shutdown()
    expect(calls).to.deep.equal(['function', 'connect', 'submitPayment'])
    expect(log.filter(line => line.includes(' error ')), 'it need not have more methods').to.deep.equal([])
  })
})
