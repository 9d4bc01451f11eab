/** Operators hear of peers at whose limit we are: one alert per account and node, of a bounded number. */
import { expect } from 'chai'
import { MiddlewareManager } from '../../src/pipeline/middleware-manager.js'
import type { Options, TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { prepare, reject } from '../support/packets.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'

interface Alert { id: number, accountId: string, triggeredBy: string, message: string, count: number, createdAt: Date, updatedAt: Date }
interface Alerts { getAlerts (): Alert[], dismissAlert (id: number): void }

const AT_MAXIMUM = 'exceeded maximum balance.'

describe('answers', () => {
  withoutLog()
  noRejectionLeft()
  const line = twoAccounts()

  const start = (options?: Options): Promise<TestConnector> => line.start(options)

  const send = (): Promise<Buffer> => line.alice.receive(prepare())

  describe('that say we are at the peer\'s limit', () => {
    const alerts = (): Alerts => line.connector.container(MiddlewareManager).getMiddleware('alert') as unknown as Alerts
    const refused = async (triggeredBy: string, message = AT_MAXIMUM, code = 'T04'): Promise<void> => {
      line.bob.answer = () => Promise.resolve(reject(code, message, triggeredBy))
      await send()
    }

    it('raise one alert per account and node, and count the rest', async () => {
      await start()
      const first = new Date()
      await refused('test.bob')
      await refused('test.bob.far')
      line.clock.setSystemTime(Date.now() + 1000)
      await refused('test.bob')
      const [one, other] = alerts().getAlerts()
      expect(one).to.deep.include({ accountId: 'bob', triggeredBy: 'test.bob', message: AT_MAXIMUM, count: 2, createdAt: first, updatedAt: new Date() })
      expect(other).to.deep.include({ triggeredBy: 'test.bob.far', count: 1 })
      expect(other!.id).to.be.above(one!.id)
      expect(one!.id).to.be.at.least(first.getTime())
      line.alice.answer = line.bob.answer
      await line.bob.receive(prepare({ destination: 'test.alice' }))
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
})
