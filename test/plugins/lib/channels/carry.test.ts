/** What goes from one pair of keys to another goes over once and in full, whatever is said twice and however many pairs there are. */
import { expect } from 'chai'
import { Carry } from '../../../../plugins/lib/channels/carry.js'

describe('sums that go from one pair of keys to another', () => {
  it('are given and taken in full, for any number of pairs', () => {
    const [from, to] = [new Carry(), new Carry()]
    for (let pair = 0; pair < 1000; pair++) {
      expect(from.give(`to ${pair}`, 7n)).to.equal(true)
      expect(from.given(`to ${pair}`)).to.equal(7n)
      expect(to.lacks(`from ${pair}`, 7n)).to.equal(true)
      expect(to.take(`from ${pair}`, 7n)).to.equal(7n)
    }
  })

  it('count once each, also when they are said again, in another order, or were kept meanwhile', () => {
    let carry = new Carry()
    const taken: bigint[] = []
    for (const sum of [5n, 5n, 3n, 0n, 12n, 5n, 12n]) {
      taken.push(carry.take('pair', sum))
      const kept = JSON.parse(JSON.stringify(carry, (_, value: unknown) => typeof value === 'bigint' ? String(value) : value)) as unknown
      carry = new Carry()
      carry.load(kept)
    }
    expect(taken).to.deep.equal([5n, 0n, 0n, 0n, 7n, 0n, 0n])
  })

  it('count anew where the pair that gives has begun another one, also beside records of former versions', () => {
    const carry = new Carry()
    const taken = (sum: bigint, of: string): bigint => carry.take('pair', sum, of)
    expect([taken(5n, 'a'), taken(5n, 'a'), taken(3n, 'b'), taken(7n, 'b'), taken(7n, 'b')]).to.deep.equal([5n, 0n, 3n, 4n, 0n])
    const former = new Carry()
    former.load({ given: {}, taken: { pair: '5' } })
    expect([former.lacks('pair', 5n, 'a'), former.take('pair', 6n, 'a'), former.take('pair', 6n, 'b')]).to.deep.equal([false, 1n, 6n])
    const begun = new Carry()
    begun.load({ given: {}, taken: { pair: '5' } })
    expect([begun.take('pair', 3n, 'b'), begun.take('pair', 9n, 'b')]).to.deep.equal([3n, 6n])
  })

  it('are of something', () => {
    const carry = new Carry()
    for (const nothing of [0n, -1n]) expect(carry.give('pair', nothing)).to.equal(false)
    expect(carry.given('pair')).to.equal(0n)
  })
})
