/**
 * Accounts that are removed, replaced, renamed or left out of the configuration. Channels are looked after as long as there is money in
 * them, and what was paid once is credited once, whatever the account is called when its records are read again.
 */
import { expect } from 'chai'
import { createApp } from '../../../src/connector/connector.js'
import { describeError } from '../../../src/lib/describe-error.js'
import { MEMORY_STORE } from '../../support/connector.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { neverHappens, onOneChain, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const AMOUNT = 5000n

describe('an account with payment channels', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start, startPaid } = onOneChain()

  /** The payer closes its channel, waits and takes the rest. We have what we were paid for. */
  async function expectDefended (duo: Duo): Promise<void> {
    const { channelId } = (await duo.second.channels())[0]!
    await duo.send(1, 'closeChannel', channelId)
    await eventually('we have brought our claim', async () => await duo.won(2) === AMOUNT)
    await duo.chain.pass(3700)
    await eventually('the channel is settled', async () => (await duo.second.channels()).every(({ status }) => status === 'settled'))
    expect([await duo.won(1), await duo.won(2)]).to.deep.equal([-AMOUNT, AMOUNT])
  }

  /** Nothing was paid meanwhile: no book moves by itself, and a packet does not either pay out what nobody owes. */
  async function expectNothingOwed (duo: Duo): Promise<void> {
    await neverHappens('somebody owes something', () => duo.first.balance !== 0n || duo.second.balance !== 0n, 1000)
    expect(await duo.second.pay(1n)).to.equal('fulfill')
    expect([duo.first.balance, duo.second.balance]).to.deep.equal([1n, -1n])
  }

  it('is not removed while there is money in them, neither of the payee nor of the payer, and goes on as before', async () => {
    const duo = await startPaid(AMOUNT)
    for (const { app } of duo.nodes) {
      const error = await app.removePlugin('peer').then(() => undefined, (reason: unknown) => reason)
      expect(error).to.include({ httpErrorCode: 409 })
      expect(describeError(error)).to.match(/cannot be removed before it is settled.*Close its payment channels/)
    }
    expect(await duo.first.pay(1n)).to.equal('fulfill')
    await expectDefended(duo)
  })

  it('is not removed at once after a start either, before the chain has said anything', async () => {
    const duo = await startPaid(AMOUNT)
    await duo.second.app.shutdown()
    const again = duo.make(1, new Map(duo.second.entries), { chain: { rpcUrl: 'http://127.0.0.1:1' } })
    const starting = again.app.listen()
    const error = await eventually('it is refused', () => again.app.removePlugin('peer').then(() => undefined, (reason: unknown) => reason))
    expect(error).to.include({ httpErrorCode: 409 })
    await starting
    await duo.restart(1, { chain: {} })
    await expectDefended(duo)
  })

  it('can be removed once they are settled, and is credited nothing again when it comes back', async () => {
    const duo = await startPaid(AMOUNT)
    await duo.leave(duo.second)
    await eventually('both know', async () => (await duo.first.channels()).every(({ status }) => status === 'settled'))
    const info = duo.second.info()
    for (let times = 0; times < 2; times++) {
      await eventually('it is removed', () => duo.second.app.removePlugin('peer').then(() => true, () => false))
      await duo.second.app.addPlugin('peer', info)
      await duo.connected()
    }
    await expectNothingOwed(duo)
  })

  it('is credited nothing again when it comes back under another name after it was settled', async () => {
    const duo = await startPaid(AMOUNT)
    await duo.leave(duo.second)
    await eventually('both know', async () => (await duo.first.channels()).every(({ status }) => status === 'settled'))
    await duo.restart(1, { account: 'renamed' })
    await expectNothingOwed(duo)
    await duo.restart(1, { account: 'peer' })
    await neverHappens('the first name is owed something', () => duo.second.balance !== 0n, 500)
  })

  it('is replaced by another of the same parties, and nothing is credited or paid twice', async () => {
    const duo = await startPaid(AMOUNT)
    const info = duo.second.info()
    await duo.second.app.removePlugin('peer', { isReplaced: true })
    await duo.second.app.addPlugin('peer', info)
    await duo.connected()
    await expectNothingOwed(duo)
    await expectDefended(duo)
  })

  it('takes over when it is renamed with channels open: nothing is credited twice, and they are looked after', async () => {
    const duo = await startPaid(AMOUNT)
    for (const account of ['renamed', 'again', 'peer']) {
      await duo.restart(1, { account })
      await neverHappens('something is credited', () => duo.second.balance !== 0n, 500)
    }
    await duo.restart(1, { account: 'renamed' })
    expect(await duo.first.pay(AMOUNT)).to.equal('fulfill')
    await duo.even()
    expect((await duo.second.channels())[0]!.theirTransferred).to.equal(2n * AMOUNT)
    await duo.leave(duo.second)
    expect([await duo.won(1), await duo.won(2)]).to.deep.equal([-2n * AMOUNT, 2n * AMOUNT])
  })

  it('takes over on the payer\'s side, too: what it paid is not paid again', async () => {
    const duo = await startPaid(AMOUNT)
    await duo.restart(0, { account: 'renamed' })
    await neverHappens('somebody owes something', () => duo.first.balance !== 0n || duo.second.balance !== 0n, 500)
    expect(await duo.first.pay(AMOUNT)).to.equal('fulfill')
    await duo.even()
    await duo.leave(duo.second)
    expect([await duo.won(1), await duo.won(2)]).to.deep.equal([-2n * AMOUNT, 2n * AMOUNT])
  })

  it('cannot be left out after a crash either, however short a time after the claim', async () => {
    const duo = await start({ options: { pollingIntervalMs: 3_600_000 } })
    expect(await duo.first.pay(AMOUNT)).to.equal('fulfill')
    await duo.even()
    for (const { entries } of duo.nodes) {
      const storeConfig = { entries: new Map(entries) }
      const app = createApp({ ilpAddress: 'test.x', backend: 'one-to-one', store: MEMORY_STORE, storeConfig, accounts: {} })
      expect(await app.listen().then(() => undefined, describeError)).to.match(/accounts that are no longer configured have money that is not settled/)
    }
  })

  for (const [whose, index] of [['payee', 1], ['payer', 0]] as const) {
    it(`cannot be left out of the configuration by the ${whose} while there is money in them`, async () => {
      const duo = await startPaid(AMOUNT)
      const old = duo.nodes[index]!
      await old.app.shutdown()
      const entries = new Map(old.entries)
      const before = new Map(entries)
      const app = createApp({ ilpAddress: 'test.x', backend: 'one-to-one', store: MEMORY_STORE, storeConfig: { entries }, accounts: {} })
      const error = await app.listen().then(() => undefined, describeError)
      expect(error).to.match(/accounts that are no longer configured have money that is not settled.*account peer/)
      expect(entries, 'nothing has changed').to.deep.equal(before)
      await duo.restart(index, {}, entries)
      await expectDefended(duo)
    })
  }
})
