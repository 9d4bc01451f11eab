/** A channel takes only so much of one side in its whole life. What fits goes in, and what does not is paid through another channel. */
import { expect } from 'chai'
import { describeError } from '../../../src/lib/describe-error.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { onOneChain, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const CAP = 1_000_000n

describe('the most that a channel takes', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()
  const balance = { maximum: '100000000', settleThreshold: '-1000', settleTo: '0' }

  async function capped (initialDeposit: string, more: Record<string, unknown> = {}): Promise<Duo> {
    const duo = await start({ decimals: 0, assetScale: 0, options: { initialDeposit, ...more }, balance })
    expect(await duo.network.read('maxChannelDeposit')).to.equal(CAP)
    return duo
  }

  async function paid (duo: Duo, amount: bigint): Promise<void> {
    expect(await duo.second.pay(amount)).to.equal('fulfill')
    await eventually('it is paid', () => duo.second.isEven && duo.first.isEven)
  }

  async function claims ({ second }: Duo): Promise<Array<[deposit: bigint, transferred: bigint]>> {
    const funded = (await second.channels()).filter(({ deposit }) => deposit > 0n)
    return funded.map(({ deposit, transferred }): [bigint, bigint] => [deposit, transferred]).reverse()
  }

  async function expectWon (duo: Duo, amount: bigint): Promise<void> {
    await duo.leave(duo.first)
    expect([await duo.won(1), await duo.won(2)]).to.deep.equal([amount, -amount])
  }

  it('is filled up with what fits, and one payment goes on in another channel', async () => {
    const duo = await capped('600000')
    await paid(duo, 500_000n)
    await paid(duo, 450_000n)
    expect(await claims(duo)).to.deep.equal([[CAP, 950_000n]])
    await paid(duo, 150_000n)
    const [first, second] = await claims(duo)
    expect([first, second![1]]).to.deep.equal([[CAP, CAP], 100_000n])
    await expectWon(duo, 1_100_000n)
  })

  it('may be less than one payment: it is paid in parts, and once', async () => {
    const duo = await capped('1')
    await paid(duo, 2_500_000n)
    expect((await claims(duo)).reduce((sum, [, transferred]) => sum + transferred, 0n)).to.equal(2_500_000n)
    await expectWon(duo, 2_500_000n)
  })

  it('is not passed by an initial deposit that is more than it', async () => {
    const duo = await capped('5000000')
    await paid(duo, 2000n)
    expect(await claims(duo)).to.deep.equal([[CAP, 2000n]])
    await expectWon(duo, 2000n)
  })

  it('does not stop claims that go with packets either', async () => {
    const duo = await capped('400000', { claims: 'packet', requireClaims: true })
    const total = 1_300_000n
    let sent = 0n
    await eventually('all is paid', async () => {
      if (await duo.second.pay(50_000n) === 'fulfill') sent += 50_000n
      return sent === total
    })
    expect(duo.first.delivered).to.equal(total)
    expect((await claims(duo)).reduce((sum, [, transferred]) => sum + transferred, 0n)).to.equal(total)
    for (const { channelId, theirTransferred, redeemed } of await duo.first.channels()) {
      if (theirTransferred > redeemed) await duo.first.plugin.channels().redeem(channelId)
    }
    await eventually('what was redeemed is there, and a deposit of its own that was on its way', async () => {
      const own = (await duo.first.channels()).reduce((sum, { deposit }) => sum + deposit, 0n)
      return await duo.won(1) + own === total
    })
  })

  it('is told to an operator who would put in more', async () => {
    const duo = await capped('2000')
    await paid(duo, 2000n)
    const { channelId } = (await duo.second.channels()).find(({ deposit }) => deposit > 0n)!
    const filling = duo.second.plugin.channels().deposit(channelId, CAP)
    expect(await filling.then(() => 'filled', describeError)).to.match(/no more than 1000000/)
    await paid(duo, 2000n)
  })
})
