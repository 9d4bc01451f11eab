/** How many packets an account may send: what is refused, and when packets pass again. */
import { expect } from 'chai'
import { Notices } from '../../src/accounts/notices.js'
import { AccountStats } from '../../src/metrics/stats.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import { account, type TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { PEER_CONDITION, outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
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

    it('are told of when they are passed, once in ten seconds with the number of refusals', async () => {
      const { container } = await start({ rateLimit: { refillPeriod: 1000, refillCount: 1 } })
      const told: unknown[] = []
      container(Notices).tell = notice => { told.push(notice) }
      await sendMany(4)
      line.clock.setSystemTime(Date.now() + 10_000)
      await sendMany(2)
      expect(told).to.deep.equal([1, 3].map(count => ({ type: 'RATE_LIMIT_EXCEEDED', peerId: 'alice', count })))
    })

    it('block an account that goes on over them, where the account says for how long', async () => {
      await start({ rateLimit: { refillPeriod: 1000, refillCount: 1, blockPeriod: 60_000, blockAfter: 2 } })
      expect(await sendMany(3)).to.deep.equal(['fulfill', 'T05', 'T05'])
      line.clock.setSystemTime(Date.now() + 59_999)
      expect(await send()).to.equal('T05')
      line.clock.setSystemTime(Date.now() + 1)
      expect(await send()).to.equal('fulfill')
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

    it('count requests that carry no packet too, once each, and a packet in a counted request no more', async () => {
      await start({ rateLimit: { refillPeriod: 1000, refillCount: 3 } })
      const { alice } = line
      expect(alice.admits()).to.equal(true)
      expect(outcomeOf(await alice.receive(prepare(), { isCounted: true }))).to.equal('fulfill')
      expect([alice.admits(), await send(), alice.admits(), await send()]).to.deep.equal([true, 'fulfill', false, 'T05'])
      expect(outcomeOf(await alice.receive(prepare(), { isCounted: true }))).to.equal('fulfill')
      line.clock.setSystemTime(Date.now() + 1000)
      expect(alice.admits()).to.equal(true)
    })

    it('are shared by all accounts that one client could have chosen', async () => {
      const rateLimit = { refillPeriod: 1000, refillCount: 3 }
      await start({ rateLimit }, { rateLimit })
      const { alice, bob } = line
      expect([alice.admits('10.0.0.1'), bob.admits('10.0.0.1'), alice.admits('10.0.0.1')]).to.deep.equal([true, true, true])
      expect([bob.admits('10.0.0.1'), bob.admits('10.0.0.2')], 'another client').to.deep.equal([false, true])
    })

    it('go on where they were when the account comes again, and begin anew when it has other limits', async () => {
      const { app } = await start({ rateLimit: { refillPeriod: 1000, refillCount: 3 } })
      const come = async (refillCount: number): Promise<TestPlugin> => {
        const plugin = new TestPlugin()
        await app.removePlugin('alice')
        await app.addPlugin('alice', account(plugin, { rateLimit: { refillPeriod: 1000, refillCount } }))
        return plugin
      }
      expect(await sendMany(2)).to.deep.equal(['fulfill', 'fulfill'])
      const again = await come(3)
      expect([again.admits(), again.admits()]).to.deep.equal([true, false])
      expect((await come(4)).admits()).to.equal(true)
      const late = await come(3)
      expect(late.admits()).to.equal(false)
      line.clock.setSystemTime(Date.now() + 1000)
      expect((await come(3)).admits()).to.equal(true)
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
