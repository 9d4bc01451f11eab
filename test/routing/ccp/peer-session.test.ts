/** A sender and a receiver that lose, double and reorder messages agree in the end. */
import { expect } from 'chai'
import fc from 'fast-check'
import { CcpPair, INTERVAL_MS } from '../../support/routing/ccp-pair.js'

describe('a CCP sender and receiver on a bad wire', () => {
  const prefix = fc.constantFrom('test.a', 'test.b', 'test.c')
  const change = fc.record({ type: fc.constant('change' as const), prefix, path: fc.option(fc.constantFrom('x', 'y', 'z')) })
  const wire = fc.record({ type: fc.constantFrom('deliver' as const, 'lose' as const, 'double' as const), which: fc.nat(5) })
  const time = fc.record({ type: fc.constant('time' as const), ms: fc.constantFrom(100, 200, 1000, 12_000, 50_000) })
  const restart = fc.record({ type: fc.constant('restart' as const) })

  type Step = { type: 'change', prefix: string, path: string | null } | { type: 'deliver' | 'lose' | 'double', which: number } |
    { type: 'time', ms: number } | { type: 'restart' }

  function take (pair: CcpPair, step: Step): void {
    switch (step.type) {
    case 'change':
      if (step.path === null) pair.announce(step.prefix)
      else pair.announce(step.prefix, step.path)
      break
    case 'time':
      pair.advance(step.ms)
      break
    case 'restart':
      pair.restartReceiver()
      break
    case 'deliver':
    case 'lose':
    case 'double': {
      const at = step.which % Math.max(pair.wire.length, 1)
      const deliver = pair.wire[at]
      if (step.type !== 'double') pair.wire.splice(at, 1)
      if (step.type !== 'lose') deliver?.()
    }
    }
  }

  it('agree once it works again, whatever was lost, doubled, reordered or forgotten', () => {
    fc.assert(fc.property(fc.array(fc.oneof(change, wire, wire, time, restart), { maxLength: 60 }), steps => {
      const pair = new CcpPair()
      pair.toReceiver({ type: 'ask' })
      for (const step of steps) take(pair, step)
      pair.advanceAndDeliver(3 * INTERVAL_MS)
      expect(new Map([...pair.routes].sort())).to.deep.equal(new Map([...pair.expected()].sort()))
      expect(pair.sender.progress().confirmed).to.equal(pair.table.currentEpoch)
      expect(pair.table.entries().every(({ route }) => route !== undefined), 'withdrawals are forgotten').to.equal(true)
    }), { numRuns: 1000 })
  })

  it('the receiver has processed whatever the sender holds for confirmed, at any moment', () => {
    fc.assert(fc.property(fc.array(fc.oneof(change, wire, wire, time), { maxLength: 60 }), steps => {
      const pair = new CcpPair()
      pair.toReceiver({ type: 'ask' })
      for (const step of steps) {
        take(pair, step)
        const { confirmed } = pair.sender.progress()
        const expired = pair.receiver.status().epoch === 0
        for (const { prefix, route, epoch } of pair.table.entries()) {
          if (epoch < confirmed && !expired) expect(pair.routes.get(prefix)).to.equal(route?.path.join(' '))
        }
      }
    }), { numRuns: 1000 })
  })
})
