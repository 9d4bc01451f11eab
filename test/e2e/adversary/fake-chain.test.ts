/**
 * One peer that does whatever the protocol and the chain allow, in any order, with whatever happens to us between: it never wins more than
 * it paid. `ADVERSARY_RUNS` plays more histories, `ADVERSARY_SEED` those of an earlier failure.
 */
import fc from 'fast-check'
import { withLogLevel, withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { EXACT, ONE_WAY, TWO_WAY } from '../../support/channels/fake-chain.js'
import { history } from '../../support/adversary/acts.js'
import { FakeUnderTest } from '../../support/adversary/fake-under-test.js'
import { History } from '../../support/adversary/history.js'

/** Of each kind. */
const RUNS = Number(process.env.ADVERSARY_RUNS ?? 25)
const CHAINS = { 'claims decide': TWO_WAY, 'both sign exact terms': EXACT, 'the payee decides, one way only': ONE_WAY }
const SEED = process.env.ADVERSARY_SEED

describe('an adversary on a chain in memory', () => {
  noRejectionLeft()
  withoutLog()
  withLogLevel('error')

  for (const [what, features] of Object.entries(CHAINS)) {
    for (const mode of ['settlement', 'packet'] as const) {
      it(`wins nothing with whatever it does: claims with each ${mode}, at whose end ${what}`, async function () {
        this.timeout(0)
        const seed = SEED === undefined ? {} : { seed: Number(SEED) }
        const played = fc.asyncProperty(history, acts => History.play(new FakeUnderTest(features), mode, acts))
        await fc.assert(played, { numRuns: RUNS, ...seed })
      })
    }
  }
})
