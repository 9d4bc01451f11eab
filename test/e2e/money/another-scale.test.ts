/**
 * What is between two parties is counted in other units than before. The books of an account that was paid refuse that; an account with
 * another id takes over, and amounts are worth what they were: the next settlement pays what is owed, to the token unit.
 */
import { expect } from 'chai'
import { describeError } from '../../../src/lib/describe-error.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { neverHappens, onOneChain, type Duo, type Setting } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const DECIMALS = 6

describe('an account with another scale than before', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()

  async function pay (duo: Duo, from: 0 | 1, amount: bigint): Promise<void> {
    expect(await duo.nodes[from]!.pay(amount)).to.equal('fulfill')
    await duo.even()
  }

  function scaled (assetScale: number): Partial<Setting> {
    const unit = 10n ** BigInt(assetScale) / 10n ** BigInt(DECIMALS)
    const balance = { maximum: '100000000000', settleThreshold: String(-1000n * (unit > 0n ? unit : 1n)), settleTo: '0' }
    return { account: `peer${assetScale}`, decimals: DECIMALS, assetScale, balance }
  }

  async function rescale (duo: Duo, assetScale: number, which = [0, 1]): Promise<void> {
    for (const index of which) await duo.restart(index, scaled(assetScale))
  }

  /** Token units that the first and the second have paid each other. */
  async function claims ({ second }: Duo): Promise<[bigint, bigint]> {
    const channels = await second.channels()
    const sum = (key: 'theirTransferred' | 'transferred'): bigint => channels.reduce((total, channel) => total + channel[key], 0n)
    return [sum('theirTransferred'), sum('transferred')]
  }

  it('is refused under the id of before, and goes on when the scale is put back', async () => {
    const duo = await start(scaled(9))
    await pay(duo, 0, 5_000_000n)
    const { second } = duo
    await second.app.shutdown()
    const entries = new Map(second.entries)
    const other = duo.make(1, new Map(entries), { assetScale: 6 })
    expect(await other.app.listen().then(() => undefined, describeError)).to.match(/in another unit.*Put asset and scale back/)
    expect(other.entries).to.deep.equal(entries)
    await duo.restart(1, { assetScale: 9 })
    await pay(duo, 0, 2_000_000n)
    expect(await claims(duo)).to.deep.equal([7000n, 0n])
  })

  for (const [before, after] of [[9, 6], [6, 9], [9, 4], [7, 8]] as const) {
    it(`pays and credits what is owed after ${before} became ${after}, both ways, and once`, async () => {
      const unit = (tokens: bigint, scale: number): bigint =>
        scale >= DECIMALS ? tokens * 10n ** BigInt(scale - DECIMALS) : tokens / 10n ** BigInt(DECIMALS - scale)
      const duo = await start(scaled(before))
      await pay(duo, 0, unit(5000n, before))
      await pay(duo, 1, unit(3000n, before))
      await rescale(duo, after)
      await neverHappens('something is owed', () => !duo.first.isEven || !duo.second.isEven, 300)
      const rounded = unit(1n, after) === 0n ? 1_000_000n : 4000n
      await pay(duo, 0, unit(rounded, after))
      await pay(duo, 1, unit(rounded, after))
      expect(await claims(duo)).to.deep.equal([5000n + rounded, 3000n + rounded])
      await rescale(duo, before)
      await pay(duo, 0, unit(2000n, before))
      expect(await claims(duo)).to.deep.equal([7000n + rounded, 3000n + rounded])
      await duo.leave(duo.second)
      await eventually('the other has what it was paid', async () => await duo.won(1) === -4000n)
      expect([await duo.won(1), await duo.won(2)]).to.deep.equal([-4000n, 4000n])
    })
  }

  it('may be changed by one of the two only: each counts for itself', async () => {
    const duo = await start(scaled(9))
    await pay(duo, 0, 5_000_000n)
    await rescale(duo, 6, [1])
    await neverHappens('something is credited', () => duo.second.balance !== 0n, 300)
    await duo.first.plugin.sendMoney('4000000', { id: 'by-hand' })
    await eventually('it is credited in our units', () => duo.second.balance === -4000n)
    expect((await claims(duo))[0]).to.equal(9000n)
  })

  it('does not pay again a payment that was begun in the units of before', async () => {
    const duo = await start(scaled(9))
    await pay(duo, 0, 5_000_000n)
    await duo.first.plugin.sendMoney('7000000', { id: 'the-settlement' })
    expect((await claims(duo))[0]).to.equal(12_000n)
    await rescale(duo, 6, [0])
    await duo.first.plugin.sendMoney('7000', { id: 'the-settlement' })
    expect((await claims(duo))[0], 'under the same id').to.equal(12_000n)
    await duo.first.plugin.sendMoney('1000', { id: 'another' })
    expect((await claims(duo))[0]).to.equal(13_000n)
    expect(duo.second.balance, 'each was credited once, in the other\'s own units').to.equal(-8_000_000n)
  })

  it('with claims for packets: what was paid ahead in the units of before is used or owed in none of the new ones', async () => {
    const options = { claims: 'packet', requireClaims: true, initialDeposit: '20000' }
    const duo = await start({ ...scaled(9), options })
    await eventually('packets are paid for', async () => await duo.second.pay(1_000_000n) === 'fulfill')
    expect(await duo.second.pay(3_000_000n)).to.equal('fulfill')
    const before = (await claims(duo))[1]
    await rescale(duo, 6)
    await eventually('packets are paid for', async () => await duo.second.pay(1000n) === 'fulfill')
    for (let i = 0; i < 5; i++) expect(await duo.second.pay(1000n)).to.equal('fulfill')
    expect((await claims(duo))[1] - before).to.equal(duo.first.delivered)
    expect(duo.second.book()!.prepaid).to.equal(0n)
  })
})
