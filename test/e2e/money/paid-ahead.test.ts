/**
 * `claims: packet`, and packets that come to nothing: what their claims have paid ahead is a debt of whoever has it, and no debt of whoever
 * gets it back.
 */
import { expect } from 'chai'
import { fulfilling, reject } from '../../support/packets.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { neverHappens, onOneChain, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const AMOUNT = 1000n
const AT_ONCE = 8
const OPTIONS = { claims: 'packet', requireClaims: true, initialDeposit: '20000', maxPrepaid: '20000' }
/** Each pays what it owes several times while the other looks at it. */
const BALANCE = { maximum: '1000000', settleInterval: 100, settleTo: '0' }

describe('money that claims have paid ahead', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()

  /** What the claims of both come to. */
  async function moved ({ first, second }: Duo): Promise<bigint> {
    const channels = [...await first.channels(), ...await second.channels()]
    return channels.reduce((sum, { transferred }) => sum + transferred, 0n)
  }

  async function atRest (duo: Duo): Promise<bigint> {
    let before = -1n
    return await eventually('no claims are made any more', async () => {
      const now = await moved(duo)
      const isSame = now === before
      before = now
      await new Promise(resolve => { setTimeout(resolve, 1000) })
      return isSame && await moved(duo) === now && now > 0n ? now : undefined
    })
  }

  it('is paid back once, and not back and forth', async () => {
    const duo = await start({ options: OPTIONS, balance: BALANCE })
    const { first, second } = duo
    await eventually('we can pay', async () => (await first.channels()).some(({ spendable }) => spendable > AMOUNT * BigInt(AT_ONCE)))
    second.local.answer = () => Promise.resolve(reject('F99', 'no', 'test.n1.local'))
    await Promise.all(Array.from({ length: AT_ONCE }, () => first.pay(AMOUNT)))
    const rest = await atRest(duo)
    await neverHappens('more claims are made', async () => await moved(duo) !== rest)
    expect(rest <= 2n * AMOUNT * BigInt(AT_ONCE), `paid, and paid back: ${rest}`).to.equal(true)
    expect([first.balance + first.book()!.prepaid, second.balance], 'nobody owes anybody').to.deep.equal([0n, 0n])
    second.local.answer = fulfilling
    for (let i = 0; i < AT_ONCE; i++) expect(await first.pay(AMOUNT)).to.equal('fulfill')
    await eventually('the packets that were delivered are paid', () => first.balance + first.book()!.prepaid === 0n && second.balance === 0n)
    expect(second.delivered).to.equal(AMOUNT * BigInt(AT_ONCE))
  })
})
