/** Every route that is known is kept, ours before those that were learnt, until it is withdrawn or its account goes. */
import { expect } from 'chai'
import { Candidates } from '../../../src/routing/table/candidates.js'
import type { Candidate } from '../../../src/routing/table/route.js'

const route = (prefix: string, nextHop: string): Candidate =>
  ({ prefix, nextHop, path: [], auth: Buffer.alloc(32), source: nextHop === 'us' ? 'local' : 'learnt', priority: 0, order: 0 })

describe('candidates for a prefix', () => {
  it('are our own, then those of each account', () => {
    const candidates = new Candidates()
    candidates.learn('anna', route('g.a', 'anna'))
    candidates.learn('ben', route('g.a', 'ben'))
    candidates.setFixed('g.a', [route('g.a', 'us')])
    candidates.setFixed('g.b', [route('g.b', 'us')])
    expect(candidates.of('g.a').map(({ nextHop }) => nextHop)).to.deep.equal(['us', 'anna', 'ben'])
    expect(candidates.of('g.a.x')).to.deep.equal([])
    expect([...candidates.prefixes()]).to.deep.equal(['g.a', 'g.b'])
  })

  it('are replaced by what is learnt later, and go with their account', () => {
    const candidates = new Candidates()
    candidates.learn('anna', route('g.a', 'old'))
    candidates.learn('anna', route('g.a', 'new'))
    candidates.learn('anna', route('g.b', 'anna'))
    expect(candidates.of('g.a').map(({ nextHop }) => nextHop)).to.deep.equal(['new'])
    expect([candidates.unlearn('anna', 'g.a'), candidates.unlearn('anna', 'g.a'), candidates.unlearn('ben', 'g.a')]).to.deep.equal([true, false, false])
    expect(candidates.unlearnAll('anna')).to.deep.equal(['g.b'])
    expect(candidates.unlearnAll('anna')).to.deep.equal([])
    candidates.setFixed('g.c', [route('g.c', 'us')])
    candidates.setFixed('g.c', [])
    expect([...candidates.prefixes()]).to.deep.equal([])
  })
})
