/** What senders are told: answers of the next hop as they are, and our own of whatever was thrown. */
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import { account, startConnector, type Options, type TestConnector } from '../support/connector.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { never, rejecting, rejection, throwing } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, outcomeOf, prepare, reject } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

describe('answers', () => {
  const lines = withoutLog()
  noRejectionLeft()
  const line = twoAccounts()

  const start = (options?: Options): Promise<TestConnector> => line.start(options)

  const send = (): Promise<Buffer> => line.alice.receive(prepare())

  describe('of the next hop', () => {
    for (const answer of [FULFILL, reject('F99', 'no', 'test.bob.shop'), reject('T00', '', ''), reject('R99', 'caf\u00e9')]) {
      it(`go back byte for byte: ${outcomeOf(answer)}`, async () => {
        await start()
        line.bob.answer = () => Promise.resolve(answer)
        expect(await send()).to.equal(answer)
      })
    }
  })

  describe('of our own', () => {
    it('say what was wrong, and who says so', async () => {
      await start()
      line.bob.answer = rejecting(Object.assign(new Error('caf\u00e9'), { ilpErrorCode: 'T77', ilpErrorData: Buffer.from('why') }))
      expect(deserializeIlpReject(await send()))
        .to.deep.equal({ code: 'T77', triggeredBy: 'test.connector', message: 'failed to send packet: caf\u00e9', data: Buffer.from('why') })
    })

    it('can be read by everybody also while the connector has no address', async () => {
      const parent = account(new TestPlugin(never), { relation: 'parent' })
      const starting = startConnector({ alice: account(line.alice), parent }, { ilpAddress: 'unknown', initialConnectTimeout: 10 })
      await quiet()
      await line.clock.tickAsync(1000)
      line.connector = await starting
      expect(deserializeIlpReject(await line.alice.receive(prepare({ destination: 'g.nobody' })))).to.include({ code: 'F02', triggeredBy: '' })
    })

    it('are made of whatever a middleware throws', async () => {
      const badlyCoded = Object.assign(new Error('x'), { ilpErrorCode: 'TOO LONG' })
      const thrown = [new Error('x'), undefined, null, 'text', 5, Symbol('s'), {}, Object.create(null), badlyCoded]
      let next: unknown
      const mine = customMiddleware(({ incomingData }) => incomingData.insertLast({ name: 'x', method: () => throwing(next)() }))
      await start({ middlewares: { mine } })
      for (next of thrown) expect(deserializeIlpReject(await send()).code).to.equal('F00')
    })

    it('say nothing of the inside: that goes to the log, in one line in ten seconds for all senders', async () => {
      let next: unknown = new Error('cannot open /home/shop/key')
      const mine = customMiddleware(({ incomingData }) => incomingData.insertLast({ name: 'x', method: (data, go) => next === undefined ? go(data) : throwing(next)() }))
      await start({ middlewares: { mine } })
      const messages: string[] = []
      const told = async (): Promise<void> => { messages.push(deserializeIlpReject(await send()).message) }
      await told()
      await told()
      next = undefined
      line.bob.answer = rejecting(new Error('ECONNREFUSED 10.0.0.7'))
      await told()
      line.bob.connected = false
      await told()
      await line.clock.tickAsync(10_000)
      await told()
      expect(messages).to.deep.equal([
        'internal error.', 'internal error.', 'failed to send packet.', 'no connection to account.', 'no connection to account.'
      ])
      expect(lines.filter(text => text.includes('rejected a packet')).map(text => text.slice(text.indexOf('rejected')).trim())).to.deep.equal([
        'rejected a packet because of an unexpected error. accountId=alice error=cannot open /home/shop/key packetsSinceLastLine=1',
        'rejected a packet. accountId=alice ilpErrorCode=F02 reason=failed to send packet: ECONNREFUSED 10.0.0.7 packetsSinceLastLine=1',
        'rejected a packet. accountId=alice ilpErrorCode=T01 reason=no connection to account. account=bob packetsSinceLastLine=2'
      ])
    })

    it('are errors of the data handler only where the error handler is disabled', async () => {
      await start({ disableMiddleware: ['errorHandler'] })
      expect(await rejection(line.alice.receive(prepare({ destination: 'test.nobody' })))).to.have.property('ilpErrorCode', 'F02')
    })
  })

  describe('to money', () => {
    const failing = (thrown: unknown): Options =>
      ({ middlewares: { mine: customMiddleware(({ incomingMoney }) => incomingMoney.insertLast({ name: 'x', method: rejecting(thrown) })) } })

    it('say what was wrong', async () => {
      const error = new Error('not today')
      await start(failing(error))
      expect(await rejection(line.alice.receiveMoney('5'))).to.equal(error)
    })

    for (const thrown of [undefined, 'text', Object.create(null) as object]) {
      it(`are errors whatever was thrown: ${Object.prototype.toString.call(thrown)}`, async () => {
        await start(failing(thrown))
        expect(await rejection(line.alice.receiveMoney('5'))).to.be.an.instanceof(Error)
      })
    }
  })
})
