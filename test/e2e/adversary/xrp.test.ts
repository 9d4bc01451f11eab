/** The same adversary against the plugin of the XRP Ledger, with its rules, signatures and ledgers (a stand-in for rippled). */
import fc from 'fast-check'
import { withLogLevel, withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { history } from '../../support/adversary/acts.js'
import { ATTACKS } from '../../support/adversary/attacks.js'
import { History } from '../../support/adversary/history.js'
import { XrpUnderTest } from '../../support/adversary/xrp-under-test.js'

/** A history takes a hundred times as long as one in memory. */
const RUNS = Math.max(1, Math.round(Number(process.env.ADVERSARY_RUNS ?? 0) / 100))
/** The others are played in the long form. */
const SHORT = ['pays with claims that nobody has signed, or another key', 'is paid a settlement twice, because its channel ended', 'shows a claim on more than it has deposited, as if we had taken it']
const attacks = Object.entries(ATTACKS).filter(([what]) => process.env.ADVERSARY_RUNS !== undefined || SHORT.includes(what))
const SEED = process.env.ADVERSARY_SEED

describe('an adversary on the XRP Ledger', () => {
  noRejectionLeft()
  withoutLog()
  withLogLevel('error')

  for (const mode of ['settlement', 'packet'] as const) {
    for (const [what, acts] of attacks) {
      it(`wins nothing that ${what}, with claims for each ${mode}`, async function () {
        this.timeout(0)
        await History.play(await XrpUnderTest.make(), mode, acts)
      })
    }

    it(`wins nothing with whatever it does, with claims for each ${mode}`, async function () {
      this.timeout(0)
      const seed = SEED === undefined ? {} : { seed: Number(SEED) }
      const property = fc.asyncProperty(history, async acts => History.play(await XrpUnderTest.make(), mode, acts))
      await fc.assert(property, { numRuns: RUNS, endOnFailure: true, ...seed })
    })
  }
})
