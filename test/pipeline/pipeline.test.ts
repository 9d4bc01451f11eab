/** Where middlewares put their steps, the list is as they say. */
import { expect } from 'chai'
import fc from 'fast-check'
import { createPipelines } from '../../src/pipeline/pipeline.js'
import type { Entry } from '../../src/contracts/middleware.js'

interface Insert { at: 'insertFirst' | 'insertLast' | 'insertBefore' | 'insertAfter', name: string, reference: string }

const name = fc.constantFrom('balance', 'stats', 'mine', '')
const insert: fc.Arbitrary<Insert> = fc.record({
  at: fc.constantFrom('insertFirst', 'insertLast', 'insertBefore', 'insertAfter'), name, reference: name
})

function entry (name: string): Entry<Buffer, Buffer> {
  return { name, method: (value, next) => next(value) }
}

describe('a pipeline', () => {
  it('has its steps where they were put, the first of a name being meant', () => {
    fc.assert(fc.property(fc.array(insert, { maxLength: 12 }), inserts => {
      const pipeline = createPipelines().incomingData
      const model: Array<Entry<Buffer, Buffer>> = []
      for (const { at, name, reference } of inserts) {
        const added = entry(name)
        if (at === 'insertFirst' || at === 'insertLast') {
          pipeline[at](added)
          model.splice(at === 'insertFirst' ? 0 : model.length, 0, added)
          continue
        }
        const place = model.findIndex(entry => entry.name === reference)
        const where = at === 'insertBefore' ? 'before' : 'after'
        if (place < 0) {
          expect(() => pipeline[at](reference, added)).to.throw(`could not insert ${where} middleware; not found. name=${reference}`)
        } else {
          pipeline[at](reference, added)
          model.splice(place + (where === 'after' ? 1 : 0), 0, added)
        }
      }
      expect(pipeline.getMethods()).to.deep.equal(model.map(({ method }) => method))
    }))
  })

  it('says what is there when a name is not', () => {
    const { incomingData } = createPipelines()
    expect(() => incomingData.insertBefore('balance', entry('x'))).to.throw('present=none')
    incomingData.insertLast(entry('a'))
    incomingData.insertLast(entry('b'))
    expect(() => incomingData.insertAfter('balance', entry('x'))).to.throw('present=a, b')
  })

  it('gives a list of its own', () => {
    const { outgoingData } = createPipelines()
    outgoingData.insertLast(entry('a'))
    outgoingData.getMethods().pop()
    expect(outgoingData.getMethods()).to.have.lengthOf(1)
  })

  it('is one of six for each account', () => {
    const [one, other] = [createPipelines(), createPipelines()]
    expect(Object.keys(one)).to.have.members(['startup', 'teardown', 'incomingData', 'outgoingData', 'incomingMoney', 'outgoingMoney'])
    one.incomingData.insertLast(entry('a'))
    expect(one.outgoingData.getMethods()).to.deep.equal([])
    expect(other.incomingData.getMethods()).to.deep.equal([])
  })
})
