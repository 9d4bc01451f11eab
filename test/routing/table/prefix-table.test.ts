/** Longest-prefix matching of addresses. */
import { expect } from 'chai'
import fc from 'fast-check'
import { PrefixTable } from '../../../src/routing/table/prefix-table.js'

interface Value {
  prefix: string
  value: number
}

const tableOf = (...prefixes: string[]): PrefixTable<Value> => {
  const table = new PrefixTable<Value>()
  for (const prefix of prefixes) table.set({ prefix, value: prefix.length })
  return table
}

/** Few segments and short addresses, so that prefixes meet; names that plain objects stumble over; empty segments. */
const address = fc.array(fc.constantFrom('a', 'b', 'ab', 'constructor', '__proto__', 'toString', ''), { minLength: 1, maxLength: 4 })
  .map(segments => segments.join('.'))

/** What the reference connector does, as slowly as it can be said. */
class Model {
  readonly map = new Map<string, number>()

  resolve (wanted: string): string | undefined {
    return [...this.map.keys()].filter(prefix => wanted === prefix || wanted.startsWith(prefix + '.'))
      .sort((a, b) => b.length - a.length)[0]
  }
}

describe('the prefix table', () => {
  it('finds the longest prefix, at segment boundaries only', () => {
    const table = tableOf('test', 'test.a', 'test.a.b.c')
    expect(table.resolve('test.a.b.c.d')?.prefix).to.equal('test.a.b.c')
    expect(table.resolve('test.a.b.c')?.value).to.equal(10)
    expect(table.resolve('test.a.b')?.prefix).to.equal('test.a')
    expect(table.resolve('test.ab')?.prefix).to.equal('test')
    expect(table.resolve('tes')).to.equal(undefined)
    expect(table.resolve('testing')).to.equal(undefined)
  })

  it('has no catch-all: the empty prefix matches only the empty address', () => {
    const table = tableOf('')
    expect(table.resolve('')?.prefix).to.equal('')
    expect(table.resolve('test')).to.equal(undefined)
  })

  it('knows nothing that was not stored, whatever its name', () => {
    const table = tableOf('test')
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(table.resolve(name)).to.equal(undefined)
      expect(table.get(name)).to.equal(undefined)
      expect(table.resolve(`test.${name}`)?.prefix).to.equal('test')
    }
  })

  it('behaves like a list that is searched, whatever is stored and removed', () => {
    const step = fc.record({ remove: fc.boolean(), prefix: address, value: fc.nat() })
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), address, (steps, wanted) => {
      const table = new PrefixTable<Value>()
      const model = new Model()
      for (const { remove, prefix, value } of steps) {
        if (remove) expect(table.delete(prefix)).to.equal(model.map.delete(prefix))
        else {
          table.set({ prefix, value })
          model.map.set(prefix, value)
        }
      }
      const best = model.resolve(wanted)
      expect(table.resolve(wanted)?.prefix).to.equal(best)
      expect(table.resolve(wanted)?.value).to.equal(best === undefined ? undefined : model.map.get(best))
      expect(table.get(wanted)?.value).to.equal(model.map.get(wanted))
      expect(table.size).to.equal(model.map.size)
      const keys = [...model.map.keys()]
      expect([...table].map(({ prefix }) => prefix)).to.have.members(keys)
      expect(table.below(wanted).map(({ prefix }) => prefix)).to.have.members(keys.filter(key => key.startsWith(wanted + '.')))
      expect(table.covering(wanted).map(({ prefix }) => prefix))
        .to.deep.equal(keys.filter(key => wanted === key || wanted.startsWith(key + '.')).sort((a, b) => a.length - b.length))
    }))
  })

  it('lists a prefix before those below it', () => {
    const prefixes = [...tableOf('test.a.b', 'test.a', 'test', 'test.c')].map(({ prefix }) => prefix)
    expect(prefixes.indexOf('test')).to.be.lessThan(prefixes.indexOf('test.a'))
    expect(prefixes.indexOf('test.a')).to.be.lessThan(prefixes.indexOf('test.a.b'))
  })

  it('copes with the longest address, and with more siblings than arguments fit into a call', () => {
    const deep = Array.from({ length: 512 }, () => 'a').join('.')
    const table = tableOf(deep)
    expect(table.resolve(`${deep}.b`)?.prefix).to.equal(deep)
    expect([...table]).to.have.length(1)
    for (let i = 0; i < 200_000; i++) table.set({ prefix: `test.c${i}`, value: i })
    expect(table.below('test')).to.have.length(200_000)
  })
})
