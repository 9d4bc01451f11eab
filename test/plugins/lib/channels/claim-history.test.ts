/** What operators see of claims: the last of those that paid something. */
import { expect } from 'chai'
import { ClaimHistory, MAX_RECENT_CLAIMS } from '../../../../plugins/lib/channels/claim-history.js'

describe('the history of claims', () => {
  const amounts = (history: ClaimHistory): number[] => history.recent().map(({ amount }) => Number(amount))

  it('has the last ones, the oldest first, and no more than that', () => {
    const history = new ClaimHistory()
    expect(history.recent()).to.deep.equal([])
    history.add('inbound', 1n)
    history.add('outbound', 2n)
    expect(history.recent().map(({ direction }) => direction)).to.deep.equal(['inbound', 'outbound'])
    for (let amount = 3n; amount <= 3n * BigInt(MAX_RECENT_CLAIMS); amount++) history.add('inbound', amount)
    expect(amounts(history)).to.deep.equal(Array.from({ length: MAX_RECENT_CLAIMS }, (_, index) => 2 * MAX_RECENT_CLAIMS + index + 1))
  })

  it('leaves out claims that pay nothing more', () => {
    const history = new ClaimHistory()
    history.add('inbound', 0n)
    expect(history.recent()).to.deep.equal([])
  })
})
