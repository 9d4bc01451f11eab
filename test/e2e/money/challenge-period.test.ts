/**
 * The peer opens the channels that it likes. With a challenge shorter than ours we could be down until it is over; one that is much longer
 * locks our deposit. Neither is used, to pay or to be paid; what is right is used by both.
 */
import { expect } from 'chai'
import { accounts } from '../../../examples/evm-chain.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { HOUR, onOneChain, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const DAY = 24 * HOUR
const OURS = 2 * DAY

describe('the challenge period of a channel that the peer opens', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()

  async function opened (challengeSecs: number): Promise<{ duo: Duo, channelId: string }> {
    const duo = await start({ options: { settlementTimeoutSecs: OURS } })
    const channelId = await duo.openBy(1, 2, 100_000n, challengeSecs)
    await eventually('we see it', async () => (await duo.second.channels()).some(({ theirDeposit }) => theirDeposit > 0n))
    return { duo, channelId }
  }

  const refused = [
    ['an hour', HOUR], ['a second less than ours', OURS - 1], ['a second more than four times ours', 4 * OURS + 1], ['a year', 365 * DAY]
  ] as const
  for (const [what, challengeSecs] of refused) {
    it(`of ${what} is refused: no claim is taken, and not a token of ours goes in`, async () => {
      const { duo, channelId } = await opened(challengeSecs)
      const { first: mallory, second: us } = duo
      const claim = await duo.claim(1, channelId, 1n, 50_000n)
      expect(await mallory.tell(claim)).to.match(/challenge period are refused/)
      expect(await mallory.payWith(claim, 1000n)).to.equal('F06')
      expect([us.balance, us.delivered]).to.deep.equal([0n, 0n])
      expect(await us.pay(5000n)).to.equal('fulfill')
      await eventually('we pay through another one', () => us.isEven)
      const channels = await us.channels()
      expect(channels.find(({ channelId: id }) => id === channelId)).to.include({ deposit: 0n, transferred: 0n })
      expect(channels.find(({ deposit }) => deposit > 0n)).to.include({ settlementTimeout: OURS, transferred: 5000n })
      const fill = us.plugin.channels().deposit(channelId, 1000n)
      expect(await fill.then(() => 'filled', (error: unknown) => error)).to.include({ httpErrorCode: 400 })
    })
  }

  for (const [what, challengeSecs] of [['exactly ours', OURS], ['exactly four times ours', 4 * OURS]] as const) {
    it(`of ${what} is taken, and both pay through the channel`, async () => {
      const { duo, channelId } = await opened(challengeSecs)
      const { first: mallory, second: us } = duo
      expect(await mallory.tell(await duo.claim(1, channelId, 1n, 50_000n))).to.equal('taken')
      expect(us.balance).to.equal(-50_000n)
      expect(await us.pay(5000n)).to.equal('fulfill')
      await eventually('we have paid', () => us.isEven)
      expect((await us.channels()).filter(({ deposit }) => deposit > 0n)).to.have.lengthOf(1)
      expect(await us.channels()).to.have.lengthOf(1)
    })
  }

  it('is refused to an operator, too, who would open one', async () => {
    const { duo } = await opened(HOUR)
    for (const settlementTimeout of [HOUR, 5 * OURS]) {
      const opening = duo.second.plugin.channels().open({ initialDeposit: 1000n, settlementTimeout })
      expect(await opening.then(() => 'opened', (error: unknown) => error)).to.include({ httpErrorCode: 400 })
    }
    expect(await duo.won(2)).to.equal(0n)
  })

  it('can be made longer for the peer\'s sake, so that two with different ones use one channel', async () => {
    const duo = await start({}, { options: { settlementTimeoutSecs: DAY } }, { options: { settlementTimeoutSecs: OURS } })
    expect(await duo.first.pay(5000n)).to.equal('fulfill')
    await eventually('the first has paid', () => duo.first.isEven && duo.second.isEven)
    expect(await duo.second.pay(7000n)).to.equal('fulfill')
    await eventually('the second has paid', () => duo.first.isEven && duo.second.isEven)
    expect((await duo.first.channels()).map(({ settlementTimeout }) => settlementTimeout)).to.deep.equal([OURS])
  })

  it('stays as long as it was when we want longer ones from now on: what is unredeemed there is not lost', async () => {
    const { duo, channelId } = await opened(OURS)
    expect(await duo.first.tell(await duo.claim(1, channelId, 1n, 50_000n))).to.equal('taken')
    const us = await duo.restart(1, { options: { settlementTimeoutSecs: 10 * DAY } })
    await eventually('the record is there', async () => (await us.channels()).length === 1)
    expect(await duo.first.tell(await duo.claim(1, channelId, 2n, 60_000n))).not.to.equal('taken')
    await duo.send(1, 'closeChannel', channelId)
    const redeemed = async (): Promise<unknown> => await duo.network.read('claimedAmounts', channelId, accounts[2]!.address)
    await eventually('it is redeemed', async () => await redeemed() === 50_000n)
  })
})
