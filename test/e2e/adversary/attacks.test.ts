/** Attacks on settlement over payment channels that have a name: they worked once, or would if a promise were broken. */
import { withLogLevel, withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { ATTACKS } from '../../support/adversary/attacks.js'
import { FakeUnderTest } from '../../support/adversary/fake-under-test.js'
import { History } from '../../support/adversary/history.js'

describe('an adversary wins nothing', () => {
  noRejectionLeft()
  withoutLog()
  withLogLevel('error')

  for (const mode of ['settlement', 'packet'] as const) {
    for (const [name, acts] of Object.entries(ATTACKS)) {
      it(`that ${name}, with claims for each ${mode}`, () => History.play(new FakeUnderTest(), mode, acts))
    }
  }
})
