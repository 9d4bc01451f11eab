/** Packets that get no answer end at their expiry, and no timer stays behind. */
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import type sinon from 'sinon'
import type { Pipelines } from '../../src/contracts/middleware.js'
import { endClock, stoppedClock } from '../support/clock.js'
import { account, startConnector, type Options, type TestConnector } from '../support/connector.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { never, rejecting } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, fulfilling, outcomeOf, prepare, reject } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

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
})
