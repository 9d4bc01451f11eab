/** The orders in which packets pass the built-in middlewares hold all of them; middleware-manager.test.ts says that they come out so. */
import { existsSync } from 'node:fs'
import { expect } from 'chai'
import { APPLIED, INCOMING, OUTGOING, moduleOf } from '../../src/pipeline/defaults.js'
import { BUILT_IN_MIDDLEWARES } from '../../src/contracts/middleware.js'

describe('the default orders', () => {
  it('hold every built-in middleware that a configuration can name', () => {
    expect([...new Set([...INCOMING, ...OUTGOING])]).to.have.members([...BUILT_IN_MIDDLEWARES])
  })

  it('are both kept when each middleware puts itself last', () => {
    expect(APPLIED).to.have.members([...BUILT_IN_MIDDLEWARES])
    expect(APPLIED.filter(name => INCOMING.includes(name))).to.deep.equal(INCOMING)
    expect(APPLIED.filter(name => OUTGOING.includes(name))).to.deep.equal(OUTGOING)
  })

  it('name modules that are there', () => {
    for (const name of APPLIED) expect(existsSync(`middlewares/${moduleOf(name)}.ts`), name).to.equal(true)
  })
})
