/** What senders, operators and dashboards are told of the answers that pass: rejects of our own, alerts, timeouts, counters. */
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import type sinon from 'sinon'
import { AccountStats } from '../../src/metrics/stats.js'
import type { MiddlewareApi, Pipelines } from '../../src/contracts/middleware.js'
import { MiddlewareManager } from '../../src/pipeline/middleware-manager.js'
import { endClock, stoppedClock } from '../support/clock.js'
import { account, quiet, startConnector, type Options, type TestConnector } from '../support/connector.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { never, rejecting, rejection, throwing } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, WRONG_FULFILL, fulfilling, outcomeOf, prepare, reject } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'

interface Alert { id: number, accountId: string, triggeredBy: string, message: string, count: number, createdAt: Date, updatedAt: Date }
interface Alerts { getAlerts (): Alert[], dismissAlert (id: number): void }

const AT_MAXIMUM = 'exceeded maximum balance.'

describe('answers', () => {
  withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  let alice: TestPlugin
  let bob: TestPlugin
  let connector: TestConnector

  beforeEach(() => {
    clock = stoppedClock()
    alice = new TestPlugin()
    bob = new TestPlugin()
  })
  afterEach(async () => {
    await connector.app.shutdown()
    endClock(clock)
  })

  async function start (options: Options = {}): Promise<void> {
    connector = await startConnector({ alice: account(alice), bob: account(bob) }, options)
  }

  const send = (): Promise<Buffer> => alice.receive(prepare())

  describe('of the next hop', () => {
    for (const answer of [FULFILL, reject('F99', 'no', 'test.bob.shop'), reject('T00', '', ''), reject('R99', 'caf\u00e9')]) {
      it(`go back byte for byte: ${outcomeOf(answer)}`, async () => {
        await start()
        bob.answer = () => Promise.resolve(answer)
        expect(await send()).to.equal(answer)
      })
    }
  })

  describe('of our own', () => {
    it('say what was wrong, and who says so', async () => {
      await start()
      bob.answer = rejecting(Object.assign(new Error('caf\u00e9'), { ilpErrorCode: 'T77', ilpErrorData: Buffer.from('why') }))
      expect(deserializeIlpReject(await send()))
        .to.deep.equal({ code: 'T77', triggeredBy: 'test.connector', message: 'failed to send packet: caf\u00e9', data: Buffer.from('why') })
    })

    it('can be read by everybody also while the connector has no address', async () => {
      const parent = account(new TestPlugin(never), { relation: 'parent' })
      const starting = startConnector({ alice: account(alice), parent }, { ilpAddress: 'unknown', initialConnectTimeout: 10 })
      await quiet()
      await clock.tickAsync(1000)
      connector = await starting
      expect(deserializeIlpReject(await alice.receive(prepare({ destination: 'g.nobody' })))).to.include({ code: 'F02', triggeredBy: '' })
    })

    it('are made of whatever a middleware throws', async () => {
      const badlyCoded = Object.assign(new Error('x'), { ilpErrorCode: 'TOO LONG' })
      const thrown = [new Error('x'), undefined, null, 'text', 5, Symbol('s'), {}, Object.create(null), badlyCoded]
      let next: unknown
      const mine = customMiddleware(({ incomingData }) => incomingData.insertLast({ name: 'x', method: () => throwing(next)() }))
      await start({ middlewares: { mine } })
      for (next of thrown) expect(deserializeIlpReject(await send()).code).to.equal('F00')
    })

    it('are errors of the data handler only where the error handler is disabled', async () => {
      await start({ disableMiddleware: ['errorHandler'] })
      expect(await rejection(alice.receive(prepare({ destination: 'test.nobody' })))).to.have.property('ilpErrorCode', 'F02')
    })
  })

  describe('to money', () => {
    const failing = (thrown: unknown): Options =>
      ({ middlewares: { mine: customMiddleware(({ incomingMoney }) => incomingMoney.insertLast({ name: 'x', method: rejecting(thrown) })) } })

    it('say what was wrong', async () => {
      const error = new Error('not today')
      await start(failing(error))
      expect(await rejection(alice.receiveMoney('5'))).to.equal(error)
    })

    for (const thrown of [undefined, 'text', Object.create(null) as object]) {
      it(`are errors whatever was thrown: ${Object.prototype.toString.call(thrown)}`, async () => {
        await start(failing(thrown))
        expect(await rejection(alice.receiveMoney('5'))).to.be.an.instanceof(Error)
      })
    }
  })

  describe('that do not come', () => {
    it('are given up at the packet\'s expiry, and no timer stays behind those that come', async () => {
      await start()
      const before = clock.countTimers()
      expect(await send()).to.equal(FULFILL)
      for (const answer of [() => Promise.resolve(reject('T00')), rejecting(undefined), () => undefined]) {
        bob.answer = answer
        await send()
      }
      expect(clock.countTimers()).to.equal(before)

      bob.answer = never
      const expiresAt = Date.now() + 5000
      const answers = [expiresAt, expiresAt, expiresAt + 1].map(expiresAt => alice.receive(prepare({ expiresAt })))
      const outcomes: string[] = []
      for (const answer of answers) void answer.then(reply => outcomes.push(outcomeOf(reply)))
      await quiet()
      await clock.tickAsync(3999)
      expect(outcomes).to.deep.equal([])
      await clock.tickAsync(1)
      expect(outcomes).to.deep.equal(['R00', 'R00'])
      await clock.tickAsync(1)
      expect(outcomes).to.deep.equal(['R00', 'R00', 'R00'])
      expect(deserializeIlpReject(await answers[0]!)).to.include({ message: 'packet expired.', triggeredBy: 'test.connector' })
      expect(clock.countTimers()).to.equal(before)
    })

    it('cannot keep anybody from answering others in the same millisecond', async () => {
      await start()
      const expiresAt = Date.now() + 5000
      let late: (answer: Buffer) => void = () => undefined
      bob.answer = () => new Promise(resolve => { late = resolve })
      const slow = alice.receive(prepare({ expiresAt }))
      await quiet()
      bob.answer = fulfilling
      expect(await alice.receive(prepare({ expiresAt }))).to.equal(FULFILL)
      late(FULFILL)
      expect(await slow).to.equal(FULFILL)
    })

    it('hurt nobody when they are nothing at all, too late', async () => {
      let answer: (reply: unknown) => void = () => undefined
      const outgoing = (pipelines: Pipelines): void => pipelines.outgoingData.insertLast({
        name: 'mine', method: () => new Promise<unknown>(resolve => { answer = resolve }) as Promise<Buffer>
      })
      await start({ disableMiddleware: ['validateFulfillment', 'stats', 'alert'], middlewares: { mine: customMiddleware(outgoing) } })
      const reply = send()
      await quiet()
      await clock.tickAsync(20_000)
      expect(outcomeOf(await reply)).to.equal('R00')
      answer(undefined)
      await quiet() // an unhandled rejection would fail this test
    })
  })

  describe('that say we are at the peer\'s limit', () => {
    const alerts = (): Alerts => connector.container(MiddlewareManager).getMiddleware('alert') as unknown as Alerts
    const refused = async (triggeredBy: string, message = AT_MAXIMUM, code = 'T04'): Promise<void> => {
      bob.answer = () => Promise.resolve(reject(code, message, triggeredBy))
      await send()
    }

    it('raise one alert per account and node, and count the rest', async () => {
      await start()
      const first = new Date()
      await refused('test.bob')
      await refused('test.bob.far')
      clock.setSystemTime(Date.now() + 1000)
      await refused('test.bob')
      const [one, other] = alerts().getAlerts()
      expect(one).to.deep.include({ accountId: 'bob', triggeredBy: 'test.bob', message: AT_MAXIMUM, count: 2, createdAt: first, updatedAt: new Date() })
      expect(other).to.deep.include({ triggeredBy: 'test.bob.far', count: 1 })
      expect(other!.id).to.be.above(one!.id)
      expect(one!.id).to.be.at.least(first.getTime())
      alice.answer = bob.answer
      await bob.receive(prepare({ destination: 'test.alice' }))
      expect(alerts().getAlerts().map(({ accountId }) => accountId)).to.deep.equal(['bob', 'bob', 'alice'])
    })

    it('raise none for other reasons', async () => {
      await start()
      await refused('test.bob', 'exceeded money bandwidth, throttling.')
      await refused('test.bob', AT_MAXIMUM, 'T00')
      expect(alerts().getAlerts()).to.deep.equal([])
    })

    it('raise another one when it was dismissed', async () => {
      await start()
      await refused('test.bob')
      await refused('test.bob.far')
      const [{ id }] = alerts().getAlerts() as [Alert]
      alerts().dismissAlert(id)
      alerts().dismissAlert(12345)
      expect(alerts().getAlerts().map(({ triggeredBy }) => triggeredBy)).to.deep.equal(['test.bob.far'])
      await refused('test.bob')
      expect(alerts().getAlerts().map(({ triggeredBy, count }) => [triggeredBy, count])).to.deep.equal([['test.bob.far', 1], ['test.bob', 1]])
    })

    it('raise no more than 1000, however many names a peer makes up: the oldest go', async () => {
      await start()
      for (let i = 0; i < 1010; i++) await refused(`test.bob.n${i}`)
      const raised = alerts().getAlerts()
      expect(raised).to.have.lengthOf(1000)
      expect([raised[0]!.triggeredBy, raised[999]!.triggeredBy]).to.deep.equal(['test.bob.n10', 'test.bob.n1009'])
    })
  })

  describe('are counted', () => {
    let api: MiddlewareApi

    async function counted (name: string, act: () => Promise<unknown>): Promise<unknown[]> {
      await start({ middlewares: { mine: customMiddleware((_pipelines, _accountId, given) => { api = given }) } })
      await act()
      return connector.container(AccountStats).getStatus().find(metric => metric.name === `ilp_connector_${name}`)!
        .values.map(({ value, labels: { result, code, account } }) => [account, result, ...(code === undefined ? [] : [code]), value])
    }

    const everyOutcome = async (): Promise<void> => {
      for (const answer of [fulfilling, fulfilling, () => Promise.resolve(reject('F99')), () => Promise.resolve(WRONG_FULFILL), rejecting(undefined)]) {
        bob.answer = answer
        await send()
      }
      await alice.receive(prepare({ destination: 'test.nobody' }))
    }

    it('as what they are to the account they came from', async () => {
      expect(await counted('incoming_ilp_packets', everyOutcome))
        .to.deep.equal([['alice', 'fulfilled', 2], ['alice', 'rejected', 1], ['alice', 'failed', 3]])
    })

    it('as what they are to the account they went to, with the code of a reject', async () => {
      expect(await counted('outgoing_ilp_packets', everyOutcome))
        .to.deep.equal([['bob', 'fulfilled', 3], ['bob', 'rejected', 'F99', 1], ['bob', 'failed', 1]])
    })

    it('as the last amount of money, by its success', async () => {
      expect(await counted('outgoing_money', async () => {
        await api.sendMoney('17', 'bob')
        bob.sendMoney = rejecting(new Error('no funds'))
        await rejection(api.sendMoney('18', 'bob'))
      })).to.deep.equal([['bob', 'succeeded', 17], ['bob', 'failed', 18]])
    })
  })
})
