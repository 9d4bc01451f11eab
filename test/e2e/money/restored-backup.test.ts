/**
 * A store that is restored from a backup, as the messages about damaged records advise. Whoever is restored, both end up with what the
 * chain will pay: a settlement after that is paid for real, and a claim that was credited once is not credited again.
 */
import { expect } from 'chai'
import { noRejectionLeft } from '../../support/unhandled.js'
import { neverHappens, onOneChain, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

describe('a connector restored from a backup', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()

  /** The first pays the second so much; it is settled. */
  async function pay (duo: Duo, amount: bigint): Promise<void> {
    expect(await duo.first.pay(amount)).to.equal('fulfill')
    await duo.even()
  }

  async function claimed (duo: Duo): Promise<bigint> {
    return (await duo.second.channels()).reduce((sum, { theirTransferred }) => sum + theirTransferred, 0n)
  }

  it('pays what it owes after that, not what it paid before', async () => {
    const duo = await start()
    await pay(duo, 1500n)
    const backup = new Map(duo.first.entries)
    await pay(duo, 5000n)
    await duo.restart(0, {}, backup)
    await neverHappens('the payee is owed or credited something', () => duo.second.balance !== 0n, 500)
    expect(await duo.first.pay(4000n)).to.equal('fulfill')
    await duo.even()
    expect(await claimed(duo), 'the packets of all times').to.equal(10_500n)
    await duo.leave(duo.second)
    expect([await duo.won(1), await duo.won(2), duo.second.delivered]).to.deep.equal([-10_500n, 10_500n, 10_500n])
  })

  for (const payer of ['', ', with a payer that was restarted since', ', with a payer that crashed since']) {
    it(`is not credited again what it was paid after the backup${payer}`, async () => {
      const duo = await start()
      await pay(duo, 1500n)
      const backup = new Map(duo.second.entries)
      await pay(duo, 5000n)
      if (payer.includes('restarted')) await duo.restart(0)
      if (payer.includes('crashed')) await duo.restart(0, {}, new Map(duo.first.entries))
      const us = await duo.restart(1, {}, new Map(backup))
      await neverHappens('something is credited', () => us.balance !== 0n, 700)
      await pay(duo, 2000n)
      expect(await claimed(duo)).to.equal(8500n)
      await duo.leave(us)
      expect([await duo.won(1), await duo.won(2)], 'all that it ever delivered').to.deep.equal([-8500n, 8500n])
    })
  }

  it('that lost everything is paid out by the chain what the peer shows', async () => {
    const duo = await start()
    await pay(duo, 5000n)
    const us = await duo.restart(1, {}, new Map())
    await neverHappens('something is credited', () => us.balance !== 0n, 700)
    await eventually('the claim is taken up', async () => await claimed(duo) === 5000n)
    await duo.leave(us)
    expect([await duo.won(1), await duo.won(2)]).to.deep.equal([-5000n, 5000n])
  })

  it('that lost everything as the payer does not pay again through the old channel what it paid', async () => {
    const duo = await start()
    await pay(duo, 5000n)
    await duo.restart(0, {}, new Map())
    await pay(duo, 2000n)
    expect(await claimed(duo)).to.equal(7000n)
    await duo.leave(duo.second)
    expect([await duo.won(1), await duo.won(2)]).to.deep.equal([-7000n, 7000n])
  })
})
