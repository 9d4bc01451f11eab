/** Limits at infinity, and settlements that a packet of an account to itself must not set off. */
import { expect } from 'chai'
import { account, startConnector, type TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { outcomeOf, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { quiet } from '../support/waiting.js'

describe('the balance of an account', () => {
  withoutLog()
  let connector: TestConnector
  afterEach(() => connector.app.shutdown())

  for (const [side, balance] of [['alice', { maximum: '-Infinity' }], ['bob', { minimum: 'Infinity', maximum: 'Infinity' }]] as const) {
    it(`lets nothing pass at ${JSON.stringify(balance)}`, async () => {
      const [alice, bob] = [new TestPlugin(), new TestPlugin()]
      connector = await startConnector({
        alice: account(alice, side === 'alice' ? { balance } : {}), bob: account(bob, side === 'bob' ? { balance } : {})
      })
      expect(outcomeOf(await alice.dataHandler!(prepare()))).to.equal('T04')
      expect(bob.sent).to.have.length(0)
    })
  }

  it('is not settled between the two legs of a packet to itself', async () => {
    const alice = new TestPlugin()
    const balance = { maximum: '1000', settleThreshold: '-1', settleTo: '50' }
    connector = await startConnector({ alice: account(alice, { balance }) })
    expect(outcomeOf(await alice.dataHandler!(prepare({ destination: 'test.alice' })))).to.equal('fulfill')
    await quiet()
    expect({ paid: alice.paid, balances: connector.balances() }).to.deep.equal({ paid: [], balances: { alice: { balance: 0n, held: 0n } } })
  })
})
