/** What an operator can forbid an account to tell us, and us to tell it. */
import { expect } from 'chai'
import { Harness } from '../../support/routing/harness.js'

describe('route filters of an account', () => {
  it('importPrefixes: takes only what is listed, or below', () => {
    const harness = Harness.started({ anna: { importPrefixes: ['test.a'] } })
    for (const prefix of ['test.a', 'test.a.b', 'test.ab', 'test.c']) harness.announce('anna', prefix)
    expect(harness.router.localTable()).to.have.keys('test.connie', 'test.a', 'test.a.b')
  })

  it('exportPrefixes: tells only what is listed, or below', async () => {
    const harness = Harness.started({ anna: 'peer', bert: { exportPrefixes: ['test.a'] } })
    for (const prefix of ['test.a', 'test.ab']) harness.announce('anna', prefix)
    harness.ask('bert')
    await harness.advance(1000)
    expect(harness.told('bert')).to.deep.equal({ 'test.connie': null, 'test.a': 'test.connie test.anna', 'test.ab': null })
  })

  it('maximumPrefixes: takes no more, but replaces and withdraws what it has', () => {
    const harness = Harness.started({ anna: { maximumPrefixes: 2 } })
    for (const prefix of ['test.a', 'test.b', 'test.c']) harness.announce('anna', prefix)
    harness.announce('anna', 'test.b', ['test.anna', 'test.z'])
    expect(harness.router.localTable()).to.have.keys('test.connie', 'test.a', 'test.b')
    expect(harness.router.localTable()['test.b']?.path).to.equal('test.anna test.z')
    harness.withdraw('anna', 'test.a')
    harness.announce('anna', 'test.c')
    expect(harness.router.localTable()).to.have.keys('test.connie', 'test.b', 'test.c')
    harness.announce('anna', 'test.d')
    harness.announce('anna', 'test.e')
    expect(harness.warnings.filter(line => line.includes('more prefixes than it may')), 'said once').to.have.length(1)
  })

  it('maximumPathLength: takes no longer path', () => {
    const harness = Harness.started({ anna: { maximumPathLength: 2 } })
    harness.announce('anna', 'test.a', ['test.anna', 'test.z'])
    harness.announce('anna', 'test.b', ['test.anna', 'test.y', 'test.z'])
    expect(harness.router.localTable()).to.have.keys('test.connie', 'test.a')
  })

  it('transit: carries no packets between a peer and other peers or parents when switched off', async () => {
    const harness = Harness.started({ anna: { transit: false }, bert: 'peer', kid: { relation: 'child', receiveRoutes: true } })
    harness.announce('bert', 'test.b')
    harness.announce('kid', 'test.k')
    harness.ask('anna')
    await harness.advance(1000)
    expect(harness.told('anna')).to.deep.equal({ 'test.connie': 'test.connie', 'test.b': null, 'test.k': 'test.connie test.kid' })
  })
})
