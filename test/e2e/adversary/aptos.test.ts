/** The same adversary against the plugin of Aptos, with the rules of its module, signatures and blocks (a stand-in for an Aptos node). */
import fc from 'fast-check'
import { withLogLevel, withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { history } from '../../support/adversary/acts.js'
import { ATTACKS } from '../../support/adversary/attacks.js'
import { AptosUnderTest } from '../../support/adversary/aptos-under-test.js'
import { History } from '../../support/adversary/history.js'

/** A history takes a hundred times as long as one in memory. */
const RUNS = Math.max(1, Math.round(Number(process.env.ADVERSARY_RUNS ?? 0) / 100))
/** The others are played in the long form. */
const SHORT = ['spends its deposit while it has our consent to the end, and takes it back', 'pays with claims that nobody has signed, or another key']
const attacks = Object.entries(ATTACKS).filter(([what]) => process.env.ADVERSARY_RUNS !== undefined || SHORT.includes(what))
const SEED = process.env.ADVERSARY_SEED

describe('an adversary on Aptos', () => {
  noRejectionLeft()
  withoutLog()
  withLogLevel('error')

  for (const mode of ['settlement', 'packet'] as const) {
    for (const [what, acts] of attacks) {
      it(`wins nothing that ${what}, with claims for each ${mode}`, async function () {
        this.timeout(0)
        await History.play(await AptosUnderTest.make(), mode, acts)
      })
    }

    it(`wins nothing with whatever it does, with claims for each ${mode}`, async function () {
      this.timeout(0)
      const seed = SEED === undefined ? {} : { seed: Number(SEED) }
      const property = fc.asyncProperty(history, async acts => History.play(await AptosUnderTest.make(), mode, acts))
      await fc.assert(property, { numRuns: RUNS, endOnFailure: true, ...seed })
    })
  }
})
