/** Packets that get no answer end at their expiry, and no timer stays behind. */
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import type { Pipelines } from '../../src/contracts/middleware.js'
import type { Options, TestConnector } from '../support/connector.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { never, rejecting } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, fulfilling, outcomeOf, prepare, reject } from '../support/packets.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

describe('answers', () => {
  withoutLog()
  noRejectionLeft()
  const line = twoAccounts()

  const start = (options?: Options): Promise<TestConnector> => line.start(options)

  const send = (): Promise<Buffer> => line.alice.receive(prepare())

  describe('that do not come', () => {
    it('are given up at the packet\'s expiry, and no timer stays behind those that come', async () => {
      await start()
      expect(await send()).to.equal(FULFILL) // what remembers packets of the account begins with the first one
      const before = line.clock.countTimers()
      expect(await send()).to.equal(FULFILL)
      for (const answer of [() => Promise.resolve(reject('T00')), rejecting(undefined), () => undefined]) {
        line.bob.answer = answer
        await send()
      }
      expect(line.clock.countTimers()).to.equal(before)

      line.bob.answer = never
      const expiresAt = Date.now() + 5000
      const answers = [expiresAt, expiresAt, expiresAt + 1].map(expiresAt => line.alice.receive(prepare({ expiresAt })))
      const outcomes: string[] = []
      for (const answer of answers) void answer.then(reply => outcomes.push(outcomeOf(reply)))
      await quiet()
      await line.clock.tickAsync(3999)
      expect(outcomes).to.deep.equal([])
      await line.clock.tickAsync(1)
      expect(outcomes).to.deep.equal(['R00', 'R00'])
      await line.clock.tickAsync(1)
      expect(outcomes).to.deep.equal(['R00', 'R00', 'R00'])
      expect(deserializeIlpReject(await answers[0]!)).to.include({ message: 'packet expired.', triggeredBy: 'test.connector' })
      expect(line.clock.countTimers()).to.be.at.most(before)
    })

    it('cannot keep anybody from answering others in the same millisecond', async () => {
      await start()
      const expiresAt = Date.now() + 5000
      let late: (answer: Buffer) => void = () => undefined
      line.bob.answer = () => new Promise(resolve => { late = resolve })
      const slow = line.alice.receive(prepare({ expiresAt }))
      await quiet()
      line.bob.answer = fulfilling
      expect(await line.alice.receive(prepare({ expiresAt }))).to.equal(FULFILL)
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
      await line.clock.tickAsync(20_000)
      expect(outcomeOf(await reply)).to.equal('R00')
      answer(undefined)
      await quiet() // an unhandled rejection would fail this test
    })
  })
})
