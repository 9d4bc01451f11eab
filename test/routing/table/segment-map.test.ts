/** What lies at a segment of an address: a Map that does not have to cut the segment out. */
import { expect } from 'chai'
import fc from 'fast-check'
import { SegmentMap } from '../../../src/routing/table/segment-map.js'
import { aliveBytes } from '../../support/alive.js'

const filled = (count: number): SegmentMap<number> => {
  const map = new SegmentMap<number>()
  for (let i = 0; i < count; i++) map.set(`connector${i}`, i)
  return map
}

describe('a map of segments', () => {
  it('behaves like a Map, whatever is stored and removed, and keeps its order', () => {
    const step = fc.record({ remove: fc.boolean(), segment: fc.oneof(fc.nat(60).map(String), fc.constantFrom('', 'a', 'constructor', '__proto__', 'é𝄞')) })
    fc.assert(fc.property(fc.array(step, { maxLength: 400, size: 'max' }), steps => {
      const map = new SegmentMap<object>()
      const model = new Map<string, object>()
      for (const given of steps) {
        const { remove, segment } = given
        if (remove) {
          map.delete(segment)
          model.delete(segment)
        } else {
          map.set(segment, given)
          model.set(segment, given)
        }
        expect(map.get(segment)).to.equal(model.get(segment))
        expect(map.size).to.equal(model.size)
      }
      expect(map.values()).to.deep.equal([...model.values()])
      for (const [segment, value] of model) expect(map.get(segment)).to.equal(value)
    }))
  })

  it('reads the segment that begins at a place of an address, and no more than that', () => {
    const map = new SegmentMap<string>()
    for (const segment of ['test', 'alice', 'ali', '']) map.set(segment, `at ${segment}`)
    const address = 'test.alice..alicea.ali'
    expect([0, 5, 11, 12, 19, 22].map(start => map.get(address, start))).to.deep.equal(['at test', 'at alice', 'at ', undefined, 'at ali', 'at '])
  })

  it('finds each of very many', () => {
    const map = filled(100_000)
    for (let i = 0; i < 100_000; i++) if (map.get(`test.connector${i}.alice`, 5) !== i) expect.fail(`connector${i} is not found`)
    expect(map.get('connector100000')).to.equal(undefined)
  })

  it('gives the memory back when most are removed', async () => {
    const before = await aliveBytes()
    const map = filled(200_000)
    const full = await aliveBytes()
    for (let i = 1; i < 200_000; i++) map.delete(`connector${i}`)
    expect(await aliveBytes() - before).to.be.below((full - before) / 20)
    expect(map.get('connector0')).to.equal(0)
  })
})
