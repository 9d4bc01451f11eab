/** A price that jumps is believed after enough rounds at the new level, and at nothing else. */
import { expect } from 'chai'
import fc from 'fast-check'
import { isWithin } from '../../../../backends/lib/market/agreement.js'
import { JumpGuard } from '../../../../backends/lib/market/jump-guard.js'
import { fromNumber } from '../../../../src/lib/fraction.js'

const maxJump = fromNumber(0.2)

function judged (prices: readonly number[], jumpRounds = 3): Array<'believed' | number> {
  const guard = new JumpGuard({ maxJump, jumpRounds })
  return prices.map(price => guard.judge(fromNumber(price), true))
}

describe('the guard against jumps', () => {
  it('believes the first price, small steps, and a level that is seen three times', () => {
    expect(judged([1, 1.2, 1.0, 5, 5.1, 5.2, 5.3])).to.deep.equal(['believed', 'believed', 'believed', 2, 1, 'believed', 'believed'])
  })

  it('counts up as down, and starts again at another level', () => {
    expect(judged([10, 1, 1, 20, 20, 1, 1, 1])).to.deep.equal(['believed', 2, 1, 2, 1, 2, 1, 'believed'])
  })

  it('forgets a jump that went back', () => {
    expect(judged([1, 5, 5, 1, 5, 5, 5])).to.deep.equal(['believed', 2, 1, 'believed', 2, 1, 'believed'])
  })

  it('believes at once if one round is enough', () => {
    expect(judged([1, 5], 1)).to.deep.equal(['believed', 'believed'])
  })

  it('does not count what is not new', () => {
    const guard = new JumpGuard({ maxJump, jumpRounds: 2 })
    guard.judge(fromNumber(1), true)
    expect([true, false, false, true].map(isNew => guard.judge(fromNumber(5), isNew))).to.deep.equal([1, 1, 1, 'believed'])
  })

  it('never lets a price through that is a jump from the one before, without that many rounds of waiting', () => {
    const histories = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 40 })
    fc.assert(fc.property(histories, fc.integer({ min: 2, max: 5 }), (prices, jumpRounds) => {
      let last = prices[0] ?? 1
      let waited = 0
      for (const [index, outcome] of judged(prices, jumpRounds).entries()) {
        const price = prices[index] ?? 0
        if (outcome !== 'believed') { waited++; continue }
        if (!isWithin(fromNumber(price), fromNumber(last), maxJump)) expect(waited).to.be.at.least(jumpRounds - 1)
        last = price
        waited = 0
      }
    }))
  })
})
