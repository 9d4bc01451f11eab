/** How much money an account may move per period, in each direction, exactly. */
import { expect } from 'chai'
import { deserializeIlpReject } from 'ilp-packet'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { fulfilling, outcomeOf, prepare, reject } from '../support/packets.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'

describe('limits', () => {
  withoutLog()
  noRejectionLeft()
  const line = twoAccounts()

  const start = (alice: Partial<AccountInfo>, bob: Partial<AccountInfo> = {}): Promise<TestConnector> => line.start({}, { alice, bob })

  const send = async (amount: bigint | number = 1): Promise<string> => outcomeOf(await line.alice.receive(prepare({ amount })))

  describe('on money', () => {
    for (const [direction, info, bobInfo] of [
      ['in', { throughput: { refillPeriod: 1000, incomingAmount: '100' } }, {}],
      ['out', {}, { throughput: { refillPeriod: 1000, outgoingAmount: '100' } }]
    ] as const) {
      it(`let as much ${direction} as the amount says per period`, async () => {
        await start(info, bobInfo)
        expect([await send(60), await send(41), await send(40), await send(1), await send(0)])
          .to.deep.equal(['fulfill', 'T04', 'fulfill', 'T04', 'fulfill'])
        line.clock.setSystemTime(Date.now() + 10)
        expect([await send(2), await send(1), await send(1)]).to.deep.equal(['T04', 'fulfill', 'T04'])
        line.clock.setSystemTime(Date.now() + 100_000)
        expect([await send(101), await send(100)]).to.deep.equal(['T04', 'fulfill'])
      })

      it(`count only what was moved ${direction}`, async () => {
        await start(info, bobInfo)
        for (const answer of [() => Promise.resolve(reject('T99')), () => Promise.reject(new Error('no')), () => undefined]) {
          line.bob.answer = answer
          expect(await send(100)).to.not.equal('fulfill')
        }
        line.bob.answer = fulfilling
        expect([await send(100), await send(1)]).to.deep.equal(['fulfill', 'T04'])
      })
    }

    it('are exact where a JavaScript number is not', async () => {
      await start({ throughput: { incomingAmount: '9007199254740993' } })
      expect([await send(9007199254740993n), await send(1)]).to.deep.equal(['fulfill', 'T04'])
    })

    it('name the reason', async () => {
      await start({ throughput: { incomingAmount: '1' } })
      expect(deserializeIlpReject(await line.alice.receive(prepare())).message).to.equal('exceeded money bandwidth, throttling.')
    })
  })
})
