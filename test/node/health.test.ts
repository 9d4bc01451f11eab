/** The word for a node's state, in every state that it can be in. */
import { expect } from 'chai'
import { healthOf } from '../../src/node/health.js'

const up = { ledger: { status: 'up' } } as const

describe('the health of a node', () => {
  it('says what a node that does not run is doing', () => {
    expect((['stopped', 'starting', 'stopping', 'failed'] as const).map(phase => healthOf(phase, 0, 0, {})))
      .to.deep.equal(['stopped', 'starting', 'stopped', 'unhealthy'])
  })

  it('follows the peers of one that runs: fine with all, degraded with half, unhealthy below', () => {
    expect([4, 3, 2, 1].map(connected => healthOf('running', connected, 4, up))).to.deep.equal(['healthy', 'degraded', 'degraded', 'unhealthy'])
    expect(healthOf('running', 0, 0, up)).to.equal('healthy')
  })

  it('is degraded without a chain or a handler, and unhealthy without its books', () => {
    expect(healthOf('running', 1, 1, { ...up, handler: { status: 'down' } })).to.equal('degraded')
    expect(healthOf('running', 1, 1, { ledger: { status: 'down' } })).to.equal('unhealthy')
  })
})
