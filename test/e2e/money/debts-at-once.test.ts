/** A debt of ours that arises in the moment in which the peer pays its own is settled as any other, without waiting for another packet. */
import { expect } from 'chai'
import { PayingPlugin, startBooks } from '../../support/ledger/books.js'
import { CrashableStore, Disk } from '../../support/ledger/crashable-store.js'
import { withoutLog } from '../../support/log.js'
import { prepare } from '../../support/packets.js'
import { quiet } from '../../support/waiting.js'

describe('a debt that arises while the peer pays its own', () => {
  withoutLog()

  it('is settled at once', async () => {
    const bob = new PayingPlugin()
    const balance = { minimum: '-1000', maximum: '1000', settleThreshold: '-100', settleTo: '20' }
    const books = await startBooks(new CrashableStore(new Disk()), { bob: { balance }, plugins: { bob } })
    await bob.receive(prepare({ amount: 150, destination: 'test.alice' }))
    await Promise.all([bob.receivePayment('150'), books.alice.receive(prepare({ amount: 120 }))])
    await quiet()
    expect(bob.payments.map(({ amount }) => amount)).to.deep.equal(['140'])
    await books.app.shutdown()
  })
})
