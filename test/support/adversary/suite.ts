/**
 * The adversary against the plugin of a chain: attacks that are told one by one, and whatever it does. By default a few of the first and
 * none of the second; `ADVERSARY_RUNS` plays all, and so many histories for each hundred in memory; `ADVERSARY_SEED` those of an earlier
 * failure.
 */
import fc from 'fast-check'
import { withLogLevel, withoutLog } from '../log.js'
import { noRejectionLeft } from '../unhandled.js'
import { history } from './acts.js'
import { ATTACKS } from './attacks.js'
import type { ChainUnderTest } from './chain.js'
import { History } from './history.js'

/** A history takes a hundred times as long as one in memory. */
const RUNS = Math.max(1, Math.round(Number(process.env.ADVERSARY_RUNS ?? 0) / 100))
const SEED = process.env.ADVERSARY_SEED

interface Adversary {
  /** The chain, as in `an adversary on …`. */
  on: string
  make: () => Promise<ChainUnderTest>
  /** The attacks of the short form, by their names. */
  short: readonly string[]
  /** What it does by chance is for the long form: where a ledger is slow, a busy machine leaves our side no time to answer. */
  isChanceLong?: boolean
  /** Starts what lasts for all of them, and ends it. */
  before?: () => Promise<void>
  after?: () => Promise<void>
}

export function adversaryWinsNothing ({ on, make, short, isChanceLong = false, before: begin, after: end }: Adversary): void {
  describe(`an adversary on ${on}`, () => {
    noRejectionLeft()
    withoutLog()
    if (begin !== undefined) {
      before(async function () {
        this.timeout(120_000)
        await begin()
      })
    }
    withLogLevel('error')
    if (end !== undefined) after(end)

    const attacks = Object.entries(ATTACKS).filter(([what]) => process.env.ADVERSARY_RUNS !== undefined || short.includes(what))
    for (const mode of ['settlement', 'packet'] as const) {
      for (const [what, acts] of attacks) {
        it(`wins nothing that ${what}, with claims for each ${mode}`, async function () {
          this.timeout(0)
          await History.play(await make(), mode, acts)
        })
      }

      if (isChanceLong && process.env.ADVERSARY_RUNS === undefined) continue
      it(`wins nothing with whatever it does, with claims for each ${mode}`, async function () {
        this.timeout(0)
        const seed = SEED === undefined ? {} : { seed: Number(SEED) }
        const played = fc.asyncProperty(history, async acts => History.play(await make(), mode, acts))
        await fc.assert(played, { numRuns: RUNS, endOnFailure: true, ...seed })
      })
    }
  })
}
