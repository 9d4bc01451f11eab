/** A prefix stands for whole segments: no packet goes to a neighbour because two names begin alike. */
import { expect } from 'chai'
import { ADDRESS_LENGTH_MAX, SEGMENT, isBelow, isPrefix } from '../../src/packet/address.js'

describe('addresses', () => {
  it('have prefixes of whole segments', () => {
    for (const prefix of ['g', 'test.a', 'test.a.b~1_-', 'a'.repeat(ADDRESS_LENGTH_MAX)]) expect(isPrefix(prefix), prefix).to.equal(true)
    for (const text of ['', '.', 'test.', '.test', 'test..a', 'test.a b', 'test.\u00e9', 'test.a\n', 'a'.repeat(ADDRESS_LENGTH_MAX + 1)]) {
      expect(isPrefix(text), text).to.equal(false)
    }
  })

  it('consist of segments without periods', () => {
    expect(SEGMENT.test('a~1_-')).to.equal(true)
    for (const text of ['', 'a.b', 'a b', 'a\n']) expect(SEGMENT.test(text), text).to.equal(false)
  })

  it('lie below a prefix by whole segments', () => {
    for (const address of ['test.a', 'test.a.b']) expect(isBelow('test.a', address), address).to.equal(true)
    for (const address of ['test', 'test.ab', 'test.b.test.a', 'xtest.a']) expect(isBelow('test.a', address), address).to.equal(false)
  })
})
