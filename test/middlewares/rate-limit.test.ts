/** How many packets an account may send: what is refused, and when packets pass again. */
import { expect } from 'chai'
import { AccountStats } from '../../src/metrics/stats.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { PEER_CONDITION, outcomeOf, prepare } from '../support/packets.js'
import { twoAccounts } from '../support/two-accounts.js'
import { noRejectionLeft } from '../support/unhandled.js'

describe('limits', () => {
  withoutLog()
  noRejectionLeft()
  const line = twoAccounts()

  const start = (alice: Partial<AccountInfo>, bob: Partial<AccountInfo> = {}): Promise<TestConnector> => line.start({}, { alice, bob })

  const send = async (amount: bigint | number = 1): Promise<string> => outcomeOf(await line.alice.receive(prepare({ amount })))
  async function sendMany (count: number): Promise<string[]> {
    const outcomes: string[] = []
    for (let i = 0; i < count; i++) outcomes.push(await send())
    return outcomes
  }

  describe('on packets', () => {
    it('let as many pass as the capacity says, then as many as flow in', async () => {
      await start({ rateLimit: { refillPeriod: 1000, refillCount: 2, capacity: 3 } })
      expect(await sendMany(4)).to.deep.equal(['fulfill', 'fulfill', 'fulfill', 'T05'])
      line.clock.setSystemTime(Date.now() + 499)
      expect(await send()).to.equal('T05')
      line.clock.setSystemTime(Date.now() + 1)
      expect(await sendMany(2)).to.deep.equal(['fulfill', 'T05'])
      line.clock.setSystemTime(Date.now() + 60_000)
      expect(await sendMany(4)).to.deep.equal(['fulfill', 'fulfill', 'fulfill', 'T05'])
    })

    it('take a capacity of 0 for the number that flows in', async () => {
      await start({ rateLimit: { refillPeriod: 1000, refillCount: 2, capacity: 0 } })
      expect(await sendMany(3)).to.deep.equal(['fulfill', 'fulfill', 'T05'])
    })

    it('are 10000 a minute where nothing is said', async () => {
      await start({})
      const answers: Buffer[] = []
      for (const length of [5000, 5001]) {
        answers.push(...await Promise.all(Array.from({ length }, () => line.alice.receive(Buffer.from([0])))))
      }
      expect(answers.filter(answer => outcomeOf(answer) === 'T05')).to.have.lengthOf(1)
      line.clock.setSystemTime(Date.now() + 6)
      expect(await sendMany(2)).to.deep.equal(['fulfill', 'T05'])
    })

    it('count every packet, also what is refused later and what asks a neighbour', async () => {
      await start({ rateLimit: { refillCount: 3 } })
      await line.alice.receive(Buffer.from([1]))
      await line.alice.receive(prepare({ destination: 'peer.config', condition: PEER_CONDITION }))
      await line.alice.receive(prepare({ destination: 'test.nobody' }))
      expect(await send()).to.equal('T05')
    })

    it('are each account\'s own', async () => {
      await start({ rateLimit: { refillCount: 1 } })
      expect(await sendMany(2)).to.deep.equal(['fulfill', 'T05'])
      expect(outcomeOf(await line.bob.receive(prepare({ destination: 'test.alice' })))).to.equal('fulfill')
    })

    it('never refuse money, which is here already: they count it', async () => {
      const { balances, container } = await start({ rateLimit: { refillCount: 1 }, balance: { maximum: '10' } })
      for (const amount of ['1', '2', '3']) await line.alice.receiveMoney(amount)
      expect(balances().alice!.balance).to.equal(-6n)
      expect(await send(), 'money has used up the packets').to.equal('T05')
      const counted = container(AccountStats).getStatus().filter(({ name }) => name.includes('rate_limited'))
        .map(({ name, values }) => [name, values.map(({ value }) => value)])
      expect(counted).to.deep.equal([['ilp_connector_rate_limited_ilp_packets', [1]], ['ilp_connector_rate_limited_money', [2]]])
    })
  })
})
