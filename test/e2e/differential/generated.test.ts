/**
 * Thousands of packets through random connectors: whatever is not a listed difference is the same, to the last byte and unit.
 * DIFF_RUNS in the environment sets the number of scenarios of each kind.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { useArena } from '../../support/differential/harness.js'
import { KINDS, play, scenarios } from '../../support/differential/scenario.js'

const RUNS = Number(process.env.DIFF_RUNS ?? 25)
const ALIKE = [
  'all sorts', 'scales', 'settlements', 'late answers', 'rate limits', 'incoming bandwidth', 'outgoing bandwidth', 'duplicates'
] as const

describe('random traffic', () => {
  const arena = useArena()

  for (const kind of ALIKE) {
    it(`comes to the same: ${kind}`, async () => {
      await fc.assert(fc.asyncProperty(scenarios(KINDS[kind]), async scenario => {
        await play(arena, scenario, (answers, duel, underWay) => {
          expect(answers.sluice).to.deep.equal(answers.reference)
          duel.expectSame(underWay === 0)
        })
        await arena.stop()
      }), { numRuns: kind === 'all sorts' || kind === 'late answers' ? 2 * RUNS : RUNS })
    }).timeout(0)
  }

  it('comes to the same: minimum, but for when it is looked at', async () => {
    await fc.assert(fc.asyncProperty(scenarios(KINDS.minimum), async scenario => {
      await play(arena, scenario, async (answers, duel) => {
        for (const [number, answer] of Object.entries(answers.sluice)) expectSameButForMinimum(answer, answers.reference[Number(number)]!)
        await duel.same(side => side.balances())
      })
      await arena.stop()
    }), { numRuns: RUNS })
  }).timeout(0)
})

function expectSameButForMinimum (sluice: object, reference: object): void {
  if ('message' in sluice && sluice.message === 'exceeded minimum balance.') {
    expect(sluice).to.include({ reject: 'T04' })
    expect(reference).to.include({ reject: 'F00' }).and.have.property('message').that.matches(/^insufficient funds\./)
  } else {
    expect(sluice).to.deep.equal(reference)
  }
}
