/** The same adversary against the plugin of the real chain, with real signatures, contracts and blocks. */
import fc from 'fast-check'
import { startChain, type Chain } from '../../../examples/evm-chain.js'
import { withLogLevel, withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { history } from '../../support/adversary/acts.js'
import { ATTACKS } from '../../support/adversary/attacks.js'
import { EvmUnderTest } from '../../support/adversary/evm-under-test.js'
import { History } from '../../support/adversary/history.js'

/** A history on a real chain takes a hundred times as long as one in memory. */
const RUNS = Math.max(1, Math.round(Number(process.env.ADVERSARY_RUNS ?? 0) / 100))
const FIRST_ATTACK = 'spends its deposit while it has our consent to the end, and takes it back'

describe('an adversary on an EVM chain', () => {
  noRejectionLeft()
  withoutLog()
  let chain: Chain
  before(async function () {
    this.timeout(120_000)
    chain = await startChain()
  })
  withLogLevel('error')
  after(() => chain.stop())

  for (const mode of ['settlement', 'packet'] as const) {
    it(`wins nothing that ${FIRST_ATTACK}, with claims for each ${mode}`, async function () {
      this.timeout(0)
      await History.play(await EvmUnderTest.make(chain), mode, ATTACKS[FIRST_ATTACK]!)
    })

    it(`wins nothing with whatever it does, with claims for each ${mode}`, async function () {
      this.timeout(0)
      const property = fc.asyncProperty(history, async acts => History.play(await EvmUnderTest.make(chain), mode, acts))
      await fc.assert(property, { numRuns: RUNS, endOnFailure: true })
    })
  }
})
