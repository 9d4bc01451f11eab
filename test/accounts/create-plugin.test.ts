/** Plugins of the first ledger plugin interface, which had transfers instead of packets, work as they did. */
import { EventEmitter } from 'node:events'
import { expect } from 'chai'
import { deserializeIlpFulfill, deserializeIlpReject } from 'ilp-packet'
import type { AccountInfo } from '../../src/contracts/account.js'
import { account, startConnector, type TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { FULFILLMENT, outcomeOf, prepare, reject } from '../support/packets.js'
import { OLD_PLUGIN } from '../support/modules/old-plugin.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

describe('a plugin of the first interface', () => {
  withoutLog()
  noRejectionLeft()
  const balance = { maximum: '1000' }
  let ledger: EventEmitter
  let alice: TestPlugin
  let bob: TestPlugin
  let left: TestConnector
  let right: TestConnector

  // alice - left === old plugins === right - bob
  beforeEach(async () => {
    ledger = new EventEmitter()
    alice = new TestPlugin()
    bob = new TestPlugin()
    const old = (mine: string, peer: string): AccountInfo =>
      account(OLD_PLUGIN, { balance, options: { ledger, account: `test.ledger.${mine}`, peer: `test.ledger.${peer}` } })
    left = await startConnector({ alice: account(alice, { balance }), old: old('left', 'right') }, {
      ilpAddress: 'test.left', routes: [{ targetPrefix: 'test.right', peerId: 'old' }, { targetPrefix: 'test.left.alice', peerId: 'alice' }]
    })
    right = await startConnector({ bob: account(bob, { balance }), old: old('right', 'left') }, {
      ilpAddress: 'test.right', routes: [{ targetPrefix: 'test.left', peerId: 'old' }, { targetPrefix: 'test.right.bob', peerId: 'bob' }]
    })
  })
  afterEach(async () => {
    await left.app.shutdown()
    await right.app.shutdown()
  })

  it('carries packets and their answers, both ways, and the books agree', async () => {
    const answer = await alice.receive(prepare({ destination: 'test.right.bob', amount: 30 }))
    expect(deserializeIlpFulfill(answer)).to.deep.equal({ fulfillment: FULFILLMENT, data: Buffer.from('paid') })
    expect(outcomeOf(await bob.receive(prepare({ destination: 'test.left.alice', amount: 10 })))).to.equal('fulfill')
    expect(left.balances()).to.deep.equal({ alice: { balance: 20n, held: 0n }, old: { balance: -20n, held: 0n } })
    expect(right.balances()).to.deep.equal({ bob: { balance: -20n, held: 0n }, old: { balance: 20n, held: 0n } })
  })

  it('carries rejects', async () => {
    bob.answer = () => Promise.resolve(reject('T99', 'sold out', 'test.right.bob'))
    expect(deserializeIlpReject(await alice.receive(prepare({ destination: 'test.right.bob' }))))
      .to.deep.include({ code: 'T99', message: 'sold out', triggeredBy: 'test.right.bob' })
    expect(outcomeOf(await alice.receive(prepare({ destination: 'test.right.nobody' })))).to.equal('F02')
    expect(left.balances().old).to.deep.equal({ balance: 0n, held: 0n })
  })

  it('takes money', async () => {
    ledger.emit('transfer test.ledger.right', { id: '1', amount: '25' })
    await quiet()
    expect(right.balances().old!.balance).to.equal(-25n)
  })

  it('is not mistaken for something that is no plugin at all', async () => {
    const error: unknown = await left.app.addPlugin('odd', account('node:events')).catch((error: unknown) => error)
    expect(error).to.be.an.instanceof(Error).with.property('message').that.includes('account odd: plugin is not a ledger plugin')
  })
})
