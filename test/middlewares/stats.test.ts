/** Packets and money are counted by what became of them, for the account they came from and the one they went to. */
import { expect } from 'chai'
import { AccountStats } from '../../src/metrics/stats.js'
import type { MiddlewareApi } from '../../src/contracts/middleware.js'
import type { Options, TestConnector } from '../support/connector.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { rejecting, rejection } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { WRONG_FULFILL, fulfilling, prepare, reject } from '../support/packets.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'

describe('answers', () => {
  withoutLog()
  noRejectionLeft()
  const line = twoAccounts()

  const start = (options?: Options): Promise<TestConnector> => line.start(options)

  const send = (): Promise<Buffer> => line.alice.receive(prepare())

  describe('are counted', () => {
    let api: MiddlewareApi

    async function counted (name: string, act: () => Promise<unknown>): Promise<unknown[]> {
      await start({ middlewares: { mine: customMiddleware((_pipelines, _accountId, given) => { api = given }) } })
      await act()
      return line.connector.container(AccountStats).getStatus().find(metric => metric.name === `ilp_connector_${name}`)!
        .values.map(({ value, labels: { result, code, account } }) => [account, result, ...(code === undefined ? [] : [code]), value])
    }

    const everyOutcome = async (): Promise<void> => {
      for (const answer of [fulfilling, fulfilling, () => Promise.resolve(reject('F99')), () => Promise.resolve(WRONG_FULFILL), rejecting(undefined)]) {
        line.bob.answer = answer
        await send()
      }
      await line.alice.receive(prepare({ destination: 'test.nobody' }))
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
        line.bob.sendMoney = rejecting(new Error('no funds'))
        await rejection(api.sendMoney('18', 'bob'))
      })).to.deep.equal([['bob', 'succeeded', 17], ['bob', 'failed', 18]])
    })
  })
})
